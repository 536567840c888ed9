"""The bridge takes the calls of its own page, and no other's."""
import concurrent.futures
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import WEB, Bridge

CALL = json.dumps({"method": "getCapabilities", "params": {}})


def test_the_page_and_its_library_come_from_the_bridge_alone(lasting_bridge):
    status, headers, text = lasting_bridge.request("GET", "/")
    assert status == 200 and "<title>dh-sidecar</title>" in text
    assert lasting_bridge.token not in text
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src 'self';" in policy and "frame-ancestors 'none'" in policy
    assert headers["X-Frame-Options"] == "DENY" and headers["Referrer-Policy"] == "no-referrer"
    assert "Access-Control-Allow-Origin" not in headers
    assert "JSONEditor" in lasting_bridge.request("GET", "/library/jsoneditor.min.js")[2]
    for path in "/bridge", "/page/index.html", "/../bridge", "/library/../bridge", "/%2e%2e/bridge", "/call":
        assert lasting_bridge.request("GET", path)[0] == 404, path


def test_the_page_calls(lasting_bridge):
    assert lasting_bridge.call("getCapabilities")["result"]["platform"] == "local"
    error = lasting_bridge.call("getRun", id="nothing")["error"]
    assert error["data"]["code"] == "run_not_found"


@pytest.mark.parametrize("changes, expected", [
    ({"Authorization": None}, 401),
    ({"Authorization": "Bearer guessed"}, 401),
    ({"Authorization": "Bearer "}, 401),
    ({"Authorization": "Bearer é"}, 401),
    ({"Origin": None}, 403),
    ({"Origin": "null"}, 403),
    ({"Origin": "http://evil.example"}, 403),
    ({"Origin": "http://127.0.0.1:1"}, 403),
    ({"Content_Type": "text/plain"}, 415),
    ({"Host": "evil.example"}, 421),
    ({"Host": "evil.example", "Origin": "http://evil.example"}, 421),
    ({"Content_Length": "99999999999"}, 413),
    ({"Content_Length": "-1"}, 413),
])
def test_nobody_else_calls(lasting_bridge, changes, expected):
    headers = {name: value.encode("latin-1") if name == "Authorization" and value else value
               for name, value in lasting_bridge.page_headers(**changes).items()}
    status, answered, _ = lasting_bridge.request("POST", "/call", CALL, headers)
    assert status == expected
    assert not [name for name in answered if name.lower().startswith("access-control")]


def test_a_rebound_name_gets_no_page(lasting_bridge):
    assert lasting_bridge.request("GET", "/", headers={"Host": f"evil.example:{lasting_bridge.port}"})[0] == 421
    assert lasting_bridge.request("GET", "/", headers={"Host": f"localhost:{lasting_bridge.port}"})[0] == 200


def test_a_preflight_allows_nothing(lasting_bridge):
    headers = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    status, answered, _ = lasting_bridge.request("OPTIONS", "/call", headers=headers)
    assert status >= 400 and "Access-Control-Allow-Origin" not in answered


def test_only_loopback_is_listened_on(lasting_bridge):
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    rows += [line.split() for line in Path("/proc/net/tcp6").read_text().splitlines()[1:]]
    listening = [row[1] for row in rows if row[3] == "0A" and row[1].endswith(f":{lasting_bridge.port:04X}")]
    assert listening == [f"0100007F:{lasting_bridge.port:04X}"]


@pytest.mark.parametrize("body", ["", "[]", "{", '"x"', '{"method": 1}', '{"method": "x", "params": []}', "[" * 9999])
def test_a_bad_body_is_refused_by_name(lasting_bridge, body):
    status, _, text = lasting_bridge.request("POST", "/call", body, lasting_bridge.page_headers())
    assert status == 200 and json.loads(text)["error"]["code"] == -32600


def test_each_call_gets_its_own_answer(bridge):
    names = [f"name-{number}" for number in range(200)]
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        made = list(pool.map(lambda name: bridge.call("createFunction", name=name, kind="container", image="i"), names))
    assert [answer["result"]["name"] for answer in made] == names


def test_a_sidecar_that_dies_fails_the_calls_that_wait(bridge):
    assert "result" in bridge.call("createFunction", name="f", kind="container", image=os.environ["DH_TEST_IMAGE"],
                                   command="sleep")
    run = bridge.call("run", function="f", action="job", args=["30"])["result"]
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(bridge.call, "waitRun", id=run["id"], timeout_seconds=60)
        time.sleep(0.5)
        os.kill(bridge.sidecar_pid(), signal.SIGKILL)
        assert "exit code -9" in waiting.result(20)["error"]["message"]
    assert "ended" in bridge.call("getCapabilities")["error"]["message"]


def test_the_bridge_takes_the_sidecar_with_it(environment):
    bridge = Bridge(environment)
    pid = bridge.sidecar_pid()
    bridge.close()
    assert bridge.process.returncode == 0
    assert not Path(f"/proc/{pid}").exists()


def test_each_start_has_a_token_of_its_own(environment):
    first, second = Bridge(environment), Bridge(environment)
    assert first.token != second.token and len(first.token) >= 43
    first.close()
    second.close()


def test_options_go_to_the_sidecar(environment):
    bridge = Bridge(environment, "--", "--project", "other")
    bridge.call("getOrCreateProject", name="other")
    function = bridge.call("createFunction", name="f", kind="container", image="i")["result"]
    bridge.close()
    assert function["project"] == "other"


@pytest.mark.parametrize("changes, words", [
    ({"DH_SIDECAR_BIN": "/nowhere/dh-sidecar"}, "DH_SIDECAR_BIN names /nowhere/dh-sidecar"),
    ({"DH_SIDECAR_BIN": "", "PATH": "/nowhere"}, "not on PATH"),
])
def test_a_missing_binary_says_where_it_was_looked_for(environment, changes, words):
    done = subprocess.run([sys.executable, WEB / "bridge"], env={**environment, **changes}, capture_output=True,
                          text=True, timeout=20)
    assert done.returncode == 1 and words in done.stderr and "DH_SIDECAR_BIN" in done.stderr


def test_a_port_that_is_taken_is_named(lasting_bridge, environment):
    done = subprocess.run([sys.executable, WEB / "bridge", "--port", str(lasting_bridge.port)], env=environment,
                          capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and f"port {lasting_bridge.port}" in done.stderr
