"""Builds on a real Podman and a real Docker, with the lab's registry."""
import base64
import json
import os
import subprocess
import time
import urllib.parse
import urllib.request
import uuid

import pytest
from gate import Gate
from sidecar import BINARY, CallError, Sidecar

IMAGE = os.environ.get("DH_TEST_IMAGE")
REGISTRY = os.environ.get("DH_TEST_REGISTRY")


def status(run):
    return run["status"]


def texts(page):
    return [entry["text"] for entry in page["entries"]]


def image(engine, name):
    """What the engine knows of an image; without `Id` where there is none."""
    return engine.get(f"/v1.41/images/{urllib.parse.quote(name, safe='')}/json")


@pytest.fixture
def named(engine, request):
    """A name for an image of this test alone."""
    return f"{REGISTRY}/team/{engine.name}-{request.node.originalname.replace('_', '-')}:{uuid.uuid4().hex[:8]}"


def build(sidecar, instructions=(), function="f", **params):
    return sidecar.wait(sidecar.start(function, action="build", instructions=list(instructions), **params), 120)


def test_a_built_image_runs(sidecar, engine):
    """Several kinds of instruction, a name made of project and function, and the function's image afterwards."""
    function = sidecar.function(base_image=IMAGE, command="sh")
    sidecar.call("updateFunction", function="f", spec={"image": None})
    run = build(sidecar, ["echo first > /made", "ENV GREETING=\"hello there\"",
                          "RUN echo \"$GREETING\" >> /made && \\\n    echo third >> /made"])
    assert status(run)["state"] == "COMPLETED", status(run)
    name = f"localhost/default/f:{function['id'][:8]}"
    assert status(run)["image"] == name and status(run)["exit_code"] == 0
    assert status(run)["image_digest"] == image(engine, name)["Id"]
    after = sidecar.call("getFunction", function="f")
    assert (after["id"], after["spec"]["image"]) == (function["id"], name)
    log = texts(sidecar.logs(run))
    assert any("4/4" in line and "third" in line for line in log), log
    job = sidecar.wait(sidecar.start(args=["-c", "cat /made; echo $GREETING"]))
    assert texts(sidecar.logs(job)) == ["first", "hello there", "third", "hello there"]


def test_the_build_of_the_reference(sidecar, engine, named):
    """Its image names no registry that is here, and apt-get no mirror: else word for word."""
    sidecar.function(command="git")
    run = build(sidecar, ["echo '#!/bin/sh' > /bin/git && chmod +x /bin/git && echo echo git version 2 >> /bin/git"],
                base_image=IMAGE, image=named)
    assert (status(run)["state"], status(run)["image"]) == ("COMPLETED", named), status(run)
    job = sidecar.wait(sidecar.start())
    assert texts(sidecar.logs(job)) == ["git version 2"]


def test_push_and_pull(sidecar, engine, named):
    sidecar.function(base_image=IMAGE, command="cat")
    run = build(sidecar, ["echo pushed > /made"], image=named, push=True)
    assert status(run)["state"] == "COMPLETED", status(run)
    repository, tag = named.removeprefix(REGISTRY + "/").rsplit(":", 1)
    request = urllib.request.Request(
        f"http://{REGISTRY}/v2/{repository}/manifests/{tag}",
        headers={"Accept": "application/vnd.docker.distribution.manifest.v2+json"})
    with urllib.request.urlopen(request) as answer:
        assert answer.headers["Docker-Content-Digest"] == status(run)["image_digest"]
    # Away from the engine: the job has to fetch it.
    engine.get(f"/v1.41/images/{urllib.parse.quote(named, safe='')}?force=true", "DELETE")
    assert "Id" not in image(engine, named)
    job = sidecar.wait(sidecar.start(args=["/made"]))
    assert texts(sidecar.logs(job)) == ["pushed"]


def test_a_push_that_fails(sidecar, engine):
    sidecar.function(base_image=IMAGE)
    run = build(sidecar, ["true"], image="127.0.0.1:1/team/app:1", push=True)
    assert (status(run)["state"], status(run)["reason"]) == ("ERROR", "ImagePush"), status(run)
    assert "refused" in status(run)["message"] and "Id" in image(engine, "127.0.0.1:1/team/app:1")
    assert sidecar.call("getFunction", function="f")["spec"]["image"] == IMAGE


