"""Where an answer ends by its own tokens, and which of its last tokens may still turn out to be a stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

__all__ = ["Stop", "Stops"]


class Stop(NamedTuple):
    """The stop that ends first: just before position `end` of the searched tokens, `length` tokens long."""

    end: int
    length: int


class Stops:
    """Stop ids and stop sequences of one request. An id is a sequence of length 1."""

    def __init__(self, ids: Collection[int], sequences: Collection[tuple[int, ...]]) -> None:
        self._ids = np.array(sorted(ids), np.int64)
        self._sequences = [np.array(one, np.int64) for one in sequences]
        self.reach = max((len(one) for one in sequences), default=1) - 1
        """How many tokens before new ones a stop that ends in them may begin."""

    def find(self, tokens: NDArray[np.int64], new: int) -> Stop | None:
        """The first stop that ends in the last `new` of `tokens` [n]; of those that end together the longest."""
        found = []
        start = len(tokens) - new
        if len(self._ids) and len(hits := np.flatnonzero(np.isin(tokens[start:], self._ids))):
            found.append(Stop(start + int(hits[0]) + 1, 1))
        ends = ((_first_end(tokens, sequence, start), len(sequence)) for sequence in self._sequences)
        found += [Stop(end, length) for end, length in ends if end is not None]
        return min(found, key=lambda stop: (stop.end, -stop.length), default=None)

    def held(self, tokens: NDArray[np.int64]) -> int:
        """How many tokens at the end of `tokens` may be the beginning of a stop sequence."""
        longest = 0
        for sequence in self._sequences:
            for length in range(min(len(sequence) - 1, len(tokens)), longest, -1):
                if np.array_equal(tokens[-length:], sequence[:length]):
                    longest = length
                    break
        return longest


def _first_end(tokens: NDArray[np.int64], sequence: NDArray[np.int64], start: int) -> int | None:
    """Just after the first occurrence of `sequence` that ends after position `start`."""
    first = max(start - len(sequence) + 1, 0)
    if len(tokens) - first < len(sequence):
        return None
    windows = np.lib.stride_tricks.sliding_window_view(tokens[first:], len(sequence))
    hits = np.flatnonzero((windows == sequence).all(axis=1))
    return first + int(hits[0]) + len(sequence) if len(hits) else None
