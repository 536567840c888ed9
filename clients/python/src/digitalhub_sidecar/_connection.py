"""JSON-RPC over the pipes of a process. Asynchronous at heart: whoever calls writes, a call is a `Pending` that whoever
reads settles, and a thread or a task waits for it."""
from __future__ import annotations

import atexit
import os
import threading
import weakref
from typing import TYPE_CHECKING, Any, Callable, Mapping, Optional

from . import _message
from ._errors import CallError, MisuseError, SidecarClosed, SidecarError, SidecarLost
from ._intake import Intake
from ._pending import Pending
from ._process import Process
from ._stream import Stream

if TYPE_CHECKING:
    import asyncio

# A write of so much into a pipe is all or nothing, also where a signal interrupts it.
ATOMIC_WRITE = 4096

_open: weakref.WeakSet[Connection] = weakref.WeakSet()


class Connection:
    """Used from any thread. The process that it started ends with `close`, or with this program."""

    def __init__(self, command: list[str], env: Optional[dict[str, str]] = None, cwd: Optional[str] = None) -> None:
        self._pid = os.getpid()
        self._calls: dict[int, Pending] = {}
        self._streams: dict[str, Stream] = {}
        self._last_id = 0
        # Guards the table of calls and the state; _writing keeps frames whole.
        self._state = threading.Lock()
        self._writing = threading.Lock()
        self._gone: Optional[SidecarError] = None
        self._closing = False
        self._process = Process(command, env, cwd)
        self._intake = Intake(self._process.stdout, self._take, self._fail)
        _open.add(self)
        self._intake.start()

    # MARK: calls

    def send(self, pending: Pending, params: Optional[Mapping[str, Any]]) -> None:
        """Sends a call; `pending` is settled by its answer, or by the end of the process."""
        self.check()
        with self._state:
            if self._gone is not None:
                raise self._gone_again()
            self._last_id += 1
            number = pending.id = self._last_id
            self._calls[number] = pending
        try:
            if pending.on_progress is not None:
                params = {**(params or {}), "progress_token": number}
            self._write(_message.call(number, pending.method, params))
        except BaseException:
            self._calls.pop(number, None)
            raise

    def cancel(self, pending: Pending) -> bool:
        """Gives a call up: nobody hears of its answer any more. False where the answer was there before."""
        if self._calls.pop(pending.id, None) is None:
            return False
        try:
            self._write(_message.cancel(pending.id))
        except SidecarError:
            pass
        return True

    def wait(self, pending: Pending, timeout: Optional[float]) -> bool:
        """Blocks this thread; False when the time is up. Whatever interrupts the wait, such as Ctrl-C, cancels."""
        self._intake.thread_waits()
        try:
            return pending.wait(timeout)
        except BaseException:
            self.cancel(pending)
            raise
        finally:
            self._intake.thread_waited()

    def next_event(self, stream: Stream) -> Optional[dict[str, Any]]:
        """Blocks this thread until there is one; None at the end."""
        self.check_waiting()
        self._intake.thread_waits()
        try:
            return stream.next()
        finally:
            self._intake.thread_waited()

    def task_waits(self, loop: asyncio.AbstractEventLoop) -> None:
        """To be called by a task before it waits for an answer or an event."""
        self._intake.task_waits(loop)

    def open_stream(self, result: dict[str, Any]) -> Stream:
        """The stream of a subscription, made by the reading thread, before it reads the first event."""
        stream = Stream(result["subscription"])
        with self._state:
            self._streams[stream.subscription] = stream
            if self._gone is not None:
                stream.end(self._gone_again())
        return stream

    def forget_stream(self, stream: Stream) -> None:
        self._streams.pop(stream.subscription, None)

    def check(self) -> None:
        """Raises where this process is not the one that made the connection."""
        if os.getpid() != self._pid:
            raise MisuseError(
                f"this sidecar belongs to process {self._pid}, and process {os.getpid()} is a fork of it: make a new "
                "Sidecar there (digitalhub_sidecar.close() lets the module's functions start a new one)")

    def check_waiting(self) -> None:
        """Raises where this thread can't wait for an answer."""
        self.check()
        if self._intake.is_reading_here:
            raise MisuseError("a callback of a sidecar must not wait for a call of it: that would wait for ever")

    def _gone_again(self) -> SidecarError:
        """The reason once more, without the traceback of whoever heard it before."""
        assert self._gone is not None
        return type(self._gone)(*self._gone.args)

    def _write(self, frame: bytes) -> None:
        if len(frame) <= ATOMIC_WRITE or threading.current_thread() is not threading.main_thread():
            self._write_all(frame)
            return
        # Ctrl-C would leave half a frame in the pipe; only the main thread hears of it, so another one writes.
        with self._state:
            if self._closing:
                raise SidecarClosed("the sidecar is closed")
        writer = threading.Thread(target=self._write_quietly, args=(frame,), name="dh-sidecar writer", daemon=True)
        writer.start()
        writer.join()

    def _write_quietly(self, frame: bytes) -> None:
        try:
            self._write_all(frame)
        except SidecarClosed:
            pass

    def _write_all(self, frame: bytes) -> None:
        try:
            with self._writing:
                if self._closing:
                    raise SidecarClosed("the sidecar is closed")
                written = os.write(self._process.stdin, frame)
                while written < len(frame):
                    written += os.write(self._process.stdin, memoryview(frame)[written:])
        except OSError:
            # A broken pipe: the reading thread finds the end of the process, and tells all that wait, this one too.
            pass

    # MARK: what is read

    def _take(self, line: bytes) -> None:
        message = _message.read(line)
        method = message.get("method")
        if method is None:
            self._answer(message)
            return
        if "id" in message:
            raise ValueError("a request")
        params = message.get("params") or {}
        if method == "run/event":
            stream = self._streams.get(params.get("subscription", ""))
            if stream is not None:
                stream.put(params)
                if stream.ended:
                    self.forget_stream(stream)
        elif method == "$/progress":
            waiting = self._calls.get(params.get("token", 0))
            if waiting is not None and waiting.on_progress is not None:
                self._guarded(waiting.on_progress, params.get("value") or {})

    def _answer(self, message: dict[str, Any]) -> None:
        error = message.get("error")
        pending = self._calls.pop(message.get("id", 0), None)
        if pending is None and error is not None and message.get("id") is None and len(self._calls) == 1:
            # A message that could not be read is answered without an id, and there is one that it can be.
            pending = self._calls.popitem()[1]
        if pending is None:
            return
        if error is None:
            self._guarded(pending.settle, message.get("result"))
        else:
            fault = CallError(error.get("code", 0), error.get("message", ""), error.get("data"), pending.method)
            self._guarded(pending.settle, None, fault)

    def _guarded(self, function: Callable[..., object], *arguments: Any) -> None:
        """A fault in a caller's callback is shown, and does not stop the reading."""
        try:
            function(*arguments)
        except Exception:
            import traceback

            traceback.print_exc()

    def _fail(self, why: str) -> None:
        """The process has closed stdout: whoever waits hears why."""
        code = self._process.ended(0 if why else 5)
        with self._state:
            if self._gone is None:
                self._gone = SidecarLost(code, self._process.last_words(), why)
        self._settle_all()
        _open.discard(self)

    def _settle_all(self) -> None:
        """Ends all that waits with the reason; each call once, also where the reading thread settles others."""
        while self._calls:
            try:
                pending = self._calls.popitem()[1]
            except KeyError:
                break
            self._guarded(pending.settle, None, self._gone_again())
        while self._streams:
            try:
                stream = self._streams.popitem()[1]
            except KeyError:
                break
            stream.end(self._gone_again())

    # MARK: the end

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_forked(self) -> bool:
        """Whether this is a copy in a forked child, which can't be used."""
        return os.getpid() != self._pid

    def hang_up(self) -> None:
        """Lets the process end, and doesn't wait for that; calls under way end with SidecarClosed. Runs go on."""
        if self.is_forked or self._closing:
            return
        under_way = [pending.id for pending in list(self._calls.values())]
        with self._state:
            self._gone = SidecarClosed("the sidecar is closed")
        # Before the sidecar can answer that they are cancelled.
        self._settle_all()
        for number in under_way:
            self._write(_message.cancel(number))
        with self._state:
            self._closing = True
        with self._writing:
            self._process.close_stdin()
        self._intake.leave_loops()
        # The thread has to see the end of stdout, also where it has rested.
        self._intake.thread_waits()

    def close(self, grace: float = 5) -> None:
        """The same, and waits; after `grace` seconds the process is killed."""
        if self.is_forked:
            return
        self.hang_up()
        self._process.ended(grace)
        if not self._intake.is_reading_here:
            self._intake.join(grace)
            self._process.close_pipes()

    def abandon(self) -> None:
        """In a forked child: its copies of the pipes must not keep the sidecar alive."""
        self._intake.abandon()
        self._process.close_pipes()


def _abandon_all() -> None:
    for connection in list(_open):
        connection.abandon()


def _close_all() -> None:
    for connection in list(_open):
        connection.close()


os.register_at_fork(after_in_child=_abandon_all)
atexit.register(_close_all)
