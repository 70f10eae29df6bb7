"""Whether lines stand in an answer as the snippet shows them.

A doubt about a place leaves the place open, not what is written there: the lines of the snippet follow each other as
the snippet shows them, and no line of the original gives way to them that the snippet does not show to be gone.
"""

from __future__ import annotations

from functools import cached_property
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from fastapply.merge.layout import key_of
from fastapply.resolve.sides import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fastapply.resolve.difference import Block
    from fastapply.resolve.leeway import Leeway
    from fastapply.resolve.sides import Sides

__all__ = ["Placement"]


class Placement:
    """An answer beside the snippet, by the keys of lines; blank lines don't count."""

    def __init__(
        self, sides: Sides, leeway: Leeway, answer: Sequence[str], changes: Sequence[Block], replaced: set[int]
    ) -> None:
        """`changes`: the lines of the original that lines of the `answer` replace; of those, lines `replaced` have a
        new version there."""
        self._sides, self._leeway, self._changes, self._replaced = sides, leeway, changes, replaced
        self._answer = [key_of(line) for line in answer]

    @cached_property
    def _stretches(self) -> list[list[str]]:
        """The snippet's code between two markers each."""
        read = self._sides.read
        rows = zip(read.segments, read.lines, read.signs, strict=True)
        shown = [(segment, key) for segment, line, sign in rows if sign != "-" and (key := key_of(line))]
        return [[key for _, key in stretch] for _, stretch in groupby(shown, lambda row: row[0])]

    @cached_property
    def _neighbours(self) -> dict[str, list[tuple[str, str]]]:
        """What stands above and below each line of the snippet; empty where a marker or nothing does."""
        found: dict[str, list[tuple[str, str]]] = {}
        for stretch in self._stretches:
            for above, key, below in zip(["", *stretch], stretch, [*stretch[1:], ""], strict=False):
                found.setdefault(key, []).append((above, below))
        return found

    @cached_property
    def _pairs(self) -> set[tuple[str, str]]:
        """Lines that stand side by side in a text."""
        sides = self._sides
        texts = [[key for line in text if (key := key_of(line))] for text in (sides.old, sides.new)]
        return {pair for text in (*texts, *self._stretches) for pair in pairwise(text)}

    @cached_property
    def new(self) -> set[int]:
        """The lines of the answer that are new in the file."""
        return {at for block in self._changes for at in range(block.new_start, block.new_end)}

    @cached_property
    def misplaced(self) -> set[int]:
        """The lines of the answer that are new in the file and do not stand as the snippet shows them, or stand
        outside what is in doubt with nothing of the snippet beside them."""
        return {at for block in self._changes for at in self._misplaced(block)}

    @cached_property
    def repeated(self) -> set[int]:
        """The lines of the answer that are new in the file and stand right beside their like, as in no text."""
        return {
            at
            for at in self.new
            if (key := self._answer[at]) and key in (self._above(at), self._below(at)) and (key, key) not in self._pairs
        }

    @cached_property
    def given_way(self) -> set[int]:
        """The lines of the original that are gone between two lines that the snippet shows side by side, or with
        nothing but new lines of the snippet between them."""
        found: set[int] = set()
        for block in self._changes:
            inner = [key for key in self._answer[block.new_start : block.new_end] if key]
            window = [self._above(block.new_start), *inner, self._below(block.new_end - 1)]
            if block.end > block.start and any(_holds(stretch, window) for stretch in self._stretches):
                found |= set(range(block.start, block.end))
        return found

    @cached_property
    def moved(self) -> set[str]:
        """The keys of lines in doubt that are new at a place where they stand as the snippet shows them."""
        return {self._answer[at] for at in self.new if at not in self.misplaced | self.repeated}

    def is_anchored(self, at: int) -> bool:
        """True for a line of the answer beside a line of the original that the snippet shows beside it."""
        known = self._sides.keys
        above, below = self._above(at), self._below(at)
        return any(
            (known[a] and a == above) or (known[b] and b == below)
            for a, b in self._neighbours.get(self._answer[at], ())
        )

    def _misplaced(self, block: Block) -> set[int]:
        """Of one change. Where lines could be taken for others of the same text above or below, any reading will do."""
        least: set[int] | None = None
        for shift in self._shifts(block):
            lines = range(block.new_start + shift, block.new_end + shift)
            wrong = {at for at in lines if self._answer[at] and not self._is_beside(at)}
            if lines and not self._is_near(block, lines, shift):
                wrong = {at for at in lines if self._answer[at]}
            if least is None or len(wrong) < len(least):
                least = wrong
            if not least:
                break
            self._sides.limit.check()
        return least or set()

    def _shifts(self, block: Block) -> Iterator[int]:
        yield 0
        if block.start < block.end:
            return
        answer, shift = self._answer, 0
        while block.new_start + shift > 0 and answer[block.new_start + shift - 1] == answer[block.new_end + shift - 1]:
            shift -= 1
            yield shift
        shift = 0
        while block.new_end + shift < len(answer) and answer[block.new_start + shift] == answer[block.new_end + shift]:
            shift += 1
            yield shift

    def _is_near(self, block: Block, lines: range, shift: int) -> bool:
        """True for lines in what is in doubt, or beside a line that the snippet shows beside them."""
        room = self._leeway.room
        if block.start + shift <= room.stop and room.start <= block.end + shift:
            return True
        if not self._replaced.isdisjoint(range(block.start, block.end)):
            return True
        filled = [at for at in lines if self._answer[at]]
        if not filled:
            return True
        above, below = self._above(filled[0]), self._below(filled[-1])
        return any(above and above == a for a, _ in self._neighbours.get(self._answer[filled[0]], ())) or any(
            below and below == b for _, b in self._neighbours.get(self._answer[filled[-1]], ())
        )

    def _is_beside(self, at: int) -> bool:
        """True beside a line that the snippet shows beside it; diffs and the like show theirs inexactly."""
        if self._sides.guess.format in FORMATS:
            return True
        above, below = self._above(at), self._below(at)
        return any(
            (a and a == above) or (b and b == below) or not (a or b)
            for a, b in self._neighbours.get(self._answer[at], ())
        )

    def _above(self, at: int) -> str:
        return self._filled[0][at]

    def _below(self, at: int) -> str:
        return self._filled[1][at + 1]

    @cached_property
    def _filled(self) -> tuple[list[str], list[str]]:
        """For each line of the answer and its end, the next key above it, and the next from it on."""
        above, below = [""], [""]
        for key in self._answer:
            above.append(key or above[-1])
        for key in reversed(self._answer):
            below.append(key or below[-1])
        return above, below[::-1]


def _holds(stretch: Sequence[str], window: Sequence[str]) -> bool:
    """True where the lines of `window` stand in `stretch` one after another; its ends may be empty, for an end of the
    text."""
    first, last = (0 if window[0] else 1), (len(window) if window[-1] else len(window) - 1)
    lines = list(window[first:last])
    starts = range(len(stretch) - len(lines) + 1)
    found = [at for at in starts if list(stretch[at : at + len(lines)]) == lines]
    return any((window[0] or not at) and (window[-1] or at + len(lines) == len(stretch)) for at in found)
