"""The test cluster, behind the sidecar's back: kubectl, and what it says as values."""
import json
import os
import subprocess
import time
from collections.abc import Callable
from typing import Any

IMAGE = "localhost/busybox:1"


class Cluster:
    """One namespace, as one kubeconfig's user sees it."""

    def __init__(self, kubectl: str, kubeconfig: str, namespace: str = "default") -> None:
        self.program = kubectl
        self.kubeconfig = kubeconfig
        self.namespace = namespace

    def kubectl(self, *arguments: str, text: str | None = None) -> str:
        """What it prints; fails with what it says where it fails. `text` is its standard input."""
        command = [self.program, "--kubeconfig", self.kubeconfig, "-n", self.namespace, *arguments]
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def apply(self, *objects: dict[str, Any]) -> None:
        """By server-side apply."""
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
        self.kubectl("apply", "--server-side", "-f", "-", text=text)

    def get(self, kind: str, name: str) -> dict[str, Any]:
        return json.loads(self.kubectl("get", kind, name, "-o", "json"))

    def items(self, kind: str, selector: str = "") -> list[dict[str, Any]]:
        return json.loads(self.kubectl("get", kind, "-l", selector, "-o", "json"))["items"]

    def until(self, what: str, condition: Callable[[], Any], seconds: float = 60) -> Any:
        """The condition's first value that is true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if value := condition():
                return value
            time.sleep(0.1)
        raise AssertionError(f"not within {seconds} s: {what}\n{self.kubectl('get', 'all,events')}")


def variable(name: str) -> str:
    value = os.environ.get(name)
    assert value, f"{name} is not set: run Tests/run kubernetes"
    return value


def pod_spec(*command: str, **spec: Any) -> dict[str, Any]:
    return {"containers": [{"name": "main", "image": IMAGE, "command": list(command)}],
            "terminationGracePeriodSeconds": 0, **spec}


def job(name: str, *command: str, **spec: Any) -> dict[str, Any]:
    template = {"metadata": {"labels": {"case": name}}, "spec": pod_spec(*command, restartPolicy="Never", **spec)}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name},
            "spec": {"backoffLimit": 0, "template": template}}
