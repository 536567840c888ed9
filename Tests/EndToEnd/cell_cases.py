"""One value for each cell's parameter, and how its effect shows in a container engine.

The cases of one group go into one run, which all of them are looked for in: what excludes one another is in groups of
its own. A case without a look has no effect that it could show: its cells are warnings and errors.
"""
import base64
import json
import os
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from typing import Any, Callable

from sidecar import CallError

IMAGE = os.environ.get("DH_TEST_IMAGE", "busybox:test")
REGISTRY = os.environ.get("DH_TEST_REGISTRY", "localhost:5000")
PROJECT = "cells"
# What a container says of itself; each way of staying up follows it.
TELL = """echo id=$(id -u):$(id -g) groups=$(id -G); env
for file in /shared/*; do echo "$file: $(cat $file)"; done
for folder in /v/*; do echo here > $folder/probe && echo "wrote $folder"; done
[ -w /www ] && echo ok > /www/index.html
"""
STAY = {"job": "true", "serve": "exec httpd -f -p 8080 -h /www", "deploy": "while :; do sleep 1; done"}
SETTINGS = "local: {allow_host_paths: true}\nprofiles: {small: {resources: {limits: {cpu: 750m}}}}\n"
# Stands for a folder of the test's own.
FOLDER = "/where/the/test/has/its/files"


@dataclass
class Look:
    """All that can be seen of one run."""
    engine: Any
    sidecar: Any
    action: str
    run: dict
    function: dict
    params: dict
    containers: list[dict] = field(default_factory=list)
    output: list[str] = field(default_factory=list)

    @property
    def host(self) -> dict:
        return self.containers[0]["HostConfig"]

    @property
    def config(self) -> dict:
        return self.containers[0]["Config"]

    def mount(self, path: str) -> dict:
        return next(mount for mount in self.containers[0]["Mounts"] if mount["Destination"] == path)

    def built(self) -> dict:
        """What the engine knows of the image that a build made."""
        return self.engine.get(f"/v1.41/images/{urllib.parse.quote(self.run['status']['image'], safe='')}/json")

    def rendered(self) -> str:
        params = {name: value for name, value in self.params.items() if name != "uuid"}
        return urllib.parse.unquote(json.dumps(self.sidecar.call("renderRun", **params)["calls"]))

    def says(self, text: str) -> bool:
        return any(text in line for line in self.output)


@dataclass(frozen=True)
class Case:
    look: Callable[[Look], Any] | None = None
    params: dict = field(default_factory=dict)
    # Of its function.
    function: dict = field(default_factory=dict)
    # What else a build has to say for it.
    build: dict = field(default_factory=dict)
    group: str = "main"
    # Where its warnings and faults point to, below "/PARAMETER".
    below: str = ""


def volume(part: str, **spec: Any) -> dict:
    path = part.replace(" ", "-")
    entry = {"name": f"cells-{path}", "mount_path": f"/v/{path}"}
    return {"volumes": [entry if part == "short form" else {"volume_type": part, **entry, **spec}]}


def named(name: str) -> Callable[[Look], bool]:
    """A volume of that name, written to by the program; in both `{run}` is the run's id."""
    def look(seen: Look) -> bool:
        path = "/v/" + name.split("cells-")[-1] if "cells-" in name else "/v/shared_volume"
        mount = seen.mount(path)
        return mount["Type"] == "volume" and mount["Name"] == name.format(run=seen.run["id"]) and \
            seen.says(f"wrote {path}")
    return look


def is_pushed(seen: Look) -> bool:
    name, tag = seen.params["image"].removeprefix(REGISTRY + "/").split(":")
    with urllib.request.urlopen(f"http://{REGISTRY}/v2/{name}/tags/list", timeout=10) as answer:
        return tag in json.loads(answer.read())["tags"]


def answers(seen: Look) -> bool:
    urls = seen.run["status"]["service"]["urls"]
    for url in urls:
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert answer.status == 200
    return bool(urls)


