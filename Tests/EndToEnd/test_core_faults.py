"""Core: waiting, and what goes wrong on the way: nothing lost, nothing doubled."""
import time

import pytest
from core_double import CoreDouble
from core_fixtures import (  # noqa: F401, fixtures are used by name
    PROJECT, connect, core, core15, environment_of, function, refused, sidecar, sidecar15, warnings)
from sidecar import CallError, Sidecar


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
