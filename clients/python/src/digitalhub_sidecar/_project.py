"""A project."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

from ._entities import EntityStatus
from ._entity import Entity

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._function import Function
    from ._run import Run
    from ._secret import Secret
    from ._types import FunctionOptions


class Project(Entity):
    """Its methods are the module's functions, in this project."""

    status: EntityStatus

    def _take(self, data: dict[str, Any]) -> None:
        super()._take(data)
        self.spec: dict[str, Any] = data.get("spec") or {}
        self.status = EntityStatus.from_json(data.get("status") or {})

    def new_function(self, name: Optional[str] = None, kind: Optional[str] = None,
                     **options: Unpack[FunctionOptions]) -> Function:
        """Creates a function, or a new version where the name is taken."""
        if "project" in options:
            raise TypeError(f"new_function() of a project takes no `project`: it is {self.name!r}")
        return self._sidecar.new_function(self.name, name, kind, **options)

    def get_function(self, identifier: str, entity_id: Optional[str] = None) -> Function:
        return self._sidecar.get_function(identifier, self.name, entity_id)

    def get_function_versions(self, identifier: str) -> list[Function]:
        return self._sidecar.get_function_versions(identifier, self.name)

    def list_functions(self, **filters: Any) -> list[Function]:
        return self._sidecar.list_functions(self.name, **filters)

    def delete_function(self, identifier: str, entity_id: Optional[str] = None, delete_all_versions: bool = False,
                        cascade: bool = True) -> None:
        self._sidecar.delete_function(identifier, self.name, entity_id, delete_all_versions, cascade)

    def get_run(self, identifier: str) -> Run:
        return self._sidecar.get_run(identifier, self.name)

    def list_runs(self, **filters: Any) -> list[Run]:
        return self._sidecar.list_runs(self.name, **filters)

    def delete_run(self, identifier: str) -> None:
        self._sidecar.delete_run(identifier, self.name)

    def new_secret(self, name: str, secret_value: str) -> Secret:
        return self._sidecar.new_secret(self.name, name, secret_value)

    def list_secrets(self) -> list[Secret]:
        return self._sidecar.list_secrets(self.name)

    def get_secret(self, identifier: str) -> Secret:
        return self._sidecar.get_secret(identifier, self.name)

    def delete_secret(self, identifier: str) -> None:
        self._sidecar.delete_secret(identifier, self.name)

    def refresh(self) -> Project:
        self._take(self._sidecar.call("getProject", {"name": self.name}))
        return self

    def delete(self, cascade: bool = True) -> None:
        """Deletes it; with `cascade` all that is in it too."""
        self._sidecar.delete_project(self.name, cascade)

    def __repr__(self) -> str:
        return f"Project(name={self.name!r})"
