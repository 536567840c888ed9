"""Container functions on this machine, on Kubernetes, or on DigitalHub Core, through dh-sidecar.

    import digitalhub_sidecar as dh

    project = dh.get_or_create_project("my-project")
    function = project.new_function(name="hello", kind="container", image="hello-world")
    run = function.run(action="job", wait=True)
    print(run.status.state, run.logs().text)

The names are those of the official SDK. `Sidecar` and `AsyncSidecar` are the process itself, with every method of it.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from ._default import close, configure, default
    from ._entities import LogEntry, LogEvent, RunStatus, StateEvent
    from ._errors import (CallError, CallTimeout, IncompatibleSidecar, MisuseError, SidecarClosed, SidecarError,
                          SidecarLost, SidecarNotFound)
    from ._events import Events
    from ._function import Function
    from ._notebook import load_ipython_extension, unload_ipython_extension
    from ._notebook._form import Form, form
    from ._project import Project
    from ._run import EndEvent, Logs, Run, RunEvent
    from ._secret import Secret
    from ._sidecar import AsyncSidecar, Sidecar

    apply = Sidecar().apply
    call = Sidecar().call
    delete_function = Sidecar().delete_function
    delete_project = Sidecar().delete_project
    delete_run = Sidecar().delete_run
    delete_secret = Sidecar().delete_secret
    get_function = Sidecar().get_function
    get_function_versions = Sidecar().get_function_versions
    get_or_create_project = Sidecar().get_or_create_project
    get_project = Sidecar().get_project
    get_run = Sidecar().get_run
    get_secret = Sidecar().get_secret
    list_functions = Sidecar().list_functions
    list_projects = Sidecar().list_projects
    list_runs = Sidecar().list_runs
    list_secrets = Sidecar().list_secrets
    new_function = Sidecar().new_function
    new_project = Sidecar().new_project
    new_secret = Sidecar().new_secret
    validate = Sidecar().validate

# Imported when first used, so that `import digitalhub_sidecar` costs next to nothing.
_HOMES = {
    "_default": ("close", "configure", "default"),
    "_entities": ("LogEntry", "LogEvent", "RunStatus", "StateEvent"),
    "_errors": ("CallError", "CallTimeout", "IncompatibleSidecar", "MisuseError", "SidecarClosed", "SidecarError",
                "SidecarLost", "SidecarNotFound"),
    "_events": ("Events",),
    "_function": ("Function",),
    "_notebook": ("load_ipython_extension", "unload_ipython_extension"),
    "_notebook._form": ("Form", "form"),
    "_project": ("Project",),
    "_run": ("EndEvent", "Logs", "Run", "RunEvent"),
    "_secret": ("Secret",),
    "_sidecar": ("AsyncSidecar", "Sidecar"),
}
_FUNCTIONS = (
    "apply", "call", "delete_function", "delete_project", "delete_run", "delete_secret", "get_function",
    "get_function_versions", "get_or_create_project", "get_project", "get_run", "get_secret", "list_functions",
    "list_projects", "list_runs", "list_secrets", "new_function", "new_project", "new_secret", "validate")


def __getattr__(name: str) -> Any:
    import importlib

    for home, names in _HOMES.items():
        if name in names:
            value = getattr(importlib.import_module(f".{home}", __name__), name)
            break
    else:
        if name not in _FUNCTIONS:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = importlib.import_module("._default", __name__).Forward(name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


__all__ = [
    "AsyncSidecar", "CallError", "CallTimeout", "EndEvent", "Events", "Form", "Function", "IncompatibleSidecar",
    "LogEntry", "LogEvent", "Logs", "MisuseError", "Project", "Run", "RunEvent", "RunStatus", "Secret", "Sidecar",
    "SidecarClosed", "SidecarError", "SidecarLost", "SidecarNotFound", "StateEvent", "__version__", "apply", "call",
    "close", "configure", "default", "delete_function", "delete_project", "delete_run", "delete_secret", "form",
    "get_function", "get_function_versions", "get_or_create_project", "get_project", "get_run", "get_secret",
    "list_functions", "list_projects", "list_runs", "list_secrets", "load_ipython_extension", "new_function",
    "new_project", "new_secret", "unload_ipython_extension", "validate"]
