"""Threads and tasks on one sidecar: whoever waits is answered, whichever of them reads."""
from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from test_interrupt import TRANSCRIPTS, is_gone

import digitalhub_sidecar as dh

CHECK = {"method": "getRun", "params": {"id": "x"}}


def test_a_thread_between_tasks(sidecar: dh.Sidecar) -> None:
    async def main() -> None:
        face = sidecar.asynchronous
        for _ in range(20):
            assert (await face.call("validate", CHECK))["valid"]
            # The loop stands still meanwhile, as in a cell of a notebook.
            assert sidecar.call("validate", CHECK)["valid"]
    asyncio.run(main())
    assert sidecar.call("validate", CHECK)["valid"]


def test_a_thread_while_the_loop_is_busy(sidecar: dh.Sidecar) -> None:
    took: list[float] = []

    def work() -> None:
        begin = time.monotonic()
        sidecar.call("validate", CHECK)
        took.append(time.monotonic() - begin)

    async def main() -> None:
        await sidecar.asynchronous.call("validate", CHECK)
        thread = threading.Thread(target=work)
        thread.start()
        time.sleep(1)
        thread.join()
    asyncio.run(main())
    assert took[0] < 0.9


def test_loops_that_come_and_go(sidecar: dh.Sidecar) -> None:
    async def many() -> list[Any]:
        return await asyncio.gather(*(sidecar.asynchronous.call("validate", CHECK) for _ in range(100)))

    def work() -> None:
        for _ in range(5):
            good.extend(answer["valid"] for answer in asyncio.run(many()))
    good: list[bool] = []
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert good == [True] * 2000


def test_events_of_a_loop_that_is_over(shell: dh.Function) -> None:
    run = shell.run(action="job", args=["-c", "for n in 1 2 3; do echo $n; sleep 0.1; done"])
    events = run.events()

    async def first() -> int:
        async for event in events:
            return event.seq
        return 0
    assert asyncio.run(first()) == 1
    # Nobody reads until a thread goes on.
    time.sleep(0.5)
    rest = list(events)
    assert [event.seq for event in rest] == list(range(2, len(rest) + 2)) and rest[-1].type == "end"


def test_a_process_that_ends_while_nobody_waits(sidecar: dh.Sidecar) -> None:
    asyncio.run(sidecar.asynchronous.call("validate", CHECK))
    assert sidecar._connection
    sidecar._connection._process._popen.kill()
    for call in (lambda: sidecar.call("validate", CHECK),
                 lambda: asyncio.run(sidecar.asynchronous.call("validate", CHECK))):
        try:
            call()
            raise AssertionError("it was answered")
        except dh.SidecarLost as error:
            assert error.signal == "SIGKILL"


def test_what_is_dropped_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = {"project": "p", "id": "0f8fad5bd9cb469fa16570867728950e"}
    monkeypatch.setenv("DH_SIDECAR_BIN", str(TRANSCRIPTS / "replay"))
    monkeypatch.setenv("DH_TRANSCRIPT", str(TRANSCRIPTS / "unsubscribe-end-after.json"))
    monkeypatch.setenv("DH_TRANSCRIPT_REPORT", str(tmp_path / "report"))
    sidecar = dh.Sidecar()
    for event in sidecar.subscribe(**run):
        break
    # The transcript wants the unsubscribe first; it goes out by itself.
    end = time.monotonic() + 10
    while sidecar._connection and sidecar._connection._last_id < 3 and time.monotonic() < end:
        time.sleep(0.01)
    assert sidecar.call("getRun", run)["id"] == run["id"]
    pid = sidecar.pid
    del sidecar
    assert is_gone(pid)
    assert (tmp_path / "report").read_text() == "ok\n"
