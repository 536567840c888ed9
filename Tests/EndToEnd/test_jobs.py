"""Jobs on a real Podman and a real Docker."""
import json
import os
import statistics
import subprocess
import time
import urllib.parse

import pytest
from sidecar import CallError, Sidecar


def status(run):
    return run["status"]


def texts(page, stream=None):
    return [entry["text"] for entry in page["entries"] if stream in (None, entry["stream"])]


def test_success_with_args_envs_and_secrets(sidecar):
    sidecar.call("setSecret", project="default", name="TOKEN", value="s3cret")
    run = sidecar.job('echo "$0 $GREETING $TOKEN $PROJECT_NAME $RUN_ID"', envs=[{"name": "GREETING", "value": "hi"}],
                      secrets=["TOKEN"])
    assert status(run)["state"] == "COMPLETED", status(run)
    assert status(run)["exit_code"] == 0
    assert texts(sidecar.logs(run)) == [f"sh hi s3cret default {run['id']}"]
    assert "s3cret" not in str(sidecar.call("getRun", project="default", id=run["id"]))


def test_the_programs_exit_code(sidecar):
    run = sidecar.job("exit 7")
    assert (status(run)["state"], status(run)["exit_code"]) == ("ERROR", 7)
    assert "7" in status(run)["message"]


def test_missing_image(sidecar):
    sidecar.function(image="127.0.0.1:1/nothing/here:1")
    run = sidecar.wait(sidecar.start())
    assert status(run)["state"] == "ERROR"
    assert "nothing/here" in status(run)["message"]


def test_missing_command(sidecar):
    sidecar.function(command="/no/such/program")
    run = sidecar.wait(sidecar.start())
    assert (status(run)["state"], status(run)["exit_code"]) == ("ERROR", 127)
    assert "/no/such/program" in status(run)["message"]


def test_out_of_memory(sidecar):
    run = sidecar.job("x=a; while true; do x=$x$x; done", resources={"limits": {"memory": "32Mi"}})
    assert status(run)["state"] == "ERROR"
    assert (status(run)["reason"], status(run)["exit_code"]) == ("OOMKilled", 137), status(run)


def test_a_program_that_copes_with_a_childs_end(sidecar):
    """Only the child runs out of memory: what counts is how the program ends."""
    run = sidecar.job("(x=a; while true; do x=$x$x; done); echo child: $?; exit 0",
                      resources={"limits": {"memory": "32Mi"}})
    assert (status(run)["state"], status(run)["exit_code"]) == ("COMPLETED", 0), status(run)
    assert "child: 137" in texts(sidecar.logs(run))


def test_no_gpu(sidecar, engine):
    """Refused in words of its own before anything is made, where the machine has none."""
    if os.path.exists("/dev/nvidia0") or os.path.exists("/dev/nvidiactl"):
        pytest.skip("this machine has a GPU")
    sidecar.function(command="true")
    run = sidecar.wait(sidecar.start(resources={"limits": {"gpu": "1"}}))
    assert (status(run)["state"], status(run)["reason"]) == ("ERROR", "InsufficientGPU")
    assert "resources.gpu" in status(run)["message"] and engine.containers(run) == []


def test_a_full_disk_starts_nothing_that_is_not_recorded(environment, engine, tmp_path):
    home = tmp_path / "full"
    home.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", home], check=True)
    try:
        with Sidecar({**environment, "XDG_STATE_HOME": str(home)}) as process:
            process.function(command="true")
            runs = []
            with pytest.raises(CallError) as error:
                for _ in range(100):
                    runs.append(process.start(envs=[{"name": "A", "value": "x" * 20000}]))
            assert error.value.data["code"] == "catalog_full" and error.value.data["retryable"], error.value
            assert runs
            subprocess.run(["mount", "-o", "remount,size=8m", home], check=True)
            for run in runs:
                assert status(process.wait(run))["state"] == "COMPLETED"
                assert len(engine.containers(run)) == 1
            assert process.call("listRuns")["total"] == len(runs)
            label = json.dumps({"label": [f"io.dh-sidecar.function-id={runs[0]['spec']['function'].split(':')[-1]}"]})
            rows = engine.get("/v1.41/containers/json?all=true&filters=" + urllib.parse.quote(label))
            assert len(rows) == len(runs)
    finally:
        subprocess.run(["umount", "-l", home], check=True)


