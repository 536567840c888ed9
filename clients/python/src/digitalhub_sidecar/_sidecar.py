"""A dh-sidecar process, called from threads (Sidecar) or from tasks (AsyncSidecar)."""
from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, Callable, Mapping, NoReturn, Optional

from ._aside import aside
from ._binary import find
from ._errors import CallTimeout, SidecarClosed
from ._events import Events
from ._face import Face
from ._handshake import start
from ._pending import Pending
from ._stream import tell

if TYPE_CHECKING:
    from types import TracebackType

    from ._connection import Connection

Progress = Callable[[dict[str, Any]], object]


class Sidecar(Face):
    """One process, started by the first call and ended by `close()` or at the end of the program; runs go on without
    it. May be used from any number of threads, and where an event loop runs.

    `binary` is the program, looked for where it is not given; `platform` and `project` are what the command line
    says; `env` are changes to the environment, None removes a variable; `timeout` is how many seconds a call may take
    that says nothing else.
    """

    def __init__(self, *, binary: Optional[str] = None, platform: Optional[str] = None, project: Optional[str] = None,
                 env: Optional[Mapping[str, Optional[str]]] = None, cwd: Optional[str] = None,
                 timeout: Optional[float] = None) -> None:
        self.timeout = timeout
        self.current_project: Optional[str] = None
        self._binary = binary
        self._arguments = [part for name, value in (("--platform", platform), ("--project", project)) if value
                           for part in (name, value)]
        self._env = dict(env or {})
        self._cwd = cwd
        self._starting = threading.Lock()
        self._connection: Optional[Connection] = None
        self._closed = False
        self._server: dict[str, Any] = {}

    # MARK: calls

    def call(self, method: str, params: Optional[Mapping[str, Any]] = None, *, timeout: Optional[float] = None,
             on_progress: Optional[Progress] = None) -> Any:
        """Calls a method, and returns its result as it came. After `timeout` seconds the call is cancelled, and
        CallTimeout raised. `on_progress` is called with each report, in another thread."""
        pending = Pending(method)
        pending.on_progress = on_progress
        return self._request(pending, params, self.timeout if timeout is None else timeout)

    def subscribe(self, **params: Any) -> Events[dict[str, Any]]:
        """The events of a run as they come; the params are those of `subscribeRun`."""
        return Events(self, params, lambda event: event)

    def _request(self, pending: Pending, params: Optional[Mapping[str, Any]], timeout: Optional[float]) -> Any:
        connection = self._connected()
        connection.check_waiting()
        connection.send(pending, params)
        if not connection.wait(pending, timeout):
            if connection.cancel(pending):
                raise _timed_out(pending, timeout)
            # The answer came just then, and is about to be there.
            pending.wait(None)
        return pending.outcome()

    # MARK: the process

    def start(self) -> Sidecar:
        """Starts the process now, instead of with the first call."""
        self._connected()
        return self

    def _connected(self) -> Connection:
        if self._connection is not None:
            return self._connection
        with self._starting:
            if self._closed:
                raise SidecarClosed("the sidecar is closed")
            if self._connection is None:
                env = {name: value for name, value in {**os.environ, **self._env}.items() if value is not None}
                command = [find(self._binary), *self._arguments]
                self._connection, self._server = start(command, env, self._cwd)
        return self._connection

    @property
    def server(self) -> dict[str, Any]:
        """What the sidecar says of itself: serverInfo, protocol_version, platform, capabilities."""
        self._connected()
        return self._server

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._connected().pid

    @property
    def asynchronous(self) -> AsyncSidecar:
        """The same process, for tasks."""
        return AsyncSidecar(self)

    def close(self) -> None:
        """Ends the process. Calls under way, and later ones, fail with SidecarClosed. Runs go on."""
        with self._starting:
            self._closed = True
        if self._connection is not None:
            self._connection.close()

    def __enter__(self) -> Sidecar:
        return self.start()

    def __exit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException],
                 traceback: Optional[TracebackType]) -> None:
        self.close()

    def __del__(self) -> None:
        connection = getattr(self, "_connection", None)
        if connection is not None and not self._closed:
            aside(connection.hang_up)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Sidecar is a process and can't be pickled or copied: make one where it is needed, and hand "
                        "over ids or keys")

    def __repr__(self) -> str:
        state = "closed" if self._closed else "not started" if self._connection is None else f"pid {self.pid}"
        return f"<Sidecar {state}>"


class AsyncSidecar:
    """A Sidecar for tasks: `async with AsyncSidecar() as sidecar: await sidecar.call(…)`. It belongs to no event
    loop. A task that is cancelled cancels its call."""

    def __init__(self, sidecar: Optional[Sidecar] = None, **options: Any) -> None:
        """Of that Sidecar, or of a new one with these options."""
        self.sidecar = sidecar or Sidecar(**options)

    async def call(self, method: str, params: Optional[Mapping[str, Any]] = None, *, timeout: Optional[float] = None,
                   on_progress: Optional[Progress] = None) -> Any:
        """As Sidecar.call; `on_progress` is called in the event loop."""
        import asyncio

        if self.sidecar._connection is None:
            await self.start()
        report = on_progress
        if on_progress is not None:
            loop, told = asyncio.get_running_loop(), on_progress
            report = lambda value: loop.call_soon_threadsafe(told, value)  # noqa: E731
        pending = Pending(method)
        pending.on_progress = report
        return await self._request(pending, params, self.sidecar.timeout if timeout is None else timeout)

    async def _request(self, pending: Pending, params: Optional[Mapping[str, Any]], timeout: Optional[float]) -> Any:
        import asyncio

        loop = asyncio.get_running_loop()
        arrived: asyncio.Future[None] = loop.create_future()
        pending.on_settled = lambda: tell(loop, arrived)
        connection = self.sidecar._connected()
        connection.send(pending, params)
        try:
            connection.task_waits(loop)
            await (arrived if timeout is None else asyncio.wait_for(arrived, timeout))
        except asyncio.TimeoutError:
            if connection.cancel(pending):
                raise _timed_out(pending, timeout) from None
            pending.wait(None)
        except BaseException:
            connection.cancel(pending)
            raise
        return pending.outcome()

    def subscribe(self, **params: Any) -> Events[dict[str, Any]]:
        """As Sidecar.subscribe."""
        return self.sidecar.subscribe(**params)

    async def start(self) -> AsyncSidecar:
        """Starts the process, without blocking the event loop."""
        import asyncio

        if self.sidecar._connection is None:
            await asyncio.get_running_loop().run_in_executor(None, self.sidecar.start)
        return self

    async def close(self) -> None:
        import asyncio

        await asyncio.get_running_loop().run_in_executor(None, self.sidecar.close)

    async def __aenter__(self) -> AsyncSidecar:
        return await self.start()

    async def __aexit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException],
                        traceback: Optional[TracebackType]) -> None:
        await self.close()


def _timed_out(pending: Pending, timeout: Optional[float]) -> CallTimeout:
    return CallTimeout(f"{pending.method} took longer than {timeout:g} s, and was cancelled")
