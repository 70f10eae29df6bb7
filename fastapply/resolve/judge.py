"""What a model's answer makes of the file, and what of it is in doubt.

Pure, and work for a processor: meant for a worker process. An answer is never taken as it is: its lines are matched
with the original's, and what differs is spliced into the original like every edit. So bytes outside the change can't
differ, however a model writes its line endings.
"""

from __future__ import annotations

import time
import unicodedata
from bisect import bisect_left
from typing import TYPE_CHECKING, Literal

import msgspec

from fastapply.merge.deadline import Deadline
from fastapply.merge.layout import key_of
from fastapply.merge.splice import splice, tidy
from fastapply.merge.text import BOM, bare_lines
from fastapply.merge.values import Edit, LineEdit, LineRange, Span
from fastapply.resolve.difference import Block, changed
from fastapply.resolve.leeway import Leeway
from fastapply.resolve.objections import Trial, objections
from fastapply.resolve.sides import Origin, Sides

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapply.merge.splice import Spliced
    from fastapply.merge.values import ApplyResult
    from fastapply.resolve.question import Part

__all__ = ["judge"]


def judge(
    original: str,
    snippet: str,
    guess: ApplyResult,
    part: Part | None,
    answer: str,
    finished: Literal["stop", "length"],
    *,
    model: str,
    instruction: str = "",
    path: str | None = None,
    language: str | None = None,
    deadline: float = 5.0,
) -> ApplyResult:
    """The merge as `answer` would have it: the text of a `Completion`, which `finished` so, to the question about
    `part` of the file, None for the whole. `guess` is what `fastapply.apply` made of the same arguments.

    The result's engine is `model`, its doubts are those about the answer, and its usage is the guess's. An answer that
    is the best guess confirms it: what it was in doubt about is no doubt any more, but what is wrong with every result
    of its kind still is. Raises `DeadlineExceeded` after `deadline` seconds, and `UnknownLanguage`.
    """
    start = time.perf_counter()
    sides = Sides(original, snippet, guess, instruction, path, language, Deadline(deadline))
    lines = part.lines if part else LineRange(0, len(sides.old))
    first = sides.place_in_guess(lines.start, after=False)
    end = sides.place_in_guess(lines.end, after=True)
    place, leeway = LineRange(first, end), Leeway(sides)
    shown = _restored(bare_lines(answer.removeprefix(BOM)), sides)
    shown, origins = _spaced(shown, _origins(sides, shown), sides, place, leeway)
    changes = changed(sides.old, lines, shown)
    if changed(sides.new, place, shown):
        result = _spliced(sides, lines, shown, origins, changes)
    else:
        shown, result = sides.new[first:end], guess
    trial = Trial(sides, leeway, place, shown, changes, result.merged_code[len(sides.mark) :], finished)
    return msgspec.structs.replace(
        result,
        doubts=tuple(objections(trial)),
        engine=model,
        timings={**guess.timings, "judge": round((time.perf_counter() - start) * 1e3, 3)},
    )


def _restored(lines: list[str], sides: Sides) -> list[str]:
    """The answer's lines, with characters written as their source writes them: some vocabularies compose letters and
    their accents, so that a model can't write them as two characters."""
    if all(line.isascii() for line in lines):
        return lines
    sources = {
        unicodedata.normalize("NFC", line): line
        for side in (sides.new, sides.read.lines, sides.old)
        for line in side
        if not line.isascii()
    }
    return [line if line.isascii() else sources.get(unicodedata.normalize("NFC", line), line) for line in lines]


def _spaced(
    shown: list[str], origins: list[Origin], sides: Sides, place: LineRange, leeway: Leeway
) -> tuple[list[str], list[Origin]]:
    """The answer with the blank lines of the guess where nothing is in doubt: models add and lose some, at the end
    above all, and no objection would tell."""
    lines: list[str] = []
    whence: list[Origin] = []
    at = 0
    for block in [*changed(sides.new, place, shown), Block(place.end, place.end, len(shown), len(shown))]:
        lines += shown[at : block.new_start]
        whence += origins[at : block.new_start]
        at = block.new_end
        old, new = sides.new[block.start : block.end], shown[block.new_start : at]
        settled = sides.place_in_original(block.start).start not in leeway.room
        blank = settled and not any(line.strip() for line in (*old, *new))
        lines += old if blank else new
        whence += sides.origins[block.start : block.end] if blank else origins[block.new_start : at]
    return lines, whence


def _spliced(
    sides: Sides, lines: LineRange, shown: Sequence[str], whence: Sequence[Origin], changes: Sequence[Block]
) -> ApplyResult:
    """The guess with `lines` of the original as the answer has them; `whence` its lines come."""
    rows: list[Origin] = []

    def edit(start: int, end: int, new: Sequence[str], origins: Sequence[Origin]) -> LineEdit:
        rows.extend(origins)
        return LineEdit(start, end, tuple(new), tuple(range(len(rows) - len(origins), len(rows))))

    edits = []
    for change in sides.changes:
        if change.end < lines.start or change.start > lines.end:
            new = slice(change.new_start, change.new_end)
            edits.append(edit(change.start, change.end, sides.new[new], sides.origins[new]))
    for block in changes:
        new = slice(block.new_start, block.new_end)
        edits.append(edit(block.start, block.end, shown[new], whence[new]))
    spliced = splice(sides.lines, tidy(sides.lines, edits), sides.path)
    shift = len(sides.mark)
    return msgspec.structs.replace(
        sides.guess,
        merged_code=sides.mark + spliced.text,
        edits=tuple(Edit(one.start + shift, one.end + shift, one.text) for one in spliced.edits),
        provenance=tuple(_spans(spliced, rows)),
        diff=spliced.diff,
        changes=spliced.changes,
    )


def _origins(sides: Sides, shown: Sequence[str]) -> list[Origin]:
    """Where each line of the answer comes from: the snippet, read in its order, then the original; else the model."""
    numbers: dict[str, list[int]] = {}
    for line, number, sign in zip(sides.read.lines, sides.read.numbers, sides.read.signs, strict=True):
        if sign != "-":
            numbers.setdefault(key_of(line), []).append(number)
    old = {line: j for j, line in reversed(list(enumerate(sides.old)))}
    found: list[Origin] = []
    last = -1
    for at, line in enumerate(shown):
        key = key_of(line)
        if key in numbers:
            known = numbers[key]
            last = known[min(bisect_left(known, last + 1), len(known) - 1)]
            found.append(Origin("snippet", last))
        elif line in old:
            found.append(Origin("original", old[line]))
        else:
            found.append(Origin("model", at))
    return found


def _spans(spliced: Spliced, rows: Sequence[Origin]) -> list[Span]:
    """The provenance of a splice whose edits number their lines by `rows`."""
    found: list[Span] = []
    for span in spliced.provenance:
        if span.source == "original":
            found.append(span)
            continue
        for at in range(span.end - span.start):
            origin = rows[span.source_start + at]
            one = Span(span.start + at, span.start + at + 1, origin.source, origin.line)
            last = found[-1] if found else None
            if last and last.source == one.source and last.source_start + last.end - last.start == one.source_start:
                one = Span(found.pop().start, one.end, last.source, last.source_start)
            found.append(one)
    return found
