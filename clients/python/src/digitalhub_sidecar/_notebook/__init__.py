"""The IPython extension: `%load_ext digitalhub_sidecar`. Needs IPython; the forms need ipywidgets-jsonschema."""
from __future__ import annotations

from typing import Any


def load_ipython_extension(shell: Any) -> None:
    """Shows functions and runs as cards that follow what they show, and adds the magic `%%container`."""
    from .. import Function, Run
    from . import _container
    from ._live import display_run

    # Where a formatter like this is registered, it alone shows the object.
    formatter = shell.display_formatter.ipython_display_formatter
    formatter.for_type(Run, display_run)
    shell.display_formatter.formatters["text/plain"].for_type(Run, _plain)
    shell.display_formatter.formatters["text/plain"].for_type(Function, _plain)
    shell.register_magic_function(_container.container, "cell", "container")


def unload_ipython_extension(shell: Any) -> None:
    from .. import Function, Run

    shell.display_formatter.ipython_display_formatter.pop(Run, None)
    for kind in (Run, Function):
        shell.display_formatter.formatters["text/plain"].pop(kind, None)
    shell.magics_manager.magics["cell"].pop("container", None)


def _plain(entity: Any, printer: Any, cycle: bool) -> None:
    from ._card import card_of

    printer.text(repr(entity) if cycle else card_of(entity).text())
