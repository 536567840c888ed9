"""Jobs on a real cluster, from createFunction to deleteRun."""
import json
import signal
import time

import pytest
from conftest import IMAGE
from sidecar import CallError, Sidecar, clean_environment


def job(sidecar, script, name="f", function=None, **params):
    sidecar.function(name=name, image=IMAGE, command="sh", **(function or {}))
    return sidecar.call("run", function=name, action="job", args=["-c", script], **params)


def finished(sidecar, run, timeout=60):
    done = sidecar.call("waitRun", id=run["id"], timeout_seconds=timeout, _timeout=timeout + 10)
    assert not done.get("timed_out"), done["status"]
    return done


def texts(sidecar, run):
    return [entry["text"] for entry in sidecar.call("getRunLogs", id=run["id"])["entries"]]


def test_a_job_runs_to_its_end_with_its_log(sidecar, cluster):
    run = job(sidecar, "echo one; echo two; echo $PROJECT_NAME $RUN_ID")
    done = finished(sidecar, run)
    status = done["status"]
    assert status["state"] == "COMPLETED" and status["exit_code"] == 0 and status["reason"] == "Completed"
    states = [step["status"] for step in status["transitions"]]
    assert states == ["COMPLETED", "RUNNING", "PENDING", "READY", "BUILT", "CREATED"]
    assert texts(sidecar, run) == ["one", "two", f"default {run['id']}"]
    assert [item["kind"] for item in cluster.objects(run)].count("Job") == 1


def test_what_is_written_arrives_as_it_stands(sidecar):
    run = job(sidecar, 'echo "$A"; echo "$1"', function=None, envs=[{"name": "A", "value": "$(RUN_ID) $$"}])
    assert finished(sidecar, run)["status"]["state"] == "COMPLETED"
    assert texts(sidecar, run)[0] == "$(RUN_ID) $$"


@pytest.mark.parametrize("script, code, reason", [("exit 3", 3, "Error"), ("exit 127", 127, "Error")])
def test_a_failed_program_says_how(sidecar, script, code, reason):
    status = finished(sidecar, job(sidecar, script))["status"]
    assert (status["state"], status["exit_code"], status["reason"]) == ("ERROR", code, reason)
    assert str(code) in status["message"]


def test_a_command_that_is_not_there_is_named(sidecar):
    sidecar.function(image=IMAGE, command="/no/such/program")
    run = sidecar.call("run", function="f", action="job")
    status = finished(sidecar, run)["status"]
    assert status["state"] == "ERROR" and "/no/such/program" in status["message"], status


def test_a_run_that_no_node_takes_waits_and_says_why(sidecar, cluster):
    run = job(sidecar, "true", node_selector={"no-such-label": "x"})
    end = time.monotonic() + 30
    while "No node takes the run" not in sidecar.call("getRun", id=run["id"])["status"].get("message", ""):
        assert time.monotonic() < end, sidecar.call("getRun", id=run["id"])["status"]
        time.sleep(0.2)
    assert sidecar.call("getRun", id=run["id"])["status"]["state"] == "PENDING"
    stopped = sidecar.call("stopRun", id=run["id"], _timeout=60)
    assert stopped["status"]["state"] == "STOPPED"
    sidecar.call("deleteRun", id=run["id"], _timeout=60)
    gone(cluster, run)


def gone(cluster, run, timeout=60):
    end = time.monotonic() + timeout
    while cluster.objects(run):
        assert time.monotonic() < end, [item["metadata"]["name"] for item in cluster.objects(run)]
        time.sleep(0.5)


def test_secrets_and_code_reach_the_program_and_go_with_the_run(sidecar, cluster):
    sidecar.call("setSecret", name="TOKEN", value="s3cr3t")
    sidecar.function(name="coded", image=IMAGE, command="sh", code="echo value=$TOKEN; touch /shared/new && ls /shared",
                     lang="sh")
    params = {"function": "coded", "action": "job", "args": ["/shared/main.sh"], "secrets": ["TOKEN"]}
    shown = sidecar.call("renderRun", **params)
    assert "s3cr3t" not in json.dumps(shown) and "<secret TOKEN>" in json.dumps(shown)
    run = sidecar.call("run", **params)
    assert finished(sidecar, run)["status"]["state"] == "COMPLETED"
    assert texts(sidecar, run) == ["value=s3cr3t", "main.sh", "new"]
    owned = [item for item in cluster.objects(run) if item["kind"] in ("Secret", "ConfigMap")]
    assert len(owned) == 2 and all(item["metadata"]["ownerReferences"][0]["kind"] == "Job" for item in owned)
    assert "s3cr3t" not in json.dumps([item for item in cluster.objects(run) if item["kind"] != "Secret"])
    sidecar.call("deleteRun", id=run["id"], _timeout=60)
    gone(cluster, run)


def test_volumes_are_mounted(sidecar):
    volumes = [
        {"volume_type": "empty_dir", "name": "Scratch", "mount_path": "/a"},
        {"volume_type": "empty_dir", "name": "m", "mount_path": "/m", "spec": {"medium": "Memory", "size_limit": "1Mi"}},
    ]
    run = job(sidecar, "touch /a/x /m/y && mount | grep -c ' /m type tmpfs'", volumes=volumes)
    assert finished(sidecar, run)["status"]["state"] == "COMPLETED"
    assert texts(sidecar, run) == ["1"]