@pytest.mark.parametrize("file, variables", [
    ("auth.json", {"REGISTRY_AUTH_FILE": "{}/auth.json"}),
    ("home/.docker/config.json", {"HOME": "{}/home"}),
    ("docker/config.json", {"DOCKER_CONFIG": "{}/docker"}),
    ("config/containers/auth.json", {}),
])
def test_a_registry_that_asks_who_it_is(environment, engine, tmp_path, named, file, variables):
    """Its user is in the files that `podman login` and `docker login` write."""
    image_name = named.replace(REGISTRY, os.environ["DH_TEST_AUTH_REGISTRY"])
    home = tmp_path / "home"
    home.mkdir()
    environment = {**environment, "HOME": str(home)}
    with Sidecar(environment) as stranger:
        stranger.function(base_image=IMAGE)
        run = build(stranger, ["true"], image=image_name, push=True)
        assert (status(run)["state"], status(run)["reason"]) == ("ERROR", "ImagePush"), status(run)
    entry = base64.b64encode(b"lab:s3cret-of-the-lab").decode()
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"auths": {os.environ["DH_TEST_AUTH_REGISTRY"]: {"auth": entry}}}))
    given = {name: value.format(tmp_path) for name, value in variables.items()}
    with Sidecar({**environment, **given}) as sidecar:
        sidecar.function(base_image=IMAGE, command="true")
        run = build(sidecar, ["true"], image=image_name, push=True)
        assert status(run)["state"] == "COMPLETED", status(run)
        engine.get(f"/v1.41/images/{urllib.parse.quote(image_name, safe='')}?force=true", "DELETE")
        job = sidecar.wait(sidecar.start())
        assert status(job)["state"] == "COMPLETED", status(job)
        assert "s3cret-of-the-lab" not in json.dumps([run, job, sidecar.logs(run)])


def test_a_failing_command(sidecar, engine, named):
    sidecar.function(base_image=IMAGE)
    run = build(sidecar, ["true", "echo out; echo err >&2; exit 7"], image=named)
    assert (status(run)["state"], status(run)["reason"], status(run)["exit_code"]) == ("ERROR", "BuildFailed", 7)
    assert "3/3" in status(run)["message"] and any(text in status(run)["message"] for text in ("out | err", "err | out"))
    assert {"out", "err"} <= set(texts(sidecar.logs(run)))
    assert sidecar.call("getFunction", function="f")["spec"]["image"] == IMAGE
    assert "Id" not in image(engine, named)


def test_an_unknown_base_image(sidecar):
    sidecar.function(base_image="127.0.0.1:1/nothing/here:1")
    run = build(sidecar, ["true"], image="localhost/x:1")
    assert (status(run)["state"], status(run)["reason"]) == ("ERROR", "ImagePull"), status(run)
    assert "nothing/here" in status(run)["message"]


def test_never_pulls_what_is_not_there(sidecar):
    sidecar.function(base_image=f"{REGISTRY}/not/here:1", image_pull_policy="Never")
    run = build(sidecar, ["true"], image="localhost/x:1")
    assert status(run)["reason"] == "ImageNeverPull", status(run)


@pytest.mark.parametrize("way", ["code", "base64"])
def test_a_dockerfile_as_it_is(sidecar, engine, named, way):
    text = f"FROM {IMAGE} AS first\nRUN echo one > /one\nFROM {IMAGE}\nCOPY --from=first /one /two\n"
    source = text if way == "code" else base64.b64encode(text.encode()).decode()
    sidecar.function(lang="dockerfile", command="cat", image=named, **{way: source})
    run = build(sidecar)
    assert status(run)["state"] == "COMPLETED", status(run)
    sidecar.function("g", image=named, command="cat")
    job = sidecar.wait(sidecar.start("g", args=["/two"]))
    assert status(job)["state"] == "COMPLETED", status(job)
    assert texts(sidecar.logs(job)) == ["one"]


def test_inline_code_is_in_the_image(sidecar, engine, named):
    sidecar.function(base_image=IMAGE, lang="sh", code="echo from the source\n")
    run = build(sidecar, ["sh main.sh > /made"], image=named)
    assert status(run)["state"] == "COMPLETED", status(run)
    sidecar.function("g", image=named, command="cat")
    job = sidecar.wait(sidecar.start("g", args=["/made", "/shared/main.sh"]))
    assert texts(sidecar.logs(job)) == ["from the source", "echo from the source"]


