"""A bridge, a browser and a web server for the tests of the form page."""
import functools
import http.client
import http.server
import json
import os
import subprocess
import sys
import threading
import urllib.parse
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

WEB = Path(__file__).resolve().parents[1]
ROOT = WEB.parents[1]


class Bridge:
    """A bridge that runs, spoken to as a page or an attacker would."""

    def __init__(self, env, *options):
        self.process = subprocess.Popen(
            [sys.executable, WEB / "bridge", *options], env=env, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE
        )
        self.url = self.process.stdout.readline().strip()
        parts = urllib.parse.urlsplit(self.url)
        self.port, self.token, self.origin = parts.port, parts.fragment, f"http://{parts.netloc}"

    def request(self, method, path, body=None, headers=()):
        """The status, the headers and the text; `headers` are all that is sent beside what HTTP itself needs."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()
        finally:
            connection.close()

    def page_headers(self, **changes):
        """What the page's own calls carry."""
        headers = {"Origin": self.origin, "Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        headers.update({name.replace("_", "-"): value for name, value in changes.items()})
        return {name: value for name, value in headers.items() if value is not None}

    def call(self, method, **params):
        body = json.dumps({"method": method, "params": params})
        status, _, text = self.request("POST", "/call", body, self.page_headers())
        assert status == 200, text
        return json.loads(text)

    def sidecar_pid(self):
        pid = self.process.pid
        return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])

    def close(self):
        self.process.terminate()
        try:
            self.process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


def environment_in(folder):
    """Of a bridge whose sidecar uses the lab's Podman and a catalog of its own."""
    steering = ("DH_SIDECAR_", "DHCORE_", "DH_CONFIG", "DH_NAME")
    env = {name: value for name, value in os.environ.items()
           if not name.startswith(steering) or name == "DH_SIDECAR_BIN"}
    host = os.environ["DH_TEST_PODMAN_HOST"]
    return {**env, "DOCKER_HOST": host, "CONTAINER_HOST": host, "XDG_STATE_HOME": str(folder / "state"),
            "XDG_CONFIG_HOME": str(folder / "config")}


@pytest.fixture
def environment(tmp_path):
    return environment_in(tmp_path)


@pytest.fixture
def bridge(environment):
    made = Bridge(environment)
    yield made
    if made.process.poll() is None and "error" not in made.call("getCapabilities"):
        for item in made.call("listRuns", limit=100)["result"]["items"]:
            assert "error" not in made.call("deleteRun", id=item["id"])
    made.close()


@pytest.fixture(scope="session")
def lasting_bridge(tmp_path_factory):
    """One for the tests that leave nothing behind."""
    made = Bridge(environment_in(tmp_path_factory.mktemp("lasting")))
    yield made
    made.close()


@pytest.fixture(scope="session")
def browser():
    options = webdriver.ChromeOptions()
    # The tests run as root, in containers with a small /dev/shm.
    for argument in "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1300,2600":
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    driver.implicitly_wait(0)
    yield driver
    driver.quit()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def site(tmp_path):
    """A web server of another origin: its folder, and its address."""
    folder = tmp_path / "site"
    folder.mkdir()
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(QuietHandler, directory=str(folder))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