def test_a_stop_ends_the_program_and_keeps_the_record(sidecar, cluster):
    run = job(sidecar, "trap 'exit 0' TERM; echo up; sleep 600 & wait")
    end = time.monotonic() + 60
    while sidecar.call("getRun", id=run["id"])["status"]["state"] != "RUNNING":
        assert time.monotonic() < end
        time.sleep(0.1)
    stopped = sidecar.call("stopRun", id=run["id"], grace_seconds=1, _timeout=60)
    assert stopped["status"]["state"] == "STOPPED"
    end = time.monotonic() + 60
    while cluster.objects(run, "pods"):
        assert time.monotonic() < end
        time.sleep(0.3)
    # The Job makes no other in its place.
    time.sleep(3)
    assert not cluster.objects(run, "pods") and len(cluster.objects(run, "jobs")) == 1


def test_a_stopped_job_begins_anew(sidecar, cluster):
    run = job(sidecar, "echo attempt; sleep 600")
    end = time.monotonic() + 60
    while texts(sidecar, run) != ["attempt"]:
        assert time.monotonic() < end
        time.sleep(0.2)
    sidecar.call("stopRun", id=run["id"], grace_seconds=1, _timeout=60)
    sidecar.call("resumeRun", id=run["id"])
    end = time.monotonic() + 60
    while sidecar.call("getRun", id=run["id"])["status"]["state"] != "RUNNING":
        assert time.monotonic() < end, sidecar.call("getRun", id=run["id"])["status"]
        time.sleep(0.2)
    assert sidecar.call("getRun", id=run["id"])["status"]["attempt"] == 2
    sidecar.call("deleteRun", id=run["id"], _timeout=60)
    gone(cluster, run)


def test_a_killed_sidecar_finds_its_run_again(environment, cluster):
    with Sidecar(environment) as first:
        run = job(first, "echo begin; sleep 4; echo end")
        first.process.send_signal(signal.SIGKILL)
        first.process.wait(10)
    with Sidecar(environment) as second:
        assert finished(second, run)["status"]["state"] == "COMPLETED"
        assert texts(second, run) == ["begin", "end"]
    objects = cluster.objects(run)
    assert [item["kind"] for item in objects].count("Job") == 1 and len(objects) == 2, objects


def test_manifests_are_accepted_by_the_server(sidecar, cluster):
    sidecar.call("setSecret", name="S", value="v")
    sidecar.function(name="r", image=IMAGE, code="x", lang="python")
    cases = [
        {"action": "job", "secrets": ["S"], "resources": {"cpu": "100m", "limits": {"mem": "64Mi"}, "disk": "1Gi"},
         "run_as_user": 1000, "fs_group": 2000, "tolerations": [{"key": "a", "operator": "Exists"}],
         "affinity": {"pod_anti_affinity": {"preferred_during_scheduling_ignored_during_execution": [
             {"weight": 1, "pod_affinity_term": {"topology_key": "kubernetes.io/hostname",
                                                  "label_selector": {"match_labels": {"a_b": "c"}}}}]}},
         "volumes": [{"volume_type": "persistent_volume_claim", "name": "d", "mount_path": "/d"},
                     {"volume_type": "secret", "name": "tls", "mount_path": "/t"}]},
        {"action": "serve", "replicas": 2, "service_type": "NodePort", "service_name": "api",
         "service_ports": [{"port": 80, "targetPort": 8080}]},
        {"action": "deploy", "replicas": 3, "envs": [{"name": "ENV", "value": "prod"}]},
    ]
    for params in cases:
        for manifest in sidecar.call("renderRun", function="r", **params)["manifests"]:
            cluster.kubectl("apply", "--server-side", "--dry-run=server", "--field-manager=test", "-f", "-",
                            text=json.dumps(manifest))


def test_rendering_needs_no_cluster(tmp_path):
    env = clean_environment(KUBECONFIG=tmp_path / "none", DH_SIDECAR_PLATFORM="kubernetes", HOME=tmp_path,
                            XDG_STATE_HOME=tmp_path / "state", XDG_CONFIG_HOME=tmp_path / "config")
    with Sidecar(env) as sidecar:
        sidecar.function(image=IMAGE)
        assert sidecar.call("renderRun", function="f", action="job")["manifests"][0]["kind"] == "Job"
        with pytest.raises(CallError) as caught:
            sidecar.call("run", function="f", action="job")
        assert caught.value.data["code"] == "invalid_settings" and str(tmp_path / "none") in caught.value.message


def test_what_is_not_there_yet_is_refused_by_name(sidecar):
    sidecar.function(image=IMAGE)
    for action in "serve", "deploy", "build":
        with pytest.raises(CallError) as caught:
            sidecar.call("run", function="f", action=action)
        assert caught.value.data["code"] == "unsupported_action" and action in caught.value.message


def test_a_source_that_is_fetched_is_refused(sidecar):
    sidecar.function(image=IMAGE, code_src="https://example.org/main.py")
    with pytest.raises(CallError) as caught:
        sidecar.call("run", function="f", action="job")
    assert [fault["pointer"] for fault in caught.value.data["errors"]] == ["/code_src"]


def test_a_subscription_tells_states_and_log(sidecar):
    run = job(sidecar, "echo one; sleep 1; echo two")
    subscription = sidecar.call("subscribeRun", id=run["id"])["subscription"]
    events = []
    while not events or events[-1]["type"] != "end":
        message = sidecar.others.get(timeout=60)
        if message.get("method") == "run/event" and message["params"]["subscription"] == subscription:
            events.append(message["params"])
    assert [event["text"] for event in events if event["type"] == "log"] == ["one", "two"]
    assert [event["state"] for event in events if event["type"] == "state"][-2:] == ["RUNNING", "COMPLETED"]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
