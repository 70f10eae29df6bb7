"""Requests and errors as messages, and back."""

from __future__ import annotations

import math
from itertools import accumulate, chain, pairwise
from typing import TYPE_CHECKING

import numpy as np

from backend.errors import (
    BackendError,
    BadRequest,
    EngineClosed,
    EngineFault,
    QueueFull,
    RequestRefused,
    RequestTooLong,
)
from backend.process.codec import encode
from backend.process.messages import LARGEST, Ask, Ragged, Refused, Units
from backend.request import Drafts, Request, SamplingParams, Splice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["ask_frame", "error_of", "packed", "refused", "request_of"]

_INT32 = np.dtype("<i4")
_PLAIN: dict[str, type[BackendError]] = {one.code: one for one in (QueueFull, EngineClosed, EngineFault)}


def packed(tokens: Sequence[int] | NDArray[np.int64], field: str) -> bytes:
    """`tokens` as int32. `BadRequest` where one is no integer of that size."""
    try:
        wide = np.asarray(tokens, dtype=np.int64).reshape(-1)
    except (TypeError, ValueError, OverflowError):
        raise BadRequest(field, "is not a list of token ids") from None
    narrow = wide.astype(_INT32)
    if not np.array_equal(narrow, wide):
        raise BadRequest(field, "a token id is too large")
    return narrow.tobytes()


def unpacked(data: bytes, field: str) -> NDArray[np.int32]:
    """The int32 array that `packed` made these bytes of; read-only."""
    if len(data) % _INT32.itemsize:
        raise BadRequest(field, f"{len(data)} bytes are no whole number of int32")
    return np.frombuffer(data, _INT32)


def ask_frame(number: int, request: Request, now: float) -> bytes:
    """`request` as the frame of an `Ask`; `now` on the clock of its deadline.

    Raises `BadRequest` for what can't be sent.
    """
    drafts, sampling = request.drafts, request.sampling
    if sampling.seed is not None and not -(2**63) <= sampling.seed < 2**64:
        raise BadRequest("seed", "has more than 64 bits")
    frame = encode(
        Ask(
            id=number,
            prompt=packed(request.prompt, "prompt"),
            max_tokens=request.max_tokens,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            seed=sampling.seed,
            given=packed(drafts.given, "drafts.given"),
            unsure=packed(drafts.unsure, "drafts.unsure"),
            original=packed(drafts.original, "drafts.original"),
            snippet=packed(drafts.snippet, "drafts.snippet"),
            stop_ids=packed(sorted(request.stop_ids), "stop_ids"),
            stop_sequences=_ragged(request.stop_sequences, "stop_sequences") if request.stop_sequences else None,
            splice=None if request.splice is None else _units(request.splice),
            seconds=None if request.deadline is None else request.deadline - now,
            salt=request.salt,
            background=request.background,
        )
    )
    if len(frame) > LARGEST:
        raise BadRequest("request", f"{len(frame):,} bytes; no more than {LARGEST:,} can be sent")
    return frame


def request_of(ask: Ask, now: float) -> Request:
    """What a client asked for, its deadline on the engine's clock, which says `now`. Raises `BadRequest`."""
    if ask.seconds is not None and math.isnan(ask.seconds):
        raise BadRequest("seconds", "is not a number")
    return Request(
        prompt=_ids(ask.prompt, "prompt"),
        max_tokens=ask.max_tokens,
        sampling=SamplingParams(ask.temperature, ask.top_p, ask.seed),
        drafts=Drafts(
            given=_ids(ask.given, "drafts.given"),
            unsure=unpacked(ask.unsure, "drafts.unsure").tolist(),
            original=_ids(ask.original, "drafts.original"),
            snippet=_ids(ask.snippet, "drafts.snippet"),
        ),
        stop_ids=frozenset(unpacked(ask.stop_ids, "stop_ids").tolist()),
        stop_sequences=tuple(map(tuple, _runs(ask.stop_sequences, "stop_sequences"))) if ask.stop_sequences else (),
        splice=None if ask.splice is None else _splice(ask.splice),
        deadline=None if ask.seconds is None else now + ask.seconds,
        salt=ask.salt,
        background=ask.background,
    )


def refused(number: int, error: BackendError) -> Refused:
    """`error` as an answer to request `number`."""
    if isinstance(error, BadRequest):
        return Refused(number, error.code, str(error).removeprefix(f"{error.field}: "), field=error.field)
    if isinstance(error, RequestTooLong):
        return Refused(number, error.code, str(error), needed=error.needed, limit=error.limit, what=error.what)
    return Refused(number, error.code, str(error))


def error_of(message: Refused) -> BackendError:
    """The error that `refused` was given, as far as a client can tell them apart."""
    if message.code == BadRequest.code:
        return BadRequest(message.field, message.message)
    if message.code == RequestTooLong.code:
        return RequestTooLong(message.needed, message.limit, message.what)
    return _PLAIN.get(message.code, RequestRefused)(message.message)


def _ids(data: bytes, field: str) -> Sequence[int]:
    # A request's tokens are made an array by the engine, whatever sequence they are.
    tokens: Sequence[int] = unpacked(data, field)  # type: ignore[assignment]
    return tokens


def _units(splice: Splice) -> Units:
    return Units(_ragged(splice.units, "splice.units"), _ragged(splice.last, "splice.last"))


def _splice(units: Units) -> Splice:
    return Splice(_runs(units.units, "splice.units"), _runs(units.last, "splice.last"))


def _ragged(runs: Sequence[Sequence[int]], field: str) -> Ragged:
    # All at once: there may be thousands of short runs, a line each.
    return Ragged(packed(list(chain.from_iterable(runs)), field), packed([len(run) for run in runs], field))


def _runs(ragged: Ragged, field: str) -> list[list[int]]:
    ids, lengths = unpacked(ragged.ids, field).tolist(), unpacked(ragged.lengths, field).tolist()
    if min(lengths, default=0) < 0 or sum(lengths) != len(ids):
        raise BadRequest(field, f"lengths that sum to {sum(lengths)} for {len(ids)} tokens")
    return [ids[start:end] for start, end in pairwise(accumulate(lengths, initial=0))]
