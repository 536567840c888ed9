"""Notebooks executed by a real kernel, on the real binary and a real Podman."""
import html
import re

import pytest
from conftest import states

import digitalhub_sidecar as dh


def test_the_example_runs_from_the_top_to_the_end(example):
    assert example.errors() == []
    assert example.text("job.wait()").strip().endswith("'COMPLETED'")
    assert "Built in a notebook." in example.text("read-motto")
    assert "It answers." in example.text("serve.submit()")
    assert "'STOPPED'" in example.text("site.stop(")


def test_a_function_is_a_card(example):
    card = example.data('name="shell"', "text/html")
    assert "Function shell" in card and "image: <code>" in card
    assert example.data('name="shell"', "text/plain").startswith("Function shell\n")


def test_a_run_is_a_card_that_has_followed_it(example):
    """The cell only shows it; what came later was filled in from behind."""
    card = example.data("job = shell.run", "text/html")
    assert "Run job of shell" in card and "COMPLETED" in card
    assert "RUNNING" in card and "step 4 of 4" in card
    plain = example.data("job = shell.run", "text/plain")
    assert "COMPLETED" in plain and "step 4 of 4" in plain and "<" not in plain


def test_a_script_runs_and_its_run_is_kept(example):
    plain = example.text("%%container count")
    assert "Run job of count COMPLETED" in plain and "3 of 3" in plain


def test_a_dockerfile_is_built(example):
    plain = example.text("%%container motto")
    assert "Run build of motto COMPLETED" in plain and re.search(r"image: localhost/\S+motto", plain)


def test_a_form_has_a_plain_text_too(example):
    assert "application/vnd.jupyter.widget-view+json" in example.outputs("serve = dh.form")[0]["data"]
    assert example.data("serve = dh.form", "text/plain")


def test_a_card_is_live_while_the_kernel_is_busy_and_while_it_is_not(execute):
    """No cell waits for the run or reads it: the card says by itself that it is over."""
    executed = execute(
        "run = shell.run('job', args=['-c', 'echo first; sleep 1; echo second'])\nrun",
        "time.sleep(6)",
        "run.status.state  # Not read since.")
    plain = executed.data("run = shell", "text/plain")
    assert "COMPLETED" in plain and "first\nsecond" in plain
    assert executed.text("Not read since") == "'COMPLETED'"


def test_a_service_has_a_link(execute, environment):
    executed = execute(
        "run = shell.run('serve', args=['-c', 'mkdir /w; exec httpd -f -p 80 -h /w'], service_type='NodePort',\n"
        "                service_ports=[{'port': 8080, 'target_port': 80}])\nrun",
        "print(run.wait().url); time.sleep(2)")
    with dh.Sidecar(env=environment) as sidecar:
        for run in sidecar.list_runs(project="test", action="serve"):
            assert run.stop(grace_seconds=0).status.state == "STOPPED"
            run.delete()
    url = executed.text("run.wait()").strip()
    assert re.fullmatch(r"http://\S+", url)
    card = executed.data("run = shell", "text/html")
    assert f'href="{url}" target="_blank" rel="noopener noreferrer">{url}</a>' in card
    assert states(executed.data("run = shell", "text/plain"))[0] == "RUNNING"


def test_a_failed_run_says_why(execute):
    executed = execute(
        "%%container broken --image $IMAGE --lang sh\necho almost; exit 3",
        "%%container missing --image registry.invalid/nothing:1 --lang sh -o lost\ntrue",
        "print(lost.status.state)  # lost")
    assert executed.errors() == []
    plain = executed.text("%%container broken")
    assert "ERROR" in plain and "exit code: 3" in plain and "almost" in plain
    assert executed.text("# lost").strip() == "ERROR"
    assert "registry.invalid/nothing:1" in executed.text("%%container missing")


def test_what_a_program_writes_is_no_markup(execute):
    script = r"printf '<img src=x onerror=alert(1)>\033[31mred\033[0m héllo\n'"
    executed = execute(f"%%container loud --image $IMAGE --lang sh\n{script}")
    card = executed.data("%%container loud", "text/html")
    assert "<img" not in card and html.escape("<img src=x onerror=alert(1)>") in card
    assert "red héllo" in card and "\x1b" not in card


def test_detach_does_not_wait(execute):
    executed = execute(
        "begin = time.time()",
        "%%container slow --image $IMAGE --lang sh --detach -o slow\nsleep 30",
        "print(slow.status.state != 'COMPLETED', time.time() - begin < 25)  # at once", "_ = slow.delete()")
    assert executed.text("# at once").strip() == "True True"


@pytest.mark.parametrize("line, cell, words", [
    ("", "true", "the following arguments are required: name"),
    ("x", "#!/bin/sh\ntrue", "needs --image"),
    ("x --image i", "true", "language is unknown"),
    ("x", "RUN true", "no FROM"),
    ("x --image i --arg 1", "RUN true", "--arg is for scripts"),
    ("x --image i --lang sh --tag t", "true", "--tag is for Dockerfiles"),
    ("x --image i --lang sh --env A", "true", "give NAME=VALUE"),
    ("x --image i --lang sh --port http", "true", "not PORT or PORT:TARGET"),
    ("x --image i --lang sh -o 1x", "true", "no name of a variable"),
    ("x --image i --lang cobol", "true", "invalid choice: 'cobol'"),
])
def test_a_wrong_line_is_refused_in_one(line, cell, words):
    """By IPython's usage error, which shows no trace."""
    from IPython.core.error import UsageError

    from digitalhub_sidecar._notebook import _container

    with pytest.raises(UsageError, match=re.escape(words)):
        _container.plan(_container.parse(line), cell)


@pytest.mark.parametrize("first, language", [
    ("#!/usr/bin/env python3", "python"), ("#!/usr/bin/python3.11 -u", "python"), ("#!/bin/sh -e", "sh"),
    ("#!/usr/bin/env node", "javascript"), ("#!/usr/bin/perl", None), ("print(1)", None),
])
def test_a_scripts_language_is_that_of_its_first_line(first, language):
    from digitalhub_sidecar._notebook._container import language_of

    assert language_of(f"{first}\nrest") == language


def test_an_error_of_the_sidecar_names_the_field(execute):
    executed = execute("shell.run('serve', service_ports=[{'port': 99999}])")
    assert "/service_ports/0/port" in executed.errors()[0]


def test_unloading_takes_everything_back(execute):
    executed = execute("%unload_ext digitalhub_sidecar", "shell  # plain", "%%container x --image i --lang sh\ntrue")
    assert "Function(name='shell'" in executed.data("# plain", "text/plain")
    # The card without the extension: as it was when it was shown.
    assert "Function shell" in executed.data("# plain", "text/html")
    assert "not found" in executed.text("%%container x")
