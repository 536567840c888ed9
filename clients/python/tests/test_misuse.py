"""Forks, pickling, callbacks, values that are no JSON."""
from __future__ import annotations

import copy
import os
import pickle
import time
from pathlib import Path
from typing import Any, Callable

import pytest

import digitalhub_sidecar as dh

TRANSCRIPTS = Path(__file__).resolve().parents[2] / "transcripts"
ID = {"project": "p", "id": "0f8fad5bd9cb469fa16570867728950e"}


@pytest.fixture
def replay(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], dh.Sidecar]:
    def started(transcript: str) -> dh.Sidecar:
        monkeypatch.setenv("DH_SIDECAR_BIN", str(TRANSCRIPTS / "replay"))
        monkeypatch.setenv("DH_TRANSCRIPT", str(TRANSCRIPTS / f"{transcript}.json"))
        return dh.Sidecar().start()
    return started


def in_a_fork(work: Callable[[], object]) -> str:
    """What `work` returns or raises in a forked child."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        try:
            told = f"returned {work()}"
        except BaseException as error:
            told = f"{type(error).__name__}: {error}"
        os.write(writing, told.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    os.waitpid(pid, 0)
    return text


def test_a_forked_child_is_told(replay: Callable[[str], dh.Sidecar]) -> None:
    with replay("events") as sidecar:
        events = sidecar.subscribe(**ID)
        first = next(events)
        for work in (lambda: sidecar.call("getRun", ID), lambda: next(events)):
            told = in_a_fork(work)
            assert told.startswith("MisuseError: ") and f"belongs to process {os.getpid()}" in told, told
        assert in_a_fork(sidecar.close) == "returned None"
        # The child has taken nothing away.
        assert (first["seq"], next(events)["seq"]) == (1, 2)


def test_a_forked_child_keeps_no_sidecar_alive(replay: Callable[[str], dh.Sidecar]) -> None:
    sidecar = replay("close-pending")
    pid = os.fork()
    if pid == 0:
        time.sleep(20)
        os._exit(0)
    try:
        begin = time.monotonic()
        sidecar.close()
        # Without a kill, which comes after 5 s.
        assert time.monotonic() - begin < 4
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)


def test_a_forked_child_may_start_its_own(replay: Callable[[str], dh.Sidecar]) -> None:
    replay("call").close()
    dh.configure()
    dh.default().start()

    def work() -> Any:
        dh.close()
        return dh.call("getRun", ID)["id"]
    try:
        assert in_a_fork(work) == f"returned {ID['id']}"
    finally:
        dh.close()


@pytest.mark.parametrize("using", [pickle.dumps, copy.deepcopy], ids=["pickle", "copy"])
def test_a_process_is_not_pickled(using: Callable[[object], object], replay: Callable[[str], dh.Sidecar]) -> None:
    with replay("call") as sidecar:
        with pytest.raises(TypeError, match="ids or keys"):
            using(sidecar)
        run = sidecar._run(
            {"id": "1", "kind": "container+job:run", "key": "k", "name": "n", "project": "p"})
        with pytest.raises(TypeError, match="hand over its `key`"):
            using(run)


def test_errors_and_records_are_pickled() -> None:
    error = pickle.loads(pickle.dumps(dh.CallError(1004, "no run", {"code": "run_not_found"}, "getRun")))
    assert (error.code, error.name, str(error)) == (1004, "run_not_found", "no run (run_not_found)")
    lost = pickle.loads(pickle.dumps(dh.SidecarLost(-9, "the end\n")))
    assert lost.signal == "SIGKILL" and lost.exit_code is None and "the end" in str(lost)
    status = dh.RunStatus.from_json({"state": "RUNNING", "of_tomorrow": 1, "service": {"url": "http://a", "x": 2}})
    assert pickle.loads(pickle.dumps(status)) == status
    assert status.to_json() == {"state": "RUNNING", "of_tomorrow": 1, "service": {"url": "http://a", "x": 2}}


def test_a_callback_must_not_wait(replay: Callable[[str], dh.Sidecar]) -> None:
    told: list[BaseException] = []
    with replay("progress") as sidecar:
        def callback(_: dict[str, Any]) -> None:
            try:
                sidecar.call("getRun", ID)
            except dh.MisuseError as error:
                told.append(error)
        assert sidecar.call("waitRun", ID, on_progress=callback)["id"] == ID["id"]
    assert len(told) == 3 and "for ever" in str(told[0])


def test_a_callback_that_fails_is_shown(replay: Callable[[str], dh.Sidecar], capfd: pytest.CaptureFixture[str]) -> None:
    with replay("progress") as sidecar:
        def callback(_: dict[str, Any]) -> None:
            raise ValueError("the callback's own fault")
        assert sidecar.call("waitRun", ID, on_progress=callback)["id"] == ID["id"]
    assert capfd.readouterr().err.count("ValueError: the callback's own fault") == 3


@pytest.mark.parametrize("value, fault", [
    (float("nan"), ValueError), ("\ud800", ValueError), (b"bytes", TypeError), ({1}, TypeError)])
def test_what_is_no_json_is_refused_here(value: object, fault: type[Exception],
                                         replay: Callable[[str], dh.Sidecar]) -> None:
    with replay("call") as sidecar:
        with pytest.raises(fault):
            sidecar.call("getRun", {"id": value})
        assert sidecar.call("getRun", ID)["id"] == ID["id"]


def test_a_message_beyond_the_limit_is_refused_here(replay: Callable[[str], dh.Sidecar]) -> None:
    with replay("call") as sidecar:
        with pytest.raises(ValueError, match="64"):
            sidecar.call("createFunction", {"code": "x" * (65 << 20)})
        assert sidecar.call("getRun", ID)["id"] == ID["id"]
