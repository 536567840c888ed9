"""Where no engine listens, the sidecar starts Podman's service on a socket of its own."""
import os
import signal
import stat

import pytest
from sidecar import CallError, Sidecar, clean_environment, without_sockets


@pytest.fixture
def bare(podman, tmp_path):
    """Of a sidecar that is told of no socket; the lab's Podman is its Podman, without the lab's service."""
    yield clean_environment(HOME=tmp_path, XDG_STATE_HOME=tmp_path / "state", XDG_CONFIG_HOME=tmp_path / "config",
                            XDG_RUNTIME_DIR=None)
    # That of a sidecar that was killed would end by itself, but only after some idle minutes.
    for pid in services(tmp_path):
        os.kill(pid, signal.SIGTERM)


def start(env):
    return Sidecar(env, within=without_sockets())


def own_socket(sidecar):
    engine = sidecar.call("getCapabilities")["engine"]
    assert (engine["engine"], engine["found_by"]) == ("podman", "podman system service")
    return engine["socket"]


def services(path):
    """Process ids of the services whose socket has a path that starts so."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline") as line:
                if any(word.startswith(f"unix://{path}") for word in line.read().split("\0")):
                    found.append(int(pid))
        except OSError:
            pass
    return found


def test_a_job_on_it_and_its_end(bare, tmp_path):
    with start(bare) as first:
        run = first.job("echo here; exit 3")
        assert (run["status"]["state"], run["status"]["exit_code"]) == ("ERROR", 3), run["status"]
        socket = own_socket(first)
        assert socket.startswith(str(tmp_path)) and len(services(socket)) == 1
        assert stat.S_IMODE(os.stat(os.path.dirname(socket)).st_mode) == 0o700
        assert first.close() == 0
    assert services(socket) == [] and not os.path.exists(socket)
    with start(bare) as second:
        assert second.call("getRun", id=run["id"])["status"]["exit_code"] == 3
        assert [entry["text"] for entry in second.logs(run)["entries"]] == ["here"]
        second.call("deleteRun", id=run["id"])


def test_nothing_is_started_before_it_is_needed(bare):
    with start(bare) as sidecar:
        sidecar.function()
        assert sidecar.call("renderRun", function="f", action="job")["calls"]
        sidecar.call("listRuns")
        assert not any(name.startswith("podman") for name in os.listdir(os.path.join(bare["XDG_STATE_HOME"], "dh-sidecar")))


def test_killed_while_the_run_goes_on(bare):
    with start(bare) as first:
        first.function(command="sh")
        run = first.start(args=["-c", "sleep 2; echo late; exit 4"])
        first.until(run, "RUNNING")
        first.kill()
    with start(bare) as second:
        run = second.wait(run, timeout_seconds=30)
        assert (run["status"]["state"], run["status"]["exit_code"]) == ("ERROR", 4), run["status"]
        assert [entry["text"] for entry in second.logs(run)["entries"]] == ["late"]
        second.call("deleteRun", id=run["id"])


def test_a_podman_that_does_not_start_is_quoted(bare, tmp_path):
    broken = tmp_path / "bin" / "podman"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho 'no room for storage' >&2; exit 125\n")
    broken.chmod(0o755)
    with start({**bare, "PATH": f"{broken.parent}:/usr/bin:/bin"}) as sidecar:
        sidecar.function()
        with pytest.raises(CallError) as error:
            sidecar.start()
        assert error.value.data["code"] == "engine_unavailable"
        assert "no room for storage" in error.value.message
