"""Against the real binary and a real engine."""
from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
import uuid
from pathlib import Path

import pytest

import digitalhub_sidecar as dh


def test_a_job_and_its_log(shell: dh.Function) -> None:
    run = shell.run(action="job", args=["-c", "echo out; echo err >&2; exit 3"], wait=True)
    assert (run.status.state, run.status.exit_code) == ("ERROR", 3)
    assert {(entry.stream, entry.text) for entry in run.logs()} == {("stdout", "out"), ("stderr", "err")}
    assert run.refresh().status.transitions and run.status.transitions[-1].status == "CREATED"
    assert run in shell.list_runs(action="job") and run == shell._sidecar.get_run(run.key)


def test_unicode_and_binary_in_logs(shell: dh.Function) -> None:
    script = r"printf 'Grüße, 世界 🐳\n\000\001\033[31mred\n\377\376 bytes\n'"
    run = shell.run(action="job", args=["-c", script], wait=True)
    first, second, third = (entry.text for entry in run.logs())
    assert first == "Grüße, 世界 🐳"
    assert second == "\x00\x01\x1b[31mred"
    assert "\ufffd" in third and third.endswith(" bytes")


def test_a_log_of_20_MB(shell: dh.Function) -> None:
    line = "x" * 1023
    run = shell.run(action="job", args=["-c", f"yes {line} | head -n 20480"], wait=True)
    logs = run.logs()
    assert len(logs) == 20480 and {entry.text for entry in logs} == {line}
    assert len(run.logs(tail=5)) == 5


def test_1000_calls_at_once(shell: dh.Function) -> None:
    run = shell.run(action="job", args=["-c", "true"], wait=True)

    async def many() -> list[dict[str, object]]:
        sidecar = run._sidecar.asynchronous
        return await asyncio.gather(*(
            sidecar.call("getRun", {"project": run.project, "id": run.id}) for _ in range(1000)))
    assert {str(data["id"]) for data in asyncio.run(many())} == {run.id}


def test_events_in_a_thread_and_from_a_cursor(shell: dh.Function) -> None:
    run = shell.run(action="job", args=["-c", "for n in 1 2 3; do echo $n; sleep 0.1; done"])
    events = list(run.events())
    assert [event.text for event in events if isinstance(event, dh.LogEvent)] == ["1", "2", "3"]
    states = [event.state for event in events if isinstance(event, dh.StateEvent)]
    assert states[0] == "CREATED" and states[-2:] == ["RUNNING", "COMPLETED"]
    end = events[-1]
    assert isinstance(end, dh.EndEvent) and end.reason == "finished" and end.run is run
    assert run.status.state == "COMPLETED" and run.status.exit_code == 0
    middle = len(events) // 2
    again = list(run.events(after=events[middle].cursor))
    assert [event.seq for event in again] == [event.seq for event in events[middle + 1:]]
    assert not any(isinstance(event, dh.LogEvent) for event in run.events(logs=False))


def test_events_in_a_task_while_the_loop_goes_on(shell: dh.Function) -> None:
    async def main() -> tuple[list[str], int]:
        # As in a notebook: the synchronous face, inside a loop that runs.
        run = shell.run(action="job", args=["-c", "for n in 1 2 3; do echo $n; sleep 0.2; done"])
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0.01)
        ticking = asyncio.ensure_future(tick())
        lines = [event.text async for event in run.events() if isinstance(event, dh.LogEvent)]
        ticking.cancel()
        return lines, ticks
    lines, ticks = asyncio.run(main())
    assert lines == ["1", "2", "3"]
    assert ticks > 20


def test_events_that_are_given_up(shell: dh.Function) -> None:
    run = shell.run(action="deploy", args=["-c", "while true; do echo line; sleep 0.05; done"])
    try:
        with run.events() as events:
            for event in events:
                if isinstance(event, dh.LogEvent):
                    break
        assert list(events) == []
        # Dropped without close: told all the same, and calls go on.
        for event in run.events():
            if isinstance(event, dh.LogEvent):
                break

        async def main() -> str:
            async with run.events(after=event.cursor) as more:
                async for one in more:
                    return one.type
            return ""
        assert asyncio.run(main()) == "log"
        assert run.wait().status.state == "RUNNING"
    finally:
        run.delete()


def test_a_wait_that_times_out(shell: dh.Function) -> None:
    run = shell.run(action="job", args=["-c", "sleep 60"])
    assert run.wait(timeout=0.2).timed_out
    with pytest.raises(dh.CallTimeout) as caught:
        run._sidecar.call("waitRun", {"project": run.project, "id": run.id}, timeout=0.2)
    assert isinstance(caught.value, TimeoutError)
    run.delete()


