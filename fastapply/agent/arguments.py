"""The arguments of a tool call, as models write them.

Kind where only one thing can be meant: a further name of an argument, `null` or an empty text for one that may be left
out, `"true"` for true, a list that came as JSON in a text. Everything else is an error that names the argument: a value
of another type, two names with different values, a name that no argument has. Nothing is guessed about a path or an
edit: these are taken as they are.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from fastapply.agent.tools import ALIASES, MOST_EDITS
from fastapply.aliases import names_of
from fastapply.errors import InvalidRequest
from fastapply.settings.values import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["read_arguments"]

T = TypeVar("T", bound=msgspec.Struct)

_TRUTH = {"true": True, "false": False}
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_REPLACED = ("old_string", "old_str", "oldString", "old_text", "oldText", "search")
"""What tools that replace one text by another call the text that goes."""


def read_arguments(given: Mapping[str, Any], kind: type[T]) -> T:
    """The `kind` that `given` means; `InvalidRequest` with the argument's name where it can't be used."""
    return _read(given, kind, "")


def _read(given: Mapping[str, Any], kind: type[T], at: str) -> T:
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    hints = _hints(kind)
    by_name = {name: first for first in fields for name in names_of(first, ALIASES)}
    found: dict[str, tuple[str, Any]] = {}
    for name, value in given.items():
        if name not in by_name:
            raise InvalidRequest(f"{at}{name}: {_unknown(name, by_name)}", field=f"{at}{name}")
        first = by_name[name]
        field = fields[first]
        if _is_absent(value, first, field.required):
            continue
        read = _value(value, hints[first], f"{at}{name}")
        before, other = found.setdefault(first, (name, read))
        if other != read:
            raise InvalidRequest(
                f"{at}{name}: differs from {before}, which means the same; send {first} alone", field=f"{at}{name}"
            )
    for name, field in fields.items():
        if field.required and name not in found:
            raise InvalidRequest(f"{at}{name}: missing", field=f"{at}{name}")
    return kind(**{name: _checked(name, value, f"{at}{called}") for name, (called, value) in found.items()})


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _is_absent(value: Any, name: str, required: bool) -> bool:
    return value is None or (value == "" and not required and name != "instruction")


def _unknown(name: str, known: Mapping[str, str]) -> str:
    if name in _REPLACED and "code_edit" in known.values():
        return "no such argument; code_edit shows the lines as they are to be, with the unchanged lines around them"
    question = nearest(name, list(known))
    firsts = ", ".join(dict.fromkeys(known.values()))
    return f"no such argument; {question or 'there are'} {'' if question else firsts}".rstrip()


def _value(value: Any, hint: Any, at: str) -> Any:
    """`value` as the type that `hint` asks for."""
    if hint is bool:
        value = _TRUTH.get(value.strip().lower(), value) if isinstance(value, str) else value
        return _of(value, bool, "true or false", at)
    if get_origin(hint) is tuple:
        one, _ = get_args(hint)
        return tuple(_read(item, one, f"{at}[{number}].") for number, item in enumerate(_objects(value, at)))
    text = _of(value, str, "text", at)
    choices = get_args(hint) if hint is not str and type(None) not in get_args(hint) else ()
    if choices and text not in choices:
        raise InvalidRequest(f"{at}: must be {' or '.join(choices)}", field=at)
    return text


def _objects(value: Any, at: str) -> list[Mapping[str, Any]]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise InvalidRequest(f"{at}: must be a list of objects, not text", field=at) from None
    if isinstance(value, dict):
        value = [value]
    items: list[Mapping[str, Any]] = _of(value, list, "a list of objects", at)
    if not items:
        raise InvalidRequest(f"{at}: is empty", field=at)
    if len(items) > MOST_EDITS:
        raise InvalidRequest(f"{at}: has {len(items)} items; send at most {MOST_EDITS} at once", field=at)
    for number, item in enumerate(items):
        _of(item, dict, "an object", f"{at}[{number}]")
    return items


_KINDS = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}


def _of(value: Any, kind: type, called: str, at: str) -> Any:
    if type(value) is not kind:
        raise InvalidRequest(f"{at}: must be {called}, not {_KINDS.get(type(value), 'null')}", field=at)
    return value


def _checked(name: str, value: Any, at: str) -> Any:
    """`value`, which has the right type, once it is sure that it can be used."""
    if name in ("path", "code_edit") and not value.strip():
        raise InvalidRequest(f"{at}: is empty", field=at)
    if name == "path":
        return _path(value, at)
    if name == "expected_sha256":
        value = value.lower()
        if not _SHA256.fullmatch(value):
            raise InvalidRequest(f"{at}: must be a SHA-256, 64 hexadecimal digits", field=at)
    return value


def _path(path: str, at: str) -> str:
    # Such a path names no file that is there, and would become a new one.
    if _SCHEME.match(path):
        raise InvalidRequest(f"{at}: must be a path, not a URL", field=at)
    if path != path.strip() or not path.isprintable():
        raise InvalidRequest(f"{at}: white space around it, or a character that can't be shown", field=at)
    return path