def test_stop_a_running_job(sidecar):
    sidecar.function(command="sleep")
    run = sidecar.start(args=["600"])
    sidecar.until(run, "RUNNING")
    sidecar.call("stopRun", project="default", id=run["id"], grace_seconds=1)
    assert status(sidecar.wait(run))["state"] == "STOPPED"


def test_stop_a_pending_job(sidecar):
    sidecar.function(command="sleep")
    # In one write, so that the stop is read before the container can have started.
    start = sidecar.request("run", {"project": "default", "function": "f", "action": "job", "args": ["600"],
                                    "uuid": "11111111111141118111111111111111"})
    stop = sidecar.request("stopRun", {"project": "default", "id": "11111111111141118111111111111111", "grace_seconds": 1})
    sidecar.write(sidecar.frame(start) + sidecar.frame(stop))
    run = sidecar.answer(start["id"])
    sidecar.answer(stop["id"])
    assert status(sidecar.wait(run))["state"] == "STOPPED"


def test_delete_leaves_no_container(sidecar, engine):
    run = sidecar.job("true")
    sidecar.call("deleteRun", project="default", id=run["id"])
    assert engine.containers(run) == []
    with pytest.raises(CallError) as error:
        sidecar.call("getRun", project="default", id=run["id"])
    assert error.value.data["code"] == "run_not_found"


def test_killed_while_the_run_goes_on(environment, engine):
    with Sidecar(environment) as first:
        first.function(command="sleep")
        run = first.start(args=["600"])
        first.until(run, "RUNNING")
        first.kill()
    with Sidecar(environment) as second:
        assert status(second.call("getRun", project="default", id=run["id"]))["state"] == "RUNNING"
        assert len(engine.containers(run)) == 1
        second.call("stopRun", project="default", id=run["id"], grace_seconds=1)
        assert status(second.wait(run))["state"] == "STOPPED"


def test_killed_and_the_run_ended_meanwhile(environment, engine):
    with Sidecar(environment) as first:
        first.function(command="sh")
        run = first.start(args=["-c", "sleep 2; echo late; exit 3"])
        first.until(run, "RUNNING")
        first.kill()
    end = time.monotonic() + 30
    while engine.containers(run)[0]["State"] == "running":
        assert time.monotonic() < end
        time.sleep(0.1)
    with Sidecar(environment) as second:
        now = second.wait(run, timeout_seconds=10)
        assert (status(now)["state"], status(now)["exit_code"]) == ("ERROR", 3)
        assert texts(second.logs(run)) == ["late"]


def test_idempotency_key(environment):
    with Sidecar(environment) as first:
        first.function(command="true")
        run = first.start(idempotency_key="once")
        assert first.start(idempotency_key="once")["id"] == run["id"]
        with pytest.raises(CallError) as error:
            first.start(idempotency_key="once", args=["other"])
        assert error.value.data["code"] == "idempotency_conflict"
        first.kill()
    with Sidecar(environment) as second:
        assert second.start(idempotency_key="once")["id"] == run["id"]
        assert second.call("listRuns", project="default")["total"] == 1


def test_a_run_is_answered_at_once(sidecar):
    """Not when the engine has told all about itself, or when the container is up."""
    sidecar.function(command="true")
    runs, took = [], []
    for _ in range(5):
        begun = time.monotonic()
        runs.append(sidecar.start())
        took.append(time.monotonic() - begun)
    assert statistics.median(took) < 0.1, took
    assert {status(sidecar.wait(run))["state"] for run in runs} == {"COMPLETED"}


