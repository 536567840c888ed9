"""A run of a function."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Optional, Union

from ._entities import LogEntry, LogEvent, RunSpec, RunStatus, StateEvent
from ._entity import Entity
from ._events import Events


@dataclass
class EndEvent:
    """The last event: `reason` is finished, deleted or unsubscribed; `run` is the run as it then is."""

    seq: int
    cursor: str
    reason: str
    run: Optional[Run] = None
    type: Literal["end"] = "end"


RunEvent = Union[StateEvent, LogEvent, EndEvent]


class Logs(list[LogEntry]):
    """Log entries in order. `text` is what the program wrote, line by line; `cursor` goes on behind them as `after`."""

    cursor: Optional[str] = None

    @property
    def text(self) -> str:
        return "".join(entry.text + "\n" for entry in self)


class Run(Entity):
    """`status.state` and the rest are as of the last read: by `refresh()`, `wait()`, or while events are read."""

    spec: RunSpec
    status: RunStatus
    timed_out: bool = False

    def _take(self, data: dict[str, Any]) -> None:
        super()._take(data)
        self.spec = RunSpec.from_json(data.get("spec") or {})
        self.status = RunStatus.from_json(data.get("status") or {})
        self.timed_out = bool(data.get("timed_out", False))

    @property
    def action(self) -> str:
        return self.spec.action or self.kind.partition("+")[2].partition(":")[0]

    @property
    def url(self) -> Optional[str]:
        """Where a serve can be opened; None where it can't be."""
        return self.status.service.url if self.status.service else None

    def refresh(self) -> Run:
        self._take(self._sidecar.call("getRun", self._named()))
        return self

    def wait(self, log_info: bool = True, *, timeout: Optional[float] = None, until: Optional[str] = None) -> Run:
        """Waits until a job or build is over, or a serve or deploy is RUNNING (or over); `until` says "running" or
        "terminal" instead. When `timeout` seconds are up it returns as well, with `timed_out`. A run that ends in ERROR
        is no exception: see `status`."""
        if log_info:
            _log("Waiting for run %s", self.id)
        wanted = {"timeout_seconds": timeout, "until": until}
        self._take(self._sidecar.call("waitRun", self._named(**wanted), timeout=_FOR_EVER))
        if log_info:
            _log("Run %s is %s", self.id, self.status.state)
        return self

    def logs(self, *, tail: Optional[int] = None, since: Optional[str] = None, after: Optional[str] = None) -> Logs:
        """What the program wrote so far: all of it, the last `tail` entries, or what came after a cursor."""
        logs = Logs()
        logs.cursor = after
        while True:
            page = self._sidecar.call("getRunLogs", self._named(tail=tail, since=since, after=logs.cursor))
            logs.extend(LogEntry.from_json(entry) for entry in page["entries"])
            done = not page["entries"] or page["cursor"] == logs.cursor or tail is not None
            logs.cursor = page["cursor"]
            if done:
                return logs

    def events(self, *, after: Optional[str] = None, logs: bool = True,
               log_tail: Optional[int] = None) -> Events[RunEvent]:
        """Changes of state and lines of the log, from the beginning or right behind the cursor `after`, as they come,
        until the run ends: `for event in run.events()` in a thread, `async for event in run.events()` in a task."""
        params = self._named(after=after, log_tail=log_tail)
        return Events(self._sidecar, params if logs else {**params, "logs": False}, self._event)

    def _event(self, event: dict[str, Any]) -> RunEvent:
        if event["type"] == "log":
            return LogEvent.from_json(event)
        if event["type"] == "state":
            change = StateEvent.from_json(event)
            self.status.state, self.status.message = change.state, change.message
            return change
        data = event.get("run")
        if data is not None:
            self._take(data)
        return EndEvent(event["seq"], event["cursor"], event["reason"], self if data is not None else None)

    def stop(self, grace_seconds: Optional[float] = None) -> Run:
        """Stops it; it is kept, with its log. `grace_seconds` are from SIGTERM to SIGKILL."""
        self._take(self._sidecar.call("stopRun", self._named(grace_seconds=grace_seconds)))
        return self

    def resume(self) -> Run:
        """Brings a stopped run back."""
        self._take(self._sidecar.call("resumeRun", self._named()))
        return self

    def delete(self) -> None:
        """Deletes it and all that was made for it; one that goes on is stopped first."""
        self._take(self._sidecar.call("deleteRun", self._named()))

    def metrics(self) -> dict[str, Any]:
        """What it measured, where the platform keeps that."""
        return dict(self._sidecar.call("getMetrics", self._named())["metrics"])

    def _named(self, **more: Any) -> dict[str, Any]:
        return {"project": self.project, "id": self.id,
                **{name: value for name, value in more.items() if value is not None}}

    def __repr__(self) -> str:
        return f"Run(action={self.action!r}, state={self.status.state!r}, project={self.project!r}, id={self.id!r})"


# A year, the longest that the sidecar waits: a wait has its own time limit, not that of other calls.
_FOR_EVER = 31536000.0


def _log(message: str, *arguments: object) -> None:
    import logging

    logging.getLogger("digitalhub_sidecar").info(message, *arguments)
