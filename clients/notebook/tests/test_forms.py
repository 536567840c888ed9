"""Every form of the sidecar in ipywidgets-jsonschema, without a kernel."""
import os

import pytest

import digitalhub_sidecar as dh


@pytest.fixture(scope="module")
def sidecar(environment):
    with dh.Sidecar(env=environment) as made:
        yield made


SERVE = {
    "action": "serve", "function": "web", "project": "p", "description": "two\nlines", "labels": ["b", "a"],
    "image": "i:1", "image_pull_policy": "Never", "command": "sh", "args": ["-c", "", "x y"],
    "envs": [{"name": "A", "value": ""}, {"name": "B", "value": "7"}], "secrets": ["T"], "replicas": 2,
    "service_ports": [{"port": 8080, "target_port": 80}, {"port": 9090}], "service_type": "NodePort",
    "service_name": "api", "resources": {"limits": {"cpu": "1", "mem": "512Mi"}, "disk": "1Gi"},
    "volumes": [
        {"volume_type": "empty_dir", "name": "d", "mount_path": "/d", "spec": {"medium": "Memory"}},
        {"volume_type": "persistent_volume_claim", "name": "e", "mount_path": "/e", "spec": {"size": "1Gi"}}],
    "node_selector": [{"key": "disktype", "value": ""}], "affinity": {"nodeAffinity": {"x": [1, True, None]}},
    "tolerations": [{"key": "gpu", "operator": "Exists"}], "run_as_user": 1000, "idempotency_key": "k",
}


def test_what_is_filled_in_is_what_is_sent(sidecar):
    """Every shape of value there and back: texts, numbers, choices, lists, objects, variants, JSON."""
    form = dh.form("run", sidecar=sidecar, **SERVE)
    assert form.params == SERVE
    assert sidecar.call("validate", {"method": "run", "params": form.params})["valid"]


@pytest.mark.parametrize("method, values", [
    ("createFunction", {"name": "f", "kind": "container", "code": "a\nb\n", "lang": "python"}),
    ("run", {"action": "job", "function": "f"}),
    ("run", {"action": "build", "function": "f", "instructions": ["apt-get update"], "push": True}),
    ("run", {"action": "deploy", "function": "f", "replicas": 3}),
    ("setSecret", {"name": "A", "value": "s3cret"}),
    ("waitRun", {"id": "x", "timeout_seconds": 1.5, "until": "terminal"}),
])
def test_nothing_is_sent_that_nobody_filled_in(sidecar, method, values):
    assert dh.form(method, sidecar=sidecar, **values).params == values


def test_every_method_that_takes_something_has_a_form(sidecar):
    methods = [method for method in sidecar.call("rpc.discover")["methods"] if method["params"]]
    assert len(methods) > 20
    for method in methods:
        if method["name"] not in ("run", "renderRun"):
            assert dh.form(method["name"], sidecar=sidecar).widget, method["name"]


def test_a_secret_is_masked_and_a_code_has_lines(sidecar):
    def kinds(widget):
        return {type(widget).__name__, *(kind for child in getattr(widget, "children", ()) for kind in kinds(child))}

    assert "Password" in kinds(dh.form("setSecret", sidecar=sidecar).widget)
    assert "Textarea" in kinds(dh.form("createFunction", sidecar=sidecar).widget)


def test_groups_for_the_few_are_folded(sidecar):
    groups = dh.form("run", action="serve", sidecar=sidecar).widget.children[0].children
    folded = {group.titles[0]: group.selected_index is None for group in groups}
    assert list(folded) == ["General", "Program", "Service", "Resources and volumes", "Placement", "Permissions",
                            "Tracking"]
    assert not folded["General"] and not folded["Service"] and folded["Placement"] and folded["Tracking"]


def test_the_button_shows_what_the_sidecar_refuses(sidecar):
    form = dh.form("run", action="serve", function="nothing", run_as_user=0, sidecar=sidecar)
    form.widget.children[1].click()
    assert "/run_as_user" in form.widget.children[2].value and form.result is None


def test_the_button_makes_the_call(sidecar):
    image = os.environ["DH_TEST_IMAGE"]
    form = dh.form("createFunction", name="made", image=image, sidecar=sidecar)
    form.widget.children[1].click()
    assert form.result.name == "made" and "Function made" in form.widget.children[2].value


@pytest.mark.parametrize("method, values, words", [
    ("run", {}, "needs the action"),
    ("run", {"action": "job", "colour": 1}, "no 'colour'"),
])
def test_a_form_that_can_not_be_made_says_why(sidecar, method, values, words):
    with pytest.raises(TypeError, match=words):
        dh.form(method, sidecar=sidecar, **values)


def test_without_the_library_the_remedy_is_named(sidecar, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ipywidgets_jsonschema", None)
    monkeypatch.delitem(__import__("sys").modules, "digitalhub_sidecar._notebook._widgets")
    with pytest.raises(dh.MisuseError, match="pip install ipywidgets-jsonschema"):
        dh.form("setSecret", sidecar=sidecar)
