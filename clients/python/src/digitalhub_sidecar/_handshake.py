"""Starts a dh-sidecar, and makes sure that it is one that this package speaks with."""
from __future__ import annotations

import os
from typing import Any, Optional

from ._connection import Connection
from ._errors import CallError, IncompatibleSidecar
from ._pending import Pending
from ._version import PROTOCOL_VERSION, __version__

START_SECONDS = 30.0


def start(command: list[str], env: Optional[dict[str, str]], cwd: Optional[str]) -> tuple[Connection, dict[str, Any]]:
    """A connection that has shaken hands, and what the sidecar said of itself."""
    connection = Connection(command, env, cwd)
    try:
        return connection, _shake_hands(connection, command[0])
    except BaseException:
        connection.close(grace=1)
        raise


def _shake_hands(connection: Connection, program: str) -> dict[str, Any]:
    pending = Pending("initialize")
    connection.send(pending, {"processId": os.getpid(), "clientInfo": {"name": "digitalhub-sidecar",
                                                                       "version": __version__}})
    if not connection.wait(pending, START_SECONDS):
        raise IncompatibleSidecar(f"{program} did not answer `initialize` in {START_SECONDS:g} s: is it dh-sidecar?")
    wanted = f"digitalhub-sidecar {__version__} speaks protocol version {PROTOCOL_VERSION}"
    try:
        said = pending.outcome()
    except CallError as error:
        why = f"{program} refused `initialize` ({error.message}); {wanted} of dh-sidecar"
        raise IncompatibleSidecar(why) from error
    server = said.get("serverInfo") if isinstance(said, dict) else None
    if not isinstance(server, dict) or server.get("name") != "dh-sidecar":
        raise IncompatibleSidecar(f"{program} is no dh-sidecar: it calls itself {server!r}; {wanted}")
    if said.get("protocol_version") != PROTOCOL_VERSION:
        raise IncompatibleSidecar(
            f"{program} is dh-sidecar {server.get('version')} with protocol version {said.get('protocol_version')}, "
            f"but {wanted}: install the two of one release")
    return dict(said)
