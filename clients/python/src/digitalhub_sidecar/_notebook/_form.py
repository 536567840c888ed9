"""`form("run", action="serve")`: widgets made from the sidecar's schema by ipywidgets-jsonschema."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

from .._errors import CallError, MisuseError
from .._function import Function
from .._run import Run
from ._card import card_of
from ._form_schema import collected, grouped, spread
from ._live import Follower

if TYPE_CHECKING:
    from .._sidecar import Sidecar


def form(method: str, /, *, sidecar: Optional[Sidecar] = None, **values: Any) -> Form:
    """A form for a call: `form("createFunction")`, `form("run", action="serve", function=my_function)`.

    `values` are filled in already. The last expression of a cell shows it; its button makes the call.
    """
    if sidecar is None:
        from .._default import default

        sidecar = default()
    return Form(sidecar, method, {name: _plain(value) for name, value in values.items()})


def _plain(value: Any) -> Any:
    return value.key if isinstance(value, Function) else value


class Form:
    """The widgets of a call. `params` are what is filled in, `submit()` is what the button does, `result` what came of
    it: a Run, a Function, or the answer's JSON."""

    def __init__(self, sidecar: Sidecar, method: str, values: dict[str, Any]) -> None:
        self._sidecar = sidecar
        self.method = method
        self.result: Any = None
        name = _schema_name(method, values)
        self._schema = sidecar.call("getSchema", {"name": f"forms/{name}"})
        self._hints = sidecar.call("getSchema", {"name": f"ui/react-jsonschema-form/{name}"})
        unknown = [name for name in values if name not in self._schema["properties"]]
        if unknown:
            raise TypeError(f"{self._schema['title']} has no {', '.join(map(repr, unknown))}; it has "
                            f"{', '.join(self._schema['properties'])}")
        self._make_widgets(values)

    def _make_widgets(self, values: dict[str, Any]) -> None:
        try:
            import ipywidgets

            from ._widgets import make_form
        except ImportError as error:
            raise MisuseError(f"Forms need ipywidgets-jsonschema ({error}): pip install ipywidgets-jsonschema, then "
                              "restart the kernel.") from error
        self._form = make_form(grouped(self._schema, self._hints))
        self._form.data = spread(values, self._schema, self._hints)
        self._button = ipywidgets.Button(description=self._schema.get("title", self.method).split(",")[0],
                                         button_style="primary", icon="play")
        self._button.on_click(self._clicked)
        self._answer = ipywidgets.HTML()
        box = self._form.widget
        open_groups(box, self._hints)
        self.widget = ipywidgets.VBox([box, self._button, self._answer])

    @property
    def params(self) -> dict[str, Any]:
        """What is filled in. What was left empty is absent."""
        params: dict[str, Any] = collected(self._form.data, self._schema, self._hints)
        return params

    def submit(self) -> Any:
        """Makes the call with what is filled in, and shows what comes of it below the form."""
        self.result = None
        answer = self._sidecar.call(self.method, self.params)
        if self.method == "run":
            self.result = self._sidecar._run(answer)
            Follower(self.result, lambda card: self._show(card.html())).start()
        elif self.method == "createFunction":
            self.result = self._sidecar._function(answer)
            self._show(card_of(self.result).html())
        else:
            self.result = answer
            self._show("Done.")
        return self.result

    def _clicked(self, _: Any) -> None:
        from html import escape

        self._button.disabled = True
        try:
            self.submit()
        except CallError as error:
            self._show(f'<pre style="color:#c0392b;white-space:pre-wrap">{escape(str(error))}</pre>')
        except Exception as error:  # What the widgets say of a field that does not fit.
            self._show(f'<pre style="color:#c0392b;white-space:pre-wrap">{escape(first_line(error))}</pre>')
        finally:
            self._button.disabled = False

    def _show(self, html: str) -> None:
        self._answer.value = html

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return self.widget._repr_mimebundle_(include=include, exclude=exclude)

    def __repr__(self) -> str:
        return f"Form(method={self.method!r}, params={list(self._schema['properties'])})"


def first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0] or type(error).__name__


def _schema_name(method: str, values: dict[str, Any]) -> str:
    if method == "createFunction":
        return "function"
    if method not in ("run", "renderRun"):
        return f"methods/{method}"
    if "action" not in values:
        raise TypeError(f"form({method!r}) needs the action, such as action=\"serve\"")
    return f"run.{values['action']}"


def open_groups(box: Any, hints: dict[str, Any]) -> None:
    """The groups that everybody needs are unfolded."""
    for group, accordion in zip(hints.get("ui:groups", []), box.children):
        if not group["collapsed"] and hasattr(accordion, "selected_index"):
            accordion.selected_index = 0


__all__ = ["Form", "Run", "form"]
