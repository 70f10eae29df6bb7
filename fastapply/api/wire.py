"""Requests and answers as they look on the wire, apart from the values of the merge.

Clients name things differently, so a request is read in two steps: names first, then types.
"""

from __future__ import annotations

import re
from typing import Self, get_args
from uuid import uuid4

import msgspec

from fastapply.api.problems import Problem
from fastapply.merge.values import ApplyResult, Changes, Doubt, Edit, Note, Span, Usage
from fastapply.resolve.route import OnDoubt

__all__ = ["MODEL", "ApplyAnswer", "ApplyRequest", "decode_apply_request"]

MODEL = "fastapply-structural"
"""The name under which the structural merge answers."""

_ALIASES = {
    "original_code": ("initial_code", "code", "file"),
    "edit_snippet": ("code_edit", "update", "edit", "snippet"),
    "instruction": ("instructions",),
    "path": ("filename",),
    "language": (),
    "model": (),
    "on_doubt": (),
    "stream": (),
}


class ApplyRequest(msgspec.Struct, frozen=True):
    """The body of `POST /v1/apply`, under its first names."""

    original_code: str
    edit_snippet: str
    instruction: str = ""
    path: str | None = None
    language: str | None = None
    model: str = "auto"
    on_doubt: OnDoubt = "refuse"
    stream: bool = False


class ApplyAnswer(msgspec.Struct, frozen=True):
    """The answer of `POST /v1/apply`. Ranges count characters (code points) and lines from 0, ends excluded."""

    id: str
    model: str
    engine: str
    language: str
    format: str
    fallback: str
    merged_code: str
    diff: str
    edits: tuple[Edit, ...]
    doubts: tuple[Doubt, ...]
    notes: tuple[Note, ...]
    provenance: tuple[Span, ...]
    changes: Changes
    usage: Usage
    timings: dict[str, float]

    @classmethod
    def of(cls, result: ApplyResult) -> Self:
        """`result` under an id of its own."""
        fields = {name: getattr(result, name) for name in ApplyResult.__struct_fields__}
        return cls(id=f"apply-{uuid4().hex}", model=MODEL, **fields)


def decode_apply_request(body: bytes) -> ApplyRequest:
    """The request in `body`; a `Problem` with the field's name where it can't be used."""
    fields, used = _canonical(_decode_object(body))
    for name in ("original_code", "edit_snippet"):
        if name not in fields:
            accepted = ", ".join(_names_of(name))
            raise Problem.invalid_field(name, f"missing; accepted names: {accepted}")
    try:
        request = msgspec.convert(fields, ApplyRequest)
    except msgspec.ValidationError as error:
        raise _invalid(error, used) from None
    return _supported(request)


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


def _canonical(given: dict[str, object]) -> tuple[dict[str, object], dict[str, str]]:
    """The fields of `given` under their first names, and for each the name the client used. `null` is as if absent."""
    fields: dict[str, object] = {}
    used: dict[str, str] = {}
    for canonical in _ALIASES:
        for name in _names_of(canonical):
            value = given.get(name)
            if value is None:
                continue
            if canonical in fields and fields[canonical] != value:
                raise Problem.invalid_field(name, f"differs from {used[canonical]}, which means the same; send one")
            fields[canonical] = value
            used.setdefault(canonical, name)
    return fields, used


def _names_of(canonical: str) -> tuple[str, ...]:
    """All names under which clients may send `canonical`: itself, its aliases, and the camelCase of each."""
    names = (canonical, *_ALIASES[canonical])
    return tuple(dict.fromkeys(form for name in names for form in (name, _camel(name))))


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)


_AT_PATH = re.compile(r"(?P<why>.*) - at `\$\.(?P<path>[^`]*)`\Z", re.DOTALL)


def _invalid(error: msgspec.ValidationError, used: dict[str, str]) -> Problem:
    if at := _AT_PATH.match(str(error)):
        choices = f"; send one of {', '.join(get_args(OnDoubt))}" if at["path"] == "on_doubt" else ""
        return Problem.invalid_field(used.get(at["path"], at["path"]), at["why"] + choices)
    return Problem.invalid_field(None, str(error))


def _supported(request: ApplyRequest) -> ApplyRequest:
    if request.stream:
        raise Problem.invalid_field("stream", "streaming is not supported yet; leave it out or send false")
    if request.model not in ("auto", "structural", MODEL):
        raise Problem.model_unavailable("model", f"no model is configured; send auto or {MODEL}, or leave it out")
    if request.on_doubt == "model":
        raise Problem.model_unavailable("on_doubt", "no model is configured; send refuse or best, or leave it out")
    return request
