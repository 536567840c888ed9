"""Between a form's schema and what ipywidgets-jsonschema can show: pure.

That library takes every member as one that must be there, and knows no text that may be missing, no number that may be
missing, and no object without members of its own. So what is optional is shown as a text or a choice that may be empty,
and what came back empty is left out.
"""
from __future__ import annotations

import json
from typing import Any

Schema = dict[str, Any]


def grouped(schema: Schema, hints: dict[str, Any]) -> Schema:
    """The schema to show: one object for each of the hints' groups, or the members themselves where there are none."""
    groups = groups_of(schema, hints)
    members = {name: shown(schema["properties"][name], name in schema.get("required", []), hints.get(name, {}))
               for group in groups for name in group["fields"]}
    if len(groups) == 1:
        return {"type": "object", "properties": members}
    return {"type": "object", "properties": {
        # A member more than one, or the library gives the group no frame.
        group["title"]: {"type": "object", "title": group["title"], "properties": {
            **{name: members[name] for name in group["fields"]}, "": {"type": "string", "const": ""}}}
        for group in groups}}


def groups_of(schema: Schema, hints: dict[str, Any]) -> list[dict[str, Any]]:
    order = [name for name in hints.get("ui:order", []) if name in schema["properties"]]
    fields = [*order, *(name for name in schema["properties"] if name not in order)]
    visible = [name for name in fields if hints.get(name, {}).get("ui:widget") != "hidden"]
    groups: list[dict[str, Any]] = hints.get("ui:groups") or [{"title": "", "fields": visible}]
    known = [name for group in groups for name in group["fields"]]
    others = [name for name in visible if name not in known]
    return [*groups, {"title": "Other", "fields": others}] if others else groups


def shown(schema: Schema, required: bool, hints: dict[str, Any]) -> Schema:
    """One member's schema to show; `x-widget` and `x-placeholder` are for `make_form`."""
    about = {name: schema[name] for name in ("title", "description") if name in schema}
    if required:
        about["title"] = f"{about.get('title', '')} *"
    if "ui:placeholder" in hints:
        about["x-placeholder"] = hints["ui:placeholder"]
    if "const" in schema:
        return {"type": "string", "const": schema["const"]}
    kind = schema.get("type")
    if "oneOf" in schema:
        return {**about, "oneOf": [{**shown(variant, True, hints), "title": variant["title"]}
                                   for variant in schema["oneOf"]]}
    if kind == "object" and "properties" in schema:
        needed = schema.get("required", [])
        members = {name: shown(member, name in needed, hints.get(name, {}))
                   for name, member in schema["properties"].items()}
        return {**about, "type": "object", "properties": members}
    if kind == "array" and has_widgets(schema["items"]):
        return {**about, "type": "array", "items": shown(schema["items"], True, hints.get("items", {}))}
    if kind in ("object", "array"):
        return {**about, "title": f"{about.get('title', '')} (JSON)", "type": "string",
                "pattern": r"[\s\S]*", "x-widget": "textarea"}
    if "enum" in schema:
        if required:
            return {**about, "type": "string", "enum": schema["enum"], "default": schema["enum"][0]}
        return {**about, "type": "string", "enum": ["", *filter(None, schema["enum"])], "default": ""}
    if kind == "boolean":
        return {**about, "type": "boolean"}
    if kind in ("integer", "number"):
        if required:
            return {**about, **{name: schema[name] for name in ("type", "minimum", "maximum") if name in schema},
                    "default": schema.get("examples", [schema.get("minimum", 0)])[0]}
        return {**about, "type": "string", "pattern": "[0-9]*" if kind == "integer" else "[-+0-9.eE]*"}
    # The library's own pattern would end a text at its first line. The sidecar's are the sidecar's to check.
    text = {**about, "type": "string", "pattern": r"[\s\S]*"}
    widget = hints.get("ui:widget")
    if widget in ("textarea", "password"):
        text["x-widget"] = widget
    return text


def has_widgets(schema: Schema) -> bool:
    """Whether it is more than an object of anything, which is written as JSON."""
    return "properties" in schema or schema.get("type") != "object"


def collected(data: dict[str, Any], schema: Schema, hints: dict[str, Any]) -> dict[str, Any]:
    """The params that the form's data stand for."""
    groups = groups_of(schema, hints)
    flat = data if len(groups) == 1 else {name: value for part in data.values() for name, value in part.items()}
    constants = {name: member["const"] for name, member in schema["properties"].items() if "const" in member}
    params: dict[str, Any] = value_of({**constants, **flat}, schema)
    return params


def value_of(shown_value: Any, schema: Schema) -> Any:
    """What the value of a widget stands for in the schema."""
    if "oneOf" in schema:
        return value_of(shown_value, variant_of(shown_value, schema))
    kind = schema.get("type")
    if kind == "object" and "properties" in schema:
        required = schema.get("required", [])
        members = {name: value_of(shown_value[name], member) for name, member in schema["properties"].items()
                   if name in shown_value}
        return {name: value for name, value in members.items() if name in required or not _is_left_empty(value)}
    if isinstance(shown_value, list):
        return [value_of(entry, schema["items"]) for entry in shown_value]
    if isinstance(shown_value, str) and kind != "string":
        # A number that may be missing, or JSON. What is neither is the sidecar's to refuse, by its name.
        try:
            return json.loads(shown_value) if shown_value.strip() else None
        except ValueError:
            return shown_value
    return shown_value


def _is_left_empty(value: Any) -> bool:
    return value is None or value is False or value in ("", [], {})


def variant_of(value: dict[str, Any], schema: Schema) -> Schema:
    for variant in schema["oneOf"]:
        constants = {name: member["const"] for name, member in variant["properties"].items() if "const" in member}
        if all(value.get(name) == constant for name, constant in constants.items()):
            return dict(variant)
    return dict(schema["oneOf"][0])


def spread(params: dict[str, Any], schema: Schema, hints: dict[str, Any]) -> dict[str, Any]:
    """The form's data for params: the inverse of `collected`."""
    groups = groups_of(schema, hints)
    flat = {name: shown_value_of(params[name], schema["properties"][name]) for name in params
            if "const" not in schema["properties"][name]}
    if len(groups) == 1:
        return flat
    return {group["title"]: {**{name: flat[name] for name in group["fields"] if name in flat}, "": ""}
            for group in groups}


def shown_value_of(value: Any, schema: Schema) -> Any:
    if "oneOf" in schema:
        return shown_value_of(value, variant_of(value, schema))
    kind = schema.get("type")
    if kind == "object" and "properties" in schema and isinstance(value, dict):
        required = schema.get("required", [])
        return {name: member if name in required and not isinstance(member, (dict, list))
                else shown_value_of(member, schema["properties"].get(name, {})) for name, member in value.items()}
    if kind == "array" and isinstance(value, list) and has_widgets(schema["items"]):
        return [shown_value_of(entry, schema["items"]) for entry in value]
    if isinstance(value, (bool, str)):
        return value
    return json.dumps(value, ensure_ascii=False)
