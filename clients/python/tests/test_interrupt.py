"""Ctrl-C, the end of the program, and a sidecar that is killed."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

TRANSCRIPTS = Path(__file__).resolve().parents[2] / "transcripts"
ID = "0f8fad5bd9cb469fa16570867728950e"
INTERRUPTED = f"""
import digitalhub_sidecar as dh
with dh.Sidecar() as sidecar:
    try:
        print(sidecar.pid, flush=True)
        sidecar.call("waitRun", {{"project": "p", "id": "{ID}"}})
    except KeyboardInterrupt:
        print(sidecar.call("getRun", {{"project": "p", "id": "{ID}"}})["name"], flush=True)
"""
TASK = f"""
import asyncio, digitalhub_sidecar as dh
async def main():
    async with dh.AsyncSidecar() as sidecar:
        print(sidecar.sidecar.pid, flush=True)
        try:
            await sidecar.call("waitRun", {{"project": "p", "id": "{ID}"}})
        except asyncio.CancelledError:
            print((await sidecar.call("getRun", {{"project": "p", "id": "{ID}"}}))["name"], flush=True)
asyncio.run(main())
"""
UNCAUGHT = f"""
import digitalhub_sidecar as dh
print(dh.default().pid, flush=True)
dh.call("waitRun", {{"project": "p", "id": "{ID}"}})
"""


def started(program: str, transcript: str, report: Path) -> tuple[subprocess.Popen[str], int]:
    """A program that plays a transcript, and the pid of its sidecar."""
    env = {**os.environ, "DH_SIDECAR_BIN": str(TRANSCRIPTS / "replay"),
           "DH_TRANSCRIPT": str(TRANSCRIPTS / f"{transcript}.json"), "DH_TRANSCRIPT_REPORT": str(report)}
    process = subprocess.Popen([sys.executable, "-c", program], env=env, stdout=subprocess.PIPE, text=True,
                               stderr=subprocess.PIPE, start_new_session=True)
    assert process.stdout
    pid = int(process.stdout.readline())
    # Until it waits for the answer.
    time.sleep(0.3)
    return process, pid


def is_gone(pid: int, seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with open(f"/proc/{pid}/stat") as stat:
                if stat.read().rpartition(")")[2].split()[0] == "Z":
                    return True
        except FileNotFoundError:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("program", [
    INTERRUPTED, pytest.param(TASK, marks=pytest.mark.skipif(
        sys.version_info < (3, 11), reason="before 3.11 asyncio.run did not turn Ctrl-C into a cancel"))],
    ids=["thread", "task"])
def test_ctrl_c_cancels_and_the_sidecar_goes_on(program: str, tmp_path: Path) -> None:
    process, pid = started(program, "cancel", tmp_path / "report")
    # To all in the terminal, as a Ctrl-C is.
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert out == "hello\n", err
    assert (tmp_path / "report").read_text() == "ok\n"
    assert is_gone(pid)


def test_ctrl_c_leaves_no_orphan(tmp_path: Path) -> None:
    process, pid = started(UNCAUGHT, "close-pending", tmp_path / "report")
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert "KeyboardInterrupt" in err and process.returncode == -signal.SIGINT
    assert (tmp_path / "report").read_text() == "ok\n"
    assert is_gone(pid)


def test_a_killed_program_leaves_no_orphan(tmp_path: Path) -> None:
    process, pid = started(UNCAUGHT, "close-pending", tmp_path / "report")
    process.kill()
    process.communicate()
    assert is_gone(pid)
