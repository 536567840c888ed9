"""Many short jobs from one client, twenty at a time: none is lost, none runs twice, and every log is complete."""
import threading
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from sidecar import Sidecar

AT_ONCE = 20
# By engine: a thousand where they cost least; enough on the other to meet what many at once bring about.
JOBS = {"podman": 1000, "docker": 100}
SCRIPT = 'echo "$RUN_ID" >> /ids/started; echo "begin $0"; echo "to stderr $0" >&2; echo "end $0"'


class Client(Sidecar):
    """One whose calls may come from several threads."""

    lock = threading.Lock()

    def send(self, method, params=None):
        with self.lock:
            return super().send(method, params)


@pytest.fixture
def client(environment):
    with Client(environment) as process:
        process.function(command="sh")
        yield process


def job(client, volumes, number):
    """The id of one job, in which state it ended, and its log."""
    run = client.start(args=["-c", SCRIPT, str(number)], volumes=volumes)
    run = client.wait(run, timeout_seconds=300)
    lines = [(entry["stream"], entry["text"]) for entry in client.logs(run)["entries"]]
    return run["id"], run["status"]["state"], lines


def test_none_is_lost_and_none_runs_twice(client, engine):
    count = JOBS[engine.name]
    # A name of this test's own: what outlives a run outlives the test.
    volumes = [{"volume_type": "persistent_volume_claim", "name": uuid.uuid4().hex, "mount_path": "/ids"}]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        done = list(pool.map(lambda number: job(client, volumes, number), range(count)))
    assert Counter(state for _, state, _ in done) == {"COMPLETED": count}
    ids = [run for run, _, _ in done]
    assert len(set(ids)) == count
    for number, (_, _, lines) in enumerate(done):
        assert sorted(lines) == [("stderr", f"to stderr {number}"), ("stdout", f"begin {number}"),
                                 ("stdout", f"end {number}")], number
    # What the jobs themselves have written: each of them once.
    reader = client.start(args=["-c", "cat /ids/started"], volumes=volumes)
    client.wait(reader)
    started = []
    cursor = None
    while len(started) < count:
        page = client.logs(reader, **({"after": cursor} if cursor else {}))
        assert page["entries"], f"only {len(started)} of {count}"
        started += [entry["text"] for entry in page["entries"]]
        cursor = page["cursor"]
    assert Counter(started) == Counter(ids)
    assert client.call("listRuns", limit=1)["total"] == count + 1