def test_a_folder_is_in_the_image(sidecar, engine, named, tmp_path):
    folder = tmp_path / "app"
    (folder / "lib").mkdir(parents=True)
    (folder / "run").write_text("#!/bin/sh\ncat lib/words\n")
    (folder / "run").chmod(0o755)
    (folder / "lib/words").write_text(f"{named}\n")
    (folder / "link").symlink_to("lib/words")
    sidecar.function(base_image=IMAGE, code_src=str(folder))
    run = build(sidecar, ["./run > /made && cat link >> /made"], image=named)
    assert status(run)["state"] == "COMPLETED", status(run)
    sidecar.function("g", image=named, command="cat")
    assert texts(sidecar.logs(sidecar.wait(sidecar.start("g", args=["/made"])))) == [named, named]
    assert list((tmp_path / "state/dh-sidecar/sources").glob("*/*")) == []


@pytest.mark.parametrize("files, ok", [
    ({"Dockerfile": True, "words": False}, True), ({"other.Dockerfile": True, "words": False}, False),
])
def test_a_folder_with_its_dockerfile(sidecar, engine, named, tmp_path, files, ok):
    folder = tmp_path / "app"
    folder.mkdir()
    for name, is_dockerfile in files.items():
        (folder / name).write_text(f"FROM {IMAGE}\nCOPY words /made\n" if is_dockerfile else f"{named}\n")
    sidecar.function(lang="dockerfile", code_src=str(folder), image=named, command="cat")
    run = build(sidecar)
    if not ok:
        assert (status(run)["state"], status(run)["reason"]) == ("ERROR", "SourceError"), status(run)
        assert "Dockerfile" in status(run)["message"]
        return
    assert status(run)["state"] == "COMPLETED", status(run)
    sidecar.function("g", image=named, command="cat")
    assert texts(sidecar.logs(sidecar.wait(sidecar.start("g", args=["/made"])))) == [named]


def test_a_source_that_is_not_there(sidecar, engine, named):
    sidecar.function(base_image=IMAGE, code_src="/no/such/folder")
    run = build(sidecar, ["true"], image=named)
    assert (status(run)["state"], status(run)["reason"]) == ("ERROR", "SourceError"), status(run)
    assert "/no/such/folder" in status(run)["message"]


def test_envs_are_there_while_it_builds(sidecar, engine, named):
    sidecar.function(base_image=IMAGE)
    run = build(sidecar, ["echo \"$WHO\" > /made"], image=named, envs=[{"name": "WHO", "value": "a & \"b\""}],
                resources={"limits": {"memory": "64Mi", "cpu": "1"}})
    assert status(run)["state"] == "COMPLETED", status(run)
    sidecar.function("g", image=named, command="sh")
    job = sidecar.wait(sidecar.start("g", args=["-c", "cat /made; echo \"[$WHO]\""]))
    assert status(job)["state"] == "COMPLETED", status(job)
    assert texts(sidecar.logs(job)) == ["a & \"b\"", "[]"]


def test_a_healthcheck_is_kept(sidecar, engine, named):
    sidecar.function(base_image=IMAGE)
    run = build(sidecar, ["HEALTHCHECK --interval=1s CMD true"], image=named)
    assert status(run)["state"] == "COMPLETED", status(run)
    if engine.name == "podman":
        # Its Docker API doesn't show it.
        known = engine.get(f"/v4.0.0/libpod/images/{urllib.parse.quote(named, safe='')}/json")
    else:
        known = image(engine, named)["Config"]
    assert known["Healthcheck"]["Test"] == ["CMD-SHELL", "true"], known


@pytest.mark.parametrize("params, pointer", [
    ({"volumes": [{"volume_type": "empty_dir", "name": "v", "mount_path": "/v"}]}, "/volumes"),
    ({"push": True}, "/push"),
    ({"push": True, "image": "localhost/x:1"}, "/push"),
    ({"image": "localhost/x@sha256:" + "0" * 64}, "/image"),
    ({"resources": {"limits": {"gpu": "1"}}}, "/resources"),
])
def test_what_a_build_cannot_do_is_refused(sidecar, params, pointer):
    sidecar.call("setSecret", project="default", name="TOKEN", value="s3cret")
    sidecar.call("createFunction", project="default", name="f", kind="container", base_image=IMAGE)
    with pytest.raises(CallError) as error:
        sidecar.start(action="build", instructions=["true"], **params)
    assert [fault["pointer"] for fault in error.value.data["errors"]] == [pointer]
    assert error.value.data["errors"][0]["hint"]