def test_create_and_run_in_one_batch(sidecar):
    batch = [sidecar.request("createFunction", {"project": "default", "name": "f", "kind": "container",
                                                "image": os.environ["DH_TEST_IMAGE"], "command": "true"}),
             sidecar.request("run", {"project": "default", "function": "f", "action": "job"})]
    sidecar.write(json.dumps(batch).encode() + b"\n")
    sidecar.answer(batch[0]["id"])
    assert status(sidecar.wait(sidecar.answer(batch[1]["id"])))["state"] == "COMPLETED"


def test_a_waits_timeout_is_no_error(sidecar):
    sidecar.function(command="sleep")
    run = sidecar.start(args=["600"])
    sidecar.until(run, "RUNNING")
    begun = time.monotonic()
    waited = sidecar.wait(run, timeout_seconds=0.5)
    assert 0.4 < time.monotonic() - begun < 3
    assert waited["timed_out"] is True
    sidecar.call("stopRun", project="default", id=run["id"], grace_seconds=0)


def test_a_wait_wakes_with_the_change(sidecar, engine):
    """Beside a wait of our own on the engine, the sidecar's is at most 100 ms later (and a little, for two cores)."""
    sidecar.function(command="sleep")
    late = []
    for _ in range(5):
        run = sidecar.start(args=["1"])
        sidecar.until(run, "RUNNING")
        id = sidecar.send("waitRun", {"project": "default", "id": run["id"], "timeout_seconds": 60})
        engine.wait(run)
        told = time.monotonic()
        late.append(sidecar.answer_at(id)[1] - told)
    assert statistics.median(late) < 0.1, late


def test_logs(sidecar):
    run = sidecar.job("echo one; echo two; echo bad >&2; printf three")
    page = sidecar.logs(run)
    assert texts(page, "stdout") == ["one", "two", "three"]
    assert texts(page, "stderr") == ["bad"]
    assert all(entry["timestamp"] for entry in page["entries"])
    assert len(texts(sidecar.logs(run, tail=2))) == 2
    assert texts(sidecar.logs(run, since="2099-01-01T00:00:00Z")) == []
    assert texts(sidecar.logs(run, after=page["cursor"])) == []


def test_following_logs(sidecar):
    sidecar.function(command="sh")
    run = sidecar.start(args=["-c", "echo first; sleep 2; echo second"])
    seen, cursor, end = [], None, time.monotonic() + 30
    while "second" not in seen:
        assert time.monotonic() < end, seen
        page = sidecar.logs(run, follow=True, **({"after": cursor} if cursor else {}))
        seen += texts(page)
        cursor = page["cursor"]
    assert seen == ["first", "second"]


def test_list_runs(sidecar):
    sidecar.function(command="true")
    sidecar.function(name="g", command="false")
    good = [sidecar.wait(sidecar.start())["id"] for _ in range(3)]
    bad = sidecar.wait(sidecar.start("g"))["id"]
    ids = lambda **query: [run["id"] for run in sidecar.call("listRuns", project="default", **query)["items"]]
    assert ids() == [bad, *reversed(good)]
    assert ids(state="ERROR") == [bad]
    assert ids(function="f") == list(reversed(good))
    first = sidecar.call("listRuns", project="default", limit=3)
    assert (first["total"], len(first["items"])) == (4, 3)
    rest = sidecar.call("listRuns", project="default", limit=3, cursor=first["next_cursor"])
    assert [run["id"] for run in rest["items"]] == good[:1] and rest["next_cursor"] is None


def test_two_sidecars_share_a_catalog(environment, engine):
    with Sidecar(environment) as one, Sidecar(environment) as other:
        one.function(command="sh")
        run = one.start(args=["-c", "sleep 1; exit 5"])
        seen = [process.wait(run) for process in (one, other)]
        assert [status(each)["exit_code"] for each in seen] == [5, 5]
        assert len(engine.containers(run)) == 1
