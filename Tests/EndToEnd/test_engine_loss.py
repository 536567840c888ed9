"""An engine that dies in mid-call."""
import os
import subprocess
import time

import pytest
from sidecar import CallError, Sidecar, clean_environment


def start_service(socket):
    """Of the lab's Podman, a second one, to be killed."""
    service = subprocess.Popen(["podman", "system", "service", "--time=0", f"unix://{socket}"], env=clean_environment(),
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 20
    while not os.path.exists(socket):
        assert time.monotonic() < end
        time.sleep(0.05)
    return service


def gone(sidecar, method, **params):
    with pytest.raises(CallError) as error:
        sidecar.call(method, **params)
    assert error.value.data["code"] == "engine_unavailable" and error.value.data["retryable"] and error.value.data["hint"]
    return error.value


def test_every_call_that_needs_it_says_so(podman, tmp_path):
    socket = tmp_path / "e.sock"
    service = start_service(socket)
    # The machine's Podman must not be started in its place.
    env = clean_environment(DH_SIDECAR_SOCKET=socket, XDG_STATE_HOME=tmp_path / "state")
    try:
        with Sidecar(env) as sidecar:
            sidecar.function(command="sleep")
            run = sidecar.start(args=["600"])
            sidecar.until(run, "RUNNING")
            service.kill()
            service.wait()
            socket.unlink()
            assert str(socket) in gone(sidecar, "getRunLogs", id=run["id"]).message
            gone(sidecar, "run", function="f", action="job")
            assert sidecar.call("listRuns")["total"] == 1
            assert sidecar.call("getRun", id=run["id"])["status"]["state"] == "RUNNING"
            found = sidecar.call("getCapabilities")
            assert found["engine"] is None and found["engine_error"]["data"]["code"] == "engine_unavailable"
            stopping = sidecar.send("stopRun", {"id": run["id"], "grace_seconds": 0})
            sidecar.until(run, "STOP")
            service = start_service(socket)
            assert sidecar.answer(stopping)["status"]["state"] == "STOPPED"
            sidecar.call("deleteRun", id=run["id"])
            assert podman.containers(run) == []
    finally:
        service.kill()
        service.wait()


def test_the_run_is_found_again(podman, tmp_path):
    socket = tmp_path / "e.sock"
    service = start_service(socket)
    env = clean_environment(DOCKER_HOST=f"unix://{socket}", XDG_STATE_HOME=tmp_path / "state")
    try:
        with Sidecar(env) as sidecar:
            sidecar.function(command="sh")
            run = sidecar.start(args=["-c", "sleep 3; exit 4"])
            sidecar.until(run, "RUNNING")
            waiting = sidecar.send("waitRun", {"project": "default", "id": run["id"], "timeout_seconds": 30})
            service.kill()
            service.wait()
            socket.unlink()
            time.sleep(0.5)
            sidecar.call("initialize")
            service = start_service(socket)
            try:
                sidecar.answer(waiting, timeout=40)
            except CallError as error:
                assert error.data["retryable"], error
            run = sidecar.wait(run, timeout_seconds=30)
            assert (run["status"]["state"], run["status"]["exit_code"]) == ("ERROR", 4), run["status"]
            sidecar.call("deleteRun", project="default", id=run["id"])
    finally:
        service.kill()
        service.wait()
