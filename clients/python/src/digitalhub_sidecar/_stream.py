"""The events of one subscription, from the thread that reads to whoever iterates."""
from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Callable, Optional

from ._errors import CallError

if TYPE_CHECKING:
    import asyncio


class Stream:
    """Events in order, then the end. What came is delivered, also where the process has ended meanwhile."""

    def __init__(self, subscription: str) -> None:
        self.subscription = subscription
        self._events: deque[dict[str, Any]] = deque()
        self._changed = threading.Condition()
        self._wakers: list[Callable[[], object]] = []
        self._error: Optional[BaseException] = None
        self.ended = False

    def put(self, event: dict[str, Any]) -> None:
        """An event as it came; `end` is the last."""
        if event.get("type") == "end" and event.get("reason") == "failed":
            error = event.get("error") or {}
            self.end(CallError(error.get("code", 0), error.get("message", "the subscription failed"), error.get("data"),
                               "subscribeRun"))
            return
        with self._changed:
            if not self.ended:
                self._events.append(event)
            self.ended = self.ended or event.get("type") == "end"
            self._wake()

    def end(self, error: Optional[BaseException] = None) -> None:
        """No more events come: `error` is raised after those that are there."""
        with self._changed:
            if not self.ended:
                self.ended, self._error = True, error
            self._wake()

    def drop(self) -> None:
        """Nobody wants the events that are still there."""
        with self._changed:
            self._events.clear()
            self.ended, self._error = True, None
            self._wake()

    def _wake(self) -> None:
        self._changed.notify_all()
        wakers, self._wakers = self._wakers, []
        for wake in wakers:
            wake()

    def _take(self) -> Optional[dict[str, Any]]:
        """Under the condition: the next event, None where the iteration is over."""
        if self._events:
            return self._events.popleft()
        if self._error is not None:
            # Raised once; afterwards the iteration is simply over.
            error, self._error = self._error, None
            raise error
        return None

    def next(self) -> Optional[dict[str, Any]]:
        """The next event; None at the end."""
        with self._changed:
            while not self._events and not self.ended:
                self._changed.wait()
            return self._take()

    async def next_async(
            self, waits: Callable[[asyncio.AbstractEventLoop], None]) -> Optional[dict[str, Any]]:
        """The same, without blocking the event loop; `waits` is told before a wait."""
        import asyncio

        loop = asyncio.get_running_loop()
        while True:
            with self._changed:
                if self._events or self.ended:
                    return self._take()
                arrived: asyncio.Future[None] = loop.create_future()
                self._wakers.append(lambda: tell(loop, arrived))
            waits(loop)
            await arrived


def tell(loop: asyncio.AbstractEventLoop, future: asyncio.Future[None]) -> None:
    """From whatever thread reads: the future is done."""
    from asyncio import _get_running_loop

    try:
        if _get_running_loop() is loop:
            _finish(future)
        else:
            loop.call_soon_threadsafe(_finish, future)
    except RuntimeError:
        # The loop was closed meanwhile: nobody waits any more.
        pass


def _finish(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
