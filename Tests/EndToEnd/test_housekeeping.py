"""What goes with a run, with a project and by itself, on a real Podman and a real Docker; and what stays."""
import json
import os
import time
import urllib.parse
import uuid

import pytest
from gate import Gate
from sidecar import CallError, Sidecar
from test_services import WEB

IMAGE = os.environ.get("DH_TEST_IMAGE")
LABEL = "io.dh-sidecar."


def labelled(engine, path, **labels):
    """What carries these labels (without their prefix), of `containers/json`, `volumes` or `networks`."""
    wanted = [f"{LABEL}{name}={value}" for name, value in labels.items()]
    query = urllib.parse.urlencode({"filters": json.dumps({"label": wanted}), "all": "true"})
    rows = engine.get(f"/v1.41/{path}?{query}")
    rows = (rows.get("Volumes") or []) if isinstance(rows, dict) else rows
    # Of several labels of a volume Podman takes any for enough.
    return [row for row in rows if all((row["Labels"] or {}).get(LABEL + name) == labels[name] for name in labels)]


def everything(engine, **labels):
    """The names of all that carries them."""
    rows = [row for path in ("containers/json", "volumes", "networks") for row in labelled(engine, path, **labels)]
    return sorted(row.get("Name") or row["Names"][0] for row in rows)


def catalog_of(engine, run):
    return engine.containers(run)[0]["Labels"][LABEL + "catalog"]


