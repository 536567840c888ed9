"""How a cell's parameter shows in what a DigitalHub Core is sent."""
import base64
from dataclasses import dataclass, field
from typing import Any

from cell_cases import case_of


@dataclass
class Sent:
    """The bodies of one function and one run, as Core got them, and what was asked for."""
    level: int
    function: dict
    run: dict
    params: dict

    @property
    def spec(self) -> dict:
        return self.run["spec"]

    @property
    def source(self) -> dict:
        return self.function["spec"]["source"]


@dataclass(frozen=True)
class CoreCase:
    look: Any = None
    params: dict = field(default_factory=dict)
    function: dict = field(default_factory=dict)


def carried(name: str) -> Any:
    return lambda sent: sent.spec[name] == sent.params[name]


def amounts(group: str, level_13: dict, later: dict) -> Any:
    return lambda sent: sent.spec["resources"] == (
        {name: {group: value} for name, value in level_13.items()} if sent.level == 13 else later)


def of_type(name: str) -> Any:
    return lambda sent: [volume["volume_type"] for volume in sent.spec["volumes"]] == [name]


REQUESTS = {"cpu": "250m", "mem": "16Mi"}
GIT = "git+https://example.org/team/app#main"

# Where the run's own spec does not carry the value as it was given.
CORE: dict[str, CoreCase] = {
    "project": CoreCase(lambda sent: sent.run["project"] == sent.params["project"]),
    "uuid": CoreCase(lambda sent: sent.run["id"].replace("-", "") == sent.params["uuid"]),
    "description": CoreCase(lambda sent: sent.run["metadata"]["description"] == "Says it"),
    "labels": CoreCase(lambda sent: sent.run["metadata"]["labels"] == ["demo"]),
    "image": CoreCase(carried("image"), {"image": "team/other:1"}),
    "base_image": CoreCase(carried("base_image"), {"base_image": "base:2"}),
    "args": CoreCase(carried("args"), {"args": ["a"]}),
    "code": CoreCase(lambda sent: base64.b64decode(sent.source["base64"]) == b"said by code"),
    "base64": CoreCase(lambda sent: base64.b64decode(sent.source["base64"]) == b"said by base64"),
    "code_src": CoreCase(lambda sent: sent.source["source"] == GIT, function={"code_src": GIT}),
    "handler": CoreCase(lambda sent: {"name": "DH_HANDLER", "value": "main:run"} in sent.spec["envs"]),
    "lang": CoreCase(lambda sent: sent.source["lang"] == "sh"),
    "resources requests": CoreCase(amounts("requests", REQUESTS, REQUESTS)),
    "resources limits": CoreCase(amounts("limits", {"mem": "64Mi"}, {})),
    "resources disk": CoreCase(lambda sent: sent.spec["resources"] == {"disk": "1Gi"}),
    "volumes short form": CoreCase(of_type("empty_dir")),
    **{f"volumes {kind}": CoreCase(of_type(kind)) for kind in (
        "persistent_volume_claim", "shared_volume", "empty_dir", "ephemeral", "host_path", "config_map", "secret")},
    "profile": CoreCase(carried("profile"), {"profile": "template-a100"}),
    "instructions": CoreCase(lambda sent: sent.spec["instructions"] == [
        "true" if sent.level == 13 else "RUN true"], {"instructions": ["true"]}),
    # Core pushes of itself; it is never told to.
    "push": CoreCase(lambda sent: "push" not in sent.spec),
}


def core_case(cell: dict) -> CoreCase:
    """The cell's case, with the values of this machine's where Core needs no other."""
    own = CORE.get(" ".join([cell["parameter"], *([cell["part"]] if "part" in cell else [])]), CoreCase())
    here = case_of(cell)
    return CoreCase(own.look or carried(cell["parameter"]), own.params or here.params,
                    own.function or {name: value for name, value in here.function.items() if name not in
                                     ("image", *here.params) and name == cell["parameter"]})
