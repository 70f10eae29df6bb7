"""What lies between two lines that were matched with the original, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec

from fastapply.explain.wording import count, few, span
from fastapply.merge.lazy import Candidate, LazyMerge, Reading
from fastapply.merge.splice import tidy
from fastapply.merge.values import LineEdit

__all__ = ["GapRow", "describe_edit", "gap_rows", "joined_edits"]

_KEPT = "kept"


class GapRow(msgspec.Struct, frozen=True):
    """A gap: its original lines, the markers or the edge that it lies at, and what becomes of it."""

    place: str
    bound: str
    fate: str


def gap_rows(lazy: LazyMerge, lines: Sequence[str]) -> Iterator[GapRow]:
    """The gaps of the chosen reading; of blocks that were taken out of order, only those where something happens."""
    shown = {marker.line for marker in lazy.snippet.markers}
    for number, reading in enumerate(lazy.chosen.readings):
        for row in _rows_of(reading, lines, shown):
            if not number or row.fate != _KEPT:
                yield row


def _rows_of(reading: Reading, lines: Sequence[str], shown: set[int]) -> Iterator[GapRow]:
    match = reading.alignment.match
    edits = tidy(lines, reading.plan.edits)
    anchors = [i for i in reading.layout.filled if match[i] >= 0]
    for above, below in pairwise([-1, *anchors, len(match)]):
        start = match[above] + 1 if above >= 0 else 0
        end = match[below] if below < len(match) else len(lines)
        inside = [edit for edit in edits if start <= edit.start and edit.end <= end]
        if fate := "; ".join(_fates(lines, start, end, inside)):
            place = span(start, end) if end > start else f"after line {start}"
            yield GapRow(place, _bound(reading, above, below, shown), fate)


def _bound(reading: Reading, above: int, below: int, shown: set[int]) -> str:
    """What stands between snippet lines `above` and `below`; `shown` are the markers that the snippet itself has."""
    markers = [marker.line for marker in reading.snippet.markers if above < marker.before <= below]
    if named := [line + 1 for line in markers if line in shown]:
        return f"marker, line {few(named)}" if len(named) == 1 else f"markers {few(named)}"
    if markers:
        return "a block taken out"
    if above < 0:
        return "start of the edit"
    return "no marker" if below < len(reading.snippet.lines) else "end of the edit"


def _fates(lines: Sequence[str], start: int, end: int, edits: Sequence[LineEdit]) -> Iterator[str]:
    """What becomes of original lines `start` up to `end`, to which only `edits` happen."""

    def kept(first: int, last: int) -> Iterator[str]:
        if any(line.strip() for line in lines[first:last]):
            yield f"{_KEPT} {span(first, last)}" if edits else _KEPT

    at = start
    for edit in edits:
        yield from kept(at, edit.start)
        yield describe_edit(edit)
        at = edit.end
    yield from kept(at, end)


def describe_edit(edit: LineEdit) -> str:
    """An edit in one line."""
    numbers = [number for number in edit.snippet_lines if number >= 0]
    source = f" ({span(min(numbers), max(numbers) + 1)} of the edit)" if numbers else ""
    new = count(len(edit.lines), "line")
    if edit.start == edit.end:
        return f"inserted {new}{source} " + (f"after line {edit.start}" if edit.start else "at the top")
    place = span(edit.start, edit.end)
    return f"replaced {place} by {new}{source}" if edit.lines else f"deleted {place}"


def joined_edits(candidate: Candidate, lines: Sequence[str]) -> list[LineEdit]:
    """The edits of all parts, in order; of two that clash, the first, as in the merge."""
    kept: list[LineEdit] = []
    for edit in tidy(lines, [edit for reading in candidate.readings for edit in reading.plan.edits]):
        if not kept or edit.start >= kept[-1].end:
            kept.append(edit)
    return kept
