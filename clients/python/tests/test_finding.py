"""Where the binary is looked for."""
from __future__ import annotations

from pathlib import Path

import pytest

import digitalhub_sidecar as dh
from digitalhub_sidecar import _binary


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\nexit 0\n")
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DH_SIDECAR_BIN", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr(_binary, "packaged", lambda: str(tmp_path / "package/dh-sidecar"))


def test_the_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_path = program(tmp_path / "path/dh-sidecar")
    assert _binary.find() == str(on_path)
    packaged = program(tmp_path / "package/dh-sidecar")
    assert _binary.find() == str(packaged)
    named = program(tmp_path / "named")
    monkeypatch.setenv("DH_SIDECAR_BIN", str(named))
    assert _binary.find() == str(named)
    assert _binary.find(str(on_path)) == str(on_path)


def test_none_says_where_it_looked_and_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(dh.SidecarNotFound) as caught:
        dh.Sidecar().call("getCapabilities")
    for part in ("DH_SIDECAR_BIN", str(tmp_path / "package/dh-sidecar"), str(tmp_path / "path"), "swift build",
                 "pip install ./clients/python"):
        assert part in str(caught.value)


def test_one_that_is_named_is_taken_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "path/dh-sidecar")
    monkeypatch.setenv("DH_SIDECAR_BIN", str(tmp_path / "not-there"))
    with pytest.raises(dh.SidecarNotFound, match="DH_SIDECAR_BIN is .*not-there"):
        dh.Sidecar().start()
    with pytest.raises(dh.SidecarNotFound, match="binary is"):
        dh.Sidecar(binary=str(tmp_path / "neither")).start()


def test_a_program_that_can_not_be_started(tmp_path: Path) -> None:
    bad = program(tmp_path / "bad")
    bad.write_text("\x7fELF is not enough")
    with pytest.raises(dh.SidecarNotFound, match="can't be started"):
        dh.Sidecar(binary=str(bad)).start()


def test_a_program_that_is_something_else() -> None:
    with pytest.raises(dh.SidecarLost) as caught:
        dh.Sidecar(binary="/bin/false").start()
    assert caught.value.exit_code == 1
    # It says what it is told, which is no answer.
    with pytest.raises(dh.SidecarLost, match="never writes"):
        dh.Sidecar(binary="/bin/cat").start()
