"""README.md's examples, run as printed, and its tables against the binary and schema/."""
import json
import os
import re
import subprocess

import pytest
from core_double import CoreDouble
from sidecar import BINARY, Sidecar, clean_environment

README = os.path.join(os.path.dirname(__file__), "../../README.md")
COMMANDS = {"python": ["/usr/bin/python3"], "mjs": ["node"], "sh": ["sh", "-eu"], "stream": ["/usr/bin/python3"]}


def examples():
    with open(README) as text:
        return dict(re.findall(r"<!-- example: (\w+) -->\n```\w+\n(.*?)```", text.read(), re.S))


@pytest.mark.parametrize("language", COMMANDS)
def test_an_example_works_as_printed(language, environment, tmp_path):
    file = tmp_path / f"example.{language}"
    file.write_text(examples()[language])
    env = {**environment, "PATH": os.path.dirname(os.path.abspath(BINARY)) + ":" + environment["PATH"],
           "IMAGE": os.environ["DH_TEST_IMAGE"]}
    done = subprocess.run([*COMMANDS[language], file], env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "COMPLETED" in done.stdout, done.stdout


def test_the_container_file_works_as_printed(environment, tmp_path):
    file = tmp_path / "hello.container.yaml"
    file.write_text(examples()["file"].replace("hello-world", os.environ["DH_TEST_IMAGE"]))
    done = subprocess.run([BINARY, "apply", file], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    with Sidecar(environment) as sidecar:
        assert sidecar.wait(json.loads(done.stdout)["runs"]["once"])["status"]["state"] == "COMPLETED"


@pytest.mark.parametrize("level", [13, 14, 15])
def test_the_core_section_works_as_printed(level, tmp_path):
    file = tmp_path / "core.sh"
    file.write_text(examples()["core"])
    with CoreDouble(level, pace=20) as core:
        env = clean_environment(HOME=tmp_path, XDG_STATE_HOME=tmp_path, XDG_CONFIG_HOME=tmp_path,
                                DHCORE_ENDPOINT=core.endpoint,
                                PATH=os.path.dirname(os.path.abspath(BINARY)) + ":" + os.environ["PATH"])
        done = subprocess.run(["sh", "-eu", file], env=env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        runs = core.api("GET", "/-/my-project/runs")["content"]
        assert sorted(run["spec"]["task"].split(":")[0] for run in runs) == [
            f"container+{action}" for action in ("build", "deploy", "job", "serve")]
        assert "ERROR" not in {run["status"]["state"] for run in runs}, runs


def table(name):
    """The cells of each row of a generated table, by its first cell."""
    with open(README) as text:
        block = re.search(f"<!-- BEGIN generated: {name} -->\n(.*?)<!-- END generated: {name} -->", text.read(), re.S)[1]
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in block.splitlines()[2:]]
    return {row[0].strip("`"): row[1:] for row in rows}


def test_the_methods_are_those_that_the_binary_has(offline):
    methods = offline.call("rpc.discover")["methods"]
    assert list(table("methods").items()) == [(method["name"], [method["summary"]]) for method in methods]


def test_the_errors_are_those_of_the_schema():
    with open(os.path.join(os.path.dirname(README), "schema/errors.json")) as text:
        errors = json.load(text)["errors"]
    assert table("errors") == {error["code"]: [str(error["number"]), "yes" if error["retryable"] else "no",
                                               error["description"]] for error in errors}


def test_the_parameters_are_those_of_the_methods(offline):
    methods = {method["name"]: method["params"] for method in offline.call("rpc.discover")["methods"]}
    ours = {param["name"]: param["description"] for param in methods["run"] + methods["createFunction"]}
    assert {name: cells[-1] for name, cells in table("parameters").items()} == ours
