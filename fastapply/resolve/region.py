"""Where in the original the doubts of a merge are, and the part of it around them that a model is to be asked about."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from fastapply.merge.outline import Item, outline
from fastapply.merge.values import Doubt, LineRange

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fastapply.resolve.sides import Change, Sides

__all__ = ["doubted_lines", "region"]

MARGIN = 5  # lines on each side of what is in doubt, for a model to see where it is
LONGEST_ITEM = 400  # lines of a declaration that is asked about as a whole
NEAR = 60  # lines from a doubt at most to where the snippet lines around it stand
MOST = 0.6  # of a file's lines: asking about more costs as much as asking about them all


def _doubted_changes(sides: Sides, doubt: Doubt) -> list[Change]:
    """The changes of the guess that `doubt` speaks of: those that show its lines of the snippet. All where it names
    neither lines nor places."""
    if doubt.snippet is None:
        return [] if doubt.candidates else list(sides.changes)
    lines = range(doubt.snippet.start, doubt.snippet.end)
    return [
        change
        for change in sides.changes
        if any(number in lines for number in sides.numbers[change.new_start : change.new_end])
    ]


def doubted_lines(sides: Sides) -> list[LineRange]:
    """The original lines that the doubts speak of, as ranges, some of them empty; maybe overlapping."""
    found: list[LineRange] = []
    for doubt in sides.guess.doubts:
        places = [
            *doubt.candidates,
            *(LineRange(change.start, change.end) for change in _doubted_changes(sides, doubt)),
        ]
        if not places and doubt.snippet is not None:
            places = _between_neighbours(sides, doubt.snippet)
        found += places
    return found


def region(sides: Sides) -> LineRange | None:
    """The lines of the original to ask about, or None where the doubts are all over it.

    They hold all that is in doubt with the declarations around it, and each change of the guess wholly or not at all.
    """
    places = doubted_lines(sides)
    if not places:
        return None
    places += _context(sides, places)
    start, end = min(place.start for place in places), max(place.end for place in places)
    total = len(sides.old)
    if end - start > MOST * total:
        return None
    tree = sides.tree
    items = outline(tree, sides.profile) if tree is not None and not sides.profile.approximate else []
    start, end = _widened(start, end, items, min(LONGEST_ITEM, int(MOST * total) - 2 * MARGIN))
    start, end = _with_changes(max(0, start - MARGIN), min(total, end + MARGIN), sides.changes)
    return LineRange(start, end) if end - start <= MOST * total else None


def _between_neighbours(sides: Sides, lines: LineRange) -> list[LineRange]:
    """Where snippet lines that are not in the result belong: between where the lines above and below them stand."""
    stands = sides.stands
    numbers = sorted(stands)
    at, after = bisect_left(numbers, lines.start), bisect_left(numbers, lines.end)
    first = stands[numbers[at - 1]] if at else LineRange(0, 0)
    last = stands[numbers[after]] if after < len(numbers) else LineRange(len(sides.old), len(sides.old))
    if first.end <= last.start:
        return [LineRange(first.end, last.start)]
    return [LineRange(min(first.start, last.start), max(first.end, last.end))]


def _context(sides: Sides, places: Sequence[LineRange]) -> list[LineRange]:
    """Where the lines beside the doubted ones in the snippet stand, up to the next marker, if that is near."""
    stands = sides.stands
    segments = dict(zip(sides.read.numbers, sides.read.segments, strict=True))
    doubted = {
        segments[number]
        for doubt in sides.guess.doubts
        if doubt.snippet is not None
        for number in range(doubt.snippet.start, doubt.snippet.end)
        if number in segments
    }
    low, high = min(place.start for place in places) - NEAR, max(place.end for place in places) + NEAR
    return [
        place
        for number, place in stands.items()
        if segments.get(number) in doubted and low <= place.start and place.end <= high
    ]


def _widened(start: int, end: int, items: Iterable[Item], longest: int) -> tuple[int, int]:
    """The lines with the innermost declaration that holds them; else with those that they cut. None is longer than
    `longest` lines."""
    inner: Item | None = None
    low, high = start, end
    for item in items:
        if item.start <= start and end <= item.end:
            if inner is None or item.end - item.start <= inner.end - inner.start:
                inner = item
        elif item.start < end and start < item.end and item.end - item.start <= longest:
            low, high = min(low, item.start), max(high, item.end)
    if inner is not None and inner.end - inner.start <= longest:
        return inner.start, inner.end
    return low, high


def _with_changes(start: int, end: int, changes: Sequence[Change]) -> tuple[int, int]:
    """The lines with all changes that they meet or touch."""
    for change in changes:
        if change.start <= end and start <= change.end:
            start, end = min(start, change.start), max(end, change.end)
    for change in reversed(changes):  # what was taken in last may touch one more
        if change.start <= end and start <= change.end:
            start, end = min(start, change.start), max(end, change.end)
    return start, end
