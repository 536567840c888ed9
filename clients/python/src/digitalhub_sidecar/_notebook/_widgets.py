"""The form of ipywidgets-jsonschema, with a masked text, a text of several lines, and placeholders."""
from __future__ import annotations

from typing import Any

import ipywidgets
from ipywidgets_jsonschema import Form

_TEXTS = {"password": ipywidgets.Password, "textarea": ipywidgets.Textarea}


class _HintedForm(Form):  # type: ignore[misc]
    def _construct_string(self, schema: dict[str, Any], label: Any = None, root: bool = False) -> Any:
        widget = _TEXTS.get(schema.get("x-widget", ""), ipywidgets.Text)(placeholder=schema.get("x-placeholder", ""))
        return self._construct_simple(schema, widget, label=label)


def make_form(schema: dict[str, Any]) -> Any:
    """Its members in the schema's order."""
    return _HintedForm(schema, sorter=list)
