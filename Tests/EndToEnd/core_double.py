"""Tests/CoreDouble's server as a process: a DigitalHub Core of any release line, scripted and read over HTTP."""
import json
import os
import subprocess
import urllib.request

from sidecar import BINARY

PROGRAM = os.environ.get("DH_CORE_DOUBLE", os.path.join(os.path.dirname(os.path.abspath(BINARY)), "core-double"))


class CoreDouble:
    def __init__(self, level=15, auth="none", **options):
        command = [PROGRAM, "--level", str(level), "--auth", auth, "--option", json.dumps(options)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.endpoint = json.loads(self.process.stdout.readline())["endpoint"]
        self.level = level

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(10)

    def _ask(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.endpoint + path, data=data), timeout=10) as answer:
            return json.loads(answer.read() or b"null")

    def options(self, **options):
        self._ask("/_double/options", options)

    def fault(self, kind, **fault):
        self._ask("/_double/faults", {"kind": kind, **fault})

    def force(self, run, state, message=None):
        self._ask(f"/_double/runs/{run}", {"state": state, "message": message})

    def expire(self, refresh=False):
        self._ask("/_double/expire", {"refresh": refresh})

    def reset(self, what="all"):
        self._ask("/_double/reset", {"what": what})

    def requests(self, well_known=True):
        """What was asked since the last reset, as `METHOD /path` with its JSON body behind."""
        rows = self._ask("/_double/requests")["requests"]
        return [row for row in rows if well_known or ".well-known" not in row["path"]]

    def asked(self, **keywords):
        """The requests as short lines, without the API's prefix."""
        return [f"{row['method']} {row['path'].removeprefix('/api/v1')}" for row in self.requests(**keywords)]

    def connections(self):
        return self._ask("/_double/requests")["connections"]

    def api(self, method, path, body=None, **headers):
        """A request of its own, behind the sidecar's back."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.endpoint + "/api/v1" + path, data=data, method=method,
                                         headers={"Content-Type": "application/json", **headers})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")
