import json
import os
import socket
import sys
import http.client

import pytest

sys.path.insert(0, os.path.dirname(__file__))
from sidecar import Sidecar, clean_environment, without_sockets  # noqa: E402


class Engine:
    """A look into an engine behind the sidecar's back."""

    def __init__(self, name, host):
        self.name = name
        self.host = host

    def get(self, path, method="GET", body=None):
        """The answer's JSON; None where it has no body."""
        connection = http.client.HTTPConnection("engine", timeout=30)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(self.host.removeprefix("unix://"))
        headers = {} if body is None else {"Content-Type": "application/json"}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse().read()
        connection.close()
        return json.loads(answer) if answer.strip() else None

    def wait(self, run):
        """Returns at the end of the run's container, as promptly as the engine can tell it."""
        name = self.containers(run)[0]["Id"]
        if self.name == "podman":
            self.get(f"/v4.0.0/libpod/containers/{name}/wait?condition=exited&interval=10ms", "POST")
        else:
            self.get(f"/v1.41/containers/{name}/wait", "POST")

    def containers(self, run):
        """Every container that carries the run's id in a label or its name."""
        rows = self.get("/v1.41/containers/json?all=true")
        return [row for row in rows if run["id"] in json.dumps([row.get("Labels"), row.get("Names")])]


def engine_named(name):
    host = os.environ.get(f"DH_TEST_{name.upper()}_HOST")
    if not host:
        pytest.fail(f"DH_TEST_{name.upper()}_HOST is not set: run Tests/run e2e")
    return Engine(name, host)


@pytest.fixture(params=["podman", "docker"])
def engine(request):
    return engine_named(request.param)


@pytest.fixture
def podman():
    return engine_named("podman")


@pytest.fixture
def environment(engine, tmp_path):
    """Of a sidecar with that engine and a catalog of its own."""
    return clean_environment(DOCKER_HOST=engine.host, CONTAINER_HOST=engine.host, XDG_STATE_HOME=tmp_path / "state",
                             XDG_CONFIG_HOME=tmp_path / "config")


@pytest.fixture
def sidecar(environment):
    with Sidecar(environment) as process:
        yield process


@pytest.fixture
def offline_environment(tmp_path):
    """Where no engine is named, and Podman is not on the PATH to be started."""
    return clean_environment(DOCKER_HOST=f"unix://{tmp_path}/no.sock", CONTAINER_HOST=f"unix://{tmp_path}/no.sock",
                             HOME=tmp_path, PATH=tmp_path, XDG_STATE_HOME=tmp_path / "state",
                             XDG_CONFIG_HOME=tmp_path / "config", XDG_RUNTIME_DIR=None)


@pytest.fixture
def offline(offline_environment):
    with Sidecar(offline_environment, within=without_sockets()) as process:
        yield process
