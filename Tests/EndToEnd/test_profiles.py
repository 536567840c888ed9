"""Profiles of the settings file: what they fill, what wins, what is said of them."""
import uuid

import pytest
from sidecar import CallError, Sidecar

SETTINGS = """
profiles:
  small:
    description: A little of everything
    resources: {limits: {cpu: 500m, memory: 64Mi}, requests: {memory: 32Mi}}
    node_selector: {disktype: ssd}
  sandboxed:
    runtime_class: gvisor
"""


@pytest.fixture
def profiles(environment, tmp_path):
    (tmp_path / "config/dh-sidecar").mkdir(parents=True)
    (tmp_path / "config/dh-sidecar/config.yaml").write_text(SETTINGS)
    with Sidecar(environment) as process:
        process.function(command="sh")
        yield process


def test_list(profiles):
    assert profiles.call("listProfiles")["items"] == [
        {"name": "sandboxed", "runtime_class": "gvisor"},
        {"name": "small", "description": "A little of everything",
         "resources": {"requests": {"mem": "32Mi"}, "limits": {"cpu": "500m", "mem": "64Mi"}},
         "node_selector": [{"key": "disktype", "value": "ssd"}]},
    ]


def test_a_run_is_filled_and_its_own_values_win(profiles):
    run = profiles.wait(profiles.start(profile="small", resources={"limits": {"memory": "48Mi"}}, args=[
        "-c", "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null"]))
    assert run["status"]["state"] in ("COMPLETED", "ERROR")
    assert [entry["text"] for entry in profiles.logs(run)["entries"]] == [str(48 << 20)]
    assert run["spec"]["profile"] == "small"
    assert run["spec"]["resources"] == {"limits": {"mem": "48Mi", "cpu": "500m"}, "requests": {"mem": "32Mi"}}
    warnings = [warning for warning in run["status"]["warnings"] if warning["code"] == "no_effect"]
    assert warnings and all(warning["pointer"] == "/profile" for warning in warnings)
    assert all("profile `small`: " in warning["message"] for warning in warnings)


def test_rendered(profiles):
    rendered = profiles.call("renderRun", project="default", function="f", action="job", profile="small")
    assert rendered["resolved"] == {
        "profile": "small", "resources": {"requests": {"mem": "32Mi"}, "limits": {"cpu": "500m", "mem": "64Mi"}},
        "node_selector": [{"key": "disktype", "value": "ssd"}]}
    create = next(call for call in rendered["calls"] if "/containers/create" in call["path"])
    assert create["body"]["HostConfig"]["Memory"] == 64 << 20
    assert "resolved" not in profiles.call("renderRun", project="default", function="f", action="job")


@pytest.mark.parametrize("params, code, pointer, words", [
    ({"profile": "smal"}, "profile_not_found", "/profile", "Did you mean `small`?"),
    ({"profile": "sandboxed"}, "unsupported_parameter", "/profile", "profile `sandboxed`"),
    ({"profile": "small", "resources": {"requests": {"memory": "128Mi"}}}, "invalid_params", "/profile",
     "above its limit"),
])
def test_refusals(profiles, params, code, pointer, words):
    with pytest.raises(CallError) as error:
        profiles.start(**params)
    assert error.value.data["code"] == code, error.value
    assert error.value.data["errors"][0]["pointer"] == pointer
    assert words in str(error.value)


def test_what_a_profile_said_when_the_run_was_made_holds(profiles, environment, tmp_path):
    """A sidecar that has other settings takes the run up as it was."""
    key = uuid.uuid4().hex
    run = profiles.start(profile="small", args=["-c", "sleep 1"], idempotency_key=key)
    profiles.kill()
    (tmp_path / "config/dh-sidecar/config.yaml").write_text("profiles: {small: {resources: {cpu: 1}}}\n")
    with Sidecar(environment) as process:
        again = process.start(profile="small", args=["-c", "sleep 1"], idempotency_key=key)
        assert again["id"] == run["id"] and again["spec"]["resources"] == run["spec"]["resources"]
        assert process.wait(run)["status"]["state"] == "COMPLETED"
