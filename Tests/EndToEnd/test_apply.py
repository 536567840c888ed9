"""`apply`: a container file becomes a function and its runs; applied again, what is the same stays."""
import json
import os
import subprocess

import pytest
from core_fixtures import PROJECT, connect, core, core15, environment_of  # noqa: F401
from sidecar import BINARY, CallError, Sidecar

IMAGE = os.environ.get("DH_TEST_IMAGE", "busybox")


def document(image=IMAGE, **runs):
    runs = runs or {"hello": {"action": "job", "args": ["-c", "echo hello from a file"]}}
    return {"function": {"name": "f", "kind": "container", "image": image, "command": "sh"}, "runs": runs}


def apply(sidecar, value, **params):
    return sidecar.call("apply", text=value if isinstance(value, str) else json.dumps(value), **params)


def refused(sidecar, value, **params):
    with pytest.raises(CallError) as error:
        apply(sidecar, value, **params)
    return error.value


def pointers(error):
    return {(each["pointer"], each["rule"]) for each in error.data["errors"]}


def ids(applied):
    return applied["function"]["id"], {name: run["id"] for name, run in applied["runs"].items()}


def test_a_file_is_made_once_however_often_it_is_applied(sidecar, environment):
    first = apply(sidecar, document())
    run = sidecar.wait(first["runs"]["hello"])
    assert run["status"]["state"] == "COMPLETED" and run["name"] == "hello"
    assert sidecar.logs(run)["entries"][0]["text"] == "hello from a file"
    again = apply(sidecar, document())
    assert ids(again) == ids(first) and again["runs"]["hello"]["status"]["state"] == "COMPLETED"
    with Sidecar(environment) as another:
        assert ids(apply(another, document())) == ids(first)
    assert sidecar.call("listRuns")["total"] == 1
    assert sidecar.call("listFunctions", versions="all")["total"] == 1


def test_what_changed_is_made_anew_and_the_rest_stays(sidecar):
    jobs = {name: {"action": "job", "args": ["-c", f"echo {name}"]} for name in ("a", "b")}
    first = apply(sidecar, document(**jobs))
    jobs["b"]["args"][1] = "echo changed"
    second = apply(sidecar, document(**jobs))
    assert second["function"]["id"] == first["function"]["id"]
    assert second["runs"]["a"]["id"] == first["runs"]["a"]["id"]
    assert second["runs"]["b"]["id"] != first["runs"]["b"]["id"]
    assert sidecar.wait(second["runs"]["b"])["spec"]["args"] == ["-c", "echo changed"]
    assert sidecar.call("listRuns", name="b")["total"] == 2
    # A changed function: a new version, which the runs are of.
    other = document(**jobs)
    other["function"]["description"] = "another"
    third = apply(sidecar, other)
    assert third["function"]["id"] != first["function"]["id"]
    assert sidecar.call("getFunction", function="f")["id"] == third["function"]["id"]
    assert not set(ids(third)[1].values()) & {*ids(first)[1].values(), *ids(second)[1].values()}
    # And back: what was the latest once is not it any more.
    fourth = apply(sidecar, document(**jobs))
    assert sidecar.call("getFunction", function="f")["id"] == fourth["function"]["id"] != first["function"]["id"]
    assert ids(apply(sidecar, document(**jobs))) == ids(fourth)


def test_a_function_that_was_changed_in_place_is_not_what_the_file_says(offline):
    text = json.dumps(document() | {"runs": {}})
    first = offline.call("apply", text=text)
    offline.call("updateFunction", function="f", spec={"command": "ash"})
    second = offline.call("apply", text=text)
    assert second["function"]["spec"]["command"] == "sh" and second["function"]["id"] != first["function"]["id"]
    assert ids(offline.call("apply", text=text)) == ids(second)


def test_a_build_changes_its_function_and_not_what_the_file_says(sidecar):
    file = document(make={"action": "build", "base_image": IMAGE, "image": "localhost/applied:1",
                          "instructions": ["touch /built"]})
    first = apply(sidecar, file)
    assert sidecar.wait(first["runs"]["make"])["status"]["state"] == "COMPLETED"
    assert "applied" in sidecar.call("getFunction", function="f")["spec"]["image"]
    assert ids(apply(sidecar, file)) == ids(first)
    # A run beside it that is new starts from the image that was built.
    file["runs"]["look"] = {"action": "job", "args": ["-c", "ls /built"]}
    look = sidecar.wait(apply(sidecar, file)["runs"]["look"])
    assert look["status"]["state"] == "COMPLETED", look["status"]


