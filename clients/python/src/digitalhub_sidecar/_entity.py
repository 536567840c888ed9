"""What the handles of projects, functions, runs and secrets have in common."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, Optional

from ._entities import Metadata

if TYPE_CHECKING:
    from ._sidecar import Sidecar


class Entity:
    """An entity as it was when it was last read; `refresh()` reads it again."""

    def __init__(self, sidecar: Sidecar, data: dict[str, Any]) -> None:
        self._sidecar = sidecar
        self._take(data)

    def _take(self, data: dict[str, Any]) -> None:
        self._data = data
        self.metadata = Metadata.from_json(data.get("metadata") or {})

    @property
    def id(self) -> str:
        return str(self._data["id"])

    @property
    def key(self) -> str:
        return str(self._data["key"])

    @property
    def kind(self) -> str:
        return str(self._data["kind"])

    @property
    def name(self) -> str:
        return str(self._data["name"])

    @property
    def project(self) -> str:
        """The name of its project."""
        return str(self._data["project"])

    @property
    def user(self) -> Optional[str]:
        return self._data.get("user")

    def to_dict(self) -> dict[str, Any]:
        """As it came over the wire."""
        return dict(self._data)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Entity) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __reduce__(self) -> NoReturn:
        kind = type(self).__name__.lower()
        raise TypeError(f"a {kind} holds on to a process and can't be pickled or copied: hand over its `key`, and get "
                        f"the {kind} by it where it is needed")

    def _repr_html_(self) -> str:
        """For notebooks; the extension (`%load_ext digitalhub_sidecar`) keeps a run's up to date."""
        from ._notebook._card import card_of

        return card_of(self).html()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r}, project={self.project!r}, id={self.id!r})"
