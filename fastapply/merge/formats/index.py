"""The original's lines, indexed by content, so that a block of lines is found without reading the whole file."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from enum import IntEnum

from fastapply.merge.deadline import Deadline, paced
from fastapply.merge.formats.rows import BLANKS, quoted
from fastapply.merge.text import BOM, indent_of, without_ending

_MOST_COMPARISONS = 2_000_000


class Level(IntEnum):
    """How much white space may differ when two lines are compared."""

    EXACT = 0
    TRAILING = 1  # blanks at the end of the line may
    INDENT = 2  # and those at its start


class TooAlike(Exception):
    """The original repeats itself so much that looking for all places would take too long."""


def key_of(text: str, level: Level) -> str:
    """What of `text` counts at `level`."""
    if level is Level.EXACT:
        return text
    return text.rstrip(BLANKS) if level is Level.TRAILING else text.strip(BLANKS)


class Index:
    """Finds lines in `original` (lines with endings; a byte order mark is not part of the first one).

    One index serves one snippet: its searches share one budget of comparisons, and `TooAlike` says that it is spent.
    They look at the clock of `limit`, too.
    """

    def __init__(self, original: Sequence[str], limit: Deadline | None = None) -> None:
        self.limit = limit
        self.lines = [without_ending(line) for line in original]
        self.bom = bool(self.lines) and self.lines[0].startswith(BOM)
        if self.bom:
            self.lines[0] = self.lines[0][1:]
        self._keys: dict[Level, list[str]] = {}
        self._where: dict[Level, dict[str, list[int]]] = {}
        self._sorted: list[tuple[str, int]] | None = None
        self._left = _MOST_COMPARISONS

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def is_empty(self) -> bool:
        """True where no line holds more than blanks."""
        return all(not line.strip(BLANKS) for line in self.lines)

    def keys(self, level: Level) -> list[str]:
        """The keys of all lines at `level`."""
        if level not in self._keys:
            self._keys[level] = [key_of(line, level) for line in paced(self.lines, self.limit)]
        return self._keys[level]

    def where(self, text: str, level: Level) -> list[int]:
        """The lines whose key is that of `text`, in order."""
        return self._positions(level).get(key_of(text, level), [])

    def _positions(self, level: Level) -> dict[str, list[int]]:
        if level not in self._where:
            where: dict[str, list[int]] = {}
            for at, key in enumerate(paced(self.keys(level), self.limit)):
                where.setdefault(key, []).append(at)
            self._where[level] = where
        return self._where[level]

    def places(self, block: Sequence[str], level: Level) -> list[int]:
        """Every line at which `block` (not empty) stands, or `TooAlike`."""
        wanted = [key_of(text, level) for text in paced(block, self.limit)]
        keys, positions = self.keys(level), self._positions(level)
        counts = [len(positions.get(key, ())) for key in wanted]
        rarest = counts.index(min(counts))
        candidates = positions.get(wanted[rarest], [])
        self.spend(6 * len(candidates))
        found = []
        for at in candidates:
            start = at - rarest
            if start < 0 or start + len(wanted) > len(keys):
                continue
            if keys[start] == wanted[0] and keys[start + len(wanted) - 1] == wanted[-1]:
                self.spend(len(wanted))
                if keys[start : start + len(wanted)] == wanted:
                    self.spend(6)
                    found.append(start)
        return found

    def spend(self, comparisons: int) -> None:
        """Count work against the budget."""
        self._left -= comparisons
        if self._left < 0:
            raise TooAlike

    def heads(self, head: str) -> list[int]:
        """The lines that are `head`, or begin with it as a whole word (`class A` finds `class A(B):`)."""
        head = head.strip(BLANKS)
        if self._sorted is None:
            self._sorted = sorted((key, at) for at, key in enumerate(self.keys(Level.INDENT)))
        found, exact = [], []
        for place in range(bisect_left(self._sorted, (head, -1)), len(self._sorted) if head else 0):
            key, at = self._sorted[place]
            if not key.startswith(head):
                break
            self.spend(4)
            if key == head:
                exact.append(at)
            elif not (key[len(head)].isalnum() or key[len(head)] == "_") or not head[-1].isalnum():
                found.append(at)
        return exact or sorted(found)

    def in_scope(self, head: int, at: int) -> bool:
        """True where line `at` lies below line `head` with nothing as shallow between, save closing brackets."""
        depth = len(indent_of(self.lines[head]))
        for between in range(head + 1, min(at, len(self.lines))):
            self.spend(8)
            line = self.lines[between]
            text = line.strip(BLANKS)
            if text and len(indent_of(line)) <= depth and not text.startswith((")", "]", "{", "#", "//")):
                return False
        return head < at

    def names_missing(self, texts: Sequence[str]) -> str:
        """The first of `texts` that is nowhere in the original, fit for a message; empty where all are there."""
        for text in texts:
            if text.strip(BLANKS) and not self.where(text, Level.INDENT):
                return quoted(text)
        return ""
