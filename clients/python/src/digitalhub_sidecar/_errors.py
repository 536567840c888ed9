"""What can go wrong, each with what a program needs to act on it."""
from __future__ import annotations

import signal as signals
from typing import Any, Optional


class SidecarError(Exception):
    """What every error of this package is."""


class CallError(SidecarError):
    """The sidecar answered a call with an error. `code` is the JSON-RPC number, `name` the stable word for it (such as
    `run_not_found`), `errors` the single faults in the params, `data` all that came with it."""

    def __init__(self, code: int, message: str, data: Optional[dict[str, Any]] = None, method: str = "") -> None:
        super().__init__(code, message, data, method)
        self.code = code
        self.message = message
        self.data: dict[str, Any] = data if isinstance(data, dict) else {}
        self.method = method

    @property
    def name(self) -> str:
        return str(self.data.get("code", ""))

    @property
    def retryable(self) -> bool:
        return bool(self.data.get("retryable", False))

    @property
    def retry_after_ms(self) -> Optional[int]:
        return self.data.get("retry_after_ms")

    @property
    def errors(self) -> list[dict[str, Any]]:
        return list(self.data.get("errors") or [])

    @property
    def hint(self) -> Optional[str]:
        return self.data.get("hint")

    def __str__(self) -> str:
        lines = [f"{self.message} ({self.name or self.code})"]
        for fault in self.errors:
            lines.append(" ".join(str(fault[part]) for part in ("pointer", "message", "hint") if fault.get(part)))
        if self.hint:
            lines.append(self.hint)
        return "\n  ".join(lines)


class SidecarNotFound(SidecarError):
    """There is no dh-sidecar to start; the message says where it was looked for, and how to get it."""


class IncompatibleSidecar(SidecarError):
    """What was started is no dh-sidecar of the protocol version that this package speaks."""


class SidecarLost(SidecarError):
    """The process is gone. `exit_code` is what it left with, `signal` the name of the signal that ended it (one of the
    two is None), `stderr` the last lines that it wrote there."""

    def __init__(self, returncode: Optional[int], stderr: str, why: str = "") -> None:
        super().__init__(returncode, stderr, why)
        self.returncode = returncode
        self.stderr = stderr
        self.why = why

    @property
    def exit_code(self) -> Optional[int]:
        return self.returncode if self.returncode is not None and self.returncode >= 0 else None

    @property
    def signal(self) -> Optional[str]:
        if self.returncode is None or self.returncode >= 0:
            return None
        try:
            return signals.Signals(-self.returncode).name
        except ValueError:
            return f"signal {-self.returncode}"

    def __str__(self) -> str:
        how = f"was ended by {self.signal}" if self.signal else f"ended with exit code {self.exit_code}"
        why = f" {self.why}" if self.why else ""
        said = f"\nIts last words on stderr:\n{self.stderr.rstrip()}" if self.stderr.strip() else ""
        return f"dh-sidecar {how}.{why} Runs go on; a new Sidecar (or close(), for the module's own) finds them.{said}"


class SidecarClosed(SidecarError):
    """The call came after close(), or was under way at it."""


class CallTimeout(SidecarError, TimeoutError):
    """A call took longer than its `timeout`; the sidecar was told to give it up."""


class MisuseError(SidecarError):
    """A sidecar was used where it can't work: in a forked child, or from one of its own callbacks."""
