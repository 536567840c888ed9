"""The Core platform: the release binary against a DigitalHub Core's rules, release by release."""
import base64
import json
import threading
import time

import pytest
from core_double import CoreDouble
from sidecar import CallError, Sidecar, clean_environment

LEVELS = [13, 14, 15]
PROJECT = "my-project"


@pytest.fixture(params=LEVELS)
def core(request):
    with CoreDouble(request.param) as double:
        yield double


@pytest.fixture
def core15():
    with CoreDouble(15) as double:
        yield double


def environment_of(core, tmp_path, **changes):
    own = {"HOME": tmp_path, "XDG_STATE_HOME": tmp_path / "state", "XDG_CONFIG_HOME": tmp_path / "config",
           "DHCORE_ENDPOINT": core.endpoint, "DH_SIDECAR_PROJECT": PROJECT}
    return clean_environment(**{**own, **changes})


def connect(core, tmp_path, arguments=(), **changes):
    return Sidecar(environment_of(core, tmp_path, **changes), arguments)


@pytest.fixture
def sidecar(core, tmp_path):
    with connect(core, tmp_path) as process:
        process.call("getOrCreateProject", name=PROJECT)
        yield process


@pytest.fixture
def sidecar15(core15, tmp_path):
    with connect(core15, tmp_path) as process:
        process.call("getOrCreateProject", name=PROJECT)
        yield process


def function(sidecar, name="my_function", **params):
    return sidecar.call("createFunction", name=name, kind="container", **{"image": "hello-world:latest", **params})


def warnings(run):
    return {(each["pointer"], each["code"]) for each in run["status"].get("warnings", [])}


def refused(call, *args, **kwargs):
    with pytest.raises(CallError) as error:
        call(*args, **kwargs)
    return error.value


# The reference's five examples, as JSON.

def test_the_project_and_the_function_of_the_reference(core, tmp_path):
    with connect(core, tmp_path) as sidecar:
        error = refused(sidecar.call, "getOrCreateProject", name="my_project")
        assert error.data["code"] == "invalid_params" and "my-project" in error.data["errors"][0]["hint"]
        project = sidecar.call("getOrCreateProject", name="my-project")
        assert project["key"] == "store://my-project" and project["kind"] == "project"
        assert sidecar.call("getOrCreateProject", name="my-project")["id"] == project["id"]
        made = function(sidecar)
        assert made["spec"]["image"] == "hello-world:latest"
        assert sidecar.call("getFunction", function="my_function")["id"] == made["id"]


def test_the_job_of_the_reference(core, sidecar):
    function(sidecar)
    run = sidecar.call("run", function="my_function", action="job", instructions=["apt install git -y"])
    assert ("/instructions", "no_effect") in warnings(run)
    done = sidecar.call("waitRun", id=run["id"], timeout_seconds=30)
    assert done["status"]["state"] == "COMPLETED" and done["timed_out"] is False
    assert done["kind"] == ("container+run" if core.level == 13 else "container+job:run")
    assert done["spec"]["action"] == "job"
    logs = sidecar.call("getRunLogs", id=run["id"])
    assert [entry["text"] for entry in logs["entries"]] == ["Hello from Docker!"]


def test_the_build_of_the_reference(core, sidecar):
    made = function(sidecar)
    run = sidecar.call("run", function="my_function", action="build", base_image="python:3.11-slim",
                       instructions=["apt-get update && apt-get install -y git"], image="myrepo/myapp:0.1.0")
    assert warnings(run) == {("/image", "image_name"), ("/image", "new_version")}
    done = sidecar.call("waitRun", id=run["id"], timeout_seconds=30)
    assert done["status"]["state"] == "COMPLETED", done["status"]
    assert sidecar.call("getFunction", function=made["id"])["spec"]["image"] == "hello-world:latest"
    built = sidecar.call("getFunction", function="my_function")
    assert built["id"] in run["spec"]["function"] and "myrepo/myapp:" in built["spec"]["image"] and built["spec"]["image"].endswith(run["id"][:5])
    sent = [row for row in core.requests() if row["method"] == "POST" and row["path"].endswith("/runs")][-1]["json"]
    word = "" if core.level == 13 else "RUN "
    assert sent["spec"]["instructions"] == [word + "apt-get update && apt-get install -y git"]


def test_the_serve_of_the_reference(core, sidecar):
    function(sidecar, image="web:1")
    run = sidecar.call("run", function="my_function", action="serve", replicas=2, service_type="NodePort",
                       service_ports=[{"port": 8080, "targetPort": 8080}])
    assert ("/replicas", "no_effect") in warnings(run)
    up = sidecar.call("waitRun", id=run["id"], timeout_seconds=30)
    assert up["status"]["state"] == "RUNNING"
    service = up["status"]["service"]
    assert service["type"] == "NodePort" and service["url"].startswith("http://") and service["ports"]


def test_the_deploy_of_the_reference(core, sidecar):
    function(sidecar, image="web:1")
    run = sidecar.call("run", function="my_function", action="deploy", replicas=3,
                       envs=[{"name": "ENV", "value": "prod"}], volumes=[{"name": "data", "mountPath": "/data"}])
    assert ("/volumes/0", "no_effect") in warnings(run)
    up = sidecar.call("waitRun", id=run["id"], timeout_seconds=30)
    assert up["status"]["state"] == "RUNNING" and up["spec"]["replicas"] == 3
    assert up["spec"]["envs"] == [{"name": "ENV", "value": "prod"}]
    assert up["spec"]["volumes"][0]["volume_type"] == "empty_dir"


# The minimum of requests.