def eventually(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def is_gone(sidecar, run):
    try:
        sidecar.call("getRun", project="default", id=run["id"])
        return False
    except CallError as error:
        assert error.data["code"] == "run_not_found"
        return True


VOLUMES = [{"volume_type": "ephemeral", "name": "e", "mount_path": "/e"},
           {"volume_type": "empty_dir", "name": "d", "mount_path": "/d"}]


# --- a run's time ---

def test_a_run_goes_when_its_time_is_over(sidecar, engine):
    sidecar.function(command="true")
    kept = sidecar.wait(sidecar.start())
    run = sidecar.wait(sidecar.start(ttl_seconds=2, volumes=VOLUMES))
    assert run["status"]["state"] == "COMPLETED" and run["spec"]["ttl_seconds"] == 2
    assert run["status"]["expires_at"] > run["status"]["transitions"][0]["time"]
    assert len(everything(engine, run=run["id"])) == 3
    eventually(lambda: is_gone(sidecar, run))
    assert everything(engine, run=run["id"]) == []
    assert sidecar.call("getRun", id=kept["id"])["status"]["state"] == "COMPLETED"
    assert len(engine.containers(kept)) == 1


def test_the_settings_say_how_long_and_restarts_do_not_matter(environment, engine, tmp_path):
    (tmp_path / "config/dh-sidecar").mkdir(parents=True)
    (tmp_path / "config/dh-sidecar/config.yaml").write_text("local: {ttl_seconds: 2}")
    with Sidecar(environment) as first, Sidecar(environment) as second:
        first.function(command="true")
        run = first.wait(first.start())
        assert run["spec"]["ttl_seconds"] == 2
        own = first.wait(first.start(ttl_seconds=3600))
        second.wait(run)
        first.kill()
        second.kill()
    time.sleep(2.2)
    assert len(engine.containers(run)) == 1
    with Sidecar(environment) as first, Sidecar(environment) as second:
        for process in (first, second):
            process.call("listRuns")
        eventually(lambda: is_gone(first, run) and is_gone(second, run))
        assert engine.containers(run) == []
        assert first.call("getRun", id=own["id"])["status"]["state"] == "COMPLETED"


# --- killed sidecars ---

@pytest.mark.parametrize("request_line", [
    r"POST \S*/volumes/create", r"POST \S*/networks/create", r"POST \S*/containers/create",
    r"PUT \S*/archive", r"POST \S*/containers/[^/ ]+/start"])
@pytest.mark.parametrize("before", [True, False], ids=["unsent", "unheard"])
def test_killed_while_it_is_made(environment, engine, tmp_path, request_line, before):
    """At each step; the next sidecar takes the run up, and all of it goes with the run."""
    name = f"p-{uuid.uuid4().hex[:8]}"
    with Gate(tmp_path / "gate.sock", engine.host, request_line, before) as gate:
        with Sidecar({**environment, "DOCKER_HOST": gate.host, "CONTAINER_HOST": gate.host}) as first:
            first.call("getOrCreateProject", name=name)
            first.call("createFunction", project=name, name="f", kind="container", image=IMAGE, command="sh")
            run = first.call("run", project=name, function="f", action="serve", service_name="api", volumes=VOLUMES,
                             args=["-c", WEB])
            assert gate.reached.wait(30)
            first.kill()
    with Sidecar(environment) as second:
        up = second.call("waitRun", project=name, id=run["id"], timeout_seconds=60)
        assert up["status"]["state"] == "RUNNING", up["status"]
        assert len(everything(engine, run=run["id"])) == 3 and len(everything(engine, project=name)) == 4
        second.call("deleteRun", project=name, id=run["id"])
        assert everything(engine, project=name) == []


@pytest.mark.parametrize("request_line", [r"DELETE \S*/containers/", r"DELETE \S*/volumes/"])
@pytest.mark.parametrize("before", [True, False], ids=["unsent", "unheard"])
def test_killed_while_it_is_deleted(environment, engine, tmp_path, request_line, before):
    with Gate(tmp_path / "gate.sock", engine.host, request_line, before) as gate:
        with Sidecar({**environment, "DOCKER_HOST": gate.host, "CONTAINER_HOST": gate.host}) as first:
            first.function(command="true")
            run = first.wait(first.start(volumes=VOLUMES))
            first.send("deleteRun", {"id": run["id"]})
            assert gate.reached.wait(30)
            first.kill()
    with Sidecar(environment) as second:
        second.call("listRuns")
        eventually(lambda: is_gone(second, run))
        assert everything(engine, run=run["id"]) == []


def make(engine, path, body):
    """Makes something behind the sidecar's back."""
    return engine.get(f"/v1.41/{path}", "POST", body)


def leave(engine, catalog, run):
    """What a sidecar leaves that is killed between the engine's answer and anybody's knowledge."""
    labels = {LABEL + "catalog": catalog, LABEL + "run": run, LABEL + "project": "default"}
    make(engine, f"containers/create?name=dh-{run}", {"Image": IMAGE, "Cmd": ["sleep", "600"], "Labels": labels})
    make(engine, f"containers/dh-{run}/start", None)
    make(engine, "volumes/create", {"Name": f"dh-{run}-v", "Labels": labels})
    make(engine, "networks/create", {"Name": f"dh-{run}", "CheckDuplicate": True, "Labels": {
        LABEL + "catalog": catalog, LABEL + "project": "gone"}})


def test_what_is_left_of_unknown_runs_goes_and_nothing_of_others(environment, engine, tmp_path):
    other_environment = {**environment, "XDG_STATE_HOME": str(tmp_path / "other")}
    with Sidecar(environment) as first, Sidecar(other_environment) as other:
        for process in (first, other):
            process.function(command="sleep")
        run = first.start(args=["600"], volumes=VOLUMES)
        foreign = other.start(args=["600"], volumes=VOLUMES)
        first.until(run, "RUNNING")
        other.until(foreign, "RUNNING")
        own, others = catalog_of(engine, run), catalog_of(engine, foreign)
        assert own != others
        left, kept = uuid.uuid4().hex, uuid.uuid4().hex
        leave(engine, own, left)
        leave(engine, others, kept)
        first.kill()
        log = tmp_path / "state/dh-sidecar/builds" / own
        log.mkdir(parents=True)
        (log / f"{left}.log").write_text("1 o Building x\n")
        with Sidecar(environment) as second:
            second.wait(second.start(args=["0"]))
            eventually(lambda: everything(engine, run=left) == [])
            eventually(lambda: everything(engine, catalog=own, project="gone") == [])
            eventually(lambda: list(log.iterdir()) == [])
            # A little longer, for whatever it might remove beyond.
            time.sleep(0.5)
            assert second.call("getRun", id=run["id"])["status"]["state"] == "RUNNING"
            assert len(everything(engine, run=run["id"])) == len(everything(engine, run=foreign["id"])) == 3
            assert len(everything(engine, run=kept)) == 2
            assert len(everything(engine, catalog=others, project="gone")) == 1
            second.call("deleteRun", id=run["id"])
        other.call("deleteRun", id=foreign["id"])
    engine.get(f"/v1.41/containers/dh-{kept}?force=true", "DELETE")
    engine.get(f"/v1.41/volumes/dh-{kept}-v", "DELETE")
    engine.get(f"/v1.41/networks/dh-{kept}", "DELETE")


def test_the_same_key_in_two_catalogs(environment, engine, tmp_path):
    """Its run has the same id in both, and so its container the same name."""
    key = uuid.uuid4().hex
    other_environment = {**environment, "XDG_STATE_HOME": str(tmp_path / "other")}
    with Sidecar(environment) as first, Sidecar(other_environment) as other:
        for process in (first, other):
            process.function(command="sh")
        run = first.start(args=["-c", "echo mine; sleep 600"], idempotency_key=key)
        first.until(run, "RUNNING")
        eventually(lambda: first.logs(run)["entries"])
        taken = other.wait(other.start(args=["-c", "echo other"], idempotency_key=key))
        assert taken["id"] == run["id"]
        assert (taken["status"]["state"], taken["status"]["reason"]) == ("ERROR", "NameConflict"), taken["status"]
        assert "another catalog" in taken["status"]["message"]
        assert other.logs(taken)["entries"] == []
        other.call("deleteRun", id=run["id"])
        assert first.call("getRun", id=run["id"])["status"]["state"] == "RUNNING"
        assert len(engine.containers(run)) == 1
        first.call("deleteRun", id=run["id"])
        assert engine.containers(run) == []


# --- projects ---

def test_a_project_goes_with_all_that_is_its_own(environment, engine, tmp_path):
    name, shared = f"p-{uuid.uuid4().hex[:8]}", f"shared-{uuid.uuid4().hex[:8]}"
    volumes = [*VOLUMES, {"name": "data", "mountPath": "/data"},
               {"volume_type": "persistent_volume_claim", "name": "claim", "mount_path": "/claim"},
               {"volume_type": "shared_volume", "name": shared, "mount_path": "/shared-data"}]
    with Sidecar(environment) as sidecar:
        sidecar.call("getOrCreateProject", name=name)
        sidecar.call("setSecret", project=name, name="TOKEN", value="s3cret")
        sidecar.call("createFunction", project=name, name="f", kind="container", image=IMAGE, command="sh")
        runs = [sidecar.call("run", project=name, function="f", action=action, args=["-c", WEB],
                             volumes=volumes, **params)
                for action, params in [("serve", {"service_name": "api"}), ("deploy", {"replicas": 2}), ("job", {})]]
        for run in runs:
            sidecar.call("waitRun", project=name, id=run["id"], until="running", timeout_seconds=60)
        with pytest.raises(CallError) as refused:
            sidecar.call("deleteProject", name=name)
        assert refused.value.data["code"] == "has_dependents" and "3 runs" in refused.value.message
        assert "cascade" in refused.value.data["hint"]
        assert len(engine.containers(runs[1])) == 2
        assert sidecar.call("deleteProject", name=name, cascade=True)["name"] == name
        assert everything(engine, project=name) == [shared]
        with pytest.raises(CallError):
            sidecar.call("getProject", name=name)
        assert name not in [item["name"] for item in sidecar.call("listProjects", limit=100)["items"]]
    engine.get(f"/v1.41/volumes/{shared}", "DELETE")


def test_volumes_stay_when_a_run_goes(sidecar, engine):
    name = f"v{uuid.uuid4().hex[:8]}"
    sidecar.function(command="sh")
    volumes = [{"name": name, "mountPath": "/data"}]
    run = sidecar.wait(sidecar.start(args=["-c", "echo kept > /data/file"], volumes=volumes))
    sidecar.call("deleteRun", id=run["id"])
    again = sidecar.wait(sidecar.start(args=["-c", "cat /data/file"], volumes=volumes))
    assert [entry["text"] for entry in sidecar.logs(again)["entries"]] == ["kept"]
    assert everything(engine, project="default", volume="claim").count(f"dh-default-{name}") == 1
    sidecar.call("deleteProject", name="default", cascade=True)
    assert f"dh-default-{name}" not in everything(engine, project="default", volume="claim")


def test_a_network_stays_for_a_stopped_service(environment, engine):
    name = f"p-{uuid.uuid4().hex[:8]}"
    with Sidecar(environment) as sidecar:
        sidecar.call("getOrCreateProject", name=name)
        sidecar.call("createFunction", project=name, name="f", kind="container", image=IMAGE, command="sh")
        first, second = [sidecar.call("run", project=name, function="f", action="serve", service_name=service,
                                      args=["-c", WEB]) for service in ("a", "b")]
        for run in (first, second):
            sidecar.call("waitRun", project=name, id=run["id"], timeout_seconds=60)
        sidecar.call("stopRun", project=name, id=first["id"], grace_seconds=0)
        sidecar.call("deleteRun", project=name, id=second["id"])
        assert labelled(engine, "networks", project=name)
        sidecar.call("resumeRun", project=name, id=first["id"])
        up = sidecar.call("waitRun", project=name, id=first["id"], timeout_seconds=60)
        assert up["status"]["state"] == "RUNNING", up["status"]
        sidecar.call("deleteProject", name=name, cascade=True)
        assert everything(engine, project=name) == []


# --- builds ---

def test_a_build_removes_no_image_that_its_output_names(sidecar, engine):
    """A step may write what looks like the builder's own word for a layer."""
    sidecar.function("base", base_image=IMAGE)
    base = sidecar.wait(sidecar.start("base", action="build", image=f"localhost/x:{uuid.uuid4().hex}",
                                      instructions=[f"echo {uuid.uuid4()} > /x"]), 120)
    image = base["status"]["image_digest"].removeprefix("sha256:")
    # Without a name, as many images are that somebody still needs.
    engine.get(f"/v1.41/images/{urllib.parse.quote(base['status']['image'], safe='')}?noprune=true", "DELETE")
    if "Id" not in engine.get(f"/v1.41/images/{image}/json"):
        base = sidecar.wait(sidecar.start("base", action="build", image="localhost/x:1", instructions=["true"]), 120)
        image = base["status"]["image_digest"].removeprefix("sha256:")
        sidecar.wait(sidecar.start("base", action="build", image="localhost/x:1",
                                   instructions=[f"echo {uuid.uuid4()}"]), 120)
    assert "Id" in engine.get(f"/v1.41/images/{image}/json")
    time.sleep(2.1)
    run = sidecar.wait(sidecar.start("base", action="build", image=f"localhost/y:{uuid.uuid4().hex}", instructions=[
        f"echo {uuid.uuid4()}; echo '--> {image[:12]}'; echo ' ---> {image[:12]}'"]), 120)
    assert run["status"]["state"] == "COMPLETED", run["status"]
    assert f"--> {image[:12]}" in [entry["text"] for entry in sidecar.logs(run)["entries"]]
    for item in (run, base):
        sidecar.call("deleteRun", id=item["id"])
        assert "Id" in engine.get(f"/v1.41/images/{image}/json")
