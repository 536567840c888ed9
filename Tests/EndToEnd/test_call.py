"""`dh-sidecar call`, the shell's way in: what words become, what errors say, and that nothing is lost in silence."""
import json
import os
import subprocess

import pytest

from gate import Gate
from sidecar import BINARY


def call(environment, *words, stdin=None):
    return subprocess.run([BINARY, "call", *words], env=environment, capture_output=True, text=True, timeout=30,
                          input=stdin)


def result(environment, *words, stdin=None):
    done = call(environment, *words, stdin=stdin)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def error(environment, *words):
    done = call(environment, *words)
    assert (done.returncode, done.stdout) == (1, "")
    return json.loads(done.stderr)


def test_words_are_text_where_the_parameter_is_text(offline_environment):
    function = result(offline_environment, "createFunction", "name=f", "kind=container", "image=i", "description=3.5",
                      'labels=["a"]', "embedded=true")
    assert function["metadata"]["description"] == "3.5"
    assert (function["metadata"]["labels"], function["metadata"]["embedded"]) == (["a"], True)
    assert result(offline_environment, "setSecret", "name=PIN", "value=4711")["name"] == "PIN"


def test_a_secret_comes_by_stdin_and_is_never_shown(offline_environment):
    assert result(offline_environment, "setSecret", "-", stdin='{"name":"A","value":"s3cret"}')["name"] == "A"
    wrong = error(offline_environment, "setSecret", '{"name":"A","value":47114711}')
    assert wrong["data"]["errors"][0]["pointer"] == "/value"
    assert "47114711" not in json.dumps(wrong)
    assert "s3cret" not in json.dumps(result(offline_environment, "listSecrets"))


@pytest.mark.parametrize("words, code, said", [
    (["getrun"], "method_not_found", "getRun"),
    (["listRuns", "project=nosuch"], "project_not_found", "nosuch"),
    (["listFunctions", "project=nosuch"], "project_not_found", "nosuch"),
    (["getFunction", "project=nosuch", "function=f"], "project_not_found", "getOrCreateProject"),
    (["run", "project=nosuch", "function=f", "action=job"], "project_not_found", "nosuch"),
    (["getRun", f"id=store://nosuch/run/container+job:run/{'0' * 32}"], "project_not_found", "nosuch"),
    (["getTask", f"id=store://default/run/container+job:run/{'0' * 32}"], "invalid_params", "/id"),
    (["getSchema", "name=run.jobs"], "schema_not_found", "run.job"),
    (["listRuns", "function=nosuch"], "function_not_found", "nosuch"),
    (["listRuns", "state=completed"], "invalid_params", "COMPLETED"),
    (["createFunction", "name=f", "kind=container", "image=Bad Name"], "invalid_params", "/image"),
    (["waitRun", '{"id":"x","timeout_seconds":1e300}'], "invalid_params", "/timeout_seconds"),
])
def test_errors_name_the_fault(offline_environment, words, code, said):
    told = error(offline_environment, *words)
    assert told["data"]["code"] == code
    assert said in json.dumps(told)


def test_null_removes(offline_environment):
    result(offline_environment, "createFunction", "name=f", "kind=container", "image=i", "code=x", "description=d")
    patch = {"function": "f", "description": None, "spec": {"code": None, "code_src": "https://example.org/x.py"}}
    function = result(offline_environment, "updateFunction", json.dumps(patch))
    assert "code" not in function["spec"] and function["spec"]["code_src"] == "https://example.org/x.py"
    assert "description" not in function["metadata"]


def test_latest_by_key(offline_environment):
    for image in "one", "two":
        result(offline_environment, "createFunction", "name=f", "kind=container", f"image={image}")
    key = "store://default/function/container/f:latest"
    assert result(offline_environment, "getFunction", f"function={key}")["spec"]["image"] == "two"


def test_a_result_that_can_not_be_written_is_said(offline_environment):
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([BINARY, "call", "rpc.discover"], env=offline_environment, stdout=full,
                              stderr=subprocess.PIPE, timeout=30)
    assert done.returncode == 74 and b"No space left" in done.stderr


def test_the_run_is_told_before_its_container_is_there(environment, engine, tmp_path):
    with Gate(tmp_path / "gate.sock", engine.host, r"POST \S*/containers/create", before=True) as gate:
        env = {**environment, "DOCKER_HOST": gate.host, "CONTAINER_HOST": gate.host}
        result(env, "createFunction", "name=f", "kind=container", f"image={os.environ['DH_TEST_IMAGE']}", "command=true")
        process = subprocess.Popen([BINARY, "call", "run", "function=f", "action=job"], env=env, stdout=subprocess.PIPE)
        assert gate.reached.wait(30)
        run = json.loads(process.stdout.readline())
        assert process.poll() is None
        process.kill()
        process.wait()
        process.stdout.close()
    # The record is there, and whoever looks next makes its container.
    assert result(environment, "waitRun", f"id={run['id']}", "timeout_seconds=30")["status"]["state"] == "COMPLETED"


def test_a_fault_in_the_settings_is_an_error_like_any_other(offline_environment, tmp_path):
    settings = tmp_path / "settings.yaml"
    settings.write_text("projct: p\n", encoding="utf-8")
    told = error(dict(offline_environment, DH_SIDECAR_CONFIG=str(settings)), "listProjects")
    assert told["data"]["code"] == "invalid_settings"


def test_a_notification_is_carried_out_without_an_answer(offline):
    quiet = offline.request("createFunction", {"name": "quiet", "kind": "container", "image": "i"})
    del quiet["id"]
    offline.write(offline.frame(quiet))
    # Behind it in the project's order.
    assert offline.call("updateFunction", function="quiet", description="d")["name"] == "quiet"


def test_a_subscription_prints_its_events_and_ends_with_the_run(environment):
    result(environment, "createFunction", "name=f", "kind=container", "image=" + os.environ["DH_TEST_IMAGE"], "command=sh")
    run = result(environment, "run", "function=f", "action=job", 'args=["-c", "echo one; sleep 1; echo two"]')
    done = call(environment, "subscribeRun", f"id={run['id']}")
    assert done.returncode == 0, done.stderr
    reply, *events = [json.loads(line) for line in done.stdout.splitlines()]
    assert reply["run"]["id"] == run["id"]
    params = [event["params"] for event in events if event["method"] == "run/event"]
    assert [each["text"] for each in params if each["type"] == "log"] == ["one", "two"]
    assert (params[-2]["state"], params[-1]["reason"]) == ("COMPLETED", "finished")
    shut = subprocess.run(f"{BINARY} call subscribeRun id={run['id']} | head -n 2", shell=True, env=environment,
                          capture_output=True, text=True, timeout=30)
    assert len(shut.stdout.splitlines()) == 2
    result(environment, "deleteRun", f"id={run['id']}")
