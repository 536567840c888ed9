"""Every cell of README.md's table (schema/cells.json): what is said to work has its effect in the engine, what warns
warns, and what is refused is refused before anything is made."""
import json
import os
import uuid

import pytest
from cell_cases import (
    CASES, FOLDER, IMAGE, PROJECT, REGISTRY, SETTINGS, STAY, TELL, TELL_IN_BUILD, Look, case_of, merged)
from conftest import engine_named
from core_cell_cases import CORE, Sent, core_case
from core_double import CoreDouble
from core_fixtures import PROJECT as CORE_PROJECT, connect
from sidecar import CallError, Sidecar, clean_environment

with open(os.path.join(os.path.dirname(__file__), "../../schema/cells.json")) as text:
    CELLS = json.load(text)["cells"]


def name_of(cell):
    names = [cell.get(name) for name in ("platform", "parameter", "part", "action")]
    return "-".join(filter(None, names)).replace(" ", "-")


def cells(platform):
    """Of a platform, or of all that begin so."""
    return [cell for cell in CELLS if cell["platform"].startswith(platform)]


def of_runs(platform, action, group):
    """The cells whose parameters one run can have together."""
    return [cell for cell in cells(platform) if cell["action"] == action and cell["outcome"] != "error"
            and case_of(cell).group == group]


class Place:
    """A sidecar with one engine, and its runs, each made when the first cell looks for it."""

    def __init__(self, engine, folder):
        self.engine = engine
        self.platform = f"local-{engine.name}"
        self.folder = folder
        (folder / "config/dh-sidecar").mkdir(parents=True)
        (folder / "config/dh-sidecar/config.yaml").write_text(SETTINGS)
        (folder / "source.txt").write_text("said by code_src")
        (folder / "data").mkdir()
        self.sidecar = Sidecar(clean_environment(
            DOCKER_HOST=engine.host, CONTAINER_HOST=engine.host, XDG_STATE_HOME=folder / "state",
            XDG_CONFIG_HOME=folder / "config"))
        self.sidecar.call("getOrCreateProject", name=PROJECT)
        self.sidecar.call("setSecret", project=PROJECT, name="API_TOKEN", value="s3cret")
        self.looks = {}

    def function(self, function):
        params = {"project": PROJECT, "name": "f", "kind": "container", "image": IMAGE, **function}
        return self.sidecar.call("createFunction", **self.placed(params))

    def placed(self, params):
        """With this test's folder."""
        return json.loads(json.dumps(params).replace(FOLDER, str(self.folder)))

    def params(self, function, action, group="main"):
        """Of a run that has nothing beside."""
        params = {"project": PROJECT, "function": function["id"], "action": action, "uuid": uuid.uuid4().hex}
        if group == "never":
            absent = "localhost/nowhere/absent:1"
            return {**params, **({"base_image": absent, "image": "localhost/cells:never"} if action == "build"
                                 else {"image": absent})}
        if action == "build":
            return {**params, "base_image": IMAGE, "image": f"{REGISTRY}/cells/{self.engine.name}:{params['uuid']}",
                    "instructions": [f"echo not from a cache: {params['uuid']}", *TELL_IN_BUILD]}
        return {**params, "image": IMAGE, "command": "sh", "args": ["-c", TELL + STAY[action]]}

    def look(self, action, group):
        if (action, group) not in self.looks:
            self.looks[action, group] = self.seen(action, group)
        return self.looks[action, group]

    def seen(self, action, group):
        cases = [case_of(cell) for cell in of_runs(self.platform, action, group)]
        function = self.function(merged({}, *(case.function for case in cases)))
        params = merged(self.params(function, action, group), *(case.params for case in cases),
                        *(case.build for case in cases if action == "build"))
        params = self.placed(params)
        run = self.sidecar.call("run", **params)
        warnings = run["status"].get("warnings", [])
        run = self.sidecar.call("waitRun", _timeout=150, project=PROJECT, id=run["id"], timeout_seconds=120)
        run["status"].setdefault("warnings", []).extend(warnings)
        if group != "never":
            assert run["status"]["state"] == ("COMPLETED" if action in ("job", "build") else "RUNNING"), run["status"]
        log = self.sidecar.call("getRunLogs", project=PROJECT, id=run["id"])
        rows = sorted(self.engine.containers(run), key=lambda row: row["Names"]) if action != "build" else []
        return Look(self.engine, self.sidecar, action, run, function, params,
                    [self.engine.get(f"/v1.41/containers/{row['Id']}/json") for row in rows],
                    [entry["text"] for entry in log["entries"]])

    def close(self):
        for run in self.sidecar.call("listRuns", project=PROJECT, limit=1000)["items"]:
            self.sidecar.call("deleteRun", project=PROJECT, id=run["id"])
        self.sidecar.close()


class Places:
    """By platform, each begun when the first cell asks."""

    def __init__(self, factory):
        self.factory = factory
        self.begun = {}

    def __getitem__(self, platform):
        if platform not in self.begun:
            self.begun[platform] = self.begin(platform)
        return self.begun[platform]

    def begin(self, platform):
        return Place(engine_named(platform.removeprefix("local-")), self.factory.mktemp(platform))

    def close(self):
        for place in self.begun.values():
            place.close()


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    places = Places(tmp_path_factory)
    yield places
    places.close()


