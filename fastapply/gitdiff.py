"""A difference as `git diff` shows it and `git apply` takes it, to the byte: carriage returns, byte order mark and a
missing final newline are in it, and names are quoted as git does.

The `diff` of an answer is for reading: there, lines stand without their endings.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fastapply.merge.values import Edit

__all__ = ["git_diff"]

_CONTEXT = 3
_ESCAPES = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\"}
_PLAIN = re.compile(rb'[^\x00-\x1f"\\\x7f-\xff]*')

Block = tuple[int, int, list[str]]
"""Old lines from the first up to the second become these."""


def git_diff(name: str, before: str | None, edits: Sequence[Edit]) -> str:
    """What `edits`, in order and apart, change in the file `name` with the content `before` (`None`: it is new).

    `name` is relative, with `/`; bytes that are not UTF-8 are in it as the system has them. Empty: nothing changes.
    """
    lines = _lines(before or "")
    blocks = list(_blocks(before or "", lines, edits))
    if not blocks and before is not None:
        return ""
    old, new = _quoted(f"a/{name}"), _quoted(f"b/{name}")
    head = [f"diff --git {old} {new}\n"]
    if before is None:
        head.append("new file mode 100644\n")
    if blocks:
        head += [f"--- {'/dev/null' if before is None else _ended(old)}\n", f"+++ {_ended(new)}\n"]
    return "".join((*head, *_hunks(lines, blocks)))


def _quoted(name: str) -> str:
    raw = os.fsencode(name)
    if _PLAIN.fullmatch(raw):
        return name
    return '"' + "".join(map(_escaped, raw)) + '"'


def _escaped(byte: int) -> str:
    if byte in _ESCAPES:
        return "\\" + _ESCAPES[byte]
    return chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}"


def _ended(name: str) -> str:
    """`name` in a line of its own, where git ends one with blanks by a tab: else a date might follow."""
    return name + "\t" if " " in name else name


def _lines(text: str) -> list[str]:
    """Lines as git sees them: they end at LF, and a CR before it is a part of them."""
    lines = text.split("\n")
    last = lines.pop()
    return [*(line + "\n" for line in lines), *([last] if last else [])]


def _blocks(text: str, lines: Sequence[str], edits: Sequence[Edit]) -> Iterator[Block]:
    """The edits as whole lines, without those that both sides have in common at the ends."""
    starts = [0, *accumulate(map(len, lines))]
    unfinished = bool(lines) and not lines[-1].endswith("\n")

    def line_of(at: int) -> int:
        return min(bisect_right(starts, at) - 1, len(lines) - unfinished)

    found: list[tuple[int, int, list[Edit]]] = []
    for edit in edits:
        first, end = line_of(edit.start), min(line_of(edit.end) + 1, len(lines))
        if found and first < found[-1][1]:
            found[-1] = (found[-1][0], end, [*found[-1][2], edit])
        else:
            found.append((first, end, [edit]))
    for first, end, inside in found:
        new = _lines(_edited(text, starts[first], starts[end], inside))
        if (block := _trimmed(lines, (first, end, new))) is not None:
            yield block


def _edited(text: str, start: int, end: int, edits: Sequence[Edit]) -> str:
    pieces, at = [], start
    for edit in edits:
        pieces += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join((*pieces, text[at:end]))


def _trimmed(lines: Sequence[str], block: Block) -> Block | None:
    start, end, new = block
    first, last = 0, len(new)
    while start < end and first < last and lines[start] == new[first]:
        start, first = start + 1, first + 1
    while start < end and first < last and lines[end - 1] == new[last - 1]:
        end, last = end - 1, last - 1
    return (start, end, new[first:last]) if start < end or first < last else None


def _hunks(lines: Sequence[str], blocks: Sequence[Block]) -> Iterator[str]:
    drift, at = 0, 0
    while at < len(blocks):
        until = at + 1
        while until < len(blocks) and blocks[until][0] - blocks[until - 1][1] <= 2 * _CONTEXT:
            until += 1
        hunk = blocks[at:until]
        start, end = max(0, hunk[0][0] - _CONTEXT), min(len(lines), hunk[-1][1] + _CONTEXT)
        growth = sum(len(new) - (last - first) for first, last, new in hunk)
        yield f"@@ -{_range(start, end - start)} +{_range(start + drift, end - start + growth)} @@\n"
        yield from _rows(lines, hunk, start, end)
        drift, at = drift + growth, until


def _range(start: int, count: int) -> str:
    return f"{start + (count > 0)},{count}"


def _rows(lines: Sequence[str], hunk: Sequence[Block], start: int, end: int) -> Iterator[str]:
    at = start
    for first, last, new in hunk:
        yield from (_row(" ", line) for line in lines[at:first])
        yield from (_row("-", line) for line in lines[first:last])
        yield from (_row("+", line) for line in new)
        at = last
    yield from (_row(" ", line) for line in lines[at:end])


def _row(sign: str, line: str) -> str:
    return sign + line if line.endswith("\n") else f"{sign}{line}\n\\ No newline at end of file\n"