def test_a_sidecar_that_is_killed(engine: str) -> None:
    sidecar = dh.Sidecar()
    function = sidecar.new_function(name="f", kind="container", image=engine, command="sh")
    run = function.run(action="job", args=["-c", "sleep 1; echo done"])
    threading.Timer(0.2, os.kill, (sidecar.pid, signal.SIGKILL)).start()
    with pytest.raises(dh.SidecarLost) as caught:
        run.wait()
    assert caught.value.signal == "SIGKILL" and "SIGKILL" in str(caught.value)
    sidecar.close()
    # The run lived on, and another sidecar finds it.
    with dh.Sidecar() as another:
        found = another.get_run(run.id).wait()
        assert found.status.state == "COMPLETED" and found.logs().text == "done\n"


def test_errors_name_the_fault(sidecar: dh.Sidecar) -> None:
    with pytest.raises(dh.CallError) as caught:
        sidecar.new_function(name="f", kind="container", imag="busybox")  # type: ignore[call-arg]
    assert caught.value.name == "invalid_params" and caught.value.errors[0]["pointer"] == "/imag"
    assert "image" in str(caught.value)
    project = sidecar.get_or_create_project("p")
    with pytest.raises(TypeError, match="project"):
        project.new_function(name="f", kind="container", project="q")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="project"):
        project.new_function(name="f", kind="container", image="b").run("job", project="q")  # type: ignore[call-arg]


def test_the_project_last_got_is_meant(sidecar: dh.Sidecar, engine: str) -> None:
    assert sidecar.new_function(name="f", kind="container", image=engine).project == "default"
    first, second = sidecar.get_or_create_project("first"), sidecar.get_or_create_project("second")
    assert sidecar.new_function(name="f", kind="container", image=engine).project == "second"
    assert sidecar.new_function(first, name="f", kind="container", image=engine).project == "first"
    assert second.new_function(name="f", kind="container", image=engine, description="again").project == "second"
    assert len(second.get_function_versions("f")) == 2 and len(second.list_functions()) == 1
    second.delete_function("f", delete_all_versions=True)
    assert second.list_functions() == []
    assert {project.name for project in sidecar.list_projects()} >= {"first", "second"}
    first.delete()
    second.delete()


def test_secrets(shell: dh.Function) -> None:
    sidecar = shell._sidecar
    secret = sidecar.new_secret(name="TOKEN", secret_value="s3cret")
    secret.set_secret_value("another")
    assert [one.name for one in sidecar.list_secrets()] == ["TOKEN"] and sidecar.get_secret("TOKEN") == secret
    run = shell.run(action="job", secrets=["TOKEN"], args=["-c", "echo $TOKEN"], wait=True)
    assert run.logs().text == "another\n"
    secret.delete()
    assert sidecar.list_secrets() == []


def test_a_function_is_changed_and_rendered(shell: dh.Function) -> None:
    assert shell.update(description="the shell").metadata.description == "the shell"
    assert shell.refresh().metadata.description == "the shell"
    rendered = shell.render(action="job", args=["-c", "true"])
    assert rendered["platform"] == "local" and rendered["calls"]


def test_progress(sidecar: dh.Sidecar, shell: dh.Function) -> None:
    told: list[dict[str, object]] = []
    run = shell.run(action="job", args=["-c", "sleep 0.2"])
    sidecar.call("waitRun", {"project": run.project, "id": run.id}, on_progress=told.append)
    assert told and {str(value["kind"]) for value in told} <= {"begin", "report", "end"}


def test_closing_is_quick_with_a_wait_under_way(shell: dh.Function) -> None:
    run = shell.run(action="job", args=["-c", "sleep 60"])
    failed: list[BaseException] = []

    def wait() -> None:
        try:
            run.wait()
        except dh.SidecarClosed as error:
            failed.append(error)
    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.2)
    begin = time.monotonic()
    shell._sidecar.close()
    thread.join(5)
    assert failed and time.monotonic() - begin < 2
    with dh.Sidecar() as another:
        another.get_run(run.id).delete()


def test_a_file_is_applied(sidecar: dh.Sidecar, engine: str, tmp_path: Path) -> None:
    file = tmp_path / "hello.container.yaml"
    text = (f"function: {{name: filed, kind: container, image: \"{engine}\", command: sh}}\n"
            "runs: {once: {action: job, args: [-c, echo from a file]}}\n")
    file.write_text(text)
    # A run of a file has the same id in every catalog, so on one engine it needs a project of its own each time.
    of_the_file, last_got = (sidecar.get_or_create_project(f"{name}-{uuid.uuid4().hex}").name for name in "ab")
    applied = sidecar.apply(file)
    assert applied.function.project == last_got and list(applied.runs) == ["once"]
    assert applied.runs["once"].wait().logs().text == "from a file\n"
    again = sidecar.apply(text=text)
    assert (again.function, again.runs) == (applied.function, applied.runs)
    # The project that the file names wins, one that the call names has to agree.
    assert sidecar.apply(text=f"project: {of_the_file}\n{text}").function.project == of_the_file
    with pytest.raises(dh.CallError, match="/project"):
        sidecar.apply(text=f"project: {of_the_file}\n{text}", project=last_got)
