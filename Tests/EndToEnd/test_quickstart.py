"""clients/shell/quickstart, with what a machine may have: Podman without a service, or Docker."""
import os
import re
import subprocess

import pytest
from conftest import engine_named
from sidecar import BINARY, clean_environment, without_sockets
from test_readme import examples

QUICKSTART = os.path.join(os.path.dirname(__file__), "../../clients/shell/quickstart")


@pytest.fixture(params=["podman without a service", "docker"])
def machine(request, tmp_path):
    env = clean_environment(DH_SIDECAR_BIN=os.path.abspath(BINARY), XDG_STATE_HOME=tmp_path / "state",
                            XDG_RUNTIME_DIR=None, IMAGE=None)
    if request.param == "docker":
        return {**env, "DOCKER_HOST": engine_named("docker").host}
    return env


def run(command, env):
    return subprocess.run([*without_sockets(), *command], env=env, capture_output=True, text=True, timeout=300)


def test_the_walk_and_what_it_leads_to(machine, tmp_path):
    done = run([QUICKSTART], machine)
    assert done.returncode == 0, done.stdout + done.stderr
    calls = re.findall(r'^> .*"method":"(\w+)"', done.stdout, re.M)
    assert calls == ["createFunction", "run", "waitRun", "getRun", "getRunLogs"]
    assert re.search(r'"text":"[^"]*Hello', done.stdout)
    exports = re.findall(r"^export .*", done.stdout, re.M)
    assert exports
    script = tmp_path / "next"
    script.write_text("\n".join(exports) + "\n" + examples()["sh"])
    done = run(["/bin/bash", "-eu", script], machine)
    assert done.returncode == 0 and '"COMPLETED"' in done.stdout, done.stdout + done.stderr


def test_it_fails_where_the_job_fails(machine):
    done = run([QUICKSTART], {**machine, "IMAGE": "127.0.0.1:1/nothing/here:1"})
    assert done.returncode == 1
    assert "nothing/here" in done.stdout and "did not complete" in done.stdout
