"""The package itself: what it costs, what it carries, its types, and its README."""
from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from conftest import needed

import digitalhub_sidecar

CLIENT = Path(__file__).resolve().parents[1]
README = CLIENT / "README.md"


def python(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=300, **options)  # type: ignore[call-overload,no-any-return]


def test_the_import_takes_less_than_30_ms() -> None:
    times = []
    for _ in range(5):
        lines = python("-X", "importtime", "-c", "import digitalhub_sidecar").stderr.splitlines()
        cumulative = [line.split("|")[1] for line in lines if line.split("|")[-1].strip() == "digitalhub_sidecar"]
        times.append(int(cumulative[0]))
    assert min(times) < 30_000, f"{times} us"


def test_the_import_is_lazy() -> None:
    listing = "import sys; before = set(sys.modules); import digitalhub_sidecar; print(*set(sys.modules) - before)"
    imported = set(python("-c", listing).stdout.split())
    assert not imported & {"asyncio", "subprocess", "dataclasses", "json", "threading"}, imported


def test_every_name_is_there() -> None:
    for name in digitalhub_sidecar.__all__:
        assert getattr(digitalhub_sidecar, name) is not None
    assert dir(digitalhub_sidecar) == sorted(digitalhub_sidecar.__all__)
    with pytest.raises(AttributeError, match="no attribute 'of_tomorrow'"):
        digitalhub_sidecar.of_tomorrow  # type: ignore[attr-defined]


def test_the_names_of_the_official_sdk_take_its_arguments() -> None:
    import inspect

    # From digitalhub 0.15: the first arguments of each, in its order.
    for name, arguments in {
        "new_function": ["project", "name", "kind"], "get_function": ["identifier", "project", "entity_id"],
        "get_or_create_project": ["name", "description", "labels"], "list_runs": ["project"],
        "get_run": ["identifier", "project"], "delete_run": ["identifier", "project"], "list_functions": ["project"],
        "delete_function": ["identifier", "project", "entity_id", "delete_all_versions", "cascade"],
    }.items():
        parameters = inspect.signature(getattr(digitalhub_sidecar, name)).parameters
        assert list(parameters)[:len(arguments)] == arguments, name
    run = inspect.signature(digitalhub_sidecar.Function.run).parameters
    assert list(run)[1:4] == ["action", "wait", "log_info"]


def built(folder: Path, **changes: str) -> Path:
    env = {**os.environ, **changes}
    backend = f"import sys; sys.path.insert(0, {str(CLIENT / '_build')!r}); import backend; backend.%s({str(folder)!r})"
    for kind in ("build_wheel", "build_sdist"):
        done = python("-c", backend % kind, env=env, cwd=CLIENT)
        assert done.returncode == 0, done.stderr
    return folder


def test_a_wheel_carries_the_binary(tmp_path: Path) -> None:
    # The wheel takes along what is there; a small program will do.
    program = tmp_path / "dh-sidecar"
    program.write_text("#!/bin/sh\necho 0.1.0\n")
    program.chmod(0o755)
    wheel = next(built(tmp_path, DH_SIDECAR_BIN=str(program)).glob("*.whl"))
    assert re.search(r"-py3-none-linux_\w+\.whl$", wheel.name)
    with zipfile.ZipFile(wheel) as files:
        entry = files.getinfo("digitalhub_sidecar/bin/dh-sidecar")
        assert files.read(entry) == program.read_bytes() and entry.external_attr >> 16 & 0o111
        assert "digitalhub_sidecar/py.typed" in files.namelist()
        listed = files.read(next(name for name in files.namelist() if name.endswith("RECORD"))).decode()
        assert {line.split(",")[0] for line in listed.splitlines()} == set(files.namelist())


def test_an_sdist_carries_none_and_can_be_installed(tmp_path: Path) -> None:
    with tarfile.open(next(built(tmp_path).glob("*.tar.gz"))) as files:
        assert not [name for name in files.getnames() if "/bin/" in name]
        assert python("-m", "venv", str(tmp_path / "venv")).returncode == 0
    env = {name: value for name, value in os.environ.items() if name not in ("DH_SIDECAR_BIN", "PYTHONPATH")}
    sdist = next(tmp_path.glob("*.tar.gz"))
    pip = [str(tmp_path / "venv/bin/pip"), "install", "-q", "--no-index", str(sdist)]
    subprocess.run(pip, env=env, check=True, timeout=120)
    asked = "import digitalhub_sidecar as dh; dh.call('getCapabilities')"
    done = subprocess.run([tmp_path / "venv/bin/python", "-c", asked], env={**env, "PATH": "/nowhere"}, text=True,
                          stderr=subprocess.PIPE, timeout=60)
    assert "SidecarNotFound: dh-sidecar was not found" in done.stderr


def test_the_types() -> None:
    done = python("-m", "mypy", "--cache-dir", os.devnull, cwd=CLIENT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_readme_from_nothing(engine: str, tmp_path: Path) -> None:
    found = re.search(r"<!-- example: start -->\n```sh\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
    assert found
    (tmp_path / "clients").symlink_to(CLIENT.parent)
    env = {**os.environ, "IMAGE": engine, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    env.pop("PYTHONPATH", None)
    done = subprocess.run(["sh", "-eu"], input=found[1], cwd=tmp_path, env=env, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=300)
    assert done.returncode == 0 and "\nCOMPLETED\n" in f"\n{done.stdout}", done.stdout + done.stderr
    # Once more with nothing but what was installed.
    alone = {**env, "PATH": "/usr/bin:/bin"}
    alone.pop("DH_SIDECAR_BIN")
    again = subprocess.run([tmp_path / "my-env/bin/python", "hello.py"], cwd=tmp_path, env=alone, text=True,
                           stdout=subprocess.PIPE, timeout=60)
    assert again.stdout.split()[0] == "COMPLETED"


def test_the_benchmark_measures() -> None:
    done = python(str(CLIENT / "benchmark"), env={**os.environ, "BENCHMARK_REQUESTS": "20", "BENCHMARK_PASSES": "1"})
    assert done.returncode in (0, 1), done.stderr
    assert len(re.findall(r"times the echo", done.stdout)) >= 2, done.stdout
    assert needed("DH_SIDECAR_BIN")
