"""What clients/types/results.json says of results, held against what the binary answers."""
from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any, Iterator

import digitalhub_sidecar as dh

RESULTS = json.loads((Path(__file__).resolve().parents[2] / "types/results.json").read_text(encoding="utf-8"))
TYPES: dict[str, Any] = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "object": dict,
                         "array": list, "null": type(None)}


def faults(value: Any, schema: dict[str, Any], where: str = "") -> Iterator[str]:
    """Of as much of JSON Schema as the file uses."""
    if "$ref" in schema:
        yield from faults(value, RESULTS["$defs"][schema["$ref"].rpartition("/")[2]], where)
        return
    for part in schema.get("allOf", []):
        yield from faults(value, part, where)
    if "oneOf" in schema and sum(not list(faults(value, one)) for one in schema["oneOf"]) != 1:
        yield f"{where}: {value} is none of {len(schema['oneOf'])}"
    if "const" in schema and value != schema["const"] or "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is not {schema.get('const', schema.get('enum'))!r}"
    types = schema.get("type", list(TYPES))
    kinds = tuple(TYPES[one] for one in ([types] if isinstance(types, str) else types))
    if not isinstance(value, sum(((kind,) if isinstance(kind, type) else kind for kind in kinds), ())):
        yield f"{where}: {value!r} is no {types}"
    elif isinstance(value, dict):
        yield from (f"{where}/{name} is missing" for name in schema.get("required", []) if name not in value)
        for name, member in schema.get("properties", {}).items():
            if name in value:
                yield from faults(value[name], member, f"{where}/{name}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from faults(item, schema.get("items", {}), f"{where}/{number}")


def test_the_results(sidecar: dh.Sidecar, engine: str) -> None:
    asked = set()

    def call(method: str, params: Any = None, **more: Any) -> Any:
        asked.add(method)
        result = sidecar.call(method, {**(params or {}), **more})
        assert not list(faults(result, RESULTS["results"][method], method))
        return result
    # A run of a file has the same id in every catalog, so on one engine it needs a project of its own each time.
    name = uuid.uuid4().hex
    call("getOrCreateProject", name=name)
    p = {"project": name}
    function = call("createFunction", **p, name="f", kind="container", image=engine, command="sh", description="d")
    call("setSecret", **p, name="TOKEN", value="v")
    job = call("run", **p, function="f", action="job", args=["-c", "echo a; exit 1"], secrets=["TOKEN"])
    call("waitRun", **p, id=job["id"])
    serve = call("run", **p, function="f", action="deploy", args=["-c", "sleep 100"])
    call("waitRun", **p, id=serve["id"])
    for run in (job, serve):
        call("getRun", **p, id=run["id"])
        call("getRunLogs", **p, id=run["id"])
    events = sidecar.subscribe(**p, id=job["id"])
    for event in events:
        assert not list(faults(event, RESULTS["$defs"]["RunEvent"]))
    subscription = call("subscribeRun", **p, id=serve["id"])
    call("unsubscribe", subscription=subscription["subscription"])
    call("renderRun", **p, function="f", action="job")
    call("validate", {"method": "getRun", "params": {"ident": 1}})
    call("apply", **p, text=f'function: {{name: g, kind: container, image: "{engine}"}}\nruns: {{a: {{action: job}}}}')
    task = call("listTasks", **p)["items"][0]
    call("getTask", **p, id=task["id"])
    call("getFunction", **p, function=function["key"])
    call("updateFunction", **p, function="f", description="e")
    for method in ("listProjects", "getCapabilities", "rpc.discover", "initialize", "listProfiles"):
        call(method)
    for method in ("listFunctions", "listRuns", "listSecrets"):
        call(method, **p)
    call("getProject", name=name)
    call("getSchema", name="function")
    call("stopRun", **p, id=serve["id"], grace_seconds=0)
    call("resumeRun", **p, id=serve["id"])
    call("deleteRun", **p, id=serve["id"])
    call("deleteSecret", **p, name="TOKEN")
    call("deleteFunction", **p, function="f", cascade=True)
    call("deleteProject", name=name, cascade=True)
    # Which this platform does not have.
    assert set(RESULTS["results"]) - asked == {"getMetrics"}
