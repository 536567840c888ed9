"""The cluster that the platform is tested against is a real one: pods run, and failures look as in the field."""
import base64
import json
import os
import sys
import urllib.request
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

sys.path.insert(0, os.path.dirname(__file__))
from cluster import Cluster, job, pod_spec, variable  # noqa: E402


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """The test cluster's administrator, in a namespace of the test's own."""
    admin = Cluster(variable("DH_TEST_KUBECTL"), variable("DH_TEST_KUBECONFIG"), f"test-{uuid.uuid4().hex[:12]}")
    admin.kubectl("create", "namespace", admin.namespace)
    yield admin
    admin.kubectl("delete", "namespace", admin.namespace, "--wait=false")


def terminated(cluster: Cluster, case: str) -> dict[str, Any] | None:
    """Of the case's only pod."""
    for pod in cluster.items("pods", f"case={case}"):
        for status in pod["status"].get("containerStatuses", []):
            return status["state"].get("terminated")
    return None


@pytest.mark.parametrize("suffix", ["", "-token"])
def test_both_kinds_of_credentials_are_accepted(cluster: Cluster, suffix: str) -> None:
    user = Cluster(cluster.program, variable("DH_TEST_KUBECONFIG") + suffix, cluster.namespace)
    assert json.loads(user.kubectl("get", "--raw", "/version"))["gitVersion"] == "v1.20.2"
    assert user.kubectl("auth", "can-i", "create", "jobs").strip() == "yes"


def test_a_job_runs_and_its_log_is_kept(cluster: Cluster) -> None:
    cluster.apply(job("greets", "echo", "hello"))
    cluster.until("the Job is complete", lambda: cluster.get("job", "greets")["status"].get("succeeded") == 1)
    assert cluster.kubectl("logs", "job/greets") == "hello\n"


@pytest.mark.parametrize("case, command, reason, code", [
    ("exits", ["sh", "-c", "exit 3"], "Error", 3),
    ("unknown", ["no-such-command"], "StartError", 128),
])
def test_a_failed_container_says_why(cluster: Cluster, case: str, command: list[str], reason: str, code: int) -> None:
    cluster.apply(job(case, *command))
    end = cluster.until("the container has ended", lambda: terminated(cluster, case))
    assert (end["reason"], end["exitCode"]) == (reason, code)
    conditions = cluster.until("the Job has failed", lambda: cluster.get("job", case)["status"].get("conditions"))
    assert [(each["type"], each["reason"]) for each in conditions] == [("Failed", "BackoffLimitExceeded")]


def test_out_of_memory_is_told_apart_from_an_exit_code(cluster: Cluster) -> None:
    hungry = job("hungry", "sh", "-c", "x=x; while :; do x=$x$x; done")
    hungry["spec"]["template"]["spec"]["containers"][0]["resources"] = {"limits": {"memory": "32Mi"}}
    cluster.apply(hungry)
    end = cluster.until("the container has ended", lambda: terminated(cluster, "hungry"))
    assert (end["reason"], end["exitCode"]) == ("OOMKilled", 137)


def test_a_pod_that_fits_nowhere_is_unschedulable(cluster: Cluster) -> None:
    cluster.apply(job("homeless", "true", nodeSelector={"no-such": "label"}))

    def condition() -> Any:
        pods = cluster.items("pods", "case=homeless")
        return [each for pod in pods for each in pod["status"].get("conditions", []) if each["status"] == "False"]

    placed = cluster.until("the scheduler has had a look", condition)[0]
    assert (placed["type"], placed["reason"]) == ("PodScheduled", "Unschedulable")
    assert placed["message"].startswith("0/1 nodes")


def test_a_pods_server_answers_at_its_address(cluster: Cluster) -> None:
    command = "mkdir -p /w && echo served >/w/index.html && exec httpd -f -p 8080 -h /w"
    template = {"metadata": {"labels": {"case": "web"}}, "spec": pod_spec("sh", "-c", command)}
    template["spec"]["containers"][0]["readinessProbe"] = {"tcpSocket": {"port": 8080}, "periodSeconds": 1}
    # Without `protocol` this release refuses a server-side apply: it is a key of the list, and has no default there.
    cluster.apply(
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
         "spec": {"replicas": 2, "selector": {"matchLabels": {"case": "web"}}, "template": template}},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
         "spec": {"selector": {"case": "web"}, "ports": [{"protocol": "TCP", "port": 80, "targetPort": 8080}]}})

    def addresses() -> list[str]:
        subsets = cluster.get("endpoints", "web").get("subsets", [])
        found = [address["ip"] for subset in subsets for address in subset.get("addresses", [])]
        return found if len(found) == 2 else []

    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for address in cluster.until("both endpoints are ready", addresses):
        assert direct.open(f"http://{address}:8080/", timeout=5).read() == b"served\n"


def test_applying_twice_makes_one_object_and_no_new_version(cluster: Cluster) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "kept", "labels": {"a": "b"}},
              "data": {"key": base64.b64encode(b"value").decode()}}
    cluster.apply(secret)
    first = cluster.get("secret", "kept")["metadata"]
    cluster.apply(secret)
    second = cluster.get("secret", "kept")["metadata"]
    assert (second["uid"], second["resourceVersion"]) == (first["uid"], first["resourceVersion"])
