"""Descriptors, and what arrives in which order."""
import os

import pytest
from sidecar import BINARY, CallError, Sidecar


def target(process, descriptor):
    return os.readlink(f"/proc/{process.process.pid}/fd/{descriptor}")


def test_stdout_is_the_protocols_alone(offline):
    """What anything else writes to descriptor 1 goes to stderr; the real one is kept from children."""
    offline.call("initialize")
    assert target(offline, 1) == target(offline, 2)
    theirs = f"pipe:[{os.fstat(offline.process.stdout.fileno()).st_ino}]"
    folder = f"/proc/{offline.process.pid}/fd"
    kept = [name for name in os.listdir(folder) if os.readlink(f"{folder}/{name}") == theirs]
    assert len(kept) == 1 and kept[0] != "1"
    with open(f"/proc/{offline.process.pid}/fdinfo/{kept[0]}") as info:
        flags = next(int(line.split()[1], 8) for line in info if line.startswith("flags"))
    assert flags & os.O_CLOEXEC


def test_the_binary_needs_no_library():
    with open(BINARY, "rb") as file:
        head = file.read(4096)
    assert head[:5] == b"\x7fELF\x02"
    offset, count = int.from_bytes(head[32:40], "little"), int.from_bytes(head[56:58], "little")
    kinds = [int.from_bytes(head[offset + 56 * index:][:4], "little") for index in range(count)]
    # PT_DYNAMIC and PT_INTERP: a loader would have something to do.
    assert not {2, 3} & set(kinds)


@pytest.mark.parametrize("headers", [False, True], ids=["lines", "headers"])
def test_a_project_and_what_goes_into_it_in_one_write(offline_environment, headers):
    with Sidecar(offline_environment, headers=headers) as process:
        calls = [process.request("getOrCreateProject", {"name": "new"}),
                 process.request("createFunction", {"project": "new", "name": "f", "kind": "container", "image": "i"}),
                 process.request("renderRun", {"project": "new", "function": "f", "action": "job"}),
                 process.request("deleteProject", {"name": "new", "cascade": True}),
                 process.request("setSecret", {"project": "new", "name": "A", "value": "v"})]
        for _ in range(5):
            for call in calls:
                process.next_id += 1
                call["id"] = process.next_id
            process.write(b"".join(process.frame(call) for call in calls))
            for call in calls[:-1]:
                process.answer(call["id"])
            with pytest.raises(CallError) as error:
                process.answer(calls[-1]["id"])
            assert error.value.data["code"] == "project_not_found"


def test_progress_of_a_run_and_of_a_wait(sidecar):
    sidecar.function(command="sleep", image_pull_policy="Always")
    run = sidecar.start(args=["1"], progress_token="launch")
    waited = sidecar.send("waitRun", {"id": run["id"], "timeout_seconds": 60, "progress_token": 7})
    assert sidecar.answer(waited)["status"]["state"] == "COMPLETED"
    steps = {"launch": [], 7: []}
    while len(steps["launch"]) < 2 or steps["launch"][-1]["kind"] != "end" or not steps[7] or steps[7][-1]["kind"] != "end":
        message = sidecar.others.get(timeout=10)
        assert message["method"] == "$/progress"
        steps[message["params"]["token"]].append(message["params"]["value"])
    for kinds in ([step["kind"] for step in each] for each in steps.values()):
        assert (kinds[0], kinds[-1], kinds.count("begin"), kinds.count("end")) == ("begin", "end", 1, 1)
    assert any("Pull" in step.get("message", "") for step in steps["launch"] + steps[7]), steps
    assert steps[7][-1]["message"] == "COMPLETED"


def test_what_is_rendered_is_what_is_sent(environment, engine, tmp_path):
    from gate import Gate
    call = {"function": "f", "action": "job", "uuid": "2" * 12 + "4" + "2" * 3 + "8" + "2" * 15, "secrets": ["TOKEN"],
            "args": ["-c", "echo $TOKEN"], "envs": [{"name": "A", "value": "b c"}], "run_as_user": 1000,
            "run_as_group": 1000, "fs_group": 2000, "resources": {"limits": {"memory": "64Mi"}, "requests": {"cpu": "250m"}},
            "volumes": [{"name": "data", "mountPath": "/data"}]}
    with Gate(tmp_path / "gate.sock", engine.host, "$nothing", before=False) as gate:
        with Sidecar({**environment, "DOCKER_HOST": gate.host, "CONTAINER_HOST": gate.host}) as process:
            process.call("setSecret", name="TOKEN", value="s3cret")
            process.function(command="sh", image_pull_policy="Always")
            rendered = process.call("renderRun", **call)
            run = process.wait(process.call("run", **call))
            assert run["status"]["state"] == "COMPLETED", run["status"]
            process.call("deleteRun", id=run["id"])
    wanted = [(each["method"], each["path"], each.get("body")) for each in rendered["calls"]]
    sent = [(method, path, body) for method, path, body in gate.requests()
            if method in ("POST", "PUT") and not path.split("?")[0].endswith(("/wait", "/stop"))]
    hidden = [(method, path, body and {**body, "Env": [entry.replace("s3cret", "<secret TOKEN>") for entry in body["Env"]]}
               if "/containers/create" in path else body) for method, path, body in sent]
    assert hidden == wanted
