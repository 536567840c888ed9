"""Where the values of secrets are, on a real Podman and a real Docker: in the container, in the catalog, nowhere else."""
import http.client
import io
import json
import os
import socket
import tarfile
import urllib.parse
import uuid

import pytest
from sidecar import CallError, Sidecar, clean_environment

IMAGE = os.environ.get("DH_TEST_IMAGE")


def download(engine, path):
    connection = http.client.HTTPConnection("engine", timeout=60)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(engine.host.removeprefix("unix://"))
    connection.request("GET", path)
    data = connection.getresponse().read()
    connection.close()
    return data


def holds(data, value):
    """Whether the value is anywhere in it, also in the layers of an image's archive."""
    if value.encode() in data:
        return True
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            return any(holds(archive.extractfile(member).read(), value) for member in archive if member.isfile())
    except tarfile.ReadError:
        return False


def test_no_answer_has_the_value(environment, engine):
    """Whatever is asked of a run that fails and of one that goes well."""
    with Sidecar(environment) as sidecar:
        value = f"v4lue-{uuid.uuid4().hex}"
        said = [sidecar.call("setSecret", project="default", name="TOKEN", value=value),
                sidecar.call("setSecret", project="default", name="TOKEN", value=value)]
        sidecar.function(command="sh")
        sidecar.function("bad", command="/no/such/command")
        said += [sidecar.call("renderRun", function="f", action=action, secrets=["TOKEN"])
                 for action in ("job", "serve", "deploy", "build")]
        assert "<secret TOKEN>" in json.dumps(said)
        good = sidecar.start(args=["-c", "test -n \"$TOKEN\" && echo $TOKEN | wc -c"], secrets=["TOKEN"])
        bad = sidecar.start("bad", secrets=["TOKEN"])
        deploy = sidecar.start(action="deploy", args=["-c", "sleep 600"], secrets=["TOKEN"], replicas=2)
        said += [good, bad, deploy, sidecar.wait(good), sidecar.wait(bad), sidecar.wait(deploy)]
        assert sidecar.logs(good)["entries"][0]["text"].strip() == str(len(value) + 1)
        assert said[-2]["status"]["state"] == "ERROR" and value not in json.dumps(said)
        said += [sidecar.logs(run) for run in (good, bad, deploy)]
        said += [sidecar.call(method) for method in ("listSecrets", "listRuns", "listFunctions", "listTasks",
                                                     "listProjects", "getCapabilities")]
        said += [sidecar.call("getRun", id=run["id"]) for run in (good, bad, deploy)]
        said.append(sidecar.call("validate", method="setSecret", params={"name": "TOKEN", "value": value}))
        for params in ({"name": "a b", "value": value}, {"name": "T", "value": value, "project": "nowhere"}):
            with pytest.raises(CallError) as error:
                sidecar.call("setSecret", **params)
            said.append([error.value.message, error.value.data])
        for run in (good, bad, deploy):
            for row in engine.containers(run):
                said.append({name: row.get(name) for name in ("Names", "Labels", "Command")})
        said.append(sidecar.call("stopRun", id=deploy["id"], grace_seconds=0))
        said += [sidecar.call("deleteRun", id=run["id"]) for run in (good, bad, deploy)]
        said.append(sidecar.call("deleteSecret", name="TOKEN"))
        sidecar.close()
        assert value not in json.dumps(said)
        assert value not in sidecar.stderr.decode()


@pytest.mark.parametrize("action", ["job", "serve", "deploy", "build"])
def test_a_missing_one_is_an_error_before_anything_starts(sidecar, engine, action):
    sidecar.function(base_image=IMAGE, command="sh")
    sidecar.call("setSecret", name="THERE", value="x")
    with pytest.raises(CallError) as refused:
        sidecar.start(action=action, secrets=["THERE", "MISSING", "AWAY"])
    assert refused.value.data["code"] == "secret_not_found"
    assert [fault["pointer"] for fault in refused.value.data["errors"]] == ["/secrets/1", "/secrets/2"]
    assert sidecar.call("listRuns")["total"] == 0


# --- builds ---

