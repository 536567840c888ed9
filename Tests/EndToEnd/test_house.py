"""The package's own rules: which target may import which."""
import json
import os
import re
import subprocess

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")

# Each target with those of ours that it may import; Model re-exports nothing, so what Model is made of comes along.
MAY_IMPORT = {
    "JSON": set(),
    "YAML": {"JSON", "CYAML"},
    "JSONRPC": {"JSON", "CLinux"},
    "Model": {"JSON"},
    "ParameterSchema": {"JSON", "Model"},
    "Platform": {"JSON", "Model"},
    "Settings": {"JSON", "Model", "YAML"},
    "HTTP": {"JSON"},
    "Sources": {"JSON", "Model", "HTTP", "CArchive"},
    "Build": {"JSON", "Model"},
    "Catalog": {"JSON", "Model", "CSQLite"},
    "EngineExecutor": {"JSON", "Model", "Platform", "HTTP", "Build", "Settings", "Sources"},
    "KubernetesExecutor": {"JSON", "Model", "Platform", "HTTP", "Build", "Settings", "Sources", "YAML"},
    "EmbeddedPlatform": {"JSON", "Model", "Platform", "Catalog", "Settings"},
    "CorePlatform": {"JSON", "Model", "Platform", "HTTP", "Build", "Sources", "Settings"},
    "Sidecar": {"JSON", "YAML", "Model", "Platform", "ParameterSchema", "JSONRPC", "Sources"},
    "CLinux": set(),
    "CSQLite": set(),
    "CYAML": set(),
    "CArchive": set(),
}


def targets():
    dump = subprocess.run(["swift", "package", "dump-package"], cwd=ROOT, capture_output=True, check=True).stdout
    return {target["name"]: {next(iter(each.values()))[0] for each in target["dependencies"] if "product" not in each}
            for target in json.loads(dump)["targets"] if target["type"] in ("regular", "system")
            and not (target.get("path") or "").startswith("Tests/")}


def test_targets_are_those_of_the_table():
    assert targets().keys() == MAY_IMPORT.keys()


def test_targets_depend_on_no_more_than_they_may():
    excess = {name: have - MAY_IMPORT.get(name, set()) for name, have in targets().items()}
    assert {name: more for name, more in excess.items() if more} == {}


def test_sources_import_no_more_than_their_target_declares():
    ours = set(MAY_IMPORT)
    wrong = []
    for folder, _, files in os.walk(os.path.join(ROOT, "Sources")):
        target = os.path.relpath(folder, os.path.join(ROOT, "Sources")).split(os.sep)[0]
        for file in files:
            if not file.endswith(".swift") or target not in MAY_IMPORT:
                continue
            with open(os.path.join(folder, file)) as source:
                imports = set(re.findall(r"^(?:\w+ )?import (\w+)", source.read(), re.M))
            wrong += [f"{target}/{file}: {name}" for name in (imports & ours) - MAY_IMPORT[target]]
    assert wrong == []
