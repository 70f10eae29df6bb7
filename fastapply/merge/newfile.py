"""A snippet for an empty original: the snippet is the file, less its wrapping."""

from __future__ import annotations

from collections.abc import Sequence

from fastapply.merge.formats import read_format
from fastapply.merge.snippet import read_snippet
from fastapply.merge.text import ending_of, split_lines
from fastapply.merge.values import Doubt, LineEdit, LineRange


def new_file(lines: Sequence[str], snippet: str, path: str | None) -> tuple[list[LineEdit], list[Doubt]]:
    """The edit that makes the file, and a doubt where the snippet keeps code that is not there."""
    if found := read_format(snippet, lines, path):
        return list(found.edits), list(found.doubts)
    read = read_snippet(snippet, [], frozenset(), path)
    if not any(line.strip() for line in read.lines):
        return [], []
    doubts = []
    if read.markers:
        marker = read.markers[0]
        doubts.append(
            Doubt(
                "no_anchor",
                "the snippet keeps existing code, and the original is empty",
                "send the whole new file, or the file that the snippet edits",
                LineRange(marker.line, marker.line + 1),
            )
        )
    new = list(read.lines)
    numbers = list(read.numbers)
    if ending_of(split_lines(snippet)[-1]) or numbers[-1] < len(split_lines(snippet)) - 1:
        new.append("")
        numbers.append(-1)
    return [LineEdit(0, len(lines), tuple(new), tuple(numbers))], doubts
