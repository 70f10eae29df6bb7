"""Which drafted tokens the model would have chosen itself. What it returns never depends on the draft.

Both at temperature 0 and above, the model's own choice is made for every row first, and a drafted token stands if it
is that choice. Above 0 this *is* the exact rejection rule for a draft that puts all its weight on one token x
(Leviathan, Kalman and Matias, ICML 2023): the choice is drawn from p, so x stands with probability p(x); given that it
does not, the choice is distributed as p without x, renormalised. Drawing it with noise that only seed and position
decide makes the answer itself, not only its distribution, the same for every draft.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from backend.sampling import choose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from backend.request import SamplingParams
    from backend.splice import Point

__all__ = ["Choice", "Verdict", "verify", "verify_choices", "verify_sampled"]


class Verdict(NamedTuple):
    """How many drafted tokens stand, and the one the model chose after them (instead of the next, if there is one)."""

    accepted: int
    chosen: int


def verify(draft: NDArray[np.int64], best: NDArray[np.int64]) -> Verdict:
    """At temperature 0: `draft` [n] against the best tokens of its rows [n + 1]."""
    wrong = np.flatnonzero(draft != best[:-1])
    accepted = int(wrong[0]) if len(wrong) else len(draft)
    return Verdict(accepted, int(best[accepted]))


def verify_sampled(
    draft: NDArray[np.int64], logits: NDArray[np.float32], sampling: SamplingParams, seed: int, position: int
) -> Verdict:
    """Above temperature 0: `draft` [n] against `logits` [n + 1, vocab_size]; `position` is that of the first row.

    Rows after the first refusal are not looked at: they follow a token that is not there.
    """
    for row, proposed in enumerate(draft.tolist()):
        chosen = choose(logits[row], sampling.temperature, sampling.top_p, seed, position + row)
        if chosen != proposed:
            return Verdict(row, chosen)
    last = len(draft)
    return Verdict(last, choose(logits[last], sampling.temperature, sampling.top_p, seed, position + last))


class Choice(NamedTuple):
    """The last place at which the model was asked: the draft ends there, or goes on otherwise, or needs no more."""

    place: int
    """Which of the places it is."""
    token: int
    margin: float
    """The highest logit minus the second there."""


def verify_choices(
    draft: NDArray[np.int64],
    places: Sequence[tuple[int, Point]],
    logits: NDArray[np.float32],
    sampling: SamplingParams,
    seed: int,
    position: int,
) -> Choice:
    """Where only some tokens are allowed: `draft` [n] against the choices at `places`, one or more.

    A place is how many drafted tokens come before it, and what is allowed there; `logits` are those of the allowed
    tokens, place after place; `position` is that of the first drafted token in the answer. Between the places the
    draft is what has to come. Of equal logits the lowest token is the best.
    """
    start = 0
    for index, (offset, point) in enumerate(places):
        ids, scores = point.ids, logits[start : start + point.count]
        start += point.count
        if sampling.temperature > 0:
            token = choose(scores, sampling.temperature, sampling.top_p, seed, position + offset, ids)
        else:
            token = int(ids[scores.argmax()])
        if offset == len(draft) or int(draft[offset]) != token or index == len(places) - 1:
            break
    return Choice(index, token, _margin(scores))


def _margin(scores: NDArray[np.float32]) -> float:
    """The highest of two or more minus the second highest."""
    second, highest = np.partition(scores, len(scores) - 2)[-2:]
    return float(highest - second)
