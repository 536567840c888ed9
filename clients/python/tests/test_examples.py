"""The reference's five Python examples, run with another import and with images that the lab has."""
from __future__ import annotations

import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

import digitalhub_sidecar as dh

REFERENCE = Path(__file__).parent / "reference"


@pytest.fixture
def staying(engine: str) -> str:
    """An image whose program serves HTTP on port 8080 until it is stopped."""
    function = dh.new_function(
        name="staying", kind="container", lang="dockerfile",
        code=f"FROM {engine}\nRUN echo hello > /www/index.html\nCMD httpd -f -p 8080 -h /www\n")
    run = function.run(action="build", wait=True, image="localhost/staying:1")
    assert run.status.state == "COMPLETED", run.status
    return "localhost/staying:1"


def program(example: str, image: str) -> str:
    """The example and what it needs before it; but for the import and the images as it is on the page."""
    text = "".join((REFERENCE / f"{name}.py").read_text() for name in ("function", example))
    for old, new in (("import digitalhub as dh", "import digitalhub_sidecar as dh"), ("hello-world:latest", image),
                     ("python:3.11-slim", image), ("apt-get update && apt-get install -y git", "echo made")):
        text = text.replace(old, new)
    return text + "\nprint(run.id)\n"


def ran(example: str, image: str) -> dh.Run:
    command = [sys.executable, "-c", program(example, image)]
    done = subprocess.run(command, stdout=subprocess.PIPE, timeout=60, check=True)
    return dh.get_run(done.stdout.decode().strip(), project="my_project")


def test_job(engine: str) -> None:
    run = ran("job", engine)
    assert run.wait() is run and run.action == "job"
    assert (run.status.state, run.status.exit_code) == ("COMPLETED", 0)
    # The page's own example gives a job what only a build heeds: kept, with a warning.
    assert [warning.pointer for warning in run.status.warnings or []] == ["/instructions"]


def test_build(engine: str) -> None:
    run = ran("build", engine).wait()
    assert run.status.state == "COMPLETED", run.status
    assert run.status.image and "myrepo/myapp:0.1.0" in run.status.image
    assert "made" in run.logs().text


def test_serve(staying: str) -> None:
    run = ran("serve", staying)
    try:
        # Returns at RUNNING, not at the end, which never comes.
        assert run.wait(timeout=60).status.state == "RUNNING" and not run.timed_out
        assert run.status.service and len(run.status.service.urls or []) == 2
        for url in run.status.service.urls or []:
            with urllib.request.urlopen(url, timeout=10) as answer:
                assert answer.read() == b"hello\n"
        assert run.url == (run.status.service.urls or [])[0]
        assert run.stop(grace_seconds=0).status.state == "STOPPED"
        assert run.resume().wait().status.state == "RUNNING"
    finally:
        run.delete()
    with pytest.raises(dh.CallError) as caught:
        run.refresh()
    assert caught.value.name == "run_not_found"


def test_deploy(staying: str) -> None:
    run = ran("deploy", staying)
    try:
        assert run.wait(timeout=60).status.state == "RUNNING"
        assert [replica.state for replica in run.status.replicas or []] == ["running"] * 3
        assert run.spec.volumes and run.spec.volumes[0]["name"] == "data"
    finally:
        run.stop(grace_seconds=0)
        run.delete()


def test_the_function(engine: str) -> None:
    run = ran("job", engine)
    # Made without a project, in the one last got.
    function = dh.get_project("my_project").get_function("my_function")
    assert (function.project, function.kind, function.spec.image) == ("my_project", "container", engine)
    assert re.fullmatch(f"container://my_project/my_function:{function.id}", run.spec.function)