def test_nothing_is_made_where_anything_is_invalid(sidecar):
    file = document(
        web={"action": "serve", "service_ports": [{"port": 0}], "replcas": 2},
        hello={"action": "job", "replicas": 2, "instructions": ["x"]},
        none={"args": []})
    file["function"]["imge"] = "x"
    error = refused(sidecar, file)
    assert error.code == -32602
    assert pointers(error) == {
        ("/function/imge", "unknown_parameter"), ("/runs/web/service_ports/0/port", "minimum"),
        ("/runs/web/replcas", "unknown_parameter"), ("/runs/hello/replicas", "other_action"),
        ("/runs/none/action", "required")}
    hints = {each["pointer"]: each.get("hint") for each in error.data["errors"]}
    assert hints["/function/imge"] == "Did you mean `image`?" and "replicas" in hints["/runs/web/replcas"]
    assert sidecar.call("listFunctions")["total"] == sidecar.call("listRuns")["total"] == 0


def test_what_only_the_platform_knows_is_refused_before_anything_is_made(sidecar):
    file = document(
        good={"action": "job"}, a={"action": "job", "runtime_class": "gvisor"},
        b={"action": "job", "secrets": ["NOPE"]}, c={"action": "job", "profile": "none"})
    error = refused(sidecar, file)
    assert {pointer for pointer, _ in pointers(error)} == {
        "/runs/a/runtime_class", "/runs/b/secrets/0", "/runs/c/profile"}
    assert sidecar.call("listFunctions")["total"] == sidecar.call("listRuns")["total"] == 0
    # Of one kind, the error is that kind's.
    del file["runs"]["a"], file["runs"]["c"]
    assert refused(sidecar, file).data["code"] == "secret_not_found"


def test_warnings_point_into_the_document(sidecar):
    file = document(hello={"action": "job", "args": ["-c", "true"], "instructions": ["apt install git -y"],
                           "node_selector": [{"key": "a", "value": "b"}]})
    for _ in range(2):
        applied = apply(sidecar, file)
        assert {(each["pointer"], each["code"]) for each in applied["warnings"]} == {
            ("/runs/hello/instructions", "no_effect"), ("/runs/hello/node_selector", "no_effect")}


@pytest.mark.parametrize("params, pointer, rule", [
    ({}, "/text", "required"), ({"text": "a: 1", "path": "x"}, "/path", "exclusive"),
    ({"path": "/no/such/file.yaml"}, "/path", "file"), ({"path": "/etc"}, "/path", "file"),
    ({"text": "function: ["}, "", "syntax"), ({"text": "[]"}, "", "type"),
    ({"text": "project: p\nfunction: {name: f, kind: container}", "project": "q"}, "/project", "conflict"),
    ({"text": "function: {name: f, kind: container, code_src: no/such.py}"}, "/function/code_src", "code_source"),
])
def test_a_file_that_can_not_be_applied(offline, params, pointer, rule):
    with pytest.raises(CallError) as error:
        offline.call("apply", **params)
    assert pointers(error.value) == {(pointer, rule)}
    assert offline.call("listFunctions")["total"] == 0
    if rule != "code_source":  # Which validate does not look for.
        checked = offline.call("validate", method="apply", params=params)
        assert [each["pointer"] for each in checked["errors"]] == [pointer] and not checked["valid"]


def test_validate_says_where_in_the_text(offline):
    text = "function: {name: f, kind: container, image: i}\nruns:\n  a:\n    action: job\n    arg: []\n"
    checked = offline.call("validate", method="apply", params={"text": text})
    assert checked["errors"] == [{"pointer": "/runs/a/arg", "rule": "unknown_parameter", "line": 5, "column": 5,
                                  "message": "There is no parameter `arg`.", "hint": "Did you mean `args`?"}]
    text = text.replace("arg: []", "instructions: [x]")
    checked = offline.call("validate", method="apply", params={"text": text})
    assert checked["valid"] and [each["pointer"] for each in checked["warnings"]] == ["/runs/a/instructions"]


def test_the_files_project(offline):
    text = "project: p\nfunction: {name: f, kind: container, image: i}\n"
    with pytest.raises(CallError) as error:
        offline.call("apply", text=text)
    assert error.value.data["code"] == "project_not_found"
    offline.call("getOrCreateProject", name="p")
    # In that project's order, though the call itself names none.
    applied = offline.send("apply", {"text": text})
    looked = offline.send("updateFunction", {"project": "p", "function": "f", "description": "d"})
    assert offline.answer(applied)["project"] == offline.answer(looked)["project"] == "p"


def command(environment, *words, cwd=None):
    return subprocess.run([BINARY, "apply", *words], env=environment, cwd=cwd, capture_output=True, text=True,
                          timeout=90)


