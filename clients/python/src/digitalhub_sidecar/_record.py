"""What the generated dataclasses have in common."""
from __future__ import annotations

from dataclasses import fields
from typing import Any, ClassVar, Dict, Type, TypeVar

Self = TypeVar("Self", bound="Record")
# A field may be called `type`, and hides the builtin's name then.
Nested = Dict[str, Type["Record"]]


class Record:
    """An object of the wire as a dataclass: members that it doesn't know are in `additional`, so nothing is lost."""

    additional: dict[str, Any]
    _nested: ClassVar[Nested] = {}

    @classmethod
    def from_json(cls: type[Self], data: dict[str, Any]) -> Self:
        """Of the object as it came over the wire; a member that is missing is None."""
        names = {field.name for field in fields(cls)} - {"additional"}  # type: ignore[arg-type]
        values = {name: cls._member(name, data.get(name)) for name in names}
        values["additional"] = {name: value for name, value in data.items() if name not in names}
        return cls(**values)

    @classmethod
    def _member(cls, name: str, value: Any) -> Any:
        nested = cls._nested.get(name)
        if nested is None:
            return value
        if isinstance(value, list):
            return [nested.from_json(item) if isinstance(item, dict) else item for item in value]
        return nested.from_json(value) if isinstance(value, dict) else value

    def to_json(self) -> dict[str, Any]:
        """The object of the wire again, without members that are None."""
        data = {field.name: _plain(getattr(self, field.name)) for field in fields(self)  # type: ignore[arg-type]
                if field.name != "additional"}
        return {**{name: value for name, value in data.items() if value is not None}, **self.additional}


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_json()
    return [_plain(item) for item in value] if isinstance(value, list) else value
