"""What a type checker makes of the package: checked, not run. Each ignore is a demand, since unused ones are errors."""
from __future__ import annotations

from typing import Optional

import digitalhub_sidecar as dh


def good(function: dh.Function) -> Optional[str]:
    made: dh.Function = dh.new_function(name="f", kind="container", image="busybox", image_pull_policy="Never")
    run: dh.Run = function.run(action="serve", replicas=2, service_ports=[{"port": 8080, "targetPort": 8080}])
    function.run("job", args=["a"], volumes=[{"name": "data", "mountPath": "/data"}], wait=True).logs()
    made.run(action="build", instructions=["apt-get install -y git"], base_image="python:3.11-slim")
    state: str = run.refresh().wait(timeout=1).status.state
    return run.status.service.url if run.status.service else state


async def events(run: dh.Run) -> int:
    seqs = 0
    async for event in run.events():
        if event.type == "end":
            return event.seq
    for event in run.events(after="c"):
        seqs += event.seq
    return seqs


def bad(function: dh.Function, project: dh.Project) -> None:
    function.run(action="jog")  # type: ignore[call-overload]
    function.run(action="job", replicas=2)  # type: ignore[call-overload]
    function.run(action="serve", service_ports=[{"prot": 1}])  # type: ignore[call-overload]
    project.new_function(name="f", kind="container", project="p")  # type: ignore[call-arg]
    dh.new_function(name="f", kind="container", imag="busybox")  # type: ignore[call-arg]
    function.run(action="job").status.stat  # type: ignore[attr-defined]
