"""Request bodies as objects whose fields go by several names: read by name first, then by type."""

from __future__ import annotations

import re
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from fastapply.aliases import names_of
from fastapply.api.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["read"]

T = TypeVar("T")


def read(body: bytes, kind: type[T], aliases: Mapping[str, tuple[str, ...]], required: tuple[str, ...]) -> T:
    """The `kind` in `body`; a `Problem` with the field's name where it can't be used.

    `aliases` has all fields by their first names, with the other names of each. `null` is as if absent.
    """
    of_fields: Any = kind
    hints = _hints(of_fields)
    fields = {name: _agreed(values, hints[name], body) for name, values in _given(body, kind, aliases).items()}
    for name in required:
        if name not in fields:
            accepted = names_of(name, aliases)
            more = f"; accepted names: {', '.join(accepted)}" if len(accepted) > 1 else ""
            raise Problem.invalid_field(name, f"missing{more}")
    return kind(**fields)


def _given(body: bytes, kind: Any, aliases: Mapping[str, tuple[str, ...]]) -> dict[str, dict[str, bytes]]:
    """For each field, by its first name, the names under which the client gave it and the JSON of its values.

    Values are not decoded before it is known which type they must have: a body of ten million bytes can hold millions
    of lists, which take seconds to make, in a field that nobody reads.
    """
    try:
        with _readable(body):
            raws = _decoder(kind, tuple(form for name in aliases for form in names_of(name, aliases))).decode(body)
    except msgspec.ValidationError:
        raise Problem.malformed("the body is not an object in JSON") from None
    given: dict[str, dict[str, bytes]] = {}
    for canonical in aliases:
        for name in names_of(canonical, aliases):
            raw = getattr(raws, name)
            if raw != _NOTHING:
                given.setdefault(canonical, {})[name] = raw
    return given


_NOTHING = msgspec.Raw(b"null")


@cache
def _decoder(kind: Any, names: tuple[str, ...]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(
        msgspec.defstruct(f"{kind.__name__}Fields", [(name, msgspec.Raw, _NOTHING) for name in names])
    )


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _agreed(given: Mapping[str, bytes], hint: Any, body: bytes) -> Any:
    """The value of a field that was given under one or several names."""
    (first, raw), *others = given.items()
    value = _value(first, raw, hint, body)
    for name, other in others:
        if _value(name, other, hint, body) != value:
            raise Problem.invalid_field(name, f"differs from {first}, which means the same; send one")
    return value


def _value(name: str, raw: bytes, hint: Any, body: bytes) -> Any:
    try:
        with _readable(body):
            return msgspec.json.decode(raw, type=hint)
    except msgspec.ValidationError as error:
        raise _invalid(error, name, hint) from None


@contextmanager
def _readable(body: bytes) -> Iterator[None]:
    """Makes a `Problem` of what says that `body` is no JSON; not of a type that is not the one to be there."""
    try:
        yield
    except msgspec.ValidationError:
        raise
    except UnicodeDecodeError:
        raise Problem.malformed("the body is not UTF-8") from None
    except msgspec.DecodeError as error:
        raise Problem.malformed(_why_malformed(body, error)) from None
    except RecursionError:
        raise Problem.malformed("the body is nested too deep") from None


_HIGH, _LOW = rb"\\u[dD][89abAB][0-9a-fA-F]{2}", rb"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_LONE_SURROGATE = re.compile(rb"%b(?!%b)|(?<!%b)%b" % (_HIGH, _LOW, rb"\\u[dD][89abAB]..", _LOW))


def _why_malformed(body: bytes, error: msgspec.DecodeError) -> str:
    if surrogate := _LONE_SURROGATE.search(body):
        return f"the body holds a lone surrogate ({surrogate[0].decode()}), which is no character"
    return f"the body is not JSON: {error}"


_AT_PATH = re.compile(r"(?P<why>.*?)(?: - at `\$(?P<rest>[^`]*)`)?\Z", re.DOTALL)


def _choices(hint: Any) -> tuple[str, ...]:
    """The values of a `Literal` that may be `None`, too."""
    literal = next((one for one in get_args(hint) if get_origin(one) is Literal), hint)
    return get_args(literal)


def _invalid(error: msgspec.ValidationError, name: str, hint: Any) -> Problem:
    at = _AT_PATH.match(str(error))
    assert at
    rest = at["rest"] or ""
    choices = ""
    if at["why"].startswith("Invalid enum value") and not rest:
        choices = f"; send one of {', '.join(_choices(hint))}"
    return Problem.invalid_field(name + rest, at["why"] + choices)
