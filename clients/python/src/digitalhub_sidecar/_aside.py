"""What a finaliser has to do: it runs at any moment, also while its own thread holds the locks that it would need."""
from __future__ import annotations

import sys
import threading
from typing import Any, Callable

from ._errors import SidecarError


def aside(work: Callable[..., object], *arguments: Any) -> None:
    """Does it in another thread, and doesn't wait."""
    def run() -> None:
        try:
            work(*arguments)
        except SidecarError:
            pass
    if sys.is_finalizing():
        # No thread begins any more, and the process is ended by the end of this one.
        return
    try:
        threading.Thread(target=run, name="dh-sidecar finaliser", daemon=True).start()
    except RuntimeError:
        # The same, a moment before.
        pass
