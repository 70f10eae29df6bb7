"""A seeded choice from the model's scores that no company, chunk or draft can change.

The token at a position is `argmax(log p + gumbel noise)`, which draws it from p exactly (the Gumbel-max trick). The
noise is a pure function of seed, position and token: SplitMix64 in counter mode (Steele, Lea and Flood, OOPSLA 2014).
So a seeded answer is a function of prompt and seed alone, up to the rounding of the logits; and where those differ in
their last bits, between batch shapes say, the choice changes only if two noisy scores are that close.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["choose", "nucleus", "uniforms"]

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = 2**64 - 1
_LIKELY = 1024  # a nucleus is nearly always smaller; sorting these costs little, sorting a vocabulary 10 ms


def _mix(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's finaliser, [n]; multiplications wrap."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


def _stream(seed: int, position: int) -> int:
    """Where the counter of a position starts: mixed twice, so that neighbours have nothing in common."""
    start = _mix(np.array([(seed * _GOLDEN) & _MASK], np.uint64))
    return int(_mix(start + np.uint64(((position + 1) * _GOLDEN) & _MASK))[0])


def uniforms(seed: int, position: int, tokens: NDArray[np.int64]) -> NDArray[np.float64]:
    """[k] One number in (0, 1), ends excluded, for each token at this position of the answer."""
    counters = np.uint64(_stream(seed, position)) + (tokens.astype(np.uint64) + np.uint64(1)) * np.uint64(_GOLDEN)
    return ((_mix(counters) >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def nucleus(
    logits: NDArray[np.float32], temperature: float, top_p: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The tokens that may be chosen, ascending [k], and their logits over temperature [k], float64.

    They are the fewest most probable ones whose probabilities under softmax(logits / temperature) sum to `top_p`, of
    equal ones those with lower ids; at 1, all of non-zero probability.
    """
    scaled = logits.astype(np.float64) / temperature
    scaled -= scaled.max()
    if top_p >= 1:
        tokens = np.flatnonzero(scaled > -np.inf)
        return tokens, scaled[tokens]
    weights = np.exp(scaled)
    enough = top_p * float(weights.sum())
    for likely in (_LIKELY, len(weights)):
        tokens = _likeliest(weights, likely)
        order = np.argsort(-weights[tokens], kind="stable")
        summed = np.cumsum(weights[tokens[order]])
        if summed[-1] >= enough:
            break
    tokens = np.sort(tokens[order[: int(np.searchsorted(summed, enough)) + 1]])
    return tokens, scaled[tokens]


def _likeliest(weights: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """The `count` tokens of most weight and all that equal the last of them, ascending; all of them if so few are."""
    if count >= len(weights):
        return np.arange(len(weights))
    least = np.partition(weights, len(weights) - count)[len(weights) - count]
    return np.flatnonzero(weights >= least)


def choose(
    logits: NDArray[np.float32],
    temperature: float,
    top_p: float,
    seed: int,
    position: int,
    ids: NDArray[np.int64] | None = None,
) -> int:
    """The token at `position` of the answer, given its `logits` [vocab_size]; `temperature` is above 0.

    Where only some tokens are allowed, `logits` [k] are those of `ids` [k], ascending.
    """
    tokens, scores = nucleus(logits, temperature, top_p)
    if ids is not None:
        tokens = ids[tokens]
    noise = -np.log(-np.log(uniforms(seed, position, tokens)))
    return int(tokens[np.argmax(scores + noise)])
