"""A secret of a project."""
from __future__ import annotations

from ._entity import Entity


class Secret(Entity):
    """Its value is never shown again, here neither."""

    def set_secret_value(self, value: str) -> None:
        """Replaces the value."""
        self._take(self._sidecar.call("setSecret", {"project": self.project, "name": self.name, "value": value}))

    def delete(self) -> None:
        self._sidecar.delete_secret(self.name, project=self.project)
