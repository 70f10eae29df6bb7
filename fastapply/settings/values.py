"""One value of a file or of the environment as the type that the model wants.

What is wrong is said without the value: nobody should find in a log what was put into the wrong place.
"""

from __future__ import annotations

import os
import re
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, get_args, get_origin

from fastapply.errors import InvalidSetting

__all__ = ["nearest", "read", "read_text", "shown"]

_SIZE = re.compile(r"(\d{1,18}(?:\.\d{1,9})?)\s*([kmg]i?b|b)", re.IGNORECASE)
_UNITS = {"b": 1, "kb": 10**3, "kib": 2**10, "mb": 10**6, "mib": 2**20, "gb": 10**9, "gib": 2**30}
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_TRUTH = {"true": True, "1": True, "false": False, "0": False}
_TEXTS = tuple[str, ...]
"""In the environment, texts are parted as the folders in PATH are."""
_EXPECTED = {int: "an integer", float: "a number", bool: "true or false", str: "a text"}
_FOUND = {**_EXPECTED, dict: "a table", list: "a list"}


def read(value: object, hint: Any) -> object:
    """`value`, as a TOML file has it, as a `hint`. Raises `InvalidSetting`, whose message follows the field's name."""
    hint = _without_none(hint)
    if get_origin(hint) is Annotated:
        return _size(value)
    if get_origin(hint) is Literal:
        return _choice(value, get_args(hint))
    if hint is float and type(value) is int:
        return float(value)
    if hint == _TEXTS:
        return _texts(value)
    if type(value) is not hint:
        raise InvalidSetting(f"must be {_EXPECTED[hint]}, not {_FOUND.get(type(value), 'a date or time')}")
    return value


def read_text(text: str, hint: Any) -> object:
    """`text`, as an environment variable has it, as a `hint`. Raises as `read` does."""
    plain = _without_none(hint)
    text = text.strip() if plain is not str else text
    if (plain is int or get_origin(plain) is Annotated) and _INTEGER.fullmatch(text):
        return read(int(text), hint)
    if plain is bool:
        return read(_TRUTH.get(text.lower(), text), hint)
    if plain is float:
        return read(_number(text), hint)
    if plain == _TEXTS:
        return tuple(one for one in text.split(os.pathsep) if one)
    return read(text, hint)


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise InvalidSetting("must be a list of texts")
    return tuple(value)


def nearest(wanted: str, known: list[str]) -> str:
    """A question that names what `wanted` may have meant; empty where nothing is near."""
    from difflib import get_close_matches

    near = get_close_matches(wanted, known, n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else ""


def _without_none(hint: Any) -> Any:
    return next(one for one in get_args(hint) if one is not NoneType) if isinstance(hint, UnionType) else hint


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _size(value: object) -> int:
    if type(value) is int:
        return value
    found = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found:
        raise InvalidSetting('must be a number of bytes or a text such as "10 MiB" (B, kB, KiB, MB, MiB, GB, GiB)')
    return int(float(found[1]) * _UNITS[found[2].lower()])


def _choice(value: object, choices: tuple[str, ...]) -> str:
    if value in choices:
        return str(value)
    guess = nearest(value.lower(), list(choices)) if isinstance(value, str) else ""
    raise InvalidSetting(f"must be {', '.join(choices[:-1])} or {choices[-1]}{guess and f'; {guess}'}")


def shown(value: object, hint: Any) -> str:
    """`value` as a file may have it: sizes with the largest unit that leaves no rest."""
    if get_origin(hint) is Annotated and isinstance(value, int) and value:
        for unit in ("GiB", "MiB", "KiB"):
            if value % _UNITS[unit.lower()] == 0:
                return f"{value // _UNITS[unit.lower()]} {unit}"
    if isinstance(value, tuple):
        return os.pathsep.join(value) or "none"
    if isinstance(value, str):
        return value or '""'
    return f"{value:g}" if isinstance(value, float) else str(value)