def test_a_heredoc_names_the_remedy(sidecar, engine):
    sidecar.function(base_image=IMAGE)
    run = build(sidecar, ["cat > /made <<EOF\nFROM nothing\nEOF"], image="localhost/x:1")
    version = engine.get("/v1.41/version")["Version"]
    if engine.name == "docker" or tuple(map(int, version.split(".")[:2])) < (4, 5):
        assert status(run)["reason"] == "BuildFailed" and "heredoc" in status(run)["message"], status(run)
    else:
        assert status(run)["state"] == "COMPLETED", status(run)


def test_without_a_base_image_the_image_is_the_base(sidecar, engine):
    function = sidecar.function(command="cat")
    for _ in range(2):
        run = build(sidecar, ["echo again >> /made"])
        assert status(run)["state"] == "COMPLETED", status(run)
        assert status(run)["image"] == f"localhost/default/f:{function['id'][:8]}"
        assert sidecar.call("getFunction", function="f")["spec"]["base_image"] == IMAGE
    job = sidecar.wait(sidecar.start(args=["/made"]))
    assert texts(sidecar.logs(job)) == ["again"]


def test_progress(sidecar, engine, named):
    sidecar.function(base_image=IMAGE)
    run = sidecar.start(action="build", instructions=["sleep 1", f"echo {named}", "true"], image=named)
    sidecar.wait(run, progress_token="t")
    steps = []
    while not sidecar.others.empty():
        message = sidecar.others.get()
        assert message["method"] == "$/progress" and message["params"]["token"] == "t", message
        steps.append(message["params"])
    assert any("4/4" in str(step) for step in steps), steps
    assert any(step.get("value", step).get("total") == 4 for step in steps), steps


def test_logs_after_the_end(sidecar, engine, named):
    sidecar.function(base_image=IMAGE)
    run = build(sidecar, [f"echo {named}; seq 100"], image=named)
    everything = texts(sidecar.logs(run))
    assert [str(n) for n in range(1, 101)] == [text for text in everything if text.isdigit()]
    assert everything[0] == f"Building {named}" and {"build"} == {e["container"] for e in sidecar.logs(run)["entries"]}
    assert texts(sidecar.logs(run, tail=3)) == everything[-3:]
    cursor = sidecar.logs(run, tail=3)["cursor"]
    last = sidecar.logs(run)["entries"][-2]
    assert texts(sidecar.logs(run, since=last["timestamp"])) == everything[-2:]
    assert texts(sidecar.logs(run, after=cursor, follow=True, timeout_seconds=5)) == []


def test_follow_and_stop_in_mid_build(sidecar, engine, named):
    sidecar.function(base_image=IMAGE)
    run = sidecar.start(action="build", instructions=[f"echo {named}", "echo begun; sleep 5; echo more"], image=named)
    cursor, seen = None, []
    while "begun" not in seen:
        page = sidecar.logs(run, follow=True, timeout_seconds=30, **({"after": cursor} if cursor else {}))
        seen += texts(page)
        cursor = page["cursor"]
    assert status(sidecar.until(run, "RUNNING"))["started_at"]
    sidecar.call("stopRun", project="default", id=run["id"])
    stopped = sidecar.wait(run)
    assert (status(stopped)["state"], status(stopped)["reason"]) == ("STOPPED", "Stopped"), status(stopped)
    assert "more" not in texts(sidecar.logs(run)) and "Id" not in image(engine, named)
    assert sidecar.call("getFunction", function="f")["spec"]["image"] == IMAGE


def test_delete_in_mid_build(sidecar, engine, named):
    sidecar.function(base_image=IMAGE)
    run = sidecar.start(action="build", instructions=[f"echo {named}", "sleep 4"], image=named)
    sidecar.until(run, "RUNNING")
    sidecar.call("deleteRun", project="default", id=run["id"])
    assert sidecar.call("listRuns")["total"] == 0 and "Id" not in image(engine, named)


