"""What a splice allows, read straight from its definition, and answers under it token by token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backend.sampling import choose

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from backend.request import Request


def stops_of(request: Request) -> list[tuple[int, ...]]:
    return [*((token,) for token in request.stop_ids), *request.stop_sequences]


def made_of(answer: Sequence[int], units: Sequence[Sequence[int]]) -> set[int]:
    """The lengths of all beginnings of `answer` that are some of `units`, one after another."""
    found = {0}
    for at in range(len(answer)):
        if at in found:
            found |= {at + len(unit) for unit in units if list(answer[at : at + len(unit)]) == list(unit)}
    return found


def ends_right(answer: Sequence[int], request: Request) -> bool:
    """Whether a stop may follow `answer`."""
    assert request.splice is not None
    whole = made_of(answer, request.splice.units)
    last = [list(unit) for unit in request.splice.last]
    return len(answer) in whole or any(list(answer[at:]) in last for at in whole)


def allowed(answer: Sequence[int], request: Request) -> set[int]:
    """The tokens that may follow `answer`, which is allowed itself and did not end before."""
    assert request.splice is not None
    units, last, stops = request.splice.units, request.splice.last, stops_of(request)
    whole = made_of(answer, units)
    ways = [(at, run) for at in whole for run in (*units, *last, *stops)]
    for at in whole:
        ways += [
            (at + len(unit), run) for unit in last if list(answer[at : at + len(unit)]) == list(unit) for run in stops
        ]
    rests = [(list(answer[at:]), list(run)) for at, run in ways]
    return {run[len(rest)] for rest, run in rests if len(rest) < len(run) and run[: len(rest)] == rest}


@dataclass(frozen=True)
class Spliced:
    """An answer as the plain loop finds it."""

    tokens: list[int]
    reason: str
    forced: int
    """How many of the tokens had no choice."""


def spliced(request: Request, logits_after: Callable[[list[int]], NDArray[np.float32]]) -> Spliced:
    """The answer to `request` with all but the allowed logits masked; a sampled request needs a seed."""
    sampling, answer, forced = request.sampling, list[int](), list[bool]()
    while len(answer) < request.max_tokens:
        ids = np.array(sorted(allowed(answer, request)), np.int64)
        logits = logits_after([*request.prompt, *answer])
        if sampling.temperature > 0:
            assert sampling.seed is not None
            masked = np.full(len(logits), -np.inf, np.float32)
            masked[ids] = logits[ids]
            token = choose(masked, sampling.temperature, sampling.top_p, sampling.seed, len(answer))
        else:
            token = int(ids[logits[ids].argmax()])
        forced.append(len(ids) == 1)
        answer.append(token)
        for stop in sorted(stops_of(request), key=len, reverse=True):
            kept = len(answer) - len(stop)
            if tuple(answer[-len(stop) :]) == stop and kept >= 0 and ends_right(answer[:kept], request):
                return Spliced(answer[:kept], "stop", sum(forced[:kept]))
    return Spliced(answer, "length", sum(forced))