@pytest.mark.parametrize("engine", ["docker"], indirect=True)
def test_docker_refuses_them_in_a_build(sidecar, engine):
    sidecar.function(base_image=IMAGE)
    sidecar.call("setSecret", name="TOKEN", value="x")
    with pytest.raises(CallError) as refused:
        sidecar.start(action="build", image="localhost/x:1", instructions=["true"], secrets=["TOKEN"])
    fault, = refused.value.data["errors"]
    assert (refused.value.data["code"], fault["pointer"]) == ("unsupported_parameter", "/secrets")
    assert "BuildKit" in fault["message"] and "Podman" in fault["hint"]
    assert sidecar.call("listRuns")["total"] == 0


INSTRUCTIONS = [
    # A shell command finds it as a variable, and as a file while it runs.
    "test ${#TOKEN} = 38 && test \"$(cat /run/secrets/TOKEN)\" = \"$TOKEN\" && echo used > /used",
    "RUN --mount=type=secret,id=TOKEN test $(wc -c < /run/secrets/TOKEN) = 38",
    "RUN test -z \"$TOKEN\" && test ! -s /run/secrets/TOKEN",
    # All of the context, as far as an instruction can have it.
    "COPY . /context",
    "echo \"said: $TOKEN\"",
]


@pytest.mark.parametrize("way", ["instructions", "Dockerfile"])
def test_a_secret_of_a_build_is_in_no_layer(podman, tmp_path, way):
    environment = clean_environment(DOCKER_HOST=podman.host, CONTAINER_HOST=podman.host,
                                    XDG_STATE_HOME=tmp_path / "state", XDG_CONFIG_HOME=tmp_path / "config")
    value = f"v4lue-{uuid.uuid4().hex}"
    name = f"localhost/secret:{uuid.uuid4().hex[:8]}"
    before = {row["Id"] for row in podman.get("/v1.41/images/json?all=true")}
    with Sidecar(environment) as sidecar:
        sidecar.call("setSecret", project="default", name="TOKEN", value=value)
        if way == "instructions":
            sidecar.function(base_image=IMAGE, lang="sh", code="echo source\n")
            # A step that was carried out before says nothing, and a secret's value makes no difference to that.
            params = {"instructions": [f"echo {name}", *INSTRUCTIONS]}
        else:
            whole = [f"FROM {IMAGE}", f"RUN echo {name}", "COPY . /context", "RUN --mount=type=secret,id=TOKEN cat /run/secrets/TOKEN"]
            sidecar.function(lang="dockerfile", code="\n".join(whole) + "\n")
            params = {}
        run = sidecar.wait(sidecar.start(action="build", image=name, secrets=["TOKEN"], **params), 120)
        assert run["status"]["state"] == "COMPLETED", (run["status"], sidecar.logs(run))
        log = json.dumps(sidecar.logs(run))
        assert value not in log
        assert "<secret TOKEN>" in log
        # What a step does with it is its own: here a failing one says it.
        failed = sidecar.wait(sidecar.start(action="build", image="localhost/x:1", secrets=["TOKEN"], **(
            {"instructions": ["echo $TOKEN >&2; exit 3"]} if way == "instructions" else {})), 120)
        assert value not in json.dumps([failed, sidecar.logs(failed), sidecar.call("listRuns")])
        made = {row["Id"] for row in podman.get("/v1.41/images/json?all=true")} - before
        assert len(made) >= 2
        for id in made:
            for path in (f"images/{id}/get", f"images/{id}/history", f"images/{id}/json"):
                assert not holds(download(podman, f"/v1.41/{path}"), value), (id, path)
        names = archive_names(download(podman, f"/v1.41/images/{urllib.parse.quote(name, safe='')}/get"))
        assert any(entry.startswith("context/Dockerfile") for entry in names), names
        assert not any("dh-sidecar-secret" in entry for entry in names)
        state = tmp_path / "state"
        for path in state.rglob("*"):
            if path.is_file() and not path.name.startswith("catalog.db"):
                assert value.encode() not in path.read_bytes(), path
        sidecar.close()
        assert value not in sidecar.stderr.decode()


def archive_names(data):
    """Of all entries of all layers."""
    found = []
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            if member.isfile():
                try:
                    with tarfile.open(fileobj=io.BytesIO(archive.extractfile(member).read())) as layer:
                        found += layer.getnames()
                except tarfile.ReadError:
                    continue
    return found
