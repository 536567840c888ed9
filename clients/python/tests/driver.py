"""Carries out the client's side of a transcript (clients/transcripts/README.md), from threads or from tasks."""
from __future__ import annotations

import asyncio
import concurrent.futures
import threading
import time
from typing import Any, Optional

import digitalhub_sidecar as dh

SECONDS = 30
OUTCOMES = ("result", "error", "cancelled", "timed_out", "lost", "closed")


class Threads:
    """Each call in a thread of its own."""

    def __init__(self, sidecar: dh.Sidecar) -> None:
        self.sidecar = sidecar
        self.pool = concurrent.futures.ThreadPoolExecutor(1100)

    def submit(self, function: Any, *arguments: Any, **options: Any) -> concurrent.futures.Future[Any]:
        return self.pool.submit(function, *arguments, **options)

    def call(self, *arguments: Any, **options: Any) -> concurrent.futures.Future[Any]:
        return self.submit(self.sidecar.call, *arguments, **options)

    def start(self) -> concurrent.futures.Future[Any]:
        return self.submit(self.sidecar.start)

    def close(self) -> concurrent.futures.Future[Any]:
        return self.submit(self.sidecar.close)

    def subscribe(self, events: dh.Events[Any]) -> concurrent.futures.Future[Any]:
        return self.submit(events.start)

    def next(self, events: dh.Events[Any]) -> concurrent.futures.Future[Any]:
        return self.submit(lambda: next(events, None))

    def unsubscribe(self, events: dh.Events[Any]) -> concurrent.futures.Future[Any]:
        return self.submit(events.close)

    def end(self) -> None:
        self.pool.shutdown()


