"""Reads the lines that the process writes."""
from __future__ import annotations

import os
import select
import threading
import weakref
from typing import TYPE_CHECKING, Callable, Optional

if TYPE_CHECKING:
    import asyncio


class Descriptor:
    """A file descriptor, closed at the latest with this object."""

    def __init__(self, number: int) -> None:
        self.number = number

    def close(self) -> None:
        number, self.number = self.number, -1
        if number >= 0:
            os.close(number)

    def __del__(self) -> None:
        self.close()


class Intake:
    """A thread reads, so that any thread can wait for an answer, also one whose event loop stands still. While only
    tasks wait, their event loop reads by itself and the thread rests: that saves two changes of thread a call.

    `take` gets each line, one at a time, and raises ValueError where it can't be one; `ended` is called by the thread
    when no more lines come, with the reason if that is the lines' own.
    """

    def __init__(self, fd: int, take: Callable[[bytes], None], ended: Callable[[str], None]) -> None:
        # The reading end is ours alone, so the process does not notice.
        os.set_blocking(fd, False)
        self._fd = fd
        self._take = take
        self._ended = ended
        self._chunks: list[bytes] = []
        self._over: Optional[str] = None
        # Who reads and hands out lines holds it, so that they stay in order.
        self._reading = threading.Lock()
        self._reading_thread = 0
        # Guards how many threads wait, and whether the thread may rest.
        self._mode = threading.Lock()
        self._waiting = 0
        self._awake = threading.Event()
        self._awake.set()
        self._bell, self._bell_rope = map(Descriptor, os.pipe())
        # Each with a descriptor of its own, which is closed with the loop at the latest.
        self._loops: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Descriptor] = weakref.WeakKeyDictionary()
        self._thread = threading.Thread(target=self._run, name="dh-sidecar reader", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def is_reading_here(self) -> bool:
        """Whether this thread is the one that hands out a line just now."""
        return self._reading_thread == threading.get_ident()

    # MARK: who reads

    def thread_waits(self) -> None:
        """A thread begins to wait; to be followed by `thread_waited`."""
        with self._mode:
            self._waiting += 1
            self._awake.set()

    def thread_waited(self) -> None:
        with self._mode:
            self._waiting -= 1

    def task_waits(self, loop: asyncio.AbstractEventLoop) -> None:
        """A task of that loop, which runs in this thread, is about to wait."""
        if self._over is not None or (loop not in self._loops and not self._reads_in(loop)):
            return
        if self._awake.is_set():
            with self._mode:
                if self._waiting == 0 and self._over is None:
                    self._awake.clear()
                    os.write(self._bell_rope.number, b"!")

    def _reads_in(self, loop: asyncio.AbstractEventLoop) -> bool:
        own = Descriptor(os.dup(self._fd))
        try:
            loop.add_reader(own.number, self._readable, loop, own.number)
            self._loops[loop] = own
        except (NotImplementedError, TypeError):
            # A loop that can't: then the thread reads for it.
            return False
        return True

    def _readable(self, loop: asyncio.AbstractEventLoop, fd: int) -> None:
        if self._over is None and self._pump():
            return
        loop.remove_reader(fd)
        with self._mode:
            self._awake.set()
            os.write(self._bell_rope.number, b"!")

    def leave_loops(self) -> None:
        """No loop reads any more."""
        for loop, own in list(self._loops.items()):
            try:
                loop.call_soon_threadsafe(_leave, loop, own)
            except RuntimeError:
                # It is closed.
                own.close()
        self._loops.clear()

    def abandon(self) -> None:
        """In a forked child: its copies of the descriptors are closed."""
        for own in list(self._loops.values()):
            own.close()

    def join(self, seconds: float) -> None:
        if self._thread is not threading.current_thread():
            self._thread.join(seconds)

    # MARK: reading

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        poll.register(self._bell.number, select.POLLIN)
        while self._over is None:
            self._awake.wait()
            if self._over is not None:
                break
            for fd, _ in poll.poll():
                if fd == self._bell.number:
                    os.read(self._bell.number, 1)
                elif self._over is None:
                    self._pump()
        self._ended(self._over)

    def _pump(self) -> bool:
        """Hands out what is there; False at the end."""
        with self._reading:
            if self._over is not None:
                return False
            try:
                self._reading_thread = threading.get_ident()
                data = os.read(self._fd, 1 << 20)
                if data:
                    self._split(data)
                else:
                    self._over = ""
            except BlockingIOError:
                # Another one has read it.
                pass
            except OSError:
                self._over = ""
            except ValueError as error:
                self._over = f"It wrote something that dh-sidecar never writes ({error})."
            except BaseException:
                # Nobody knows how much of it was lost.
                self._over = "Reading its answers was interrupted."
                raise
            finally:
                self._reading_thread = 0
            return self._over is None

    def _split(self, data: bytes) -> None:
        *lines, rest = data.split(b"\n")
        if lines and self._chunks:
            self._chunks.append(lines[0])
            lines[0] = b"".join(self._chunks)
            self._chunks.clear()
        for line in lines:
            if line.strip():
                self._take(line)
        if rest:
            self._chunks.append(rest)


def _leave(loop: asyncio.AbstractEventLoop, own: Descriptor) -> None:
    loop.remove_reader(own.number)
    own.close()