def test_create_run_get_cost_four_requests(core, sidecar):
    core.reset("requests")
    made = function(sidecar)
    run = sidecar.call("run", function=made["key"], action="job")
    sidecar.call("getRun", id=run["id"])
    assert core.asked() == [
        f"POST /-/{PROJECT}/functions", f"POST /-/{PROJECT}/tasks", f"POST /-/{PROJECT}/runs",
        f"GET /-/{PROJECT}/runs/{run['id']}"]
    core.reset("requests")
    sidecar.call("run", function=made["key"], action="job")
    assert core.asked() == [f"POST /-/{PROJECT}/runs"]
    assert core.connections() <= 3


def test_a_task_is_looked_up_once(core, sidecar, tmp_path):
    made = function(sidecar)
    sidecar.call("run", function="my_function", action="job")
    with connect(core, tmp_path) as other:
        core.reset("requests")
        other.call("run", function=made["id"], action="job")
        other.call("run", function=made["id"], action="job")
        assert core.asked() == [
            f"GET /-/{PROJECT}/functions/{made['id']}", f"GET /-/{PROJECT}/tasks", f"POST /-/{PROJECT}/runs",
            f"POST /-/{PROJECT}/runs"]


def test_latest_is_never_answered_from_memory(core, sidecar, tmp_path):
    function(sidecar)
    assert sidecar.call("getFunction", function="my_function")["spec"]["image"] == "hello-world:latest"
    with connect(core, tmp_path) as other:
        newer = function(other, image="newer:1")
    run = sidecar.call("run", function="my_function", action="job")
    assert run["spec"]["image"] == "newer:1" and newer["id"] in run["spec"]["function"]


def test_a_version_that_is_asked_for_is_read_anew(core, sidecar, tmp_path):
    made = function(sidecar, image="team/app:1", base_image="a:1")
    with connect(core, tmp_path) as other:
        other.call("updateFunction", function=made["id"], labels=["prod"])
    assert sidecar.call("getFunction", function=made["id"])["metadata"]["labels"] == ["prod"]
    run = sidecar.call("run", function=made["id"], action="build")
    assert sidecar.call("getFunction", function=made["id"])["spec"]["image"] == "team/app:1"
    sidecar.call("waitRun", id=run["id"], timeout_seconds=30)
    # The end of a build names its image in the function.
    assert sidecar.call("getFunction", function=made["id"])["spec"]["image"].endswith(run["id"][:5])


def test_a_task_that_somebody_deleted_is_made_again(core, sidecar):
    made = function(sidecar)
    first = sidecar.call("run", function=made["id"], action="job")
    core.api("DELETE", f"/-/{PROJECT}/tasks/{first['spec']['task'].rsplit('/')[-1]}")
    second = sidecar.call("run", function=made["id"], action="job")
    assert second["status"]["state"] != "ERROR"


# Section 6 of the contract, and what the server is known to ignore.

def test_the_pull_policy_of_a_function_travels_with_its_runs(core, sidecar, tmp_path):
    made = function(sidecar, image_pull_policy="Always")
    assert made["spec"]["image_pull_policy"] == "Always" and made["metadata"].get("labels", []) == []
    with connect(core, tmp_path) as other:
        assert other.call("getFunction", function="my_function")["spec"]["image_pull_policy"] == "Always"
        run = other.call("run", function="my_function", action="job")
        assert run["spec"]["image_pull_policy"] == "Always"
        assert other.call("run", function="my_function", action="job",
                          image_pull_policy="Never")["spec"]["image_pull_policy"] == "Never"


@pytest.mark.parametrize("name, value", [("image", "busybox:1"), ("command", "sh")])
def test_what_a_function_would_override_is_refused(core, sidecar, name, value):
    made = function(sidecar, command="cat")
    core.reset("requests")
    error = refused(sidecar.call, "run", function=made["id"], action="job", **{name: value})
    assert error.data["code"] == "unsupported_parameter" and error.data["errors"][0]["pointer"] == f"/{name}"
    assert not [line for line in core.asked() if line.startswith(("POST", "PUT"))]


def test_inline_code_gets_a_path_since_core_ignores_it_otherwise(core, sidecar):
    made = function(sidecar, code="print(1)\n", lang="python", handler="main")
    assert made["spec"]["code"] == "print(1)\n" and made["spec"]["handler"] == "main"
    source = core.api("GET", f"/-/{PROJECT}/functions/{made['id']}")["spec"]["source"]
    assert source == {"source": "main.py", "base64": base64.b64encode(b"print(1)\n").decode(), "handler": "main",
                      "lang": "python"}
    run = sidecar.call("run", function=made["id"], action="job")
    assert {"name": "DH_HANDLER", "value": "main"} in run["spec"]["envs"]


def test_an_unknown_profile_is_an_error(core, sidecar):
    function(sidecar)
    error = refused(sidecar.call, "run", function="my_function", action="job", profile="template-a10")
    assert error.data["code"] == "profile_not_found" and "template-a100" in error.data["hint"]
    assert sidecar.call("run", function="my_function", action="job", profile="template-a100")["status"]["state"]
    assert sidecar.call("listProfiles")["items"] == [{"name": "template-a100"}]


def test_a_missing_secret_is_an_error_and_values_go_to_one_place(core, sidecar):
    function(sidecar)
    error = refused(sidecar.call, "run", function="my_function", action="job", secrets=["S1", "S2"])
    assert error.data["code"] == "secret_not_found"
    assert [each["pointer"] for each in error.data["errors"]] == ["/secrets/0", "/secrets/1"]
    core.reset("requests")
    sidecar.call("setSecret", name="S1", value="topsecret")
    sidecar.call("setSecret", name="S1", value="topsecret")
    carriers = [row["path"] for row in core.requests() if "topsecret" in row["body"]]
    assert carriers == [f"/api/v1/-/{PROJECT}/secrets/data"] * 2
    listed = sidecar.call("listSecrets")
    assert [secret["name"] for secret in listed["items"]] == ["S1"] and "topsecret" not in json.dumps(listed)
    assert sidecar.call("run", function="my_function", action="job", secrets=["S1"])["spec"]["secrets"] == ["S1"]
    sidecar.call("deleteSecret", name="S1")
    assert sidecar.call("listSecrets")["items"] == []
    assert refused(sidecar.call, "deleteSecret", name="S1").data["code"] == "secret_not_found"


