"""The process itself: framings, bad input, its ways out, the command line. Most need no engine."""
import json
import os
import pty
import select
import signal
import subprocess
import time

import pytest
from sidecar import BINARY, CallError, Sidecar, without_sockets


def resident(process, what):
    """Resident memory in MiB: at its peak (VmHWM) or now (VmRSS)."""
    with open(f"/proc/{process.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(what)) / 1024


def raw(process, line):
    """The answer to a line that has no usable id."""
    process.write(line + b"\n")
    return process.others.get(timeout=60)


def alive(process):
    assert process.call("initialize")["serverInfo"]["name"] == "dh-sidecar"


def refused(process, _method, /, **params):
    with pytest.raises(CallError) as error:
        process.call(_method, **params)
    return error.value


@pytest.mark.parametrize("headers", [False, True], ids=["lines", "headers"])
def test_both_framings(offline_environment, headers):
    with Sidecar(offline_environment, headers=headers) as process:
        alive(process)
        assert process.close() == 0


@pytest.mark.parametrize("line, code", [
    (b'{"jsonrpc":"2.0","id":1,"method":"initialize"', -32700),
    (b'{"a":"\xff\xfe"}', -32700),
    (b"[" * 1000 + b"]" * 1000, -32700),
    (b'{"jsonrpc":"2.0","id":1,"id":2,"method":"initialize"}', -32700),
    (b'{"jsonrpc":"2.0","id":1,"method":"initialize",}', -32700),
    (b'{"foo":1}', -32600),
    (b"[]", -32600),
], ids=["cut off", "not UTF-8", "1000 deep", "duplicate key", "trailing comma", "no request", "empty batch"])
def test_a_bad_line_fails_alone(offline, line, code):
    assert raw(offline, line)["error"]["code"] == code
    alive(offline)


def test_a_huge_line_costs_no_memory(offline):
    piece = b"x" * (1 << 20)
    offline.process.stdin.write(b'{"jsonrpc":"2.0","id":1,"method":"validate","params":{"x":"')
    for _ in range(200):
        offline.process.stdin.write(piece)
    answer = raw(offline, b'"}}')
    assert answer["error"]["code"] in (-32600, -32700)
    alive(offline)
    # What was kept until it proved too long: one message's limit of 64 MiB, twice while the buffer grows; then given back.
    assert resident(offline, "VmHWM") < 150
    assert resident(offline, "VmRSS") < 20


def test_a_bad_header_fails_alone(offline_environment):
    with Sidecar(offline_environment, headers=True) as process:
        alive(process)
        process.write(b"Content-Length: many\r\n\r\n")
        assert process.others.get(timeout=30)["error"]["code"] in (-32600, -32700)
        alive(process)


def test_an_unknown_method_names_the_nearest(offline):
    error = refused(offline, "createFuncton", name="f")
    assert error.code == -32601
    assert "createFunction" in json.dumps([error.message, error.data])


def test_an_unknown_parameter_names_the_nearest(offline):
    error = refused(offline, "createFunction", project="default", name="f", kind="container", image="i", comand="sh")
    assert (error.code, error.data["errors"][0]["pointer"]) == (-32602, "/comand")
    assert "command" in json.dumps(error.data["errors"][0])


def test_every_fault_is_reported_at_once(offline):
    error = refused(offline, "createFunction", project="default", name=7, kind="container", image=["i"])
    assert {fault["pointer"] for fault in error.data["errors"]} >= {"/name", "/image"}


def test_positional_params_are_refused(offline):
    offline.write(b'{"jsonrpc":"2.0","id":77,"method":"getRun","params":["default"]}\n')
    with pytest.raises(CallError) as error:
        offline.answer(77)
    assert error.value.code == -32602


@pytest.mark.parametrize("method, params, code", [
    ("getRun", {"id": "0" * 32}, "run_not_found"),
    ("getFunction", {"function": "nobody"}, "function_not_found"),
    ("run", {"function": "nobody", "action": "job"}, "function_not_found"),
    ("getProject", {"project": "nowhere"}, "project_not_found"),
])
def test_what_is_not_there(offline, method, params, code):
    if method != "getProject":
        params = {"project": "default", **params}
        offline.call("getOrCreateProject", name="default")
    else:
        params = {"name": "nowhere"}
    assert refused(offline, method, **params).data["code"] == code


def test_a_taken_uuid(offline):
    taken = {"project": "default", "name": "f", "kind": "container", "image": "i", "uuid": "1" * 12 + "4" + "1" * 3 + "8" + "1" * 15}
    offline.call("createFunction", **taken)
    assert refused(offline, "createFunction", **taken).data["code"] == "already_exists"


def test_no_engine(offline):
    offline.call("createFunction", name="f", kind="container", image="i")
    error = refused(offline, "run", function="f", action="job")
    assert error.data["code"] == "engine_unavailable" and error.data["retryable"]
    assert "no podman on PATH" in error.message and "install podman" in error.data["hint"]
    assert offline.call("listRuns")["total"] == 0


@pytest.mark.parametrize("action, params", [
    ("job", {"instructions": ["apt install git -y"]}),
    ("build", {"base_image": "python:3.11-slim", "instructions": ["apt-get update && apt-get install -y git"],
               "image": "myrepo/myapp:0.1.0"}),
    ("serve", {"replicas": 2, "service_ports": [{"port": 8080, "targetPort": 8080}], "service_type": "NodePort"}),
    ("deploy", {"replicas": 3, "envs": [{"name": "ENV", "value": "prod"}],
                "volumes": [{"name": "data", "mountPath": "/data"}]}),
])
def test_the_references_examples_render(offline, action, params):
    offline.call("getOrCreateProject", name="my_project")
    offline.call("createFunction", project="my_project", kind="container", name="my_function",
                 image="hello-world:latest")
    call = {"project": "my_project", "function": "my_function", "action": action, **params}
    assert offline.call("validate", method="run", params=call)["valid"] is True
    rendered = offline.call("renderRun", **call)
    assert rendered["calls"] and len(rendered["id"]) == 32
    if action == "job":
        assert "/instructions" in {warning["pointer"] for warning in rendered["warnings"]}
    assert offline.call("listRuns", project="my_project")["total"] == 0


def test_end_of_stdin_is_the_end(offline_environment):
    process = Sidecar(offline_environment)
    id = process.send("initialize")
    assert process.close(timeout=5) == 0
    process.answer(id)


def test_shutdown_and_exit(offline_environment):
    with Sidecar(offline_environment) as process:
        process.call("shutdown")
        process.write(b'{"jsonrpc":"2.0","method":"exit"}\n')
        assert process.process.wait(5) == 0
    with Sidecar(offline_environment) as process:
        process.write(b'{"jsonrpc":"2.0","method":"exit"}\n')
        assert process.process.wait(5) == 1


def test_it_leaves_when_nobody_reads(offline_environment):
    process = subprocess.Popen([BINARY], env=offline_environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    process.stdout.close()
    process.stdin.write(b'{"jsonrpc":"2.0","id":1,"method":"initialize"}\n')
    process.stdin.flush()
    process.wait(2)


def test_it_leaves_with_its_parent(offline_environment):
    parent = subprocess.Popen(["sleep", "600"])
    with Sidecar(offline_environment) as process:
        process.call("initialize", processId=parent.pid)
        time.sleep(0.2)
        assert process.process.poll() is None
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        process.process.wait(2)


def test_one_shot_call(offline_environment):
    done = subprocess.run([BINARY, "call", "createFunction", "project=default", "name=f", "kind=container", "image=i"],
                          env=offline_environment, capture_output=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["name"] == "f"
    done = subprocess.run([BINARY, "call", "getFunction", '{"project":"default","function":"nobody"}'],
                          env=offline_environment, capture_output=True, timeout=30)
    assert (done.returncode, done.stdout) == (1, b"")
    assert json.loads(done.stderr)["data"]["code"] == "function_not_found"


@pytest.mark.parametrize("words, code", [
    ([], 64), (["getRun", "{"], 64), (["getRun", "id"], 64), (["getRun", "id=1", "id=2"], 64), (["--wrong"], 64),
    (["noSuchMethod"], 1), (["getRun"], 1), (["listRuns"], 0),
])
def test_exit_codes_of_call(offline_environment, words, code):
    done = subprocess.run([BINARY, "call", *words], env=offline_environment, capture_output=True, timeout=30)
    assert done.returncode == code, done.stderr
    assert bool(done.stdout) == (code == 0) and bool(done.stderr) == (code != 0)


@pytest.mark.parametrize("arguments, words", [
    (["--help"], ["ENVIRONMENT", "DH_SIDECAR_CATALOG", "dh-sidecar call", "doctor", "schema"]),
    (["stdio", "--help"], ["EXIT CODES", "Content-Length", "stderr"]),
    (["call", "--help"], ["EXIT CODES", "EXAMPLES", "74", "--project"]),
    (["schema", "--help"], ["EXIT CODES", "openrpc.json", "README.md", "--write"]),
    (["doctor", "--help"], ["EXIT CODES", "engine", "catalog"]),
], ids=lambda each: each[0])
def test_help(offline_environment, arguments, words):
    done = subprocess.run([BINARY, *arguments], env=offline_environment, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and "USAGE" in done.stdout
    assert [word for word in words if word not in done.stdout] == []


def test_doctor_names_what_is_missing(offline_environment):
    done = subprocess.run([*without_sockets(), BINARY, "doctor"], env=offline_environment, capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 1
    assert "no podman on PATH" in done.stdout and "install podman" in done.stdout
    assert offline_environment["DOCKER_HOST"].removeprefix("unix://") in done.stdout
    assert offline_environment["XDG_STATE_HOME"] in done.stdout


def test_doctor_finds_the_engine(environment, engine):
    done = subprocess.run([BINARY, "doctor"], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout
    assert f"engine: {engine.name}" in done.stdout


def test_on_a_terminal_it_explains_itself(offline_environment):
    master, slave = pty.openpty()
    process = subprocess.Popen([BINARY], env=offline_environment, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    try:
        assert select.select([master], [], [], 5)[0], "silence"
        assert b"JSON-RPC" in os.read(master, 4096)
        assert process.wait(5) == 0
    finally:
        process.kill()
        process.wait()
        os.close(master)


def test_the_catalog_is_private(offline, offline_environment):
    offline.call("getOrCreateProject", name="default")
    catalog = os.path.join(offline_environment["XDG_STATE_HOME"], "dh-sidecar/catalog.db")
    assert os.stat(catalog).st_mode & 0o777 == 0o600


def test_a_newer_catalog_is_left_alone(offline_environment):
    import sqlite3
    with Sidecar(offline_environment) as process:
        process.call("getOrCreateProject", name="default")
    catalog = os.path.join(offline_environment["XDG_STATE_HOME"], "dh-sidecar/catalog.db")
    with sqlite3.connect(catalog) as database:
        database.execute("PRAGMA user_version = 9999")
    database.close()
    with Sidecar(offline_environment) as process:
        error = refused(process, "listProjects")
        assert error.data["code"] == "catalog_too_new" and error.data["hint"]


def test_a_full_disk(offline_environment, tmp_path):
    home = tmp_path / "full"
    home.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", home], check=True)
    try:
        with Sidecar({**offline_environment, "XDG_STATE_HOME": str(home)}) as process:
            codes = set()
            for number in range(40):
                try:
                    process.call("createFunction", project="default", name=f"f{number}", kind="container", image="i",
                                 code="x" * 20000)
                except CallError as error:
                    codes.add(error.data.get("code"))
            assert codes == {"catalog_full"}
            alive(process)
    finally:
        subprocess.run(["umount", "-l", home], check=True)


@pytest.mark.parametrize("is_there", [False, True], ids=["new", "existing"])
def test_a_read_only_catalog(offline_environment, tmp_path, is_there):
    home = tmp_path / "fixed"
    home.mkdir()
    env = {**offline_environment, "XDG_STATE_HOME": str(home)}
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", home], check=True)
    try:
        if is_there:
            with Sidecar(env) as process:
                process.call("createFunction", name="f", kind="container", image="i")
        subprocess.run(["mount", "-o", "remount,ro", home], check=True)
        with Sidecar(env) as process:
            for method, params in [("createFunction", {"name": "g", "kind": "container", "image": "i"}),
                                   ("listFunctions", {})]:
                error = refused(process, method, **params)
                assert error.data["code"] == "catalog_error"
                assert "Read-only file system" in error.data["cause"] and "DH_SIDECAR_CATALOG" in error.data["hint"]
            alive(process)
    finally:
        subprocess.run(["umount", "-l", home], check=True)


def test_a_catalog_that_is_none(offline_environment):
    folder = os.path.join(offline_environment["XDG_STATE_HOME"], "dh-sidecar")
    os.makedirs(folder)
    words = b"the shopping list" * 1000
    with open(f"{folder}/catalog.db", "wb") as file:
        file.write(words)
    with Sidecar(offline_environment) as process:
        error = refused(process, "createFunction", name="f", kind="container", image="i")
        assert error.data["code"] == "catalog_error" and "move the file away" in error.data["hint"]
        alive(process)
    with open(f"{folder}/catalog.db", "rb") as file:
        assert file.read() == words


def test_a_catalog_elsewhere(offline_environment, tmp_path):
    with Sidecar({**offline_environment, "DH_SIDECAR_CATALOG": str(tmp_path / "mine.db")}) as process:
        process.call("createFunction", name="f", kind="container", image="i")
    assert (tmp_path / "mine.db").exists() and not os.path.exists(offline_environment["XDG_STATE_HOME"])


def test_a_settings_file(offline_environment, tmp_path):
    config = tmp_path / "config/dh-sidecar/config.yaml"
    config.parent.mkdir(parents=True)
    config.write_text(f"project: mine\nlocal:\n  catalog: {tmp_path}/other.db\n")
    with Sidecar(offline_environment) as process:
        process.call("getOrCreateProject", name="mine")
        assert process.call("createFunction", name="f", kind="container", image="i")["project"] == "mine"
    assert (tmp_path / "other.db").exists()
    with Sidecar({**offline_environment, "DH_SIDECAR_PROJECT": "default"}) as process:
        assert process.call("createFunction", name="f", kind="container", image="i")["project"] == "default"
    with Sidecar(offline_environment, arguments=["--project", "default"]) as process:
        assert process.call("listFunctions")["total"] == 1


@pytest.mark.parametrize("text, words", [
    ("projct: mine\n", ["projct", "project"]),
    ("local: {engine: lxc}\n", ["lxc", "podman, docker"]),
    ("project: [\n", ["config.yaml"]),
], ids=["unknown key", "wrong value", "no YAML"])
def test_a_faulty_settings_file(offline_environment, tmp_path, text, words):
    config = tmp_path / "config.yaml"
    config.write_text(text)
    done = subprocess.run([BINARY], env={**offline_environment, "DH_SIDECAR_CONFIG": str(config)}, capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, timeout=30)
    assert done.returncode != 0 and done.stdout == ""
    assert all(word in done.stderr for word in words), done.stderr


def test_an_engine_that_is_named_is_the_only_one(environment, tmp_path):
    with Sidecar({**environment, "DH_SIDECAR_SOCKET": str(tmp_path / "no.sock")}) as process:
        process.function()
        with pytest.raises(CallError) as error:
            process.start()
        assert error.value.data["code"] == "engine_unavailable" and "no.sock" in error.value.message
        assert environment["DOCKER_HOST"].removeprefix("unix://") not in error.value.message


def test_the_engine_of_the_choice(environment, engine):
    other = {"podman": "docker", "docker": "podman"}[engine.name]
    with Sidecar({**environment, "DH_SIDECAR_ENGINE": engine.name}, within=without_sockets()) as process:
        assert process.call("getCapabilities")["engine"]["engine"] == engine.name
    with Sidecar({**environment, "DH_SIDECAR_ENGINE": other, "PATH": "/nowhere"}, within=without_sockets()) as process:
        assert f"is {'' if engine.name == 'podman' else 'not '}Podman" in json.dumps(process.call("getCapabilities"))


def test_a_cluster_that_is_not_configured_is_named_by_the_call(offline_environment):
    """Nothing is contacted before the first call that needs it."""
    with Sidecar({**offline_environment, "KUBECONFIG": "/nowhere/config"}, ["--platform", "kubernetes"]) as process:
        assert process.call("initialize")["platform"] == "kubernetes"
        process.function(image="x")
        with pytest.raises(CallError) as caught:
            process.call("run", function="f", action="job")
    assert caught.value.data["code"] == "invalid_settings" and "/nowhere/config" in caught.value.message


def test_core_without_an_address_says_what_to_set(offline_environment):
    done = subprocess.run([BINARY, "--platform", "core"], env=offline_environment, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=30)
    assert done.returncode != 0 and "DHCORE_ENDPOINT" in done.stderr, done.stderr


def test_cancelling_a_wait_ends_the_wait_alone(sidecar):
    sidecar.function(command="sleep")
    run = sidecar.start(args=["600"])
    sidecar.until(run, "RUNNING")
    waiting = sidecar.send("waitRun", {"id": run["id"], "timeout_seconds": 60})
    time.sleep(0.1)
    sidecar.write(sidecar.frame({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": waiting}}))
    with pytest.raises(CallError) as error:
        sidecar.answer(waiting, timeout=5)
    assert error.value.code == -32800
    assert sidecar.call("getRun", id=run["id"])["status"]["state"] == "RUNNING"
    sidecar.call("deleteRun", id=run["id"])


def test_what_was_sent_before_the_end_of_stdin_is_done(environment):
    calls = [("createFunction", {"name": "f", "kind": "container", "image": os.environ["DH_TEST_IMAGE"],
                                 "command": "true"}), ("run", {"function": "f", "action": "job"})]
    lines = [json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
             for number, (method, params) in enumerate(calls)]
    done = subprocess.run([BINARY], env=environment, input="\n".join(lines), capture_output=True, text=True, timeout=30)
    assert done.returncode == 0
    answers = {answer["id"]: answer for answer in map(json.loads, done.stdout.splitlines())}
    with Sidecar(environment) as process:
        assert process.wait(answers[1]["result"])["status"]["state"] == "COMPLETED"


def test_null_in_a_patch_removes(offline):
    offline.call("createFunction", name="f", kind="container", image="i", command="sh")
    assert offline.call("updateFunction", function="f", spec={"command": None})["spec"] == {"image": "i"}
    assert offline.call("updateFunction", function="f", spec={"command": None, "image": "j"})["spec"] == {"image": "j"}
