"""What the planning of one chain works on: the texts, their match, and small questions about them."""

from __future__ import annotations

import re

import msgspec

from fastapply.merge.blocks import Blocks
from fastapply.merge.choices import Choices
from fastapply.merge.evidence import Evidence
from fastapply.merge.indent import Shifts
from fastapply.merge.layout import Layout
from fastapply.merge.snippet import Marker, Snippet
from fastapply.merge.values import LineRange

_CONTAINER = re.compile(
    r"^(?:[\w@.()]+\s+)*?(?:class|struct|interface|enum|trait|impl|namespace|module|object|protocol|extension|mod)\b"
    r"|^(?:describe|context)\b"
)


class Gap(msgspec.Struct, frozen=True):
    """What lies between two anchors: snippet lines i1+1..i2-1, original lines j1+1..j2-1, and the markers there."""

    i1: int
    i2: int
    j1: int
    j2: int
    markers: tuple[Marker, ...]
    open_start: bool
    open_end: bool


class Sheet:
    """The original `o`, the snippet `s` with its layout `sl`, match[i] for each snippet line, and what is known of
    them."""

    def __init__(
        self,
        original: Layout,
        snippet: Snippet,
        layout: Layout,
        match: list[int],
        evidence: Evidence,
        blocks: Blocks,
        choices: Choices,
    ) -> None:
        self.o, self.s, self.sl, self.match = original, snippet, layout, match
        self.evidence, self.blocks, self.choices = evidence, blocks, choices
        self.segments = snippet.segments
        self.shifts = Shifts(original, layout, self.segments, match)

    def is_whole_file(self) -> bool:
        """True where a snippet without a marker begins and ends with the file, each end perhaps changed, and shows most
        of it."""
        matched = [i for i in self.sl.filled if self.match[i] >= 0]
        if self.s.markers or len(matched) <= 0.6 * len(self.o.filled):
            return False
        above = sum(j < self.match[matched[0]] for j in self.o.filled)
        below = sum(j > self.match[matched[-1]] for j in self.o.filled)
        shown_above = sum(i < matched[0] for i in self.sl.filled)
        shown_below = sum(i > matched[-1] for i in self.sl.filled)
        return above <= shown_above and below <= shown_below

    def range(self, gap: Gap) -> LineRange:
        """The snippet lines, as they came, from one anchor of the gap to the other."""
        first = self.s.numbers[gap.i1] if gap.i1 >= 0 else 0
        last = (
            self.s.numbers[gap.i2] + 1
            if gap.i2 < len(self.s.numbers)
            else (self.s.numbers[-1] + 1 if self.s.numbers else 0)
        )
        return LineRange(first, last)

    def blanks(self, start: int, end: int) -> int:
        """How many blank lines of the original begin at `start`, before `end`."""
        return max(0, min(end, self.o.filled_below(start - 1)) - start)

    def strip(self, run: list[int]) -> tuple[list[int], list[int], list[int]]:
        """The run's blank lines at its head, its body, and its blank lines at its tail."""
        first = next(k for k, i in enumerate(run) if self.sl.keys[i])
        last = max(k for k, i in enumerate(run) if self.sl.keys[i]) + 1
        return run[:first], run[first:last], run[last:]


def is_closed(gap: Gap) -> bool:
    """True for a gap between two anchors that the snippet shows all of."""
    return not (gap.markers or gap.open_start or gap.open_end)


def is_function(layout: Layout, k: int) -> bool:
    """True for the head of a definition that holds statements, not members."""
    return layout.is_definition(k) and not is_container(layout, k)


def is_container(layout: Layout, k: int) -> bool:
    """True for the head of a class or of what else holds members or tests."""
    return bool(_CONTAINER.search(layout.keys[k]))
