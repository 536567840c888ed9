from __future__ import annotations

import os
from pathlib import Path
from typing import Iterator

import pytest

import digitalhub_sidecar as dh

STEERING = ("DH_SIDECAR_", "DHCORE_", "DH_NAME", "DH_CONFIG", "DOCKER_HOST", "CONTAINER_HOST", "DOCKER_CONTEXT")


def needed(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        pytest.fail(f"{name} is not set: run Tests/run clients")
    return value


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The lab's Podman and a catalog of its own, for every sidecar that a test starts; the name of the test image."""
    image, host, binary = needed("DH_TEST_IMAGE"), needed("DH_TEST_PODMAN_HOST"), needed("DH_SIDECAR_BIN")
    for name in list(os.environ):
        if name.startswith(STEERING):
            monkeypatch.delenv(name)
    for name, value in (("DH_SIDECAR_BIN", binary), ("DOCKER_HOST", host), ("XDG_STATE_HOME", str(tmp_path / "state")),
                        ("XDG_CONFIG_HOME", str(tmp_path / "config"))):
        monkeypatch.setenv(name, value)
    yield image
    dh.close()


@pytest.fixture
def sidecar(engine: str) -> Iterator[dh.Sidecar]:
    with dh.Sidecar() as process:
        yield process


@pytest.fixture
def shell(sidecar: dh.Sidecar, engine: str) -> dh.Function:
    """A function that is the shell of the test image."""
    return sidecar.new_function(name="shell", kind="container", image=engine, command="sh")
