"""Request bodies as objects whose fields go by several names: read by name first, then by type."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_type_hints

import msgspec

from fastapply.api.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["names_of", "read"]

T = TypeVar("T")


def read(body: bytes, kind: type[T], aliases: Mapping[str, tuple[str, ...]], required: tuple[str, ...]) -> T:
    """The `kind` in `body`; a `Problem` with the field's name where it can't be used.

    `aliases` has all fields by their first names, with the other names of each. `null` is as if absent.
    """
    fields, used = _canonical(_decode_object(body), aliases)
    for name in required:
        if name not in fields:
            accepted = names_of(name, aliases)
            more = f"; accepted names: {', '.join(accepted)}" if len(accepted) > 1 else ""
            raise Problem.invalid_field(name, f"missing{more}")
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError as error:
        raise _invalid(error, kind, used) from None


def names_of(canonical: str, aliases: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """All names under which clients may send `canonical`: itself, its aliases, and the camelCase of each."""
    names = (canonical, *aliases[canonical])
    return tuple(dict.fromkeys(form for name in names for form in (name, _camel(name))))


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)


def _decode_object(body: bytes) -> dict[str, object]:
    try:
        value = msgspec.json.decode(body)
    except UnicodeDecodeError:
        raise Problem.malformed("the body is not UTF-8") from None
    except msgspec.DecodeError as error:
        raise Problem.malformed(_why_malformed(body, error)) from None
    except RecursionError:
        raise Problem.malformed("the body is nested too deep") from None
    if not isinstance(value, dict):
        raise Problem.malformed("the body is JSON, but not an object")
    return value


_HIGH, _LOW = rb"\\u[dD][89abAB][0-9a-fA-F]{2}", rb"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_LONE_SURROGATE = re.compile(rb"%b(?!%b)|(?<!%b)%b" % (_HIGH, _LOW, rb"\\u[dD][89abAB]..", _LOW))


def _why_malformed(body: bytes, error: msgspec.DecodeError) -> str:
    if surrogate := _LONE_SURROGATE.search(body):
        return f"the body holds a lone surrogate ({surrogate[0].decode()}), which is no character"
    return f"the body is not JSON: {error}"


def _canonical(
    given: dict[str, object], aliases: Mapping[str, tuple[str, ...]]
) -> tuple[dict[str, object], dict[str, str]]:
    """The fields of `given` under their first names, and for each the name the client used."""
    fields: dict[str, object] = {}
    used: dict[str, str] = {}
    for canonical in aliases:
        for name in names_of(canonical, aliases):
            value = given.get(name)
            if value is None:
                continue
            if canonical in fields and fields[canonical] != value:
                raise Problem.invalid_field(name, f"differs from {used[canonical]}, which means the same; send one")
            fields[canonical] = value
            used.setdefault(canonical, name)
    return fields, used


_AT_PATH = re.compile(r"(?P<why>.*) - at `\$\.(?P<name>\w+)(?P<rest>[^`]*)`\Z", re.DOTALL)


def _invalid(error: msgspec.ValidationError, kind: type[Any], used: dict[str, str]) -> Problem:
    at = _AT_PATH.match(str(error))
    if not at:
        return Problem.invalid_field(None, str(error))
    choices = ""
    if at["why"].startswith("Invalid enum value") and not at["rest"]:
        choices = f"; send one of {', '.join(get_args(get_type_hints(kind)[at['name']]))}"
    return Problem.invalid_field(used.get(at["name"], at["name"]) + at["rest"], at["why"] + choices)
