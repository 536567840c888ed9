"""A version of a function."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Optional, overload

from ._entities import EntityStatus, FunctionSpec
from ._entity import Entity

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._run import Run
    from ._types import BuildOptions, DeployOptions, JobOptions, ServeOptions


class Function(Entity):
    """`spec` is the container and how to run it."""

    spec: FunctionSpec
    status: EntityStatus

    def _take(self, data: dict[str, Any]) -> None:
        super()._take(data)
        self.spec = FunctionSpec.from_json(data.get("spec") or {})
        self.status = EntityStatus.from_json(data.get("status") or {})

    @overload
    def run(self, action: Literal["job"], wait: bool = ..., log_info: bool = ...,
            **options: Unpack[JobOptions]) -> Run: ...
    @overload
    def run(self, action: Literal["serve"], wait: bool = ..., log_info: bool = ...,
            **options: Unpack[ServeOptions]) -> Run: ...
    @overload
    def run(self, action: Literal["build"], wait: bool = ..., log_info: bool = ...,
            **options: Unpack[BuildOptions]) -> Run: ...
    @overload
    def run(self, action: Literal["deploy"], wait: bool = ..., log_info: bool = ...,
            **options: Unpack[DeployOptions]) -> Run: ...

    def run(self, action: str, wait: bool = False, log_info: bool = True, **options: Any) -> Run:
        """Runs this version, and returns at once; with `wait` when a job or build is over, or a serve or deploy runs.
        The options are the parameters of the action. `log_info` logs what is waited for."""
        run = self._sidecar._run(self._sidecar.call("run", self._asked(action, options)))
        return run.wait(log_info=log_info) if wait else run

    def render(self, action: str, **options: Any) -> dict[str, Any]:
        """What `run` would send, exactly; nothing is created."""
        rendered: dict[str, Any] = self._sidecar.call("renderRun", self._asked(action, options))
        return rendered

    def _asked(self, action: str, options: dict[str, Any]) -> dict[str, Any]:
        for name in ("project", "function"):
            if name in options:
                raise TypeError(f"run() of a function takes no `{name}`: it is {getattr(self, name, self.key)!r}")
        return {"project": self.project, "function": self.id, "action": action, **options}

    def list_runs(self, **filters: Any) -> list[Run]:
        """The runs of this version, newest first."""
        return self._sidecar.list_runs(project=self.project, function=self.id, **filters)

    def refresh(self) -> Function:
        """Reads this version again."""
        self._take(self._sidecar.call("getFunction", {"project": self.project, "function": self.id}))
        return self

    def update(self, *, description: Optional[str] = None, labels: Optional[list[str]] = None,
               embedded: Optional[bool] = None, spec: Optional[dict[str, Any]] = None) -> Function:
        """Changes this version in place; in `spec` a member that is None is removed."""
        changes = {"description": description, "labels": labels, "embedded": embedded, "spec": spec}
        self._take(self._sidecar.call("updateFunction", {
            "project": self.project, "function": self.id,
            **{name: value for name, value in changes.items() if value is not None}}))
        return self

    def delete(self, cascade: bool = True) -> None:
        """Deletes this version; with `cascade` its runs too."""
        self._sidecar.call("deleteFunction", {"project": self.project, "function": self.id, "cascade": cascade})
