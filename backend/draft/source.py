"""One text that the answer may be copied from, with the place where it was last followed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from backend.draft.index import GramIndex, LineIndex, common_suffix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backend.draft.index import Tail

__all__ = ["Place", "Source"]

PLACES_SEEN = 64
"""Places compared at one lookup, the nearest to where the source was left: a blank line occurs everywhere."""
NEARBY = 64
"""Tokens around where a source was left that are searched for the very last token."""
NEAR_MATCH = 2
"""Tokens in common there at least: one alone is a bracket or a blank more often than not."""

ASIDE = 8
"""How many tokens fewer or more may have been replaced than are new, for the very last token alone to tell."""


class Place(NamedTuple):
    """`source.tokens[position:]` may come next; places compare by what speaks for them."""

    strong: bool
    length: int
    """Tokens in common before it."""
    rank: int
    """Of its source; the higher, the better the source."""
    nearness: int
    """Minus the distance from where the source was left; what lies behind counts double."""
    position: int


class Source:
    """Tokens [n], indexed at the first lookup: a draft that is right needs no index."""

    def __init__(self, rank: int, tokens: NDArray[np.int64], ends_line: NDArray[np.bool_] | None) -> None:
        """`ends_line` [vocab_size] says which tokens end a line; None for a source that grows: it has no lines."""
        self.rank = rank
        self.tokens = tokens
        self.left_at = 0
        """Where the source was left at the last miss."""
        self._ends_line = ends_line
        self._grams: GramIndex | None = None
        self._lines: LineIndex | None = None

    def grow(self, tokens: NDArray[np.int64]) -> None:
        """Take `tokens`, of which the tokens so far are a prefix."""
        self.tokens = tokens
        if self._grams is not None:
            self._grams.cover(tokens)

    def find(self, tail: Tail, strong_match: int) -> Place | None:
        """The best place after the four tokens, or the short line that occurs once, that the output ends with."""
        if self._grams is None:
            self._grams = GramIndex()
            self._grams.cover(self.tokens)
        if tail.gram is None:
            return None
        places = self._grams.places(tail.gram)
        if tail.line is not None and (lines := self._line_index()) is not None:
            places = np.concatenate((places, lines.places(tail.line)))
        if not len(places):
            return None
        return self._best(tail, places[places < len(self.tokens)], strong_match)

    def near(self, tail: Tail, strong_match: int, reach: int) -> Place | None:
        """The best place after the last token of the output, around where the source was left, `reach` tokens ago."""
        start, end = max(self.left_at - NEARBY // 2, 0), min(self.left_at + NEARBY + reach, len(self.tokens) - 1)
        places = start + 1 + np.flatnonzero(self.tokens[start:end] == tail.tokens[-1])
        place = self._best(tail, places, strong_match)
        return place if place is not None and place.length >= NEAR_MATCH else None

    def beside(self, tail: Tail, since: int) -> int:
        """Where the source goes on if `since` tokens were replaced by as many, or a few fewer or more.

        That there were fewer or more is told by the last token, which the source holds there. The result may be the
        end of the source, or beyond it.
        """
        guess = self.left_at + since
        start, end = max(guess - ASIDE, self.left_at + 1), guess + ASIDE
        places = start + np.flatnonzero(self.tokens[start - 1 : end] == tail.tokens[-1])
        return int(places[np.argmin(np.abs(places - guess))]) if len(places) else guess

    def begins_alike(self, place: Place, tail: Tail) -> bool:
        """Whether the line of the output and the one before `place` have all in common, from their beginnings on."""
        lines = self._line_index()
        begin = place.position - tail.line_tokens
        return place.length >= tail.line_tokens and lines is not None and lines.start_from(begin) == begin

    def resumed(self, tail: Tail) -> int | None:
        """Where the source goes on if the line that just ended came instead of, or before, the one it was left in."""
        lines = self._line_index()
        return lines.start_from(self.left_at) if tail.ends_line and lines is not None else None

    def _best(self, tail: Tail, places: NDArray[np.int64], strong_match: int) -> Place | None:
        distance = places - self.left_at
        distance = np.where(distance < 0, -2 * distance, distance)
        if len(places) > PLACES_SEEN:
            nearest = np.argpartition(distance, PLACES_SEEN)[:PLACES_SEEN]
            places, distance = places[nearest], distance[nearest]
        lengths = common_suffix(tail.tokens, self.tokens, places)
        if not lengths.any():  # there is no place, or the hashes deceived
            return None
        best = int(np.lexsort((distance, -lengths))[0])
        length, position = int(lengths[best]), int(places[best])
        strong = self.proves(position, length, strong_match)
        return Place(strong, length, self.rank, -int(distance[best]), position)

    def proves(self, position: int, common: int, strong_match: int) -> bool:
        """Whether `common` tokens before `position` are strong evidence: enough of them, or a whole unique line."""
        if common >= strong_match:
            return True
        lines = self._line_index()
        return lines is not None and lines.holds_unique(position - common, position)

    def _line_index(self) -> LineIndex | None:
        if self._lines is None and self._ends_line is not None:
            self._lines = LineIndex(self.tokens, self._ends_line)
        return self._lines
