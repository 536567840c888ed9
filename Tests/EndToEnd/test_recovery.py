"""kill -9 of the sidecar at each step between the record of a run and its container, and what the next one makes of it."""
import pytest
from gate import Gate
from sidecar import Sidecar


@pytest.mark.parametrize("request_line, before", [
    (r"POST \S*/containers/create", True),
    (r"POST \S*/containers/create", False),
    (r"POST \S*/containers/[^/ ]+/start", True),
    (r"POST \S*/containers/[^/ ]+/start", False),
], ids=["recorded", "created, unheard", "created", "started, unheard"])
@pytest.mark.parametrize("way", ["getRun", "listRuns", "waitRun", "stopRun", "deleteRun"])
def test_killed_on_the_way(environment, engine, tmp_path, request_line, before, way):
    with Gate(tmp_path / "gate.sock", engine.host, request_line, before) as gate:
        with Sidecar({**environment, "DOCKER_HOST": gate.host, "CONTAINER_HOST": gate.host}) as first:
            first.function(command="sh")
            run = first.start(args=["-c", "sleep 600" if way in ("stopRun", "deleteRun") else "echo once"])
            assert gate.reached.wait(30)
            first.kill()
    assert len(engine.containers(run)) == (0 if before and "create" in request_line else 1)
    with Sidecar(environment) as second:
        if way in ("stopRun", "deleteRun"):
            second.call(way, id=run["id"], **({"grace_seconds": 0} if way == "stopRun" else {}))
            if way == "deleteRun":
                assert engine.containers(run) == []
                assert second.call("listRuns")["total"] == 0
            else:
                assert second.wait(run)["status"]["state"] == "STOPPED"
            return
        if way == "listRuns":
            assert [item["id"] for item in second.call("listRuns")["items"]] == [run["id"]]
        if way != "waitRun":
            done = second.until(run, "COMPLETED")
        else:
            done = second.wait(run)
        assert (done["status"]["state"], done["status"]["exit_code"]) == ("COMPLETED", 0), done["status"]
        assert [entry["text"] for entry in second.logs(run)["entries"]] == ["once"]
        assert len(engine.containers(run)) == 1