def test_one_call_stays_until_the_build_is_over(environment, engine, named):
    """A build could not go on without the process that asked for it."""
    with Sidecar(environment) as process:
        process.function(base_image=IMAGE, command="cat")
    done = subprocess.run(
        [BINARY, "call", "run", "function=f", "action=build", f"image={named}",
         f'instructions=["echo {named}; sleep 3; echo done > /made"]'],
        env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "Id" in image(engine, named)
    with Sidecar(environment) as process:
        run = process.call("listRuns")["items"][0]
        assert (run["status"]["state"], run["status"]["image"]) == ("COMPLETED", named)


def test_the_end_of_the_sidecar_in_mid_build(environment, engine, named):
    with Sidecar(environment) as first:
        first.function(base_image=IMAGE)
        run = first.start(action="build", image=named, instructions=[f"echo {named}; sleep 5"])
        first.until(run, "RUNNING")
        begun = time.monotonic()
        assert first.close(30) == 0
        assert time.monotonic() - begun < 5
    with Sidecar(environment) as second:
        assert status(second.wait(run))["state"] == "COMPLETED"


def test_killed_in_mid_build(environment, engine, named):
    """The next sidecar begins the build again, with the same log."""
    with Sidecar(environment) as first:
        first.function(base_image=IMAGE, command="cat")
        run = first.start(action="build", image=named, instructions=[f"echo {named}; sleep 3; echo done > /made"])
        first.until(run, "RUNNING")
        first.kill()
    with Sidecar(environment) as second:
        done = second.wait(run)
        assert status(done)["state"] == "COMPLETED", status(done)
        log = texts(second.logs(run))
        assert any("begins again" in line for line in log), log
        job = second.wait(second.start(args=["/made"]))
        assert texts(second.logs(job)) == ["done"]
        assert texts(second.logs(run)) == log


def test_an_engine_that_goes_away(environment, engine, tmp_path, named):
    """A lost connection is tried again; the run says why, and never hangs."""
    with Gate(tmp_path / "gate.sock", engine.host, r"POST \S*/build", True) as gate:
        with Sidecar({**environment, "DOCKER_HOST": gate.host, "CONTAINER_HOST": gate.host}) as process:
            process.function(base_image=IMAGE)
            run = process.start(action="build", image=named, instructions=[f"echo {named}"])
            assert gate.reached.wait(30)
            process.call("stopRun", project="default", id=run["id"])
            assert status(process.wait(run))["state"] == "STOPPED"


def test_delete_keeps_the_image_and_nothing_else(sidecar, engine, named, tmp_path):
    sidecar.function(base_image=IMAGE)
    before = {row["Id"] for row in engine.get("/v1.41/images/json?all=true")}
    good = build(sidecar, [f"echo {named} > /good"], image=named)
    bad = build(sidecar, [f"echo {named} > /bad", "exit 1"], image="localhost/bad:1")
    assert (status(good)["state"], status(bad)["state"]) == ("COMPLETED", "ERROR")
    log, = (tmp_path / "state/dh-sidecar/builds").glob(f"*/{bad['id']}.log")
    assert log.stat().st_mode & 0o777 == 0o600
    for run in (good, bad):
        sidecar.call("deleteRun", project="default", id=run["id"])
    assert not log.exists()
    left = [row for row in engine.get("/v1.41/images/json?all=true") if row["Id"] not in before]
    assert image(engine, named)["Id"] in [row["Id"] for row in left]
    assert len(left) == 1, left
    assert engine.get("/v1.41/containers/json?all=true&filters=" + urllib.parse.quote('{"label":["none"]}')) == []


def test_render(sidecar):
    sidecar.function(base_image="python:3.11-slim", image="reg.example/a:1", code="print()", lang="python")
    calls = sidecar.call("renderRun", function="f", action="build", instructions=["true"], push=True)["calls"]
    assert [(call["method"], call["path"].split("?")[0]) for call in calls] == [
        ("POST", "/images/create"), ("POST", "/build"), ("POST", "/images/reg.example%2Fa/push")]
    assert calls[1]["body"] == {
        "Dockerfile": "FROM docker.io/library/python:3.11-slim\nCOPY [\"source/\",\"/shared/\"]\nWORKDIR /shared\nRUN true\n",
        "source/": "<the function's source>"}
