"""Every type of volume on a real Podman and a real Docker."""
import os
import stat
import uuid

import pytest
from sidecar import CallError, Sidecar

IMAGE = os.environ.get("DH_TEST_IMAGE")


def volume(kind, mount_path="/v", name="v", **spec):
    return {"volume_type": kind, "name": name, "mount_path": mount_path, **({"spec": spec} if spec else {})}


def lines(sidecar, run):
    assert run["status"]["state"] == "COMPLETED", run["status"]
    return [entry["text"] for entry in sidecar.logs(run)["entries"]]


def output(sidecar, script, *volumes, **params):
    return lines(sidecar, sidecar.job(script, volumes=list(volumes), **params))


def warnings(run):
    return {(warning["pointer"], warning["code"]) for warning in run["status"].get("warnings", [])}


def volumes_of(engine, run):
    rows = engine.get("/v1.41/volumes")["Volumes"] or []
    return sorted(row["Name"] for row in rows if run["id"] in row["Name"])


@pytest.fixture
def content(sidecar):
    """The name of an image that has a folder /content with a file, for one user only."""
    name = "localhost/content:1"
    sidecar.function("content", base_image=IMAGE)
    run = sidecar.wait(sidecar.start("content", action="build", image=name, instructions=[
        "mkdir /content && echo of the image > /content/file && chmod 700 /content"]), 120)
    assert run["status"]["state"] == "COMPLETED", run["status"]
    return name


@pytest.mark.parametrize("kind", ["empty_dir", "ephemeral"])
def test_gone_with_the_run(sidecar, engine, kind):
    sidecar.function(command="sh")
    script = "ls /v | wc -l; echo x > /v/file; stat -c %a /v"
    for _ in range(2):
        run = sidecar.wait(sidecar.start(args=["-c", script], volumes=[volume(kind)]))
        assert lines(sidecar, run) == ["0", "777"]
        assert volumes_of(engine, run) == [f"dh-{run['id']}-v"]
        sidecar.call("deleteRun", id=run["id"])
        assert volumes_of(engine, run) == []


@pytest.mark.parametrize("kind", ["empty_dir", "ephemeral"])
def test_empty_at_the_start_and_for_every_user(sidecar, content, kind):
    sidecar.function(image=content, command="sh")
    run = sidecar.wait(sidecar.start(args=["-c", "ls /content | wc -l; touch /content/x && id -u"], run_as_user=1000,
                                     volumes=[volume(kind, "/content")]))
    assert lines(sidecar, run) == ["0", "1000"]


def test_the_group_of_fs_group(sidecar):
    own, claim = volume("empty_dir", "/own/deep", "o"), volume("persistent_volume_claim", "/c", uuid.uuid4().hex)
    script = "touch /own/deep/x /c/x && stat -c '%a %g' /own/deep /c /own/deep/x /c/x"
    assert output(sidecar, script, own, claim, run_as_user=1000, fs_group=2000) == [
        "2775 2000", "2775 2000", "644 2000", "644 2000"]


def test_memory_has_its_limit(sidecar):
    memory = volume("empty_dir", medium="Memory", size_limit="1Mi")
    script = """grep ' /v ' /proc/mounts | cut -d' ' -f1; dd if=/dev/zero of=/v/file bs=64k count=32 2>/dev/null
        echo $?; stat -c %s /v/file; touch /v/x; cp /bin/true /v/t 2>/dev/null; stat -c %a /v"""
    assert output(sidecar, script, memory, run_as_user=1000) == ["tmpfs", "1", "1048576", "1777"]


def test_programs_may_run_in_memory(sidecar):
    assert output(sidecar, "cp /bin/busybox /v/echo && /v/echo ran", volume("empty_dir", medium="Memory")) == ["ran"]


def test_a_size_on_the_disk_is_not_promised(sidecar):
    """The lab's disk has no project quotas."""
    sidecar.function(command="sh")
    given = [volume("empty_dir", "/a", "a", size_limit="1Mi"), volume("ephemeral", "/b", "b", size="1Mi"),
             volume("persistent_volume_claim", "/c", "c", size="1Mi", storage_class="fast")]
    run = sidecar.wait(sidecar.start(args=["-c", "echo > /a/x && echo > /b/x && echo > /c/x"], volumes=given))
    assert run["status"]["state"] == "COMPLETED", run["status"]
    assert warnings(run) == {
        ("/volumes/0/spec/size_limit", "size_not_enforced"), ("/volumes/1/spec/size", "size_not_enforced"),
        ("/volumes/2/spec/size", "size_not_enforced"), ("/volumes/2/spec/storage_class", "no_effect")}


