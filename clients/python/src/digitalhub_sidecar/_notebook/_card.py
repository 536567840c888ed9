"""What is shown of a function or a run, as HTML and as text: pure, out of values that were read already."""
from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape
from typing import Any, Optional, Sequence

from .._entities import Transition
from .._entity import Entity
from .._function import Function
from .._run import Run

LINES = 20
"""How much of a log is shown."""

# Colours that can be read on a light page and on a dark one.
_COLOURS = {"COMPLETED": "#2e8b57", "ERROR": "#c0392b", "STOPPED": "#7f8c8d", "RUNNING": "#2471a3"}
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]")
_BOX = "border:1px solid #8888;border-radius:6px;padding:.5em .9em;margin:.3em 0;max-width:60em"
_LOG = "background:#8881;margin:.5em 0 0;padding:.5em;max-height:24em;overflow:auto;white-space:pre-wrap"


@dataclass
class Card:
    """A title with a badge, facts by name, events and the end of a log."""

    title: str
    badge: str = ""
    message: str = ""
    facts: list[tuple[str, str]] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    log: Optional[str] = None
    note: str = ""

    def html(self) -> str:
        """Nothing in it is taken as markup, and no link leads elsewhere than to http."""
        colour = _COLOURS.get(self.badge, "#b9770e")
        badge = f' <b style="color:{colour}">{escape(self.badge)}</b>' if self.badge else ""
        parts = [f"<b>{escape(self.title)}</b>{badge} {escape(self.message)}"]
        parts += [f"<div>{_link(url)}</div>" for url in self.links]
        facts = " · ".join(f"{escape(name)}: <code>{escape(value)}</code>" for name, value in self.facts)
        parts += [f"<div><small>{line}</small></div>" for line in [facts, *map(escape, self.events)] if line]
        if self.log is not None:
            parts.append(f'<pre style="{_LOG}">{escape(_ESCAPES.sub("", self.log))}</pre>')
        if self.note:
            parts.append(f"<div><i>{escape(self.note)}</i></div>")
        return f'<div class="digitalhub-sidecar" style="{_BOX}">{"".join(parts)}</div>'

    def text(self) -> str:
        lines = [" ".join(part for part in (self.title, self.badge, self.message) if part), *self.links]
        lines += [f"{name}: {value}" for name, value in self.facts]
        lines += self.events
        if self.log:
            lines += [_ESCAPES.sub("", line) for line in self.log.splitlines()]
        return "\n".join([*lines, self.note] if self.note else lines)


def _link(url: str) -> str:
    if not re.match(r"https?://", url):
        return escape(url)
    shown = escape(url)
    return f'<a style="text-decoration:underline" href="{shown}" target="_blank" rel="noopener noreferrer">{shown}</a>'


def card_of(entity: Entity) -> Card:
    """Of a run without its log, which would have to be fetched."""
    if isinstance(entity, Run):
        return run_card(entity)
    if isinstance(entity, Function):
        return function_card(entity)
    return Card(f"{type(entity).__name__} {entity.name}", facts=[("key", entity.key)])


def function_card(function: Function) -> Card:
    spec = {name: value for name, value in function.to_dict().get("spec", {}).items() if value not in (None, "", [])}
    shown = [(name, value) for name, value in spec.items() if isinstance(value, (str, bool, int))]
    facts = [(name, str(value)) for name, value in shown if "\n" not in str(value)]
    return Card(f"Function {function.name}", facts=[*facts, ("project", function.project), ("id", function.id)])


def run_card(run: Run, log: Optional[Sequence[str]] = None, transitions: Optional[Sequence[Transition]] = None,
             note: str = "") -> Card:
    """`log` are its last lines; `transitions` all that are known, newest first, where not those of the status."""
    status = run.status
    known = status.transitions or [] if transitions is None else transitions
    message = [status.reason or "", status.message or ""]
    exit_code = "" if status.exit_code is None else str(status.exit_code)
    facts = [("image", status.image or ""), ("exit code", exit_code), ("project", run.project), ("id", run.id)]
    return Card(
        f"Run {run.action} of {_function_name(run)}", status.state, ": ".join(part for part in message if part),
        facts=[fact for fact in facts if fact[1]],
        links=_urls(run),
        events=[" → ".join(f"{change.status} {_time(change.time)}" for change in reversed(known))] if known else [],
        log="\n".join(log[-LINES:]) if log else None,
        note=note)


def _urls(run: Run) -> list[str]:
    service = run.status.service
    if not service:
        return []
    return list(service.urls or ([service.url] if service.url else []))


def _function_name(run: Run) -> str:
    """`hello`, of `container://project/hello:id`."""
    key: Any = run.to_dict().get("spec", {}).get("function") or run.name
    return re.sub(r":[^:/]*$", "", str(key).rpartition("/")[2])


def _time(moment: str) -> str:
    """The clock's part of RFC 3339."""
    return moment[11:19] if len(moment) >= 19 else moment
