import os
import sys
import uuid
from collections.abc import Iterator

import pytest

sys.path.insert(0, os.path.dirname(__file__))
from cluster import Cluster, variable  # noqa: E402


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """The test cluster's administrator, in a namespace of the test's own."""
    admin = Cluster(variable("DH_TEST_KUBECTL"), variable("DH_TEST_KUBECONFIG"), f"test-{uuid.uuid4().hex[:12]}")
    admin.kubectl("create", "namespace", admin.namespace)
    yield admin
    admin.kubectl("delete", "namespace", admin.namespace, "--wait=false")
