"""The transcripts that all clients share, from threads and from tasks."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import pytest
from driver import Driver, Tasks, Threads

import digitalhub_sidecar as dh

FOLDER = Path(__file__).resolve().parents[2] / "transcripts"
TRANSCRIPTS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}


def test_there_are_transcripts() -> None:
    assert len(TRANSCRIPTS) > 20


@pytest.mark.parametrize("face", [Threads, Tasks], ids=["threads", "tasks"])
@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_a_transcript(name: str, face: Callable[[dh.Sidecar], Any], tmp_path: Path,
                      monkeypatch: pytest.MonkeyPatch) -> None:
    steps = TRANSCRIPTS[name]["client"]
    if face is Threads and any("cancel" in step for step in steps):
        pytest.skip("a thread is interrupted by Ctrl-C only: see test_interrupt.py")
    report = tmp_path / "report"
    monkeypatch.setenv("DH_SIDECAR_BIN", str(FOLDER / "replay"))
    monkeypatch.setenv("DH_TRANSCRIPT", str(FOLDER / f"{name}.json"))
    monkeypatch.setenv("DH_TRANSCRIPT_REPORT", str(report))
    sidecar = dh.Sidecar()
    driver = Driver(face(sidecar))
    try:
        for step in steps:
            driver.step(step)
    finally:
        sidecar.close()
        driver.face.end()
    assert report.read_text(encoding="utf-8") == "ok\n"
