"""Indentation of snippet lines in the original: the shift of each segment, taken from exact matches, or else from the
heads of definitions; from likeness only where there is nothing else."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable

from fastapply.merge.layout import TAB_WIDTH, Layout
from fastapply.merge.text import indent_of


class Shifts:
    """For each snippet line, how its indentation is written in the original."""

    def __init__(self, original: Layout, snippet: Layout, segments: list[int], match: list[int]) -> None:
        self._original, self._snippet, self._segments = original, snippet, segments
        matched = [i for i in snippet.filled if match[i] >= 0]
        exact = [i for i in matched if snippet.keys[i] == original.keys[match[i]]]
        self._exact = exact or [i for i in matched if snippet.is_definition(i)] or matched
        self._match = match
        self._of_segment: dict[int, int] = {}
        by_segment: dict[int, list[int]] = {}
        for i in self._exact:
            by_segment.setdefault(segments[i], []).append(i)
        for segment, lines in by_segment.items():
            self._of_segment[segment] = self._common([self.delta(i) for i in lines])
        self._common_shift = self._common([self.delta(i) for i in self._exact]) if self._exact else 0
        self._unit_differs = self._tabs_against_spaces()
        self._steady: dict[int | None, list[int]] | None = None  # exact matches that follow their shift, by segment
        self._uses_tabs: bool | None = None

    def delta(self, i: int) -> int:
        """Columns by which the original's line stands deeper than matched snippet line i."""
        return self._original.depth[self._match[i]] - self._snippet.depth[i]

    @staticmethod
    def _common(deltas: list[int]) -> int:
        if deltas[0] == deltas[-1]:
            return deltas[0]
        if 0 in (deltas[0], deltas[-1]):
            return 0
        return Counter(deltas).most_common(1)[0][0]

    def _tabs_against_spaces(self) -> bool:
        def tabs(layout: Layout, lines: Iterable[int]) -> set[str]:
            return {layout.lines[k][0] for k in lines if layout.lines[k][:1] in ("\t", " ")}

        mine = tabs(self._snippet, self._snippet.filled)
        # Of the lines that are shown, where any of them is indented: comments elsewhere often begin with a blank.
        shown = (self._match[i] for i in self._exact)
        theirs = tabs(self._original, shown) or tabs(self._original, self._original.filled)
        return mine == {" "} and theirs == {"\t"} or mine == {"\t"} and theirs == {" "}

    def of(self, i: int) -> int:
        """The shift, in columns, of snippet line i."""
        return self._of_segment.get(self._segments[i], self._common_shift)

    def is_moved(self, i: int) -> bool:
        """True where matched line i stands at another depth than its segment's shift gives it."""
        return self.delta(i) != self.of(i)

    def place(self, i: int) -> str:
        """Snippet line i, indented as it must stand in the original."""
        line = self._snippet.lines[i]
        if not line.strip():
            return ""
        shift = self.of(i)
        if not shift and not self._unit_differs:
            return line
        indent, rest = indent_of(line), line.lstrip(" \t\f")
        peer = self._peer(i)
        if peer is None:
            return self._in_columns(self._snippet.depth[i] + shift) + rest
        mine, theirs = indent_of(self._snippet.lines[peer]), indent_of(self._original.lines[self._match[peer]])
        if self._unit_differs:
            return self._in_columns(self._snippet.depth[i] + shift) + rest
        if indent.startswith(mine):
            return theirs + indent[len(mine) :] + rest
        if mine.startswith(indent) and theirs.endswith(mine[len(indent) :]):
            return theirs[: len(theirs) - len(mine) + len(indent)] + rest
        return self._in_columns(self._snippet.depth[i] + shift) + rest

    def _peer(self, i: int) -> int | None:
        """The nearest exact match of the same segment that follows the segment's shift; of any if it has none."""
        if self._steady is None:
            self._steady = {None: [k for k in self._exact if not self.is_moved(k)]}
            for k in self._steady[None]:
                self._steady.setdefault(self._segments[k], []).append(k)
        same = self._steady.get(self._segments[i]) or self._steady[None]
        if not same:
            return None
        at = bisect_left(same, i)
        return min(same[max(0, at - 1) : at + 1], key=lambda k: abs(k - i))

    def _in_columns(self, columns: int) -> str:
        columns = max(0, columns)
        if self._uses_tabs is None:
            indents = [self._original.lines[j][:1] for j in self._original.filled]
            self._uses_tabs = indents.count("\t") > indents.count(" ")
        if self._uses_tabs:
            return "\t" * (columns // TAB_WIDTH) + " " * (columns % TAB_WIDTH)
        return " " * columns
