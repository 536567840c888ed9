"""An engine that dies in mid-call."""
import os
import subprocess
import time

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
