"""What each line of a snippet was taken for."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from fastapply.merge.lazy import LazyMerge, Reading

__all__ = ["Row", "grouped", "rows_of"]


class Row(msgspec.Struct, frozen=True):
    """One snippet line: its number from 0, the sign of what it is, what became of it, its text, what it was before."""

    number: int
    sign: str
    fate: str
    text: str
    was: str = ""


def rows_of(lazy: LazyMerge, shown: list[str]) -> Iterator[Row]:
    """What each snippet line was taken for, in order; a line of code that ends in a marker comes twice."""
    rows = [row for reading in lazy.chosen.readings for row in _code_rows(lazy, reading)]
    rows += [Row(marker.line, "…", "marker", shown[marker.line]) for marker in lazy.snippet.markers]
    removals = {removal.line: removal.names for removal in lazy.snippet.removals}
    for note in lazy.snippet.notes:
        fate = "removal" if note.line in removals else "left out" if note.dropped else "kept"
        rows.append(Row(note.line, "!", fate, shown[note.line]))
    known = {row.number for row in rows}
    rows += [
        Row(number, "", "wrapping" if line.strip() else "", line)
        for number, line in enumerate(shown)
        if number not in known
    ]
    return iter(sorted(rows, key=lambda row: row.number))


def _code_rows(lazy: LazyMerge, reading: Reading) -> Iterator[Row]:
    snippet, layout = reading.snippet, reading.layout
    for i, (number, sign, j) in enumerate(zip(snippet.numbers, snippet.signs, reading.alignment.match, strict=True)):
        line = snippet.lines[i]
        if not layout.keys[i]:
            yield Row(number, "", "", "")
        elif sign == "-":
            yield Row(number, "-", str(j + 1) if j >= 0 else "not found", line)
        elif j < 0:
            yield Row(number, "+", "new", line)
        elif layout.keys[i] == lazy.original.keys[j]:
            yield Row(number, "=", str(j + 1), line)
        else:
            yield Row(number, "~", str(j + 1), line, lazy.original.lines[j])


def grouped(rows: list[Row]) -> Iterator[list[Row]]:
    """Rows that say the same of neighbouring lines, together; blank lines go with either."""
    group: list[Row] = []
    sign = ""
    for row in rows:
        if row.sign and sign and row.sign != sign:
            yield group
            group = []
        sign = row.sign or sign
        group.append(row)
    yield group
