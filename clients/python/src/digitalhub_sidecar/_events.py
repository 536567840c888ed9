"""The events of a run, for `for` and `async for` alike."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Generic, Optional, TypeVar

from ._aside import aside
from ._pending import Pending

if TYPE_CHECKING:
    from types import TracebackType

    from ._sidecar import Sidecar
    from ._stream import Stream

Item = TypeVar("Item")


class Events(Generic[Item]):
    """An iterator, in a thread or in a task. It subscribes when the first event is asked for, ends after the event
    `end`, and gives the subscription up when it is closed, left as a context manager, or dropped.

    `cursor` is that of the last event: a new subscription with `after=cursor` goes on right behind it.
    """

    def __init__(self, sidecar: Sidecar, params: dict[str, Any], read: Callable[[dict[str, Any]], Item]) -> None:
        self._sidecar = sidecar
        self._params = params
        self._read = read
        self._stream: Optional[Stream] = None
        self._closed = False
        self.cursor: Optional[str] = params.get("after")

    # MARK: in a thread

    def start(self) -> Events[Item]:
        """Subscribes now, instead of with the first event."""
        if self._stream is None and not self._closed:
            self._sidecar._request(self._opening(), self._params, self._sidecar.timeout)
        return self

    def __iter__(self) -> Events[Item]:
        return self

    def __next__(self) -> Item:
        self.start()
        if self._stream is None:
            raise StopIteration
        event = self._sidecar._connected().next_event(self._stream)
        if event is None:
            raise StopIteration
        return self._item(event)

    def close(self) -> None:
        """Ends the subscription, and waits until the sidecar knows."""
        if self._gives_up():
            self._sidecar.call("unsubscribe", self._unsubscribe_params())

    def __enter__(self) -> Events[Item]:
        return self.start()

    def __exit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException],
                 traceback: Optional[TracebackType]) -> None:
        self.close()

    # MARK: in a task

    async def start_async(self) -> Events[Item]:
        if self._stream is None and not self._closed:
            sidecar = self._sidecar.asynchronous
            await sidecar.start()
            await sidecar._request(self._opening(), self._params, self._sidecar.timeout)
        return self

    def __aiter__(self) -> Events[Item]:
        return self

    async def __anext__(self) -> Item:
        if self._stream is None:
            await self.start_async()
        event = None if self._stream is None else await self._stream.next_async(self._sidecar._connected().task_waits)
        if event is None:
            raise StopAsyncIteration
        return self._item(event)

    async def aclose(self) -> None:
        if self._gives_up():
            await self._sidecar.asynchronous.call("unsubscribe", self._unsubscribe_params())

    async def __aenter__(self) -> Events[Item]:
        return await self.start_async()

    async def __aexit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException],
                        traceback: Optional[TracebackType]) -> None:
        await self.aclose()

    # MARK: both

    def _opening(self) -> Pending:
        connection = self._sidecar._connected()
        pending = Pending("subscribeRun")

        def opened(result: dict[str, Any]) -> None:
            self._stream = connection.open_stream(result)

        # In the reading thread, so that no event comes before there is a stream for it.
        pending.on_result = opened
        return pending

    def _item(self, event: dict[str, Any]) -> Item:
        self.cursor = event.get("cursor", self.cursor)
        return self._read(event)

    def _gives_up(self) -> bool:
        """Whether the sidecar has to be told."""
        self._closed = True
        stream = self._stream
        if stream is None:
            return False
        told = stream.ended
        stream.drop()
        return not told

    def _unsubscribe_params(self) -> dict[str, Any]:
        assert self._stream is not None
        connection = self._sidecar._connected()
        connection.forget_stream(self._stream)
        return {"subscription": self._stream.subscription}

    def __del__(self) -> None:
        # Dropped in the middle: told, without waiting.
        if not getattr(self, "_closed", True) and self._gives_up():
            aside(self._unsubscribe_quietly, self._sidecar, self._stream)

    @staticmethod
    def _unsubscribe_quietly(sidecar: Sidecar, stream: Stream) -> None:
        connection = sidecar._connected()
        connection.forget_stream(stream)
        connection.send(Pending("unsubscribe"), {"subscription": stream.subscription})
