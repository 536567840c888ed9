"""README.md's examples, run as printed."""
import os
import re
import subprocess

import pytest
from sidecar import BINARY

README = os.path.join(os.path.dirname(__file__), "../../README.md")
COMMANDS = {"python": ["/usr/bin/python3"], "js": ["node"], "sh": ["sh", "-eu"]}


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
