"""An original, a snippet and the best guess of their merge, as lines: what questions are made of and answers held
against."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from fastapply.merge.guess import recognise
from fastapply.merge.layout import key_of, word_count
from fastapply.merge.lazy import PROSE
from fastapply.merge.snippet import Snippet, read_snippet
from fastapply.merge.text import BOM, bare_lines, ending_of, split_lines, without_mark
from fastapply.merge.tree import original_tree
from fastapply.merge.values import LineRange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapply.merge.deadline import Deadline
    from fastapply.merge.tree import Tree
    from fastapply.merge.values import ApplyResult, Source

__all__ = ["Change", "Origin", "Sides"]

FORMATS = frozenset({"unified_diff", "search_replace", "patch"})
_CONTROL = re.compile(r"(?:<{5,}|={5,}|>{5,}|-{5,}|\*{3} |@@|diff --git |index |\+{3} |--- |`{3})")


class Change(NamedTuple):
    """Original lines `start` up to `end`, which lines `new_start` up to `new_end` of the guess stand in place of."""

    start: int
    end: int
    new_start: int
    new_end: int


class Origin(NamedTuple):
    """Where a line comes from: line `line` of `source`."""

    source: Source
    line: int


class Sides:
    """The texts of one merge, without byte order marks. Lines are counted from 0."""

    def __init__(
        self,
        original: str,
        snippet: str,
        guess: ApplyResult,
        instruction: str,
        path: str | None,
        language: str | None,
        limit: Deadline,
    ) -> None:
        self.mark = BOM if original.startswith(BOM) else ""
        self.text, self.snippet = original[len(self.mark) :], without_mark(snippet)
        self.guess, self.instruction, self.limit = guess, instruction, limit
        found = recognise(self.text, path, language, limit, self.snippet, instruction)
        self.profile, self.path, self._tree = found.profile, found.path, found.tree
        self.lines = split_lines(self.text)
        """The original's, with their endings."""
        self.old = bare_lines(self.text)
        merged = guess.merged_code[len(self.mark) :]
        self.merged_lines = split_lines(merged)
        """The guess's, with their endings."""
        self.new = bare_lines(merged)
        self.changes = _changes(self.lines, self.merged_lines, guess, len(self.mark))

    @cached_property
    def tree(self) -> Tree | None:
        """The original's, where there is a grammar that reads it."""
        return self._tree or original_tree(self.text, self.profile, self.limit)

    @cached_property
    def keys(self) -> Counter[str]:
        """How often each key stands in the original."""
        return Counter(map(key_of, self.old))

    @cached_property
    def origins(self) -> list[Origin]:
        """For each line of the guess, where it comes from."""
        return [
            Origin(span.source, span.source_start + at)
            for span in self.guess.provenance
            for at in range(span.end - span.start)
        ]

    @cached_property
    def numbers(self) -> list[int]:
        """For each line of the guess, the line of the snippet that it shows, or -1."""
        return [origin.line if origin.source == "snippet" else -1 for origin in self.origins]

    @cached_property
    def read(self) -> Snippet:
        """The snippet as a lazy edit: its code lines, markers and notes. Of another format, all that may be code."""
        if self.guess.format in FORMATS:
            return _read_format(bare_lines(self.snippet), self.guess.format != "search_replace")
        known = frozenset(key for key in self.keys if key)
        return read_snippet(self.snippet, self.old, known, self.path, self.profile.name in PROSE, self.limit)

    @cached_property
    def required(self) -> Snippet:
        """What of it must be in the result."""
        if self.guess.format not in FORMATS:
            return self.read
        read = self.read
        rows = [row for row in zip(read.lines, read.numbers, read.signs, strict=True) if row[2] == "+"]
        lines, numbers, signs = ([row[k] for row in rows] for k in range(3))
        return msgspec.structs.replace(read, lines=lines, numbers=numbers, signs=signs)

    @cached_property
    def shown(self) -> Counter[str]:
        """How often each key stands in the code of the snippet."""
        lines = zip(self.read.lines, self.read.signs, strict=True)
        return Counter(key_of(line) for line, sign in lines if sign != "-")

    @cached_property
    def stands(self) -> dict[int, LineRange]:
        """For the lines of the snippet of which it is known, where in the original they stand or are put."""
        found: dict[int, LineRange] = {}
        for change in self.changes:
            for number in self.numbers[change.new_start : change.new_end]:
                if number >= 0:
                    found[number] = LineRange(change.start, change.end)
        once = {key: j for j, line in enumerate(self.old) if self.keys[key := key_of(line)] == 1 and word_count(key)}
        for line, number in zip(self.read.lines, self.read.numbers, strict=True):
            j = once.get(key_of(line))
            if j is not None and number not in found and self.shown[key_of(line)] == 1:
                found[number] = LineRange(j, j + 1)
        return found

    def place_in_guess(self, line: int, *, after: bool) -> int:
        """The line of the guess that original line `line`, which no change holds inside, has become. Where a change
        touches it, the place `after` the change or before it."""
        drift = 0
        for change in self.changes:
            if change.start > line or (change.start == line and not after):
                break
            if change.end <= line:
                drift = change.new_end - change.end
        return line + drift

    def place_in_original(self, line: int) -> LineRange:
        """The original lines that line `line` of the guess is, or stands in place of."""
        drift = 0
        for change in self.changes:
            if change.new_start > line:
                break
            if line < change.new_end:
                return LineRange(change.start, change.end)
            drift = change.end - change.new_end
        line = min(max(0, line + drift), len(self.old))
        return LineRange(line, min(line + 1, len(self.old)))


