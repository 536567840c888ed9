"""The shapes of params and results, read from the schemas: named objects with fields."""
from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional, Union


@dataclass(frozen=True)
class Plain:
    """string, integer, number, boolean, null, any, or object (of anything)."""
    name: str


@dataclass(frozen=True)
class Constant:
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Listed:
    item: "Kind"


@dataclass(frozen=True)
class Mapped:
    item: "Kind"


@dataclass(frozen=True)
class Either:
    kinds: tuple["Kind", ...]


@dataclass(frozen=True)
class Named:
    name: str


Kind = Union[Plain, Constant, Listed, Mapped, Either, Named]


@dataclass
class Field:
    name: str
    kind: Kind
    required: bool
    text: str
    deprecated: bool = False


@dataclass
class Shape:
    """An object with fields; `bases` are shapes whose fields it has too."""
    name: str
    text: str
    fields: list[Field]
    bases: list[str] = field(default_factory=list)


@dataclass
class Alias:
    name: str
    text: str
    kind: Kind


@dataclass
class Method:
    name: str
    text: str
    params: Kind
    result: Kind


def pascal(name: str) -> str:
    words = re.findall(r"[A-Za-z0-9]+", name)
    return "".join(word[:1].upper() + word[1:] for word in words)


class Shapes:
    """All that the schemas describe, in the order in which they name it."""

    def __init__(self, root: Path) -> None:
        self.named: dict[str, Union[Shape, Alias]] = {}
        self.origins: dict[str, str] = {}
        self.methods: list[Method] = []
        folder = root / "schema"
        openrpc = json.loads((folder / "openrpc.json").read_text(encoding="utf-8"))
        results = json.loads((root / "clients/types/results.json").read_text(encoding="utf-8"))
        errors = json.loads((folder / "errors.json").read_text(encoding="utf-8"))["errors"]
        self.add(Alias("ErrorCode", "The names of errors.", Constant(tuple(error["code"] for error in errors))))
        for name, schema in results["$defs"].items():
            self.define(name, schema)
        for entry in openrpc["methods"]:
            name = entry["name"]
            if name not in results["results"]:
                raise SystemExit(f"clients/types/results.json has no result of {name}: say there what it looks like")
            schema = json.loads((folder / f"methods/{name}.schema.json").read_text(encoding="utf-8"))
            result = self.kind(results["results"][name], pascal(name) + "Result", "")
            self.methods.append(Method(name, entry["summary"], self.params(name, entry["summary"], schema), result))
        self.dataclasses: list[str] = results["dataclasses"]

    def add(self, shape: Union[Shape, Alias]) -> Named:
        self.named[shape.name] = shape
        return Named(shape.name)

    def define(self, name: str, schema: dict[str, Any]) -> None:
        text = schema.get("description", "")
        if "properties" in schema:
            bases = [base["$ref"].rpartition("/")[2] for base in schema.get("allOf", [])]
            self.add(Shape(name, text, self.fields(schema, name), bases))
        else:
            self.add(Alias(name, text, self.kind(schema, name, "")))

    def params(self, method: str, text: str, schema: dict[str, Any]) -> Kind:
        """The params of a method; those with a form for each action become one shape for each."""
        name = pascal(method)
        if "oneOf" not in schema:
            if method == "createFunction":
                return self.split(name + "Params", "FunctionOptions", text, schema, {"project", "name", "kind"})
            return self.add(Shape(name + "Params", text, self.fields(schema, "")))
        forms = []
        for form in schema["oneOf"]:
            action = form["properties"]["action"]["const"]
            own, said = f"{name}{pascal(action)}Params", f"{text} The action {action}."
            if method == "run":
                forms.append(self.split(own, pascal(action) + "Options", said, form, {"project", "function", "action"}))
            else:
                forms.append(self.add(Shape(own, said, self.fields(form, ""))))
        return self.add(Alias(name + "Params", text, Either(tuple(forms))))

    def split(self, name: str, options: str, text: str, schema: dict[str, Any], apart: set[str]) -> Named:
        """Two shapes: the options that a caller chooses, and the params with what names the entity besides."""
        fields = self.fields(schema, "")
        self.add(Shape(options, text, [field for field in fields if field.name not in apart]))
        return self.add(Shape(name, text, [field for field in fields if field.name in apart], [options]))

    def fields(self, schema: dict[str, Any], parent: str) -> list[Field]:
        required = set(schema.get("required", []))
        return [Field(name, self.kind(value, pascal(name), parent), name in required, value.get("description", ""),
                      value.get("deprecated", False)) for name, value in schema["properties"].items()]

    def kind(self, schema: dict[str, Any], hint: str, parent: str) -> Kind:
        if "$ref" in schema:
            return Named(schema["$ref"].rpartition("/")[2])
        if "const" in schema:
            return Constant((schema["const"],))
        if "enum" in schema:
            return Constant(tuple(schema["enum"]))
        if "oneOf" in schema or "anyOf" in schema:
            return self.either(schema.get("oneOf") or schema["anyOf"], hint, parent)
        types = schema.get("type", "any")
        if isinstance(types, list):
            return Either(tuple(self.kind({**schema, "type": one}, hint, parent) for one in types))
        if types == "array":
            return Listed(self.kind(schema.get("items", {}), re.sub("s$", "", hint), parent))
        if types == "object" and "properties" in schema:
            return self.nested(schema, parent + hint)
        if types == "object" and isinstance(schema.get("additionalProperties"), dict):
            return Mapped(self.kind(schema["additionalProperties"], hint, parent))
        return Plain(types)

    def either(self, forms: list[dict[str, Any]], hint: str, parent: str) -> Kind:
        objects = [form for form in forms if "properties" in form]
        kinds = []
        for form in forms:
            # Of several objects each is called by its title, which ends with what they all are.
            title = pascal(form.get("title", "").title()) if len(objects) > 1 else ""
            kinds.append(self.kind(form, title if title.endswith(hint) else title + hint, parent))
        kind = Either(tuple(dict.fromkeys(kinds)))
        if len(objects) > 1 and len(objects) == len(forms):
            return self.add(Alias(parent + hint, "", kind))
        return kind

    def nested(self, schema: dict[str, Any], name: str) -> Named:
        """A shape inside another; the same one under the same name where the schemas repeat it."""
        origin = json.dumps(schema, sort_keys=True)
        while name in self.named and self.origins.get(name) != origin:
            name += "Value"
        if name not in self.named:
            self.origins[name] = origin
            self.add(Shape(name, schema.get("description", ""), self.fields(schema, name)))
        return Named(name)


def single_line(text: Optional[str]) -> str:
    return " ".join((text or "").split())
