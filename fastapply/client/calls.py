"""The calls of the client, apart from how they are sent: arguments in, a request out; a body in, a value out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from fastapply.client.connection import Ask
from fastapply.client.failures import Told, told
from fastapply.errors import FastApplyError, InvalidRequest, UnexpectedAnswer
from fastapply.merge.values import ApplyResult, Choice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapply.resolve.route import OnDoubt

__all__ = [
    "FileEdit",
    "Tools",
    "Warmth",
    "apply_ask",
    "batch_ask",
    "encoded",
    "opened",
    "opened_batch",
    "opened_result",
    "warm_ask",
]

T = TypeVar("T")


class FileEdit(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file of a batch; the fields are the arguments of `apply`."""

    original_code: str
    edit_snippet: str
    path: str | None = None
    instruction: str = ""
    language: str | None = None
    choices: tuple[Choice, ...] = ()


class Warmth(msgspec.Struct, frozen=True):
    """What came of having a file read ahead: by whom, how many tokens of the prompt are kept now, how many of them were
    before, the milliseconds it took, and why nothing was read (None where something was)."""

    model: str | None
    warmed_tokens: int
    cached_tokens: int
    ms: float
    skipped: str | None = None


class Tools(msgspec.Struct, frozen=True):
    """The tools for agents."""

    tools: list[dict[str, Any]]


class _BatchFile(msgspec.Struct, frozen=True):
    result: ApplyResult | None = None
    problem: Told | None = None


class _Batch(msgspec.Struct, frozen=True):
    files: tuple[_BatchFile, ...]


_RESULTS = msgspec.json.Decoder(ApplyResult)


def apply_ask(
    original_code: str,
    edit_snippet: str,
    *,
    instruction: str = "",
    path: str | None = None,
    language: str | None = None,
    model: str = "auto",
    on_doubt: OnDoubt | None = None,
    choices: Sequence[Choice] = (),
) -> Ask:
    """The request that merges `edit_snippet` into `original_code`. A merge changes nothing, so it may be repeated."""
    fields = {
        "original_code": original_code,
        "edit_snippet": edit_snippet,
        "instruction": instruction,
        "path": path,
        "language": language,
        "model": model,
        "on_doubt": on_doubt,
        "choices": tuple(choices) or None,
    }
    return Ask("POST", "/v1/apply", encoded(fields))


def batch_ask(files: Sequence[FileEdit], *, atomic: bool, model: str, on_doubt: OnDoubt | None) -> Ask:
    """The request that merges `files`."""
    fields = {"files": tuple(files), "atomic": atomic, "model": model, "on_doubt": on_doubt}
    return Ask("POST", "/v1/apply/batch", encoded(fields))


def opened_batch(body: bytes, count: int) -> tuple[ApplyResult | FastApplyError, ...]:
    """What became of each of the `count` files that were sent."""
    outcomes = tuple(
        file.result or (told(file.problem) if file.problem else None) for file in opened(body, _Batch).files
    )
    found = tuple(one for one in outcomes if one is not None)
    if len(found) != count:
        raise UnexpectedAnswer(f"of {count} files the answer has {len(found)}")
    return found


def warm_ask(original_code: str, *, instruction: str, path: str | None, model: str) -> Ask:
    """The request that has the model read a file ahead."""
    fields = {"original_code": original_code, "instruction": instruction, "path": path, "model": model}
    return Ask("POST", "/v1/warm", encoded(fields))


def encoded(fields: dict[str, Any]) -> bytes:
    """`fields` as JSON, without those that are None; `InvalidRequest` where one is of a type that JSON has not."""
    try:
        return msgspec.json.encode({name: value for name, value in fields.items() if value is not None})
    except UnicodeEncodeError as error:
        raise InvalidRequest(f"a text holds a lone surrogate, which is no character: {error.reason}") from None
    except TypeError as error:
        raise InvalidRequest(f"an argument can't be sent: {error}") from None


def opened_result(body: bytes) -> ApplyResult:
    """The result in the body of an answer."""
    return _opened(_RESULTS, body)


def opened(body: bytes, kind: type[T]) -> T:
    """The `kind` in the body of an answer."""
    return _opened(msgspec.json.Decoder(kind), body)


def _opened(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Its message may hold what was sent.
        raise UnexpectedAnswer("the answer is not what FastApply answers; is something else at this address?") from None
