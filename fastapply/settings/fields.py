"""The settings by name: `server.port`, which is `port` under `[server]` in a file and FASTAPPLY_SERVER_PORT outside."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from typing import Any, get_type_hints

from fastapply.settings.model import Key, Settings

__all__ = [
    "CLIENT_KEY_VARIABLE",
    "CONFIG_VARIABLE",
    "KEYS_VARIABLE",
    "Field",
    "environment_name",
    "fields",
    "key_fields",
    "sections",
]

_PREFIX = "FASTAPPLY_"
CONFIG_VARIABLE = f"{_PREFIX}CONFIG"
KEYS_VARIABLE = f"{_PREFIX}KEYS"
CLIENT_KEY_VARIABLE = f"{_PREFIX}API_KEY"
"""What clients send, and no setting of the service."""


@dataclass(frozen=True)
class Field:
    """One setting of one section."""

    path: str
    """Section and name, with a dot between them."""

    hint: Any
    """The type that `model` gives it."""

    default: object
    """Its value where nothing else is said."""

    @property
    def name(self) -> str:
        """Its name within the section."""
        return self.path.rpartition(".")[2]


def environment_name(path: str) -> str:
    """The environment variable of the setting `path`."""
    return _PREFIX + path.replace(".", "_").upper()


@functools.cache
def sections() -> dict[str, type]:
    """The class of each section; `keys`, which are a list, are none."""
    hints = get_type_hints(Settings)
    return {name: kind for name, kind in hints.items() if dataclasses.is_dataclass(kind) and isinstance(kind, type)}


@functools.cache
def fields() -> dict[str, Field]:
    """All settings but the keys, by path, in the order of the model."""
    return {field.path: field for name, kind in sections().items() for field in _fields_of(kind, f"{name}.")}


@functools.cache
def key_fields() -> dict[str, Field]:
    """What one of the keys has."""
    return {field.name: field for field in _fields_of(Key, "")}


def _fields_of(kind: Any, prefix: str) -> list[Field]:
    hints = get_type_hints(kind, include_extras=True)
    return [Field(prefix + one.name, hints[one.name], _default(one)) for one in dataclasses.fields(kind)]


def _default(one: dataclasses.Field[Any]) -> object:
    if one.default_factory is not dataclasses.MISSING:
        return one.default_factory()
    return None if one.default is dataclasses.MISSING else one.default