def said(found, cell, below):
    """Whether a warning or a fault of the cell's code points to its parameter."""
    path = f"/{cell['parameter']}{below}/"
    pointers = [each["pointer"] + "/" for each in found if each.get("code", each.get("rule")) == cell["code"]]
    return any(pointer.startswith(path) or path.startswith(pointer) for pointer in pointers)


def refusal(sidecar, params):
    with pytest.raises(CallError) as error:
        sidecar.call("run", **params)
    return error.value.data["errors"]


@pytest.mark.parametrize("cell", cells("local"), ids=name_of)
def test_on_this_machine(places, cell):
    place = places[cell["platform"]]
    case = case_of(cell)
    if cell["action"] == "createFunction":
        made_as_asked(place.sidecar, PROJECT, cell)
    elif cell["outcome"] == "error":
        params = place.placed(merged(place.params(place.function({}), cell["action"]), case.params))
        assert said(refusal(place.sidecar, params), cell, case.below)
        assert place.engine.containers({"id": params["uuid"]}) == []
        with pytest.raises(CallError):
            place.sidecar.call("getRun", project=PROJECT, id=params["uuid"])
    else:
        look = place.look(cell["action"], case.group)
        warnings = look.run["status"]["warnings"]
        if cell["outcome"] == "warning":
            assert said(warnings, cell, case.below), warnings
        elif "part" not in cell:
            assert [each for each in warnings if each["pointer"].split("/")[1] == cell["parameter"]] == []
        if cell.get("code") != "no_effect":
            assert case.look(look), (look.output, look.containers, look.run)


def made_as_asked(sidecar, project, cell):
    """A function as createFunction makes it and getFunction shows it."""
    asked = {"project": project, "name": "g", "kind": "container", "image": IMAGE, "uuid": uuid.uuid4().hex,
             "description": "Says it", "labels": ["demo"], "embedded": True}
    sidecar.call("createFunction", **asked)
    shown = sidecar.call("getFunction", project=project, function=asked["uuid"])
    flat = {**shown["metadata"], **shown, "uuid": shown["id"]}
    assert cell["outcome"] == "works" and flat[cell["parameter"]] == asked[cell["parameter"]]


class Cores(Places):
    """A Core of each release line and a sidecar for it."""

    def begin(self, platform):
        double = CoreDouble(int(platform[-2:]))
        sidecar = connect(double, self.factory.mktemp(platform))
        sidecar.call("getOrCreateProject", name=CORE_PROJECT)
        sidecar.call("setSecret", project=CORE_PROJECT, name="API_TOKEN", value="s3cret")
        return double, sidecar

    def close(self):
        for double, sidecar in self.begun.values():
            sidecar.close()
            double.__exit__()


@pytest.fixture(scope="module")
def cores(tmp_path_factory):
    cores = Cores(tmp_path_factory)
    yield cores
    cores.close()


@pytest.mark.parametrize("cell", cells("core"), ids=name_of)
def test_on_core(cores, cell):
    double, sidecar = cores[cell["platform"]]
    case = core_case(cell)
    if cell["action"] == "createFunction":
        made_as_asked(sidecar, CORE_PROJECT, cell)
        return
    double.reset("requests")
    function = sidecar.call("createFunction", project=CORE_PROJECT, name="f", kind="container", **case.function)
    own = {"build": {"base_image": "base:1"}, "serve": {"image": "i:1", "service_ports": [{"port": 80}]}}
    params = {"project": CORE_PROJECT, "function": function["id"], "action": cell["action"], "uuid": uuid.uuid4().hex,
              **own.get(cell["action"], {"image": "i:1"}), **case.params}
    if cell["outcome"] == "error":
        assert said(refusal(sidecar, params), cell, case_of(cell).below)
        assert [line for line in double.asked() if line.startswith("POST") and "/functions" not in line] == []
        return
    run = sidecar.call("run", **params)
    warnings = run["status"].get("warnings", [])
    if cell["outcome"] == "warning":
        assert said(warnings, cell, case_of(cell).below), warnings
    else:
        path = f"/{cell['parameter']}"
        assert [each for each in warnings if each["pointer"].startswith(path) and "part" not in cell] == []
    sent = {kind: [row["json"] for row in double.requests() if row["method"] == "POST" and row["path"].endswith(kind)]
            for kind in ("/functions", "/runs")}
    if cell.get("code") != "no_effect":
        seen = Sent(double.level, sent["/functions"][-1], sent["/runs"][-1], params)
        assert case.look(seen), sent


def test_every_cell_has_a_case_and_every_case_a_cell():
    used = {" ".join([cell["parameter"], *([cell["part"]] if "part" in cell else [])]) for cell in CELLS}
    assert used == CASES.keys()
    assert {cell["platform"] for cell in CELLS} == {
        "local-podman", "local-docker", "core-0.13", "core-0.14", "core-0.15"}
    assert CORE.keys() <= CASES.keys()
    working = [cell for cell in cells("local") if cell["outcome"] == "works" and cell["action"] != "createFunction"]
    assert [name_of(cell) for cell in working if not case_of(cell).look] == []
