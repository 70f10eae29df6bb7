"""What passes between the pool and its workers: msgpack in frames of a 4-byte length and that many bytes.

Not pickle: a worker parses untrusted text in C, so what comes back from it is decoded as data and nothing else.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Literal, Self, TypeVar

import msgspec

from fastapply import errors
from fastapply.merge.values import ApplyResult, Choice, Doubt, Edit
from fastapply.resolve.question import Part, Questions
from fastapply.resolve.route import OnDoubt

if TYPE_CHECKING:
    from fastapply.resolve.completer import Completion

__all__ = [
    "HEADER",
    "READY",
    "Answer",
    "AnyJob",
    "AskJob",
    "Early",
    "EarlyJob",
    "Job",
    "JudgeJob",
    "decode_job",
    "encode",
    "encode_error",
    "open_answer",
]

T = TypeVar("T")

HEADER = struct.Struct(">I")
READY = b"ready"


class Job(msgspec.Struct, frozen=True, tag="apply"):
    """The arguments of one `fastapply.apply`."""

    original_code: str
    edit_snippet: str
    instruction: str = ""
    path: str | None = None
    language: str | None = None
    on_doubt: OnDoubt = "refuse"
    deadline: float = 5.0
    choices: tuple[Choice, ...] = ()


class AskJob(Job, frozen=True, tag="ask", kw_only=True):
    """What is a model to be asked about the merge of these arguments, which came out as `guess`?"""

    guess: ApplyResult

    @classmethod
    def of(cls, job: Job, guess: ApplyResult) -> Self:
        """That question about `job`."""
        return cls(**msgspec.structs.asdict(job), guess=guess)


class JudgeJob(Job, frozen=True, tag="judge", kw_only=True):
    """What does the answer of a model make of the file?"""

    guess: ApplyResult
    part: Part | None
    """What was asked about; None for the whole file."""
    text: str
    finished: Literal["stop", "length"]
    model: str
    """Who answered."""

    @classmethod
    def of(cls, job: Job, guess: ApplyResult, part: Part | None, completion: Completion, model: str) -> Self:
        """That question about `job`."""
        fields = msgspec.structs.asdict(job)
        return cls(**fields, guess=guess, part=part, text=completion.text, finished=completion.finished, model=model)


class EarlyJob(Job, frozen=True, tag="early", kw_only=True):
    """Which edits are certain of a snippet whose first lines are there?"""


class Early(msgspec.Struct, frozen=True):
    """Edits that are certain before the snippet is whole."""

    edits: tuple[Edit, ...]


AnyJob = Job | AskJob | JudgeJob | EarlyJob


class Refusal(msgspec.Struct, frozen=True, tag="refusal"):
    """`EditRefused` on its way."""

    doubts: tuple[Doubt, ...]
    best_guess: ApplyResult | None


class Failure(msgspec.Struct, frozen=True, tag="failure"):
    """Any other error on its way. `code` names its class."""

    code: str
    message: str
    field: str | None = None
    seconds: float = 0.0


class Answer(msgspec.Struct, frozen=True, tag="answer"):
    """What was asked for on its way: the one of these that it is."""

    result: ApplyResult | None = None
    questions: Questions | None = None
    early: Early | None = None


_ENCODER = msgspec.msgpack.Encoder()
_JOBS: msgspec.msgpack.Decoder[AnyJob] = msgspec.msgpack.Decoder(AnyJob)
_ANSWERS = msgspec.msgpack.Decoder(Answer | Refusal | Failure)
_BY_FIELD: dict[str, type[errors.InvalidRequest]] = {
    kind.code: kind for kind in (errors.InvalidRequest, errors.UnknownLanguage, errors.InputTooLarge)
}
_BY_MESSAGE: dict[str, type[errors.FastApplyError]] = {
    kind.code: kind for kind in (errors.ModelUnavailable, errors.WorkerDied)
}


def encode(message: AnyJob | Answer | Refusal | Failure) -> bytes:
    """`message` as bytes; `InvalidRequest` where a text is no Unicode (a lone surrogate)."""
    try:
        return _ENCODER.encode(message)
    except UnicodeEncodeError as error:
        raise errors.InvalidRequest(f"a text holds a lone surrogate, which is no character: {error.reason}") from None


def decode_job(payload: bytes) -> AnyJob:
    """The job in `payload`."""
    return _JOBS.decode(payload)


def encode_error(error: errors.FastApplyError) -> bytes:
    """`error` as bytes, with all that `open_answer` needs to raise it again."""
    if isinstance(error, errors.EditRefused):
        return encode(Refusal(error.doubts, error.best_guess))
    field = getattr(error, "field", None)
    return encode(Failure(error.code, str(error), field, getattr(error, "seconds", 0.0)))


def open_answer(payload: bytes, kind: type[T]) -> T:
    """The `kind` in `payload`, or the error in it raised with its own type."""
    message = _ANSWERS.decode(payload)
    if isinstance(message, Answer):
        found = message.questions or message.result or message.early
        if not isinstance(found, kind):
            raise errors.FastApplyError("a worker answered what was not asked")
        return found
    if isinstance(message, Refusal):
        raise errors.EditRefused(message.doubts, message.best_guess)
    raise _error_of(message)


def _error_of(failure: Failure) -> errors.FastApplyError:
    if failure.code == errors.DeadlineExceeded.code:
        return errors.DeadlineExceeded(failure.seconds)
    if invalid := _BY_FIELD.get(failure.code):
        return invalid(failure.message, failure.field)
    return _BY_MESSAGE.get(failure.code, errors.FastApplyError)(failure.message)
