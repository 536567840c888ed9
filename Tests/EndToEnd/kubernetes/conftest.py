"""What the tests on a real cluster share. Run them by Tests/run kubernetes."""
import json
import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from sidecar import Sidecar, clean_environment  # noqa: E402

IMAGE = "localhost/busybox:1"


class Cluster:
    """The cluster as kubectl sees it."""

    def __init__(self, kubeconfig, kubectl):
        self.kubeconfig = kubeconfig
        self.program = kubectl

    def kubectl(self, *arguments, text=None):
        done = subprocess.run([self.program, "--kubeconfig", self.kubeconfig, *arguments], input=text, text=True,
                              capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def objects(self, run, kinds="jobs,pods,secrets,configmaps,services,deployments,persistentvolumeclaims"):
        """Everything that carries the run's label."""
        found = self.kubectl("get", kinds, "-l", f"dh-sidecar.io/run={run['id']}", "-o", "json")
        return json.loads(found)["items"]


@pytest.fixture(scope="session")
def cluster():
    kubeconfig = os.environ.get("DH_TEST_KUBECONFIG")
    if not kubeconfig:
        pytest.fail("DH_TEST_KUBECONFIG is not set: run Tests/run kubernetes")
    return Cluster(kubeconfig, os.environ.get("DH_TEST_KUBECTL", "kubectl"))


@pytest.fixture
def environment(cluster, tmp_path):
    return clean_environment(KUBECONFIG=cluster.kubeconfig, DH_SIDECAR_PLATFORM="kubernetes", HOME=tmp_path,
                             XDG_STATE_HOME=tmp_path / "state", XDG_CONFIG_HOME=tmp_path / "config")


@pytest.fixture
def sidecar(environment):
    with Sidecar(environment) as process:
        yield process
