"""The Core platform: the release binary against a DigitalHub Core's rules, release by release."""
import base64
import json

import pytest
from core_double import CoreDouble
from core_fixtures import (  # noqa: F401, fixtures are used by name
    PROJECT, connect, core, core15, function, refused, sidecar, sidecar15, warnings)


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