def has_alias(name: str) -> Callable[[Look], bool]:
    return lambda seen: name in seen.containers[0]["NetworkSettings"]["Networks"]["dh-cells"]["Aliases"]


def has_source(text: str) -> Callable[[Look], bool]:
    return lambda seen: seen.says(text)


def limited(seen: Look) -> bool:
    if seen.action == "build":
        return f"memory={64 << 20}&" in seen.rendered()
    return seen.host["Memory"] == 64 << 20


def is_profiled(seen: Look) -> bool:
    if seen.action == "build":
        return "cpuquota=75000" in seen.rendered()
    return seen.host["NanoCpus"] == 750_000_000


def requested(seen: Look) -> bool:
    if seen.action == "build":
        return "cpushares=256" in seen.rendered()
    return seen.host["CpuShares"] == 256 and seen.host["MemoryReservation"] == 16 << 20


def is_gone_in_time(seen: Look) -> bool:
    run = {"project": PROJECT, "id": seen.run["id"]}
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            seen.sidecar.call("getRun", **run)
        except CallError as error:
            return error.data["code"] == "run_not_found"
        time.sleep(0.1)
    return False


def is_named(seen: Look) -> bool:
    if seen.action == "build":
        return seen.params["image"] in seen.built()["RepoTags"]
    return IMAGE in (seen.config["Image"], seen.containers[0].get("ImageName"))