def test_what_a_release_cannot_say_names_one_that_can(core, sidecar):
    function(sidecar)
    for params, can in [({"resources": {"limits": {"cpu": "1"}}}, [13]), ({"node_selector": {"a": "b"}}, [13, 14]),
                        ({"resources": {"disk": "1Gi"}}, [15]),
                        ({"volumes": [{"volume_type": "shared_volume", "name": "shared", "mount_path": "/s"}]}, [14, 15])]:
        if core.level in can:
            run = sidecar.call("run", function="my_function", action="job", **params)
            assert not [code for _, code in warnings(run) if code == "changed_by_server"], run["status"]
        else:
            error = refused(sidecar.call, "run", function="my_function", action="job", **params)
            assert error.data["code"] == "unsupported_parameter"
            assert error.data["errors"][0]["pointer"].startswith("/" + next(iter(params)))
            assert any(f"0.{level}" in error.data["errors"][0]["message"] for level in can), error.data


def test_a_server_that_keeps_nothing_of_a_parameter_is_told_on(core15, sidecar15):
    made = function(sidecar15)
    core15.fault("answer", method="POST", suffix="/runs", status=200, body={
        "kind": "container+job:run", "id": "0" * 32, "name": "0" * 32, "project": PROJECT, "spec": {"args": ["b"]},
        "status": {"state": "READY"}})
    run = sidecar15.call("run", function=made["id"], action="job", args=["a"], envs=[{"name": "A", "value": "1"}])
    assert warnings(run) == {("/args", "changed_by_server"), ("/envs", "changed_by_server")}


# Methods.

def test_functions_and_their_versions(core, sidecar):
    one = function(sidecar, description="first", labels=["a"])
    two = function(sidecar, image="b:2")
    function(sidecar, "other")
    latest = sidecar.call("listFunctions")
    assert {each["name"]: each["id"] for each in latest["items"]}["my_function"] == two["id"]
    assert sidecar.call("listFunctions", name="my_function", versions="all")["total"] == 2
    page = sidecar.call("listFunctions", versions="all", limit=2)
    rest = sidecar.call("listFunctions", versions="all", limit=2, cursor=page["next_cursor"])
    assert len(page["items"]) == 2 and len(rest["items"]) == 1 and rest["next_cursor"] is None
    changed = sidecar.call("updateFunction", function=one["id"], description=None, labels=["b"],
                           spec={"image_pull_policy": "Never"})
    assert changed["metadata"]["labels"] == ["b"] and "description" not in changed["metadata"]
    assert changed["spec"]["image_pull_policy"] == "Never" and changed["spec"]["image"] == "hello-world:latest"
    error = refused(sidecar.call, "updateFunction", function=one["key"], spec={"command": "sh"})
    assert error.data["errors"][0]["pointer"] == "/spec/command" and "createFunction" in error.data["hint"]
    assert refused(sidecar.call, "deleteFunction", function="my_function").data["code"] == "ambiguous_name"
    sidecar.call("deleteFunction", function="my_function", all_versions=True)
    assert refused(sidecar.call, "getFunction", function="my_function").data["code"] == "function_not_found"
    assert refused(sidecar.call, "getFunction", function=one["id"]).data["code"] == "function_not_found"


def test_ids_with_dashes_are_found_in_either_spelling(core, sidecar):
    dashed = "0f8fad5b-d9cb-469f-a165-70867728950e"
    core.api("POST", f"/-/{PROJECT}/functions", {
        "kind": "container", "id": dashed, "name": "dashed", "project": PROJECT, "spec": {"image": "a:1"},
        "metadata": {"project": PROJECT, "name": "dashed"}})
    assert sidecar.call("getFunction", function=dashed)["name"] == "dashed"
    assert sidecar.call("getFunction", function=dashed.replace("-", ""))["name"] == "dashed"
    core.fault("status", method="GET", path="/functions/", status=503)
    assert sidecar.call("getFunction", function=dashed)["name"] == "dashed"
    core.fault("status", method="DELETE", path="/functions/", status=503)
    sidecar.call("deleteFunction", function=dashed)
    assert sidecar.call("listFunctions")["total"] == 0


def test_runs_are_listed_filtered_and_paged_by_the_server(core, sidecar):
    made = function(sidecar)
    runs = [sidecar.call("run", function=made["id"], action="job", args=["exit", str(code)]) for code in (0, 1, 0, 0)]
    for run in runs:
        sidecar.call("waitRun", id=run["id"], timeout_seconds=30)
    core.reset("requests")
    page = sidecar.call("listRuns", limit=3)
    assert page["total"] == 4 and len(core.asked(well_known=False)) == 1
    assert dict(core.requests()[0]["query"])["size"] == "3"
    newest = sidecar.call("run", function=made["id"], action="job")
    rest = sidecar.call("listRuns", limit=3, cursor=page["next_cursor"])
    seen = [run["id"] for run in page["items"] + rest["items"]]
    # None twice and none left out, though a run was made in between.
    assert sorted(seen) == sorted(run["id"] for run in runs) and newest["id"] not in seen
    assert [run["id"] for run in sidecar.call("listRuns", state="ERROR")["items"]] == [runs[1]["id"]]
    both = sidecar.call("listRuns", state=["ERROR", "COMPLETED"], limit=2)
    more = sidecar.call("listRuns", state=["ERROR", "COMPLETED"], limit=50, cursor=both["next_cursor"])
    assert {run["id"] for run in both["items"] + more["items"]} >= {run["id"] for run in runs}
    if core.level == 13:
        assert refused(sidecar.call, "listRuns", action="job").data["errors"][0]["pointer"] == "/action"
    else:
        assert sidecar.call("listRuns", function="my_function", action="serve")["items"] == []
        assert sidecar.call("listRuns", action="job")["total"] == 5
    failed = sidecar.call("getRun", id=runs[1]["key"])
    assert failed["status"]["exit_code"] == 1 and failed["status"]["reason"] == "Error"