def test_the_subcommand(sidecar, environment, tmp_path):
    folder = tmp_path / "made"
    folder.mkdir()
    file = folder / "hello.container.yaml"
    file.write_text(f"""\
# A function with its source beside it.
function:
  name: f
  kind: container
  image: {IMAGE}
  command: sh
  code_src: main.sh
runs:
  hello: {{action: job, args: [/shared/main.sh]}}
""", encoding="utf-8")
    (folder / "main.sh").write_text("echo one\n", encoding="utf-8")
    done = command(environment, "made/hello.container.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    first = json.loads(done.stdout)
    assert first["function"]["spec"]["code_src"] == str(folder / "main.sh")
    run = sidecar.wait(first["runs"]["hello"])
    assert [each["text"] for each in sidecar.logs(run)["entries"]] == ["one"]
    # From anywhere it is the same file.
    assert ids(json.loads(command(environment, str(file), cwd="/").stdout)) == ids(first)
    # Another source is another function.
    (folder / "main.sh").write_text("echo two\n", encoding="utf-8")
    second = json.loads(command(environment, "hello.container.yaml", cwd=folder).stdout)
    run = sidecar.wait(second["runs"]["hello"])
    assert [each["text"] for each in sidecar.logs(run)["entries"]] == ["two"]


def test_the_subcommands_exit_codes(offline_environment, tmp_path):
    file = tmp_path / "f.container.json"
    file.write_text('{"project": "p", "function": {"name": "f", "kind": "container", "image": "i"}}', encoding="utf-8")
    assert command(offline_environment).returncode == 64
    done = command(offline_environment, str(file))
    assert (done.returncode, json.loads(done.stderr)["data"]["code"], done.stdout) == (1, "project_not_found", "")
    done = command(offline_environment, str(file), "--project", "q")
    assert [each["pointer"] for each in json.loads(done.stderr)["data"]["errors"]] == ["/project"]


def test_on_core(core, tmp_path):
    file = document(image="hello-world:latest", hello={"action": "job", "args": ["a"]},
                    web={"action": "deploy", "replicas": 2})
    with connect(core, tmp_path) as sidecar:
        sidecar.call("getOrCreateProject", name=PROJECT)
        first = apply(sidecar, file)
        assert first["project"] == PROJECT and set(first["runs"]) == {"hello", "web"}
        core.reset("requests")
        assert ids(apply(sidecar, file)) == ids(first)
    with connect(core, tmp_path) as another:
        assert ids(apply(another, file)) == ids(first)
        assert len(core.api("GET", f"/-/{PROJECT}/runs")["content"]) == 2
        assert len(core.api("GET", f"/-/{PROJECT}/functions?versions=all")["content"]) == 1
        file["function"]["command"] = "echo"
        second = apply(another, file)
        assert second["function"]["id"] != first["function"]["id"]
        assert not set(ids(second)[1].values()) & set(ids(first)[1].values())


def test_on_core_nothing_is_made_where_anything_is_refused(core, tmp_path):
    file = document(image="i", good={"action": "job"}, secret={"action": "job", "secrets": ["X"]}, bad={
        "action": "serve", "service_ports": [{"port": 80, "node_port": 30080}]})
    with connect(core, tmp_path) as sidecar:
        sidecar.call("getOrCreateProject", name=PROJECT)
        error = refused(sidecar, file)
        assert {pointer for pointer, _ in pointers(error)} == {
            "/runs/bad/service_ports/0/node_port", "/runs/secret/secrets/0"}
        assert core.api("GET", f"/-/{PROJECT}/functions")["content"] == []
        assert core.api("GET", f"/-/{PROJECT}/runs")["content"] == []


def test_on_core_a_build_of_another_image_is_made_once(core, tmp_path):
    file = document(image="base:1", make={
        "action": "build", "base_image": "base:1", "image": "app:1", "instructions": ["true"]})
    with connect(core, tmp_path) as sidecar:
        sidecar.call("getOrCreateProject", name=PROJECT)
        first = apply(sidecar, file)
        assert ids(apply(sidecar, file)) == ids(first)
        assert len(core.api("GET", f"/-/{PROJECT}/runs")["content"]) == 1


def test_on_core_a_project_is_needed(core15, tmp_path):
    done = command(environment_of(core15, tmp_path, DH_SIDECAR_PROJECT=None), "/no/such/file")
    assert json.loads(done.stderr)["data"]["errors"][0]["pointer"] == "/path"
    file = tmp_path / "f.yaml"
    file.write_text("function: {name: f, kind: container, image: i}", encoding="utf-8")
    done = command(environment_of(core15, tmp_path, DH_SIDECAR_PROJECT=None), str(file))
    assert json.loads(done.stderr)["data"]["errors"][0]["pointer"] == "/project"
