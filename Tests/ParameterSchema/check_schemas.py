#!/usr/bin/env python3
"""check_schemas.py [BINARY]: an independent validator's word on schema/.

Checks every schema against its metaschema (2020-12 and draft-07), the examples in it against their places, and every
example under schema/examples against the schema that it names: valid ones must pass, invalid ones that are structural must fail, the others must pass. With the
product's binary, its `validate` must say the same, and name the expected pointer. Needs python3-jsonschema.
"""
import json
import subprocess
import sys
from pathlib import Path

from jsonschema import Draft202012Validator, Draft7Validator

ROOT = Path(__file__).resolve().parents[2] / "schema"
failures = []
counts = {"schemas": 0, "inner examples": 0, "examples": 0, "verdicts": 0}


def expect(condition, message):
    if not condition:
        failures.append(message)


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def validator_for(path):
    schema = load(path)
    kind = Draft7Validator if "draft-07" in schema["$schema"] else Draft202012Validator
    kind.check_schema(schema)
    return kind(schema)


def check_inner_examples(kind, schema, where):
    """The `examples` of every subschema are what the subschema accepts."""
    if isinstance(schema, dict):
        shown = schema.get("examples")
        for value in shown if isinstance(shown, list) else []:
            counts["inner examples"] += 1
            errors = list(kind(schema).iter_errors(value))
            expect(not errors, f"{where}: its own example {value!r} is refused: {errors[:1]}")
        for name, member in schema.items():
            if name not in ("examples", "default", "const", "enum") or isinstance(member, dict):
                check_inner_examples(kind, member, f"{where}/{name}")
    elif isinstance(schema, list):
        for member in schema:
            check_inner_examples(kind, member, where)


def product_errors(binary, example):
    """The product's faults, by pointer."""
    name, params = example["schema"], example["params"]
    method = {"function": "createFunction", "container-file": "apply"}.get(name, "run")
    if method == "apply":
        params = {"text": json.dumps(params)}
    call = json.dumps({"method": method, "params": params})
    done = subprocess.run([binary, "call", "validate", call], capture_output=True, text=True, timeout=30)
    try:
        verdict = json.loads(done.stdout)
    except ValueError:
        return None, done.stderr or done.stdout
    return verdict["valid"], [error["pointer"] for error in verdict["errors"]]


def main():
    binary = sys.argv[1] if len(sys.argv) > 1 else None
    for path in sorted(ROOT.glob("**/*.schema.json")):
        try:
            validator = validator_for(path)
            counts["schemas"] += 1
            check_inner_examples(type(validator), validator.schema, path.relative_to(ROOT))
        except Exception as error:
            failures.append(f"{path.relative_to(ROOT)}: {error}")
    expect(counts["schemas"] > 0, "no schemas found")
    for path in sorted(ROOT.glob("examples/*/*.json")):
        example = load(path)
        is_valid = path.parent.name == "valid"
        passes = is_valid or not example["structural"]
        for folder in "", "draft-07/":
            errors = list(validator_for(ROOT / f"{folder}{example['schema']}.schema.json").iter_errors(example["params"]))
            where = f"{path.name} against {folder}{example['schema']}"
            expect(not errors if passes else errors, f"{where}: {'refused' if passes else 'accepted'} {errors[:1]}")
            counts["examples"] += 1
        if binary:
            valid, pointers = product_errors(binary, example)
            expect(valid == is_valid, f"{path.name}: the product says {valid}, {pointers}")
            if valid is False and not is_valid:
                expect(example["pointer"] in pointers, f"{path.name}: {example['pointer']} is not in {pointers}")
            counts["verdicts"] += 1
    print(*failures, sep="\n", end="\n" if failures else "")
    print(", ".join(f"{number} {name}" for name, number in counts.items()), f"- {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
