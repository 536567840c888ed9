"""The dh-sidecar process: its pipes, its last words, its end."""
from __future__ import annotations

import os
import subprocess
import threading
from collections import deque
from typing import Optional

from ._errors import SidecarNotFound

LAST_LINES = 50
LINE_LIMIT = 4096


class Process:
    """Started in a session of its own, so that Ctrl-C in a terminal reaches the program and not the sidecar."""

    def __init__(self, command: list[str], env: Optional[dict[str, str]], cwd: Optional[str]) -> None:
        try:
            self._popen = subprocess.Popen(
                command, env=env, cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                bufsize=0, start_new_session=True)
        except OSError as error:
            raise SidecarNotFound(f"{command[0]} can't be started: {error.strerror or error}") from error
        assert self._popen.stdin and self._popen.stdout and self._popen.stderr
        self.pid = self._popen.pid
        self.stdin = self._popen.stdin.fileno()
        self.stdout = self._popen.stdout.fileno()
        self._stderr = self._popen.stderr.fileno()
        self._lines: deque[bytes] = deque(maxlen=LAST_LINES)
        self._listener = threading.Thread(target=self._listen, name="dh-sidecar stderr", daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        rest = b""
        while True:
            try:
                data = os.read(self._stderr, 65536)
            except OSError:
                data = b""
            if not data:
                break
            *lines, rest = (rest + data).split(b"\n")
            # A line without an end is cut, not kept.
            self._lines.extend(line[-LINE_LIMIT:] for line in lines[-LAST_LINES:])
            rest = rest[-LINE_LIMIT:]
        if rest:
            self._lines.append(rest)

    def last_words(self) -> str:
        """The last lines of stderr; whole once the process has ended."""
        return "".join(line.decode("utf-8", "replace") + "\n" for line in list(self._lines))

    def ended(self, grace: float) -> int:
        """Its return code, negative for a signal; after `grace` seconds it is killed."""
        try:
            code = self._popen.wait(grace)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            code = self._popen.wait()
        self._listener.join(1)
        return code

    def close_stdin(self) -> None:
        if self._popen.stdin is not None:
            try:
                self._popen.stdin.close()
            except OSError:
                pass

    def close_pipes(self) -> None:
        for pipe in (self._popen.stdin, self._popen.stdout, self._popen.stderr):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    pass
