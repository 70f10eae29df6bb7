"""Which line of a TOML file says what. The parser of the standard library does not tell."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["lines_by_path"]

_MOST_LINES_OF_A_STATEMENT = 200


def lines_by_path(text: str) -> dict[str, int]:
    """The line, counted from 1, of each table and key of `text`, which is known to parse: `keys[1].name` → 7.

    A statement of TOML ends with the first line up to which it parses by itself.
    """
    lines: dict[str, int] = {}
    arrays: dict[str, int] = {}
    prefix = ""
    for number, statement in _statements(text):
        header = statement.lstrip().startswith("[")
        [path, *_] = paths = list(_paths(tomllib.loads(statement), "")) or [""]
        if header:
            prefix = _header(path, arrays, is_array=statement.lstrip().startswith("[["))
            lines.setdefault(prefix.removesuffix("."), number)
        else:
            for path in paths:
                lines.setdefault(prefix + path, number)
    return lines


def _statements(text: str) -> Iterator[tuple[int, str]]:
    begun = 0
    statement = ""
    for number, line in enumerate(text.split("\n"), 1):
        begun = begun if statement else number
        statement += line + "\n"
        if number - begun > _MOST_LINES_OF_A_STATEMENT:  # a long list: its line is not worth the time
            return
        try:
            content = tomllib.loads(statement)
        except tomllib.TOMLDecodeError:
            continue
        if content:
            yield begun, statement
        statement = ""


def _header(path: str, arrays: dict[str, int], *, is_array: bool) -> str:
    if not is_array:
        return f"{path}."
    path = path.removesuffix("[0]")
    arrays[path] = arrays.get(path, -1) + 1
    return f"{path}[{arrays[path]}]."


def _paths(content: Any, prefix: str) -> Iterator[str]:
    """All paths within `content`, the innermost first but for the empty ones."""
    if isinstance(content, dict) and content:
        for name, value in content.items():
            yield from _paths(value, f"{prefix}.{name}" if prefix else name)
    elif isinstance(content, list) and content and isinstance(content[0], dict):
        for number, value in enumerate(content):
            yield from _paths(value, f"{prefix}[{number}]")
            yield f"{prefix}[{number}]"
        return
    if prefix:
        yield prefix
