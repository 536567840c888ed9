"""Where dh-sidecar is: DH_SIDECAR_BIN, then this package's own, then PATH."""
from __future__ import annotations

import os
import shutil
from typing import Optional

from ._errors import SidecarNotFound

NAME = "dh-sidecar"
HOW_TO_GET_IT = (
    "`swift build -c release --product dh-sidecar --static-swift-stdlib -Xswiftc -static-executable` in the project's "
    "folder makes one; then set DH_SIDECAR_BIN to .build/release/dh-sidecar, put it on PATH, or install this package "
    "from that folder (`pip install ./clients/python`), which takes it along.")


def packaged() -> str:
    """Where a wheel for this platform has it."""
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin", NAME)


def find(given: Optional[str] = None) -> str:
    """The path of the binary. One that was named, here or in DH_SIDECAR_BIN, must be there: no other is taken."""
    named = (("binary", given), ("DH_SIDECAR_BIN", os.environ.get("DH_SIDECAR_BIN")))
    for name, path in named:
        if path:
            found = shutil.which(os.path.expanduser(path))
            if found is None:
                raise SidecarNotFound(f"{name} is {path!r}, and no program is there. {HOW_TO_GET_IT}")
            return os.path.abspath(found)
    if os.access(packaged(), os.X_OK):
        return packaged()
    found = shutil.which(NAME)
    if found is None:
        raise SidecarNotFound(
            f"dh-sidecar was not found: DH_SIDECAR_BIN is not set, {packaged()} is not there (this is no wheel for a "
            f"platform), and PATH ({os.environ.get('PATH', 'empty')}) has none. {HOW_TO_GET_IT}")
    return found
