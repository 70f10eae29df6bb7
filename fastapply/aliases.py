"""The names under which a field is accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["names_of"]


def names_of(canonical: str, aliases: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """All names under which clients may send `canonical`: itself, its aliases, and the camelCase of each."""
    names = (canonical, *aliases[canonical])
    return tuple(dict.fromkeys(form for name in names for form in (name, _camel(name))))


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)