@pytest.mark.parametrize("given", [
    {"name": "NAME", "mountPath": "/v"},
    volume("persistent_volume_claim", name="NAME"),
    volume("shared_volume", name="NAME"),
    volume("shared_volume", name="other", claim_name="NAME"),
], ids=["short", "claim", "shared", "shared by its claim"])
def test_kept(environment, engine, given):
    """Through runs, actions and sidecars."""
    name = f"n{uuid.uuid4().hex[:8]}"
    spec = {key: name if value == "NAME" else value for key, value in given.items()}
    if "spec" in given:
        spec["spec"] = {"claim_name": name}
    with Sidecar(environment) as first:
        run = first.job("echo kept > /v/file", volumes=[spec])
        assert run["status"]["state"] == "COMPLETED", run["status"]
        first.call("deleteRun", id=run["id"])
    with Sidecar(environment) as second:
        second.function(command="sh")
        run = second.start(action="deploy", args=["-c", "cat /v/file; sleep 600"], volumes=[spec])
        second.wait(run)
        assert [entry["text"] for entry in second.logs(run)["entries"]] == ["kept"]
        second.call("deleteRun", id=run["id"])
    own = name if given.get("volume_type") == "shared_volume" else f"dh-default-{name}"
    labels = engine.get(f"/v1.41/volumes/{own}")["Labels"]
    assert labels["io.dh-sidecar.project"] == "default" and "io.dh-sidecar.run" not in labels
    engine.get(f"/v1.41/volumes/{own}", "DELETE")


def test_a_shared_volume_is_one_that_is_there(sidecar, engine):
    name = f"n{uuid.uuid4().hex[:8]}"
    engine.get("/v1.41/volumes/create", "POST", {"Name": name})
    assert output(sidecar, "ls /v | wc -l", volume("shared_volume", name=name)) == ["0"]
    assert not engine.get(f"/v1.41/volumes/{name}")["Labels"]
    engine.get(f"/v1.41/volumes/{name}", "DELETE")


def test_projects_share_no_volume_by_their_names(sidecar, engine):
    mark = uuid.uuid4().hex[:6]
    for project, name in [(f"{mark}-a", "b-c"), (f"{mark}-a-b", "c")]:
        sidecar.call("getOrCreateProject", name=project)
        sidecar.call("createFunction", project=project, name="f", kind="container", image=IMAGE, command="sh")
        run = sidecar.call("run", project=project, function="f", action="job", args=["-c", "ls /v; touch /v/file"],
                           volumes=[{"name": name, "mountPath": "/v"}])
        run = sidecar.call("waitRun", project=project, id=run["id"], timeout_seconds=60)
        assert run["status"]["state"] == "COMPLETED"
        assert sidecar.call("getRunLogs", project=project, id=run["id"])["entries"] == []
        sidecar.call("deleteProject", name=project, cascade=True)


def test_names_that_an_engine_would_not_take(sidecar, engine):
    given = [volume("empty_dir", f"/{index}", name) for index, name in enumerate(["a b", "a_b", "ä", "-x"])]
    assert output(sidecar, "touch /0/x && ls /1 /2 /3 | grep x | wc -l", *given) == ["0"]


@pytest.mark.parametrize("kind", ["config_map", "secret"])
def test_what_only_a_cluster_has_is_refused(sidecar, engine, kind):
    sidecar.function(command="sh")
    with pytest.raises(CallError) as refused:
        sidecar.start(volumes=[volume(kind)])
    assert refused.value.data["code"] == "unsupported_parameter"
    assert [fault["pointer"] for fault in refused.value.data["errors"]] == ["/volumes/0"]
    assert "secrets" in refused.value.data["errors"][0]["message"]
    assert sidecar.call("listRuns")["total"] == 0


def test_a_disk_and_a_volume_in_one_place(sidecar):
    sidecar.function(command="sh")
    with pytest.raises(CallError) as refused:
        sidecar.start(resources={"disk": "1Gi"}, volumes=[volume("empty_dir", "/shared")])
    assert [fault["pointer"] for fault in refused.value.data["errors"]] == ["/volumes/0/mount_path"]


def test_host_paths_need_the_settings(sidecar, tmp_path):
    sidecar.function(command="sh")
    with pytest.raises(CallError) as refused:
        sidecar.start(volumes=[volume("host_path", path=str(tmp_path))])
    fault, = refused.value.data["errors"]
    assert fault["pointer"] == "/volumes/0" and "local.allow_host_paths" in fault["hint"]


def test_host_paths(environment, engine, tmp_path):
    (tmp_path / "config/dh-sidecar").mkdir(parents=True)
    (tmp_path / "config/dh-sidecar/config.yaml").write_text("local: {allow_host_paths: true}")
    (tmp_path / "data").mkdir()
    (tmp_path / "file").write_text("of this machine\n")
    with Sidecar(environment) as sidecar:
        given = [volume("host_path", "/data", "d", path=f"{tmp_path}/data"),
                 volume("host_path", "/file", "f", path=f"{tmp_path}/file", read_only=True)]
        script = "cat /file; echo from the run > /data/out; (echo x > /file) 2>/dev/null || echo read-only"
        assert output(sidecar, script, *given) == ["of this machine", "read-only"]
        with pytest.raises(CallError) as refused:
            sidecar.start("f", volumes=[volume("host_path", path=f"{tmp_path}/nothing")])
        assert refused.value.data["errors"][0]["pointer"] == "/volumes/0/spec/path"
        assert not (tmp_path / "nothing").exists()
        for item in sidecar.call("listRuns")["items"]:
            sidecar.call("deleteRun", id=item["id"])
    assert (tmp_path / "data/out").read_text() == "from the run\n"
    assert stat.S_ISREG((tmp_path / "file").stat().st_mode)
