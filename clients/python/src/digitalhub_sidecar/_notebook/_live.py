"""A card that follows its run until the run is over."""
from __future__ import annotations

import threading
from collections import deque
from typing import Any, Callable

from .._entities import LogEvent, StateEvent, Transition
from .._errors import SidecarError
from .._run import EndEvent, Run
from ._card import LINES, Card, run_card

PAUSE = 0.2
"""Seconds between two updates of a card, at least: a log may be fast."""

TERMINAL = ("COMPLETED", "ERROR", "STOPPED", "DELETED")


class Follower:
    """Reads a run's events in a thread, and hands each new card to `show`, in another one.

    The run itself is brought up to date when it is over. The threads end with the run, and with the process.
    """

    def __init__(self, run: Run, show: Callable[[Card], None]) -> None:
        self._given = run
        # Of its own, since the run may be read by a cell at the same time.
        self._run = Run(run._sidecar, run.to_dict())
        self._show = show
        self._log: deque[str] = deque(maxlen=LINES)
        self._transitions: list[Transition] = []
        self._note = ""
        self._changed = threading.Event()
        self._over = False
        self._ended = threading.Event()

    def start(self) -> Follower:
        for work in (self._read, self._paint):
            # Not in the context of the cell: its updates then go along with whatever cell is being executed, where
            # front ends without a loop of their own (nbclient, nbconvert) look for them.
            threading.Thread(target=work, name="digitalhub_sidecar card", daemon=True).start()
        return self

    def join(self, timeout: float) -> bool:
        """Whether the last card has been shown within that many seconds."""
        return self._ended.wait(timeout)

    def card(self) -> Card:
        return run_card(self._run, list(self._log), self._transitions[::-1] or None, self._note)

    def _read(self) -> None:
        try:
            with self._run.events(log_tail=LINES) as events:
                for event in events:
                    self._take(event)
                    self._changed.set()
        except SidecarError as error:
            self._note = f"This display is no longer live: {error}"
        finally:
            self._over = True
            self._changed.set()

    def _take(self, event: Any) -> None:
        if isinstance(event, StateEvent):
            self._transitions.append(Transition(event.state, event.timestamp or "", event.message, event.reason))
            if event.state == "RUNNING":
                self._run.refresh()  # The event does not say where the service is.
        elif isinstance(event, LogEvent):
            self._log.append(event.text)
        elif isinstance(event, EndEvent):
            if event.run is not None:
                self._given._take(event.run.to_dict())
            if event.reason != "finished":
                self._note = f"The run is {event.reason}."

    def _paint(self) -> None:
        over = False
        while not over:
            self._changed.wait()
            self._changed.clear()
            over = self._over
            self._show(self.card())
            if not over:
                threading.Event().wait(PAUSE)
        self._ended.set()


def bundle(card: Card) -> dict[str, str]:
    return {"text/plain": card.text(), "text/html": card.html()}


def display_run(run: Run) -> Follower:
    """Shows the run, now and until it is over. A kernel that is busy with another cell does not hold it up."""
    from IPython.display import display

    handle: Any = display(bundle(run_card(run)), raw=True, display_id=True)
    return Follower(run, lambda card: handle.update(bundle(card), raw=True)).start()
