"""The sidecar of the module's functions: one a process, started by the first of them."""
from __future__ import annotations

import threading
from typing import Any, Optional

from ._sidecar import Sidecar

_lock = threading.Lock()
_sidecar: Optional[Sidecar] = None
_options: dict[str, Any] = {}


def default() -> Sidecar:
    """That sidecar."""
    global _sidecar
    with _lock:
        if _sidecar is None:
            _sidecar = Sidecar(**_options)
        return _sidecar


def configure(**options: Any) -> None:
    """How the sidecar of the module's functions is started: the options of `Sidecar`, such as `platform` or `binary`.
    One that has been started is closed."""
    Sidecar(**options)
    close()
    _options.clear()
    _options.update(options)


def close() -> None:
    """Ends the sidecar of the module's functions; runs go on. The next function starts another one."""
    global _sidecar
    with _lock:
        ended, _sidecar = _sidecar, None
    if ended is not None:
        ended.close()


class Forward:
    """One of the module's functions: a method of whatever sidecar is the default when it is called."""

    def __init__(self, name: str) -> None:
        self.__name__ = self.__qualname__ = name
        self.__module__ = "digitalhub_sidecar"
        self.__doc__ = getattr(Sidecar, name).__doc__

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return getattr(default(), self.__name__)(*arguments, **options)

    @property
    def __signature__(self) -> Any:
        import inspect

        signature = inspect.signature(getattr(Sidecar, self.__name__))
        return signature.replace(parameters=list(signature.parameters.values())[1:])

    def __repr__(self) -> str:
        return f"<function digitalhub_sidecar.{self.__name__}>"
