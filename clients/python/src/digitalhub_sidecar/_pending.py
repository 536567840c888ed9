"""A call that has been sent and waits for its answer."""
from __future__ import annotations

import threading
from typing import Any, Callable, Optional


class Pending:
    """Settled once, by the thread that reads; waited for by a thread, or told to `on_settled`.

    `on_result` and `on_progress` run in the reading thread, before anybody who waits goes on.
    """

    __slots__ = ("id", "method", "error", "result", "settled", "on_progress", "on_result", "on_settled", "_gate")

    def __init__(self, method: str) -> None:
        self.id = 0
        self.method = method
        self.result: Any = None
        self.error: Optional[BaseException] = None
        self.settled = False
        self.on_progress: Optional[Callable[[dict[str, Any]], object]] = None
        self.on_result: Optional[Callable[[Any], object]] = None
        self.on_settled: Optional[Callable[[], object]] = None
        # Released when settled: a lock is the cheapest thing to wait for, and Ctrl-C interrupts it.
        self._gate = threading.Lock()
        self._gate.acquire()

    def settle(self, result: Any = None, error: Optional[BaseException] = None) -> None:
        """Called by whoever took the call out of the table, so never twice."""
        if error is None and self.on_result is not None:
            self.on_result(result)
        self.result = result
        self.error = error
        self.settled = True
        self._gate.release()
        if self.on_settled is not None:
            self.on_settled()

    def wait(self, timeout: Optional[float]) -> bool:
        """Whether it is settled, after at most `timeout` seconds."""
        return self._gate.acquire(True, -1 if timeout is None else max(timeout, 0))

    def outcome(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.result
