"""What a service says instead of an answer, as the error that it was there.

Only what has the form of our own problems is repeated: a proxy's page may hold anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from fastapply import errors
from fastapply.merge.values import Doubt
from fastapply.retries import retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Told", "failure", "told"]


class Told(msgspec.Struct, frozen=True):
    """A problem of ours, as far as an error needs it."""

    code: str
    detail: str
    field: str | None = None
    seconds: float = 0.0
    count: int = 0
    doubts: tuple[Doubt, ...] = ()
    files: tuple[ToldFile, ...] = ()


class ToldFile(msgspec.Struct, frozen=True):
    """The same of one file of a batch."""

    index: int
    problem: Told


_TOLD = msgspec.json.Decoder(Told)
_OF_FIELD: dict[str, type[errors.InvalidRequest]] = {
    kind.code: kind for kind in (errors.InvalidRequest, errors.UnknownLanguage, errors.InputTooLarge)
}
_OF_MODEL: dict[str, type[errors.ModelError]] = {
    kind.code: kind
    for kind in (
        errors.ModelDown,
        errors.ModelUnusable,
        errors.ModelBusy,
        errors.ModelFailed,
        errors.QuestionTooLong,
        errors.QuestionUnfit,
    )
}
_OF_MESSAGE: dict[str, type[errors.FastApplyError]] = {
    kind.code: kind for kind in (errors.ModelUnavailable, errors.WorkerDied)
} | dict.fromkeys(("unauthorized", "key_revoked"), errors.KeyRefused)


def failure(status: int, headers: Mapping[str, str], body: bytes) -> errors.FastApplyError:
    """The error for an answer that is no success."""
    after = retry_after(headers.get("retry-after", ""))
    if "json" in headers.get("content-type", ""):
        try:
            return told(_TOLD.decode(body), after, status)
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
    return _foreign(status, headers, after)


def told(problem: Told, after: float | None = None, status: int = 0) -> errors.FastApplyError:
    """The error that `problem` was; `after` are the seconds of its `Retry-After`."""
    code, detail = problem.code, problem.detail
    if code == errors.EditRefused.code:
        return errors.EditRefused(problem.doubts)
    if code == errors.DeadlineExceeded.code:
        return errors.DeadlineExceeded(problem.seconds)
    if code == errors.QueueFull.code:
        return errors.QueueFull(after or 1)
    if code == errors.RateLimited.code:
        return errors.RateLimited(detail, after or 1)
    if code == errors.BatchRefused.code:
        return errors.BatchRefused(detail, {file.index: told(file.problem) for file in problem.files})
    if kind := _OF_FIELD.get(code):
        return kind(detail, problem.field)
    if model := _OF_MODEL.get(code):
        error = model(detail)
        error.doubts = problem.doubts
        return error
    if plain := _OF_MESSAGE.get(code):
        return plain(detail)
    return errors.ServiceError(f"the service answered {status or 'an error'} ({code}): {detail}")


def _foreign(status: int, headers: Mapping[str, str], after: float | None) -> errors.ServiceError:
    """The error for an answer that is not ours, of which nothing is repeated but its status and type."""
    kind = headers.get("content-type", "").partition(";")[0].strip() or "no content type"
    said = f"{status} with {kind}, which is no answer of FastApply"
    if status == 401:
        return errors.KeyRefused(f"a key is asked for: {said}")
    if status == 429:
        return errors.RateLimited(f"too many requests: {said}", after or 1)
    if status in (502, 503, 504):
        return errors.ServiceUnreachable(f"the service is not available: {said}")
    return errors.UnexpectedAnswer(f"the answer is {said}; check the address of the service")