def test_logs_in_all_shapes_tail_and_follow(core, sidecar):
    function(sidecar)
    for shape in "record", "extended", "flat":
        core.options(log_shape=shape)
        run = sidecar.call("run", function="my_function", action="job",
                           args=["log", "one", "log", "zwei ä", "log", "three", "sleep", "400"])
        seen, cursor = [], None
        for _ in range(40):
            page = sidecar.call("getRunLogs", id=run["id"], follow=True, timeout_seconds=20,
                                **({"after": cursor} if cursor else {}))
            seen += [entry["text"] for entry in page["entries"]]
            cursor = page["cursor"]
            if not page["entries"]:
                break
        assert seen == ["one", "zwei ä", "three"], shape
        assert [entry["text"] for entry in sidecar.call("getRunLogs", id=run["id"], tail=1)["entries"]] == ["three"]


def test_stop_of_a_running_run(core, sidecar):
    function(sidecar, image="web:1")
    run = sidecar.call("run", function="my_function", action="serve", service_ports=[{"port": 80}])
    sidecar.call("waitRun", id=run["id"], timeout_seconds=30)
    assert sidecar.call("stopRun", id=run["id"])["status"]["state"] == "STOPPED"
    assert refused(sidecar.call, "stopRun", id=run["id"]).data["code"] == "invalid_state"
    if core.level == 13:
        assert sidecar.call("resumeRun", id=run["id"])["status"]["state"] in ("RESUME", "RUNNING")
    else:
        error = refused(sidecar.call, "resumeRun", id=run["id"])
        assert error.data["code"] == "unsupported_method" and "0.13" in error.message


@pytest.mark.parametrize("level", [14, 15])
def test_stop_of_a_pending_run_deletes_it_and_says_so(level, tmp_path):
    with CoreDouble(level) as core, connect(core, tmp_path) as sidecar:
        sidecar.call("getOrCreateProject", name=PROJECT)
        function(sidecar, image="missing:1")
        run = sidecar.call("run", function="my_function", action="job")
        stopped = sidecar.call("stopRun", id=run["id"])
        assert stopped["status"]["state"] in ("DELETED", "DELETING") and warnings(stopped) == {("", "deleted")}
        assert refused(sidecar.call, "getRun", id=run["id"]).data["code"] == "run_not_found"


def test_delete_waits_until_it_is_gone(core, sidecar):
    function(sidecar)
    run = sidecar.call("run", function="my_function", action="job")
    assert sidecar.call("deleteRun", id=run["id"])["status"]["state"] == "DELETED"
    for method in "getRun", "deleteRun", "stopRun", "getRunLogs", "waitRun":
        assert refused(sidecar.call, method, id=run["id"]).data["code"] == "run_not_found", method


def test_an_action_is_not_taken_for_a_part_of_a_projects_name(core15, sidecar15):
    sidecar15.call("getOrCreateProject", name="build-things")
    sidecar15.call("createFunction", project="build-things", name="f", kind="container", image="a")
    sidecar15.call("run", project="build-things", function="f", action="job")
    assert sidecar15.call("listRuns", project="build-things", action="build")["total"] == 0
    assert sidecar15.call("listRuns", project="build-things", action="job")["total"] == 1


@pytest.mark.parametrize("cursor", ["zz", {"page": -1, "size": 2}, {"page": 1 << 62, "size": 2},
                                    {"page": 0, "size": 2, "offsets": {"ERROR": -1, "COMPLETED": -1}}])
def test_a_cursor_that_no_list_gave_is_a_fault(sidecar15, cursor):
    text = cursor if isinstance(cursor, str) else json.dumps(cursor).encode().hex()
    error = refused(sidecar15.call, "listRuns", state=["ERROR", "COMPLETED"], cursor=text)
    assert error.data["code"] == "invalid_params" and error.data["errors"][0]["pointer"] == "/cursor"
    assert sidecar15.call("listRuns")["total"] == 0