class Tasks:
    """Each call in a task, all in one event loop."""

    def __init__(self, sidecar: dh.Sidecar) -> None:
        self.sidecar = sidecar
        self.face = dh.AsyncSidecar(sidecar)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()

    def submit(self, coroutine: Any) -> concurrent.futures.Future[Any]:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def call(self, *arguments: Any, **options: Any) -> concurrent.futures.Future[Any]:
        return self.submit(self.face.call(*arguments, **options))

    def start(self) -> concurrent.futures.Future[Any]:
        return self.submit(self.face.start())

    def close(self) -> concurrent.futures.Future[Any]:
        return self.submit(self.face.close())

    def subscribe(self, events: dh.Events[Any]) -> concurrent.futures.Future[Any]:
        return self.submit(events.start_async())

    def next(self, events: dh.Events[Any]) -> concurrent.futures.Future[Any]:
        async def one() -> Any:
            try:
                return await events.__anext__()
            except StopAsyncIteration:
                return None
        return self.submit(one())

    def unsubscribe(self, events: dh.Events[Any]) -> concurrent.futures.Future[Any]:
        return self.submit(events.aclose())

    def end(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


def expand(value: Any) -> Any:
    """With what $repeat stands for."""
    if isinstance(value, list):
        return [expand(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$repeat" in value:
        return value["$repeat"] * value["times"]
    return {name: expand(item) for name, item in value.items()}


def matches(value: Any, pattern: Any) -> bool:
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            name in value and matches(value[name], item) for name, item in pattern.items())
    if isinstance(pattern, list):
        return (isinstance(value, list) and len(value) == len(pattern)
                and all(matches(*pair) for pair in zip(value, pattern)))
    return type(value) is type(pattern) and bool(value == pattern)


class Driver:
    def __init__(self, face: Any) -> None:
        self.face = face
        self.sidecar: dh.Sidecar = face.sidecar
        self.calls: dict[str, concurrent.futures.Future[Any]] = {}
        self.events: dict[str, dh.Events[Any]] = {}
        self.progress: dict[str, list[Any]] = {}

    def step(self, step: dict[str, Any]) -> None:
        kind = next(iter(step))
        getattr(self, f"do_{kind}")(step)

    def do_call(self, step: dict[str, Any]) -> None:
        name = step.get("as", "the call")
        options: dict[str, Any] = {}
        if "timeout_ms" in step:
            options["timeout"] = step["timeout_ms"] / 1000
        if step.get("progress"):
            options["on_progress"] = self.progress.setdefault(name, []).append
        self.calls[name] = self.sent(lambda: self.face.call(step["call"], expand(step["params"]), **options))
        if "as" not in step:
            self.outcome(self.calls[name], step)

    def sent(self, begin: Any) -> concurrent.futures.Future[Any]:
        """Begins a call, and returns when it has been sent, or has failed before."""
        before = self.last_id()
        future: concurrent.futures.Future[Any] = begin()
        end = time.monotonic() + SECONDS
        # The handshake has the id 1.
        while not future.done() and (self.last_id() or 1) <= (before or 1):
            assert time.monotonic() < end, "the call was not sent"
            time.sleep(0.0005)
        return future

    def last_id(self) -> int:
        connection = self.sidecar._connection
        return connection._last_id if connection else 0

    def outcome(self, future: concurrent.futures.Future[Any], step: dict[str, Any]) -> None:
        expected = next(name for name in OUTCOMES if name in step)
        wanted = expand(step[expected])
        try:
            result = future.result(SECONDS)
        except dh.CallError as error:
            got: tuple[str, Any] = "error", {"code": error.code, "message": error.message, "data": error.data}
        except dh.SidecarLost as error:
            got = "lost", error
        except (concurrent.futures.CancelledError, asyncio.CancelledError):
            got = "cancelled", True
        except dh.CallTimeout:
            got = "timed_out", True
        except dh.SidecarClosed:
            got = "closed", True
        else:
            got = "result", result
        assert got[0] == expected, (step, got)
        if expected == "lost":
            self.lost(got[1], wanted)
        else:
            assert matches(got[1], wanted), (str(got[1])[:1000], str(wanted)[:1000])

    def lost(self, error: dh.SidecarLost, wanted: dict[str, Any]) -> None:
        for name in ("exit_code", "signal"):
            assert getattr(error, name) == wanted.get(name), (name, error)
        assert wanted.get("stderr", "") in error.stderr
        assert wanted.get("stderr", "") in str(error)

    def do_of(self, step: dict[str, Any]) -> None:
        self.outcome(self.calls[step["of"]], step)

    def do_calls(self, step: dict[str, Any]) -> None:
        params = [{"project": "p", "id": str(number)} for number in range(step["count"])]
        futures = [self.face.call(step["calls"], one) for one in params]
        assert [future.result(SECONDS) for future in futures] == params

    def do_progress(self, step: dict[str, Any]) -> None:
        got = self.progress[step["progress"]]
        assert matches(got, step["are"]), got

    def do_cancel(self, step: dict[str, Any]) -> None:
        assert self.calls[step["cancel"]].cancel()

    def do_events(self, step: dict[str, Any]) -> None:
        events = self.events[step["events"]] = self.sidecar.subscribe(**step["params"])
        opened = self.face.subscribe(events)
        if any(name in step for name in OUTCOMES):
            self.outcome(opened, step)
        else:
            assert opened.result(SECONDS) is events

    def next(self, name: str) -> Optional[dict[str, Any]]:
        event: Optional[dict[str, Any]] = self.face.next(self.events[name]).result(SECONDS)
        return event

    def do_event(self, step: dict[str, Any]) -> None:
        event = self.next(step["event"])
        assert matches(event, step["is"]), (event, step["is"])
        assert event and self.events[step["event"]].cursor == event["cursor"]

    def do_flood(self, step: dict[str, Any]) -> None:
        for seq in range(1, step["count"] + 1):
            event = self.next(step["flood"])
            assert event and event["type"] == "log" and event["seq"] == seq, (seq, event)
        event = self.next(step["flood"])
        assert event and event["type"] == "end", event

    def do_over(self, step: dict[str, Any]) -> None:
        assert self.next(step["over"]) is None

    def do_broken(self, step: dict[str, Any]) -> None:
        self.outcome(self.face.next(self.events[step["broken"]]), step)

    def do_unsubscribe(self, step: dict[str, Any]) -> None:
        self.face.unsubscribe(self.events[step["unsubscribe"]]).result(SECONDS)
        assert self.next(step["unsubscribe"]) is None

    def do_start(self, step: dict[str, Any]) -> None:
        future = self.face.start()
        if step["start"] == "refused":
            error = future.exception(SECONDS)
            assert isinstance(error, dh.IncompatibleSidecar)
            assert "protocol version 1" in str(error), error
        else:
            self.outcome(future, step["start"])

    def do_close(self, step: dict[str, Any]) -> None:
        self.face.close().result(SECONDS)