# By parameter, or parameter and part.
CASES: dict[str, Case] = {
    "project": Case(lambda seen: seen.run["project"] == PROJECT and (
        seen.action == "build" or seen.config["Labels"]["io.dh-sidecar.project"] == PROJECT)),
    "uuid": Case(lambda seen: seen.run["id"] == seen.params["uuid"] and (
        seen.action == "build" or seen.params["uuid"] in seen.containers[0]["Name"])),
    "description": Case(lambda seen: seen.run["metadata"]["description"] == "Says it", {"description": "Says it"}),
    "labels": Case(lambda seen: seen.run["metadata"]["labels"] == ["demo"], {"labels": ["demo"]}),
    "image": Case(is_named, function={"image": "localhost/none:1"}),
    "base_image": Case(lambda seen: seen.says("built from busybox"), {"base_image": IMAGE}),
    "image_pull_policy": Case(
        lambda seen: seen.run["status"]["state"] == "ERROR" and seen.run["status"]["reason"] == "ImageNeverPull",
        {"image_pull_policy": "Never"}, group="never"),
    "command": Case(lambda seen: (seen.config["Entrypoint"] in (["sh"], "sh")) and seen.says("id="), {"command": "sh"},
                    {"command": "false"}),
    "code": Case(has_source("said by code"), function={"code": "said by code"}),
    "lang": Case(has_source("/shared/main.sh"), function={"lang": "sh"}),
    "base64": Case(has_source("said by base64"), group="base64",
                   function={"base64": base64.b64encode(b"said by base64").decode()}),
    "code_src": Case(has_source("said by code_src"), group="code_src", function={"code_src": FOLDER + "/source.txt"}),
    "handler": Case(has_source("DH_HANDLER=main:run"), function={"handler": "main:run"}),
    "args": Case(lambda seen: seen.config["Cmd"] == seen.params["args"] and seen.says("id="),
                 {"args": []}),
    "envs": Case(lambda seen: seen.built()["Config"]["Labels"]["foo"] == "bar" if seen.action == "build"
                 else seen.says("FOO=bar"), {"envs": [{"name": "FOO", "value": "bar"}]}),
    "secrets": Case(lambda seen: seen.says("the secret is there" if seen.action == "build" else "API_TOKEN=s3cret"),
                    {"secrets": ["API_TOKEN"]}, build={"instructions": [
                        'RUN --mount=type=secret,id=API_TOKEN test "$(cat /run/secrets/API_TOKEN)" = s3cret && '
                        "echo the secret is there"]}),
    "resources requests": Case(requested, {"resources": {"requests": {"cpu": "250m", "memory": "16Mi"}}},
                               below="/requests"),
    "resources limits": Case(limited, {"resources": {"limits": {"memory": "64Mi"}}}, below="/limits"),
    "resources disk": Case(lambda seen: seen.mount("/shared")["Name"] == f"dh-{seen.run['id']}-disk",
                           {"resources": {"disk": "1Gi"}}, group="code_src", below="/disk"),
    "volumes short form": Case(named("dh-cells-cells-short-form"), volume("short form")),
    "volumes persistent_volume_claim": Case(named("dh-cells-cells-persistent_volume_claim"),
                                            volume("persistent_volume_claim")),
    "volumes shared_volume": Case(named("datasets"), volume("shared_volume", spec={"claim_name": "datasets"})),
    "volumes empty_dir": Case(named("dh-{run}-cells-empty_dir"), volume("empty_dir")),
    "volumes ephemeral": Case(named("dh-{run}-cells-ephemeral"), volume("ephemeral")),
    "volumes host_path": Case(lambda seen: seen.mount("/v/host_path")["Type"] == "bind" and os.path.exists(
        seen.mount("/v/host_path")["Source"] + "/probe"), volume("host_path", spec={"path": FOLDER + "/data"})),
    "volumes config_map": Case(params=volume("config_map", spec={"name": "x"})),
    "volumes secret": Case(params=volume("secret", spec={"name": "x"})),
    "node_selector": Case(params={"node_selector": [{"key": "disktype", "value": "ssd"}]}),
    "affinity": Case(params={"affinity": {"nodeAffinity": {}}}),
    "tolerations": Case(params={"tolerations": [{"key": "gpu", "operator": "Exists"}]}),
    "runtime_class": Case(params={"runtime_class": "gvisor"}),
    "priority_class": Case(params={"priority_class": "high"}),
    "profile": Case(is_profiled, {"profile": "small"}, group="base64"),
    "run_as_user": Case(has_source("id=1000:"), {"run_as_user": 1000}, group="code_src"),
    "run_as_group": Case(has_source(":1001 groups="), {"run_as_group": 1001},
                         group="code_src"),
    "fs_group": Case(lambda seen: any("groups=" in line and "2000" in line for line in seen.output), {"fs_group": 2000},
                     group="base64"),
    "replicas": Case(lambda seen: len(seen.containers) == 2, {"replicas": 2}),
    "service_ports": Case(answers, {"service_ports": [{"port": 8080, "target_port": 8080}]}),
    "service_type": Case(lambda seen: seen.run["status"]["service"]["type"] == "NodePort" and all(
        port["node_port"] >= 30000 for port in seen.run["status"]["service"]["ports"]), {"service_type": "NodePort"}),
    "service_name": Case(has_alias("f-api"), {"service_name": "api"}),
    "instructions": Case(has_source("built from busybox"), {"instructions": []}),
    "push": Case(is_pushed, {"push": True}),
    "ttl_seconds": Case(is_gone_in_time, {"ttl_seconds": 3}, group="never"),
    # Of a function alone.
    "name": Case(function={"name": "g"}), "kind": Case(function={"kind": "container"}),
    "embedded": Case(function={"embedded": True}),
}

# What a build says of itself.
TELL_IN_BUILD = ["ARG FOO", "LABEL foo=$FOO", "test -x /bin/busybox && echo built from busybox",
                 "for file in /shared/*; do echo \"$file: $(cat $file)\"; done"]


def case_of(cell: dict) -> Case:
    """Throws KeyError for a cell that nobody has written a case for."""
    return CASES[" ".join([cell["parameter"], *([cell["part"]] if "part" in cell else [])])]


def merged(*values: Any) -> Any:
    """Objects member by member, lists one behind the other; else the last."""
    result = values[0]
    for value in values[1:]:
        if isinstance(result, dict) and isinstance(value, dict):
            both = {name: merged(result[name], value[name]) for name in result.keys() & value.keys()}
            result = {**result, **value, **both}
        elif isinstance(result, list) and isinstance(value, list):
            result = result + [each for each in value if each not in result]
        else:
            result = value
    return result
