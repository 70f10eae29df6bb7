"""What can become of a hunk: a place, the finding that it is applied already, or a doubt."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from fastapply.merge.choices import matches
from fastapply.merge.formats.index import Level
from fastapply.merge.formats.rows import Hunk
from fastapply.merge.formats.shift import Shift
from fastapply.merge.values import Doubt, DoubtKind, LineRange

SEEMS_APPLIED = "the hunk seems to be applied already, and its old lines stand elsewhere too"
"""What is said of a hunk whose two sides both stand in the original."""
_MOST_CANDIDATES = 20


class Placed(NamedTuple):
    """`hunk` at its place: `at[k]` is the original line of its k-th old row, -1 for a kept row that has none.

    `start` is where added lines go if the hunk has no old rows; `chosen` is true where the place was one of several.
    """

    hunk: Hunk
    at: tuple[int, ...]
    shift: Shift
    start: int
    chosen: bool = False


class Found(NamedTuple):
    """A hunk's side found from line `start` up to `end`."""

    start: int
    end: int
    shift: Shift

    def meets(self, other: Found) -> bool:
        """True where both share a line."""
        return self.start < other.end and other.start < self.end


class Applied(NamedTuple):
    """The hunk's new side stands in `places`, and its old side was there before."""

    places: tuple[Found, ...]


class Search(NamedTuple):
    """Where a hunk's old and new side were found, at the strictest level that finds any."""

    level: Level
    olds: list[Found]
    news: list[Found]


Outcome = Placed | Applied | Doubt


def doubt_about(hunk: Hunk, kind: DoubtKind, message: str, places: Iterable[Found] = (), hint: str = "") -> Doubt:
    """A doubt about `hunk`, with `places` as candidates."""
    candidates = sorted({(place.start, place.end) for place in places})[:_MOST_CANDIDATES]
    found = tuple(LineRange(*place) for place in candidates)
    choices = matches(kind, hunk.lines, found) if kind == "ambiguous_anchor" else ()
    return Doubt(kind, message, hint, hunk.lines, found, choices)
