"""What every edit format boils down to: hunks of kept, removed and added lines. Reads no original."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from typing import Literal

import msgspec

from fastapply.merge.values import Doubt, LineRange

BLANKS = " \t\f\v"
Sign = Literal[" ", "-", "+"]

_LONGEST_MARKER = 120
_WORDS = r"(?: *[\w',-]+(?: +[\w',-]+)*)?"
_LEADER = r"(?://+|#+|--|;+|%+|/\*+|<!--|\{/\*|\(\*)"
_DOTS = r"(?:\.{3,}|…)"
_CLOSER = r"(?:\*/\}?|-->|\*\))?"
_ELISION = re.compile(rf"\s*(?:{_LEADER}\s*)?{_DOTS}{_WORDS} *{_DOTS}?\s*{_CLOSER}\s*")
_COMMENT_ELISION = re.compile(rf"\s*{_LEADER}\s*{_DOTS}{_WORDS} *{_DOTS}?\s*{_CLOSER}\s*")


class Row(msgspec.Struct, frozen=True):
    """One line of a hunk: its sign, its text without sign and ending, and its line in the snippet.

    `bare` is the text of a kept line if its first blank is no sign: some models leave the sign out.
    """

    sign: Sign
    text: str
    line: int
    bare: str | None = None

    @property
    def weight(self) -> int:
        """How many letters and digits it has, of its first 200 characters."""
        return sum(map(str.isalnum, self.text[:200]))


class Hunk(msgspec.Struct, frozen=True):
    """Rows that belong together, and what the snippet says of their place.

    `stated` and `stated_new` are the line numbers of a `@@ -a,b +c,d @@` header, from 0, in the old and the new file;
    `counted` is true where its counts agree with the rows. `heads` are lines that stand above the place
    (`@@ def f():`); with `after_heads` the place may not lie above them. `at_end` asks for the end of the file.
    """

    rows: tuple[Row, ...]
    lines: LineRange
    stated: int | None = None
    stated_new: int | None = None
    counted: bool = False
    heads: tuple[str, ...] = ()
    after_heads: bool = False
    at_end: bool = False

    @property
    def old(self) -> tuple[Row, ...]:
        """The rows that the original should hold."""
        return tuple(row for row in self.rows if row.sign != "+")

    @property
    def new(self) -> tuple[Row, ...]:
        """The rows that the result should hold."""
        return tuple(row for row in self.rows if row.sign != "-")

    @property
    def added(self) -> tuple[Row, ...]:
        """The rows that only the result should hold."""
        return tuple(row for row in self.rows if row.sign == "+")

    @property
    def removed(self) -> tuple[Row, ...]:
        """The rows that only the original should hold."""
        return tuple(row for row in self.rows if row.sign == "-")

    @property
    def changes(self) -> bool:
        """True where the hunk adds or removes a line."""
        return any(row.sign != " " for row in self.rows)

    @property
    def leaves_no_trace(self) -> bool:
        """True where its new side can't be known again: nothing but brackets, or removed lines with an open end."""
        open_cut = not self.added and "-" in (self.rows[0].sign, self.rows[-1].sign)
        return open_cut or not any(row.weight for row in self.new)


class FilePart(msgspec.Struct, frozen=True):
    """What a snippet says of one file. `path` is None where it names none; `creates` where the file should be new."""

    path: str | None
    hunks: tuple[Hunk, ...]
    creates: bool = False
    doubts: tuple[Doubt, ...] = ()


def quoted(text: str) -> str:
    """`text` short enough for a message, between backquotes."""
    text = text.strip()
    return f"`{text}`" if len(text) <= 80 else f"`{text[:77]}...`"


def is_elision(text: str) -> bool:
    """True for a line that may stand for lines left out: `...`, `# ...`, `// ... existing code ...`."""
    return len(text) <= _LONGEST_MARKER and _ELISION.fullmatch(text) is not None


def is_comment_elision(text: str) -> bool:
    """True for a comment that stands for lines left out; a bare `...` may be code."""
    return len(text) <= _LONGEST_MARKER and _COMMENT_ELISION.fullmatch(text) is not None


def common_lines(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs `(i, j)` with `old[i] == new[j]`, increasing in both: equal ends, unique lines, and what adjoins."""
    head = _alike(old, new, 0, 0, len(old), len(new))
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    old_end, new_end = len(old) - tail, len(new) - tail
    pairs = [(k, k) for k in range(head)]
    i, j = head, head
    middle = _unique_pairs(old, new, (head, old_end), (head, new_end)) if head < min(old_end, new_end) else []
    for a, b in middle:
        if a < i or b < j:
            continue  # grown over from an earlier pair
        back = 0
        while a - back > i and b - back > j and old[a - back - 1] == new[b - back - 1]:
            back += 1
        run = _alike(old, new, a, b, old_end, new_end)
        pairs += [(a + k, b + k) for k in range(-back, run)]
        i, j = a + run, b + run
    return pairs + [(old_end + k, new_end + k) for k in range(tail)]


def _alike(old: Sequence[str], new: Sequence[str], i: int, j: int, old_end: int, new_end: int) -> int:
    run = 0
    while i + run < old_end and j + run < new_end and old[i + run] == new[j + run]:
        run += 1
    return run


def _unique_pairs(
    old: Sequence[str], new: Sequence[str], olds: tuple[int, int], news: tuple[int, int]
) -> list[tuple[int, int]]:
    """The longest increasing run of lines that are unique on both sides."""
    old_counts, new_counts = Counter(old[slice(*olds)]), Counter(new[slice(*news)])
    where = {new[j]: j for j in range(*news) if new_counts[new[j]] == 1}
    pairs = [(i, where[old[i]]) for i in range(*olds) if old_counts[old[i]] == 1 and old[i] in where]
    tops: list[int] = []
    top_pairs: list[int] = []
    before: list[int] = []
    for at, (_, j) in enumerate(pairs):
        pile = bisect_left(tops, j)
        before.append(top_pairs[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [j]
        top_pairs[pile : pile + 1] = [at]
    run: list[tuple[int, int]] = []
    at = top_pairs[-1] if top_pairs else -1
    while at >= 0:
        run.append(pairs[at])
        at = before[at]
    return run[::-1]


def rows_between(old: Sequence[tuple[str, int]], new: Sequence[tuple[str, int]]) -> list[Row]:
    """Rows that turn `old` into `new`, both given as (text, snippet line); lines common to both become kept rows."""
    rows: list[Row] = []
    i = j = 0
    pairs = common_lines([text for text, _ in old], [text for text, _ in new])
    for a, b in [*pairs, (len(old), len(new))]:
        rows += [Row("-", text, line) for text, line in old[i:a]]
        rows += [Row("+", text, line) for text, line in new[j:b]]
        if b < len(new) and a < len(old):
            rows.append(Row(" ", new[b][0], new[b][1]))
        i, j = a + 1, b + 1
    return rows


def settled_rows(rows: Sequence[Row]) -> tuple[Row, ...]:
    """`rows` with lines that are removed and added unchanged, within one run of changes, turned into kept ones."""
    settled: list[Row] = []
    run: list[Row] = []
    for row in [*rows, Row(" ", "", -1)]:
        if row.sign != " ":
            run.append(row)
            continue
        old = [(one.text, one.line) for one in run if one.sign == "-"]
        new = [(one.text, one.line) for one in run if one.sign == "+"]
        settled += rows_between(old, new) if old and new else run
        settled.append(row)
        run = []
    return tuple(settled[:-1])