def _changes(lines: Sequence[str], merged: Sequence[str], guess: ApplyResult, shift: int) -> list[Change]:
    """The edits of `guess`, each widened to lines that are whole on both sides. `shift`: the characters of the byte
    order mark."""
    old, new = _Rows(lines), _Rows(merged)
    found: list[Change] = []
    drift = 0
    for edit in guess.edits:
        start, end = edit.start - shift, edit.end - shift
        new_start, new_end = start + drift, start + drift + len(edit.text)
        # A line of one side may begin where one of the other goes on: a CR that comes to stand before an LF.
        back = int(not (old.begins(start) and new.begins(new_start)))
        on = int(not (old.begins(end) and new.begins(new_end)))
        one = Change(
            old.line(start - back),
            min(old.line(end) + on, len(lines)),
            new.line(new_start - back),
            min(new.line(new_end) + on, len(merged)),
        )
        if found and one.start < found[-1].end:
            before = found.pop()
            one = Change(before.start, one.end, before.new_start, one.new_end)
        found.append(one)
        drift += len(edit.text) - (end - start)
    return found


class _Rows:
    """Finds the lines that characters are on."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._starts = [0, *accumulate(map(len, lines))]
        self._open = bool(lines) and not ending_of(lines[-1])

    def line(self, character: int) -> int:
        """The line that holds a character; behind the last one, where it ends, the next."""
        return bisect_right(self._starts, character) - 1

    def begins(self, character: int) -> bool:
        """Whether a line begins with that character, or could behind the end."""
        at = self.line(character)
        return self._starts[at] == character and not (self._open and at == len(self._starts) - 1)


def _read_format(raw: Sequence[str], signed: bool) -> Snippet:
    """The lines of a diff or patch (`signed`) or of search/replace blocks that may be code, with the sign `+` for those
    that the result must hold."""
    found = Snippet([], [], [], [], [], [], signed)
    new = False
    for number, line in enumerate(raw):
        if _CONTROL.match(line):
            new = line.startswith("=")  # what replaces stands below the ruler
            continue
        forms, sign = [line], "+" if new else " "
        if signed and line[:1] in ("+", "-", " "):
            sign = line[0]
            # some models leave the blank out that is the sign of a kept line
            forms = [line[1:], line] if sign == " " else [line[1:]]
        if sign != "-":
            found.lines.extend(forms)
            found.numbers.extend(number for _ in forms)
            found.signs.extend(sign for _ in forms)
    return found
