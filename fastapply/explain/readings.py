"""Why one reading of a snippet was chosen and the others were not."""

from __future__ import annotations

from collections.abc import Iterator

from fastapply.explain.wording import ENDS
from fastapply.merge.lazy import Candidate

__all__ = ["differences", "objection", "verdict"]


def verdict(candidate: Candidate) -> str:
    """What is doubtful about a reading, and what counts when there are several without a doubt."""
    doubts = ", ".join(dict.fromkeys(doubt.kind for doubt in candidate.doubts))
    changes = candidate.spliced.changes
    facts = f"{candidate.moved} moved, {candidate.lost} lost, +{changes.added} −{changes.removed} lines"
    return f"{doubts or 'no doubt'}; {facts}"


def objection(chosen: Candidate, candidate: Candidate) -> str:
    """Why `chosen` was preferred: without a doubt, then by what it moves, loses and changes, then the first."""
    if chosen.doubts:
        return "every reading is in doubt: the first one counts"
    if candidate.doubts:
        return "it is in doubt, the chosen one is not"
    if candidate.moved != chosen.moved:
        return f"it moves more lines: {candidate.moved}, the chosen one {chosen.moved}"
    if candidate.lost != chosen.lost:
        return f"it loses more lines: {candidate.lost}, the chosen one {chosen.lost}"
    same = candidate.spliced.text == chosen.spliced.text
    return "it comes to the same" if same else "it changes no less, and the first one counts"


def differences(chosen: Candidate, candidate: Candidate) -> Iterator[str]:
    """The snippet lines that `candidate` matches otherwise."""
    mine, other = _places_of(chosen), _places_of(candidate)
    changed = [number for number in sorted(mine) if mine[number] != other.get(number, -1)]
    for number in changed[:ENDS]:
        there = other.get(number, -1)
        yield f"line {number + 1}: {_matched(there)} instead of {_matched(mine[number])}"
    if len(changed) > ENDS:
        yield f"and {len(changed) - ENDS} more lines otherwise"


def _places_of(candidate: Candidate) -> dict[int, int]:
    return {
        number: j
        for reading in candidate.readings
        for number, j in zip(reading.snippet.numbers, reading.alignment.match, strict=True)
    }


def _matched(j: int) -> str:
    return f"matched with {j + 1}" if j >= 0 else "new"
