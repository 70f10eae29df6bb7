"""What a model is asked about a merge in doubt: the whole file, and the part in doubt where the doubts are local.

Pure, and work for a processor: meant for a worker process. Cost follows the edit where there is a part: it is all of
the file that a model reads and writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from fastapply.merge.deadline import Deadline
from fastapply.merge.text import BOM, bare_lines, ending_of, indent_of
from fastapply.merge.values import LineRange
from fastapply.resolve.completer import Question
from fastapply.resolve.region import doubted_lines, region
from fastapply.resolve.sides import Sides

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fastapply.merge.values import ApplyResult

__all__ = ["Asked", "Part", "Questions", "questions", "whole_code"]


class Part(msgspec.Struct, frozen=True):
    """A part of an original that is asked about by itself; the rest is merged as in the best guess."""

    lines: LineRange
    """Of the original."""
    before: int
    """Characters of the guess's `merged_code` that stand above the part: no answer changes them."""


class Asked(msgspec.Struct, frozen=True):
    """A question, and the part of the file that it is about: None for the whole."""

    question: Question
    part: Part | None = None


class Questions(msgspec.Struct, frozen=True):
    """The question about the whole file, and the one about the part in doubt, if that is much less."""

    whole: Asked
    part: Asked | None = None


def questions(
    original: str,
    snippet: str,
    guess: ApplyResult,
    *,
    instruction: str = "",
    path: str | None = None,
    language: str | None = None,
    deadline: float = 5.0,
) -> Questions:
    """What to ask about the merge of these arguments of `fastapply.apply`, which came out as `guess`.

    Raises `DeadlineExceeded` after `deadline` seconds, and `UnknownLanguage`.
    """
    sides = Sides(original, snippet, guess, instruction, path, language, Deadline(deadline))
    whole = Asked(_question(sides, LineRange(0, len(sides.old)), None))
    if (lines := region(sides)) is None:
        return Questions(whole)
    ahead = sides.place_in_guess(lines.start, after=False)
    before = len(sides.mark) + sum(map(len, sides.merged_lines[:ahead]))
    return Questions(whole, Asked(_question(sides, lines, _update_lines(sides, lines)), Part(lines, before)))


def whole_code(original: str) -> str:
    """The `code` of a question about the whole of `original`, whatever the edit."""
    text = original.removeprefix(BOM)
    return _joined(bare_lines(text), text.endswith(("\n", "\r")))


def _question(sides: Sides, lines: LineRange, update: LineRange | None) -> Question:
    """`lines` of the original and `update` of the snippet as a question; all of the snippet where that is None."""
    start = sides.place_in_guess(lines.start, after=False)
    end = sides.place_in_guess(lines.end, after=True)
    code, draft = sides.old[lines.start : lines.end], sides.new[start:end]
    raw = bare_lines(sides.snippet)
    shown = update or LineRange(0, len(raw))
    return Question(
        code=_joined(code, _finished(sides.lines, lines.end)),
        update=_joined(raw[shown.start : shown.end], shown.end < len(raw) or sides.snippet.endswith(("\n", "\r"))),
        draft=_joined(draft, _finished(sides.merged_lines, end)),
        unsure=_unsure(sides, start, draft),
        lines=tuple(line + "\n" for line in dict.fromkeys((*code, *draft, *_allowed(sides, shown), ""))),
        instruction=sides.instruction,
    )


def _joined(lines: Sequence[str], finished: bool) -> str:
    return "\n".join(lines) + ("\n" if lines and finished else "")


def _finished(lines: Sequence[str], end: int) -> bool:
    """Whether the last line before `end` has an ending."""
    return end < len(lines) or not lines or ending_of(lines[-1]) != ""


def _unsure(sides: Sides, start: int, draft: Sequence[str]) -> tuple[int, ...]:
    """The characters of the draft, which begins at line `start` of the guess, just behind what is in doubt."""
    ends = {sides.place_in_guess(place.end, after=True) - start for place in doubted_lines(sides)}
    found, at = [], 0
    for number, line in enumerate(draft, 1):
        at += len(line) + 1
        if number in ends:
            found.append(at)
    return tuple(found)


def _allowed(sides: Sides, update: LineRange) -> Iterator[str]:
    """The code lines of the snippet, as they are and as deep as the guess has those beside them."""
    placed = {number: sides.new[at] for at, number in enumerate(sides.numbers) if number >= 0}
    shown = dict(zip(sides.read.numbers, sides.read.lines, strict=True))
    theirs = mine = ""
    for number, line, sign in zip(sides.read.numbers, sides.read.lines, sides.read.signs, strict=True):
        if sign == "-" or not update.start <= number < update.end:
            continue
        if number in placed and line.strip():
            theirs, mine = indent_of(placed[number]), indent_of(shown[number])
        yield line
        if theirs != mine and line.startswith(mine):
            yield theirs + line[len(mine) :]


def _update_lines(sides: Sides, lines: LineRange) -> LineRange | None:
    """The lines of the snippet to show with `lines` of the original: without the stretches between markers at its
    begin and at its end that belong elsewhere. None where all are to be shown."""
    read = sides.read
    if not read.markers:
        return None
    doubted = {n for doubt in sides.guess.doubts if (at := doubt.snippet) for n in range(at.start, at.end)}
    here, elsewhere = set[int](), set[int]()
    for number, segment in zip(read.numbers, read.segments, strict=True):
        place = sides.stands.get(number)
        if number in doubted or (place and place.start <= lines.end and lines.start <= place.end):
            here.add(segment)
        elif place:
            elsewhere.add(segment)
    kept = sorted(here | (set(read.segments) - elsewhere))
    if not here or (kept[0] == 0 and kept[-1] == len(read.markers)):
        return None
    first, last = kept[0], kept[-1]
    told = [*read.numbers, *(marker.line for marker in read.markers), *(note.line for note in read.notes)]
    start = read.markers[first - 1].line if first else min(told)
    end = read.markers[last].line + 1 if last < len(read.markers) else max(told) + 1
    return LineRange(start, end)
