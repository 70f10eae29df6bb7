"""From placed hunks to line edits: only lines that really change, in order, none over another."""

from __future__ import annotations

from collections.abc import Sequence

from fastapply.merge.formats.index import Index
from fastapply.merge.formats.outcome import Placed
from fastapply.merge.formats.rows import Row
from fastapply.merge.text import BOM
from fastapply.merge.values import Doubt, LineEdit, LineRange


def edits_of(placed: Sequence[Placed], index: Index) -> tuple[list[LineEdit], list[Doubt]]:
    """The edits of all placed hunks, sorted; a hunk that meets an earlier one gives a doubt instead."""
    doubts: list[Doubt] = []
    found: list[tuple[LineEdit, Placed]] = []
    for one in placed:
        edits = _hunk_edits(one, index)
        if edits is None:
            message = "an added line is not deep enough to be moved to the depth of its place"
            doubts.append(Doubt("indent_unknown", message, snippet=one.hunk.lines))
        else:
            found += [(edit, one) for edit in edits]
    found.sort(key=lambda pair: (pair[0].start, pair[0].end))
    clashing = _clashing(found)
    first_edits = {id(one): edit for edit, one in reversed(found)}
    for one in [one for one in placed if id(one) in clashing]:
        place = (LineRange(first_edits[id(one)].start, first_edits[id(one)].end),)
        doubts.append(Doubt("format_mismatch", "two hunks change the same lines", "", one.hunk.lines, place))
    return _with_bom([edit for edit, one in found if id(one) not in clashing], index), doubts


def _clashing(found: Sequence[tuple[LineEdit, Placed]]) -> set[int]:
    """The hunks (by identity) of which an edit meets another hunk's, or goes to the very same place between lines."""
    clashing: set[int] = set()
    for k, (edit, one) in enumerate(found[1:]):
        before, other = found[k]
        if edit.start < before.end or (edit.start, edit.end) == (before.start, before.end):
            clashing |= {id(one), id(other)}
    return clashing


def _hunk_edits(placed: Placed, index: Index) -> list[LineEdit] | None:
    """The edits of one hunk; None where an added line can't be moved to its depth."""
    edits: list[LineEdit] = []
    k = 0
    removed: list[int] = []
    added: list[Row] = []
    for row in (*placed.hunk.rows, None):
        if row is not None and row.sign == "+":
            added.append(row)
            continue
        if row is not None and row.sign == "-":
            removed.append(placed.at[k])
            k += 1
            continue
        if removed or added:
            start = removed[0] if removed else _start(placed, k)
            edit = _edit(start, start + len(removed), added, placed, index)
            if edit is None:
                return None
            edits += [edit] if edit.lines or edit.start < edit.end else []
            removed, added = [], []
        k += 1
    return edits


def _start(placed: Placed, k: int) -> int:
    """Where lines added before old row `k` go."""
    if not placed.at:
        return placed.start
    if k < len(placed.at) and placed.at[k] >= 0:
        return placed.at[k]
    return placed.at[k - 1] + 1


def _edit(start: int, end: int, added: Sequence[Row], placed: Placed, index: Index) -> LineEdit | None:
    """Lines `start` up to `end` replaced by `added`, cut down to what differs."""
    lines: list[str] = []
    for row in added:
        text = placed.shift.moved(row.text)
        if text is None:
            return None
        lines.append(text)
    sources = [row.line for row in added]
    head = tail = 0
    while head < min(end - start, len(lines)) and index.lines[start + head] == lines[head]:
        head += 1
    while tail < min(end - start, len(lines)) - head and index.lines[end - 1 - tail] == lines[-1 - tail]:
        tail += 1
    kept = slice(head, len(lines) - tail)
    return LineEdit(start + head, end - tail, tuple(lines[kept]), tuple(sources[kept]))


def _with_bom(edits: list[LineEdit], index: Index) -> list[LineEdit]:
    """`edits` with the byte order mark of the first line kept first."""
    if not index.bom or not edits or edits[0].start > 0:
        return edits
    rest = list(edits)
    lines: list[str] = []
    sources: list[int] = []
    end = 0
    while rest and rest[0].start == end:
        edit = rest.pop(0)
        lines += edit.lines
        sources += edit.snippet_lines
        end = edit.end
        if lines and end > 0:
            break
    if (end == 0 or not lines) and end < len(index):
        lines.append(index.lines[end])
        sources.append(-1)
        end += 1
    if lines:
        lines[0] = BOM + lines[0]
    return [LineEdit(0, end, tuple(lines), tuple(sources)), *rest]