def test_functions_made_while_somebody_pages_repeat_none(core15, sidecar15):
    for number in range(4):
        function(sidecar15, f"f{number}")
    seen, cursor = [], None
    for number in range(4, 8):
        page = sidecar15.call("listFunctions", limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [each["name"] for each in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
        function(sidecar15, f"f{number}")
    assert len(seen) == len(set(seen)) and {"f0", "f1", "f2", "f3"} <= set(seen)


def test_render_is_what_run_sends(core, sidecar):
    made = function(sidecar)
    core.reset("requests")
    rendered = sidecar.call("renderRun", function=made["id"], action="job", args=["a"])
    assert not [line for line in core.asked() if not line.startswith("GET")]
    core.reset("requests")
    sidecar.call("run", function=made["id"], action="job", args=["a"], uuid=rendered["id"])
    sent = [(row["method"], core.endpoint + row["path"], row.get("json")) for row in core.requests()
            if row["method"] != "GET"]

    def timeless(body):
        return {**body, "metadata": {name: value for name, value in body["metadata"].items()
                                     if name not in ("created", "updated")}}
    assert [(each["method"], each["url"], timeless(each["body"])) for each in rendered["requests"]] == \
        [(method, url, timeless(body)) for method, url, body in sent]


def test_a_run_under_the_same_key_is_the_same_run(core, sidecar, tmp_path):
    function(sidecar)
    one = sidecar.call("run", function="my_function", action="job", idempotency_key="k", args=["a"])
    with connect(core, tmp_path) as other:
        assert other.call("run", function="my_function", action="job", idempotency_key="k", args=["a"])["id"] == one["id"]
        error = refused(other.call, "run", function="my_function", action="job", idempotency_key="k", args=["b"])
        assert error.data["code"] == "idempotency_conflict"
    assert sidecar.call("listRuns")["total"] == 1
    assert not [label for label in one["metadata"].get("labels", []) if "dh-sidecar" in label]
    taken = refused(sidecar.call, "run", function="my_function", action="job", uuid=one["id"])
    assert taken.data["code"] == "already_exists"


def test_a_build_under_the_same_key_makes_one_version(core, sidecar):
    made = function(sidecar)
    params = dict(function=made["id"], action="build", base_image="a:1", image="team/app:2", idempotency_key="b")
    run = sidecar.call("run", **params)
    sidecar.call("waitRun", id=run["id"], timeout_seconds=30)
    built = sidecar.call("getFunction", function="my_function")["spec"]["image"]
    assert sidecar.call("run", **params)["id"] == run["id"]
    assert sidecar.call("getFunction", function="my_function")["spec"]["image"] == built
    assert sidecar.call("listFunctions", versions="all")["total"] == 2


def test_a_build_that_core_refuses_leaves_the_function_as_it_was(core, sidecar):
    made = function(sidecar)
    core.fault("status", method="POST", suffix="/runs", status=400, message="nope")
    error = refused(sidecar.call, "run", function=made["id"], action="build", base_image="a:1", image="team/app:2")
    assert error.data["code"] == "core_error" and "nope" in error.data["cause"]
    assert sidecar.call("getFunction", function="my_function")["id"] == made["id"]
    assert sidecar.call("listFunctions", versions="all")["total"] == 1


def test_capabilities_name_the_server_and_its_release(core, sidecar):
    told = sidecar.call("getCapabilities")
    assert told["platform"] == "core" and told["server"]["api_level"] == core.level
    assert told["server"]["dialect"] == f"Core 0.{core.level}" and told["resume"] == (core.level == 13)
    assert sidecar.call("initialize")["platform"] == "core"


def test_metrics(core, sidecar):
    function(sidecar)
    run = sidecar.call("run", function="my_function", action="job")
    assert isinstance(sidecar.call("getMetrics", id=run["id"])["metrics"], dict)
    assert refused(sidecar.call, "getMetrics", id="0" * 32).data["code"] == "run_not_found"


def test_projects(core, sidecar):
    sidecar.call("getOrCreateProject", name="second", description="d", labels=["x"])
    assert {each["name"] for each in sidecar.call("listProjects")["items"]} == {PROJECT, "second"}
    assert sidecar.call("getProject", name="second")["metadata"]["description"] == "d"
    sidecar.call("deleteProject", name="second", cascade=True)
    assert refused(sidecar.call, "getProject", name="second").data["code"] == "project_not_found"
    assert refused(sidecar.call, "createFunction", project="nowhere", name="f", kind="container",
                   image="a").data["code"] == "project_not_found"


def test_a_project_has_to_be_named(core15, tmp_path):
    with connect(core15, tmp_path, DH_SIDECAR_PROJECT=None) as sidecar:
        error = refused(sidecar.call, "createFunction", name="f", kind="container", image="a")
        assert error.data["errors"][0]["pointer"] == "/project" and error.data["errors"][0]["hint"]
        sidecar.call("getOrCreateProject", name=PROJECT)
        made = sidecar.call("createFunction", project=PROJECT, name="f", kind="container", image="a")
        assert sidecar.call("run", function=made["key"], action="job")["project"] == PROJECT


# Waiting.

def test_one_bad_wait_ends_no_other(core15, sidecar15):
    made = function(sidecar15)
    run = sidecar15.call("run", function=made["id"], action="job", args=["sleep", "1500"])
    good = sidecar15.send("waitRun", {"id": run["id"], "timeout_seconds": 30})
    bad = sidecar15.send("waitRun", {"id": "bad id!", "timeout_seconds": 30})
    core15.fault("status", method="GET", path="0" * 32, status=400, message="nope")
    other = sidecar15.send("waitRun", {"id": "0" * 32, "timeout_seconds": 30})
    for wait in bad, other:
        with pytest.raises(CallError):
            sidecar15.answer(wait, 10)
    assert sidecar15.answer(good, 30)["status"]["state"] == "COMPLETED"


def test_many_waits_cost_few_requests(core15, tmp_path):
    core15.options(pace={"ready": 20, "pending": 20, "running": 1500})
    with connect(core15, tmp_path) as sidecar:
        sidecar.call("getOrCreateProject", name=PROJECT)
        made = function(sidecar)
        runs = [sidecar.call("run", function=made["id"], action="job") for _ in range(60)]
        core15.reset("requests")
        waits = [sidecar.send("waitRun", {"id": run["id"], "timeout_seconds": 60})
                 for run in runs for _ in range(1000 // 60 + 1)]
        done = [sidecar.answer(wait, 90) for wait in waits]
        assert {each["status"]["state"] for each in done} == {"COMPLETED"} and len(done) >= 1000
        assert len(core15.requests()) < 60, core15.asked()


def test_states_are_told_once_and_in_order(core15, sidecar15):
    made = function(sidecar15)
    core15.options(pace={"ready": 150, "pending": 150, "running": 150})
    run = sidecar15.call("run", function=made["id"], action="job", progress_token="t")
    sidecar15.call("waitRun", id=run["id"], timeout_seconds=30, progress_token="w")
    told = []
    end = time.monotonic() + 5
    while time.monotonic() < end and (not told or told[-1] != "COMPLETED"):
        note = sidecar15.others.get(timeout=5)["params"]
        if note["token"] == "w" and note["value"]["kind"] == "report":
            told.append(note["value"]["message"])
    order = ["READY", "PENDING", "RUNNING", "COMPLETED"]
    assert told == order[order.index(told[0]):], told


def test_a_state_that_nobody_knows_is_passed_through(core15, sidecar15):
    made = function(sidecar15)
    run = sidecar15.call("run", function=made["id"], action="job", args=["sleep", "60000"])
    core15.force(run["id"], "ARCHIVING", "moving")
    assert sidecar15.call("getRun", id=run["id"])["status"]["state"] == "ARCHIVING"
    waited = sidecar15.call("waitRun", id=run["id"], timeout_seconds=0.5)
    assert waited["timed_out"] and waited["status"]["state"] == "ARCHIVING"


def test_a_wait_can_be_cancelled_and_the_run_goes_on(core15, sidecar15):
    made = function(sidecar15)
    run = sidecar15.call("run", function=made["id"], action="job", args=["sleep", "60000"])
    wait = sidecar15.send("waitRun", {"id": run["id"]})
    time.sleep(0.3)
    sidecar15.write(sidecar15.frame({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": wait}}))
    assert refused(sidecar15.answer, wait, 5).code == -32800
    assert sidecar15.call("getRun", id=run["id"])["status"]["state"] in ("READY", "PENDING", "RUNNING")


# Errors and faults: nothing lost, nothing doubled.

def test_a_run_that_core_cannot_build_is_answered_with_its_words(core, sidecar):
    function(sidecar)
    run = sidecar.call("run", function="my_function", action="job", envs=[{"name": "DOUBLE_BROKEN", "value": "no luck"}])
    assert run["status"]["state"] == "ERROR" and "no luck" in run["status"]["message"]


@pytest.mark.parametrize("suffix", ["/functions", "/tasks", "/runs"])
@pytest.mark.parametrize("kind", ["refuse", "drop_answer"])
def test_a_lost_request_or_answer_is_made_good(core15, sidecar15, suffix, kind):
    core15.fault(kind, method="POST", suffix=suffix)
    made = function(sidecar15)
    run = sidecar15.call("run", function=made["id"], action="job")
    assert sidecar15.call("waitRun", id=run["id"], timeout_seconds=30)["status"]["state"] == "COMPLETED"
    assert sidecar15.call("listRuns")["total"] == 1
    assert sidecar15.call("listFunctions", versions="all")["total"] == 1
    assert sidecar15.call("listTasks")["total"] == 1


@pytest.mark.parametrize("status, tries", [(503, 1), (429, 1), (502, 2)])
def test_a_busy_server_is_asked_again_as_it_says(core15, sidecar15, status, tries):
    made = function(sidecar15)
    core15.fault("status", method="POST", suffix="/runs", status=status, retry_after=1, count=tries)
    begin = time.monotonic()
    sidecar15.call("run", function=made["id"], action="job")
    assert time.monotonic() - begin >= tries and sidecar15.call("listRuns")["total"] == 1


def test_a_server_that_stays_busy_is_an_error_that_can_be_retried(core15, sidecar15):
    made = function(sidecar15)
    core15.fault("status", method="POST", suffix="/runs", status=503, retry_after=3600, count=10)
    error = refused(sidecar15.call, "run", function=made["id"], action="job")
    assert error.data["code"] == "core_unavailable" and error.data["retryable"]
    assert error.data["retry_after_ms"] == 3_600_000


@pytest.mark.parametrize("fault, code", [
    ({"kind": "html"}, "core_invalid_answer"), ({"kind": "truncate", "bytes": 20, "count": 10}, "core_unavailable"),
    ({"kind": "status", "status": 500, "count": 10}, "core_unavailable"),
    # Core answers so to whoever does not say who it is.
    ({"kind": "status", "status": 403}, "credentials_missing"),
    ({"kind": "status", "status": 409}, "core_error"), ({"kind": "status", "status": 400}, "core_error"),
    ({"kind": "answer", "status": 200, "body": {}}, "core_invalid_answer"),
    ({"kind": "answer", "status": 200, "body": []}, "core_invalid_answer"),
])
def test_each_way_of_failing_has_a_code_and_the_servers_words(core15, sidecar15, fault, code):
    made = function(sidecar15)
    run = sidecar15.call("run", function=made["id"], action="job")
    core15.fault(**fault, method="GET", path="/runs/")
    error = refused(sidecar15.call, "getRun", id=run["id"])
    assert error.data["code"] == code, error.data
    if fault["kind"] == "status":
        assert "fault" in error.data["cause"]


def test_what_a_project_s_role_does_not_allow(tmp_path):
    with CoreDouble(15, auth="bearer", forbidden_projects=["theirs"]) as core, \
            connect(core, tmp_path, DHCORE_ACCESS_TOKEN="access-1") as sidecar:
        error = refused(sidecar.call, "createFunction", project="theirs", name="f", kind="container", image="a")
        assert error.data["code"] == "forbidden" and "access token" in error.message and error.data["hint"]


def test_slow_bodies_are_waited_for(core15, sidecar15):
    made = function(sidecar15)
    core15.fault("trickle", bytes=50, milliseconds=20, method="GET", path="/functions/")
    assert sidecar15.call("updateFunction", function=made["id"], description="d")["metadata"]["description"] == "d"


def test_a_uuid_that_somebody_has_is_not_taken_for_ours_after_a_retry(core15, sidecar15):
    made = function(sidecar15)
    serve = sidecar15.call("run", function=made["id"], action="serve", service_ports=[{"port": 80}])
    core15.fault("status", method="POST", suffix="/runs", status=503)
    error = refused(sidecar15.call, "run", function=made["id"], action="job", uuid=serve["id"])
    assert error.data["code"] == "already_exists"


def test_a_redirect_names_where_the_server_has_gone(core15, sidecar15):
    core15.fault("answer", status=308, headers={"Location": "https://new.example/api"}, body="<html>moved</html>")
    error = refused(sidecar15.call, "getProject", name=PROJECT)
    assert "https://new.example/api" in error.message and "DHCORE_ENDPOINT" in error.data["hint"]


def test_a_deletion_that_nobody_saw_done_is_not_said_to_be(core15, sidecar15):
    made = function(sidecar15)
    run = sidecar15.call("run", function=made["id"], action="job")
    core15.fault("status", method="GET", path=f"/runs/{run['id']}", status=503, count=100)
    assert sidecar15.call("deleteRun", id=run["id"])["status"]["state"] == "DELETING"


def test_a_stop_that_changes_nothing_is_said_to(core15, sidecar15):
    made = function(sidecar15)
    run = sidecar15.call("run", function=made["id"], action="job", args=["sleep", "60000"])
    core15.force(run["id"], "ARCHIVING")
    error = refused(sidecar15.call, "stopRun", id=run["id"])
    assert error.data["code"] == "core_error" and "ARCHIVING" in error.message


def test_a_cancelled_build_leaves_no_version(core15, sidecar15):
    made = function(sidecar15)
    core15.fault("delay", method="POST", suffix="/runs", milliseconds=3000)
    build = sidecar15.send("run", {"function": made["id"], "action": "build", "base_image": "a:1", "image": "team/app:2"})
    time.sleep(0.8)
    sidecar15.write(sidecar15.frame({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": build}}))
    with pytest.raises(CallError):
        sidecar15.answer(build, 10)
    end = time.monotonic() + 10
    while sidecar15.call("listFunctions", versions="all")["total"] > 1 and time.monotonic() < end:
        time.sleep(0.1)
    assert [each["id"] for each in sidecar15.call("listFunctions", versions="all")["items"]] == [made["id"]]


def test_the_same_key_is_the_same_run_though_the_function_has_changed(core15, sidecar15):
    function(sidecar15)
    one = sidecar15.call("run", function="my_function", action="job", idempotency_key="k", args=["a"])
    function(sidecar15, image="newer:1")
    assert sidecar15.call("run", function="my_function", action="job", idempotency_key="k", args=["a"])["id"] == one["id"]


def test_what_a_server_repeats_of_secrets_and_tokens_stays_unsaid(tmp_path):
    token = "access-" + "x" * 900
    with CoreDouble(15) as core, connect(core, tmp_path, DHCORE_ACCESS_TOKEN=token) as sidecar:
        sidecar.call("getOrCreateProject", name=PROJECT)
        for status in 400, 403, 500:
            core.fault("status", method="GET", path="/projects/", status=status, message=f"bad {token}", count=4)
            assert "xxxxx" not in str(refused(sidecar.call, "getProject", name=PROJECT))
            core.reset("faults")
        core.fault("status", method="PUT", suffix="/secrets/data", status=400, message="rejected value hunter2")
        assert "hunter2" not in str(refused(sidecar.call, "setSecret", name="S", value="hunter2"))


@pytest.mark.parametrize("level", [13, 14])
def test_profiles_are_found_where_the_configuration_has_none(level, tmp_path):
    with CoreDouble(level, profiles=["gpu"]) as core, connect(core, tmp_path) as sidecar:
        sidecar.call("getOrCreateProject", name=PROJECT)
        function(sidecar)
        assert sidecar.call("listProfiles")["items"] == [{"name": "gpu"}]
        core.options(profiles=["gpu", "new"])
        assert sidecar.call("run", function="my_function", action="job", profile="new")["spec"]["profile"] == "new"
        assert refused(sidecar.call, "run", function="my_function", action="job",
                       profile="gpuu").data["code"] == "profile_not_found"


def test_a_wait_outlives_a_server_that_is_away(core15, sidecar15):
    made = function(sidecar15)
    run = sidecar15.call("run", function=made["id"], action="job", args=["sleep", "300"])
    core15.fault("refuse", method="GET", path="/runs", count=6)
    assert sidecar15.call("waitRun", id=run["id"], timeout_seconds=60)["status"]["state"] == "COMPLETED"


def test_nobody_at_the_endpoint(core15, tmp_path):
    env = environment_of(core15, tmp_path, DHCORE_ENDPOINT="http://127.0.0.1:9")
    with Sidecar(env) as sidecar:
        begin = time.monotonic()
        error = refused(sidecar.call, "getProject", name=PROJECT)
        assert error.data["code"] == "core_unavailable" and "127.0.0.1:9" in error.message
        assert time.monotonic() - begin < 5


@pytest.mark.parametrize("level, dialect", [("", "Core 0.15"), (None, "Core 0.15"), ("20", "Core 0.15")])
def test_a_level_that_is_missing_empty_or_new_is_no_error(tmp_path, level, dialect):
    with CoreDouble(15, api_level=level) as core, connect(core, tmp_path) as sidecar:
        sidecar.call("getOrCreateProject", name=PROJECT)
        function(sidecar)
        run = sidecar.call("run", function="my_function", action="job")
        assert (("", "core_release") in warnings(run)) == (level == "20")
        assert sidecar.call("getCapabilities")["server"]["dialect"] == dialect


def test_a_forced_level_wins(tmp_path):
    with CoreDouble(13, api_level=None, api_version=None) as core, \
            connect(core, tmp_path, DH_SIDECAR_CORE_LEVEL="13") as sidecar:
        sidecar.call("getOrCreateProject", name=PROJECT)
        function(sidecar)
        assert sidecar.call("run", function="my_function", action="job")["kind"] == "container+run"


def test_a_level_that_the_server_does_not_have_fails_in_its_words(tmp_path):
    with CoreDouble(13) as core, connect(core, tmp_path, DH_SIDECAR_CORE_LEVEL="15") as sidecar:
        sidecar.call("getOrCreateProject", name=PROJECT)
        function(sidecar)
        error = refused(sidecar.call, "run", function="my_function", action="job")
        assert error.data["code"] == "core_error" and "kind" in error.data["cause"]


def test_waits_go_by_the_servers_clock(core15, sidecar15):
    core15.options(manual_time=True)
    made = function(sidecar15)
    runs = [sidecar15.call("run", function=made["id"], action="job") for _ in range(5)]
    waits = [sidecar15.send("waitRun", {"id": run["id"], "timeout_seconds": 60}) for run in runs]
    for hours in -3, 1, 1, 1, 1, 1:
        time.sleep(0.3)
        core15._ask("/_double/time", {"advance": hours * 3_600_000})
    assert {sidecar15.answer(wait, 30)["status"]["state"] for wait in waits} == {"COMPLETED"}


# Credentials.

def test_basic_and_a_wrong_password(tmp_path):
    with CoreDouble(15, auth="basic") as core:
        with connect(core, tmp_path, DHCORE_USER="u", DHCORE_PASSWORD="pw") as sidecar:
            assert sidecar.call("getOrCreateProject", name=PROJECT)["name"] == PROJECT
        with connect(core, tmp_path, DHCORE_USER="u", DHCORE_PASSWORD="wrongpw") as sidecar:
            error = refused(sidecar.call, "getProject", name=PROJECT)
            assert error.data["code"] in ("forbidden", "credentials_rejected") and "wrongpw" not in str(error)


def ini(tmp_path, **members):
    path = tmp_path / ".dhcore.ini"
    path.write_text("; mine\n[DEFAULT]\ncurrent_environment = test\n\n[other]\ndhcore_access_token = keep\n\n[test]\n" +
                    "".join(f"{name} = {value}\n" for name, value in members.items()))
    return path


def test_one_refresh_for_all_calls_in_flight_written_back(tmp_path):
    with CoreDouble(15, auth="bearer") as core:
        path = ini(tmp_path, dhcore_endpoint=core.endpoint, dhcore_access_token="stale", dhcore_refresh_token="refresh-1",
                   dhcore_client_id="c", dhcore_issuer=core.endpoint)
        env = environment_of(core, tmp_path, DHCORE_ENDPOINT=None)
        with Sidecar(env) as sidecar:
            calls = [sidecar.send("getOrCreateProject", {"name": f"p-{n}"}) for n in range(20)]
            assert {sidecar.answer(call)["kind"] for call in calls} == {"project"}
            tokens = [row for row in core.requests() if row["path"].endswith("/auth/token")]
            assert len(tokens) == 1
        text = path.read_text()
        assert "; mine" in text and "dhcore_access_token = keep" in text and "stale" not in text
        assert path.stat().st_mode & 0o777 == 0o600
        with Sidecar(env) as sidecar:
            assert sidecar.call("getProject", name="p-1")["name"] == "p-1"


def test_an_expired_refresh_says_which_credential_and_what_to_do(tmp_path):
    with CoreDouble(15, auth="bearer") as core:
        ini(tmp_path, dhcore_endpoint=core.endpoint, dhcore_access_token="stale-token", dhcore_refresh_token="used-up",
            dhcore_client_id="c", dhcore_issuer=core.endpoint)
        with Sidecar(environment_of(core, tmp_path, DHCORE_ENDPOINT=None)) as sidecar:
            error = refused(sidecar.call, "getProject", name=PROJECT)
            assert error.data["code"] in ("credentials_expired", "credentials_rejected") and error.data["hint"]
            assert "stale-token" not in str(error) and "used-up" not in str(error)
            assert b"stale-token" not in sidecar.stderr and b"used-up" not in sidecar.stderr


def test_a_personal_access_token_is_exchanged_once(tmp_path):
    with CoreDouble(15, auth="bearer") as core, connect(
            core, tmp_path, DHCORE_PERSONAL_ACCESS_TOKEN="dhcp_pat", DHCORE_CLIENT_ID="c",
            DHCORE_ISSUER=core.endpoint) as sidecar:
        calls = [sidecar.send("getOrCreateProject", {"name": f"p-{n}"}) for n in range(5)]
        assert {sidecar.answer(call)["kind"] for call in calls} == {"project"}
        assert len([row for row in core.requests() if row["path"].endswith("/auth/token")]) == 1


def test_an_access_token_alone_that_is_rejected(tmp_path):
    with CoreDouble(15, auth="bearer") as core, connect(core, tmp_path, DHCORE_ACCESS_TOKEN="wrong-one") as sidecar:
        error = refused(sidecar.call, "getProject", name=PROJECT)
        assert error.data["code"].startswith("credentials_") and "wrong-one" not in str(error)


def test_no_credentials_where_some_are_wanted(tmp_path):
    with CoreDouble(15, auth="bearer") as core, connect(core, tmp_path) as sidecar:
        error = refused(sidecar.call, "getProject", name=PROJECT)
        assert error.data["code"] == "credentials_missing" and "DHCORE" in error.data["hint"] + error.message
