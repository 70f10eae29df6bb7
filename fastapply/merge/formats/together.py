"""What one hunk of a snippet says of another."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from fastapply.merge.formats.index import Index, Level, TooAlike
from fastapply.merge.formats.outcome import SEEMS_APPLIED, Applied, Found, Outcome, Placed, doubt_about
from fastapply.merge.formats.rows import Hunk, Row
from fastapply.merge.formats.shift import NO_SHIFT
from fastapply.merge.values import Doubt


def seen_together(outcomes: list[tuple[Hunk, Outcome]], index: Index) -> list[tuple[Hunk, Outcome]]:
    """`outcomes`, revised where some hunks are applied already: their lines are not for another hunk to change."""
    if len(outcomes) > 1 and any(isinstance(outcome, Placed) for _, outcome in outcomes):
        all_seem = _all_seem_applied(outcomes, index)
        outcomes = [(hunk, _undecided(hunk, outcome, all_seem, index)) for hunk, outcome in outcomes]
    regions = _applied_regions(outcomes)
    if not regions:
        return outcomes
    drift = sum(len(hunk.added) + len(hunk.removed) for hunk, _ in outcomes)
    none_open = not any(isinstance(outcome, Placed) for _, outcome in outcomes)
    seen: list[tuple[Hunk, Outcome]] = []
    for hunk, outcome in outcomes:
        if isinstance(outcome, Placed) and _is_doubtful(outcome, drift, regions):
            message = "the hunk's lines stand elsewhere, and another hunk seems to be applied already"
            seen.append((hunk, doubt_about(hunk, "ambiguous_anchor", message, [_place(outcome)])))
        elif isinstance(outcome, Doubt) and outcome.kind == "format_mismatch" and none_open and not hunk.new:
            seen.append((hunk, Applied(())))  # all others are applied, and what it removes is gone
        else:
            seen.append((hunk, outcome))
    return seen


def _all_seem_applied(outcomes: list[tuple[Hunk, Outcome]], index: Index) -> bool:
    """True where the new sides of all hunks stand in the original: what one adds may make the old side of another, so
    old lines found elsewhere say little then."""
    return all(
        bool(_stands(hunk.new, index)) if hunk.added else not isinstance(outcome, Placed) for hunk, outcome in outcomes
    )


def _undecided(hunk: Hunk, outcome: Outcome, all_seem_applied: bool, index: Index) -> Outcome:
    """A doubt in place of a hunk that has a place where all seem applied, or seems applied at the end of the file and
    may go there as well, where others are not."""
    if isinstance(outcome, Placed) and all_seem_applied:
        return doubt_about(hunk, "ambiguous_anchor", SEEMS_APPLIED, [_place(outcome)])
    if isinstance(outcome, Applied) and not all_seem_applied and hunk.at_end and (olds := _stands(hunk.old, index)):
        return doubt_about(hunk, "ambiguous_anchor", SEEMS_APPLIED, olds[-1:])
    return outcome


def _stands(side: Sequence[Row], index: Index) -> list[Found]:
    try:
        starts = index.places([row.text for row in side], Level.INDENT) if side else []
    except TooAlike:
        return []
    return [Found(start, start + len(side), NO_SHIFT) for start in starts]


def _applied_regions(outcomes: list[tuple[Hunk, Outcome]]) -> list[tuple[int, int]]:
    """Where hunks are applied already, or seem to be: ranges in order, none over another."""
    found = [(place.start, place.end) for _, one in outcomes if isinstance(one, Applied) for place in one.places]
    doubts = [one for _, one in outcomes if isinstance(one, Doubt) and one.kind == "duplicated_line"]
    found += [(place.start, place.end) for doubt in doubts for place in doubt.candidates]
    regions: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if regions and start <= regions[-1][1]:
            regions[-1] = (regions[-1][0], max(end, regions[-1][1]))
        else:
            regions.append((start, end))
    return regions


def _is_doubtful(placed: Placed, drift: int, regions: list[tuple[int, int]]) -> bool:
    """True where the place was chosen by numbers that hold no more, is far from them, or is another hunk's; and where
    nothing would tell that this hunk, too, is applied already."""
    stated = [line for line in (placed.hunk.stated, placed.hunk.stated_new) if line is not None]
    is_far = bool(stated) and all(abs(placed.start - line) > drift for line in stated)
    is_chosen = bool(stated) and placed.chosen
    return is_far or is_chosen or placed.hunk.leaves_no_trace or _changes_within(placed, regions)


def _changes_within(placed: Placed, regions: list[tuple[int, int]]) -> bool:
    """True where a line that the hunk removes lies in one of `regions`."""
    for row, at in zip(placed.hunk.old, placed.at, strict=True):
        region = bisect_right(regions, at, key=_start) - 1
        if row.sign == "-" and region >= 0 and regions[region][0] <= at < regions[region][1]:
            return True
    return False


def _start(region: tuple[int, int]) -> int:
    return region[0]


def _place(placed: Placed) -> Found:
    return Found(placed.start, placed.start + len(placed.at), NO_SHIFT)
