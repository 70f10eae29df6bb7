"""Large files as Morph's SDK sends them: long lines replaced by placeholders, after a table that defines them.

    ⟪MORPH_DEFINITIONS_BEGIN_0⟫
    ⟪M0:0:line⟫="def connect(self, address, timeout):"
    ⟪MORPH_DEFINITIONS_END_0⟫
    ⟪MORPH_CODE_BEGIN_0⟫
    ⟪M0:0:line⟫
        pass

The edit shows the real lines, so placeholders that stay closed would match nothing in it. They are opened, the real
file is merged, and what the merge left alone is answered as the placeholders that stood there, for the SDK to open.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Self

import msgspec

from fastapply.errors import InputTooLarge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapply.merge.values import Edit

__all__ = ["Anchored", "own_words"]

_BEGINNING = "⟪MORPH_DEFINITIONS_BEGIN_"
_BEGIN = re.compile(_BEGINNING + r"(\d+)⟫\n")
_PROTOCOL = "\n\nLARGE-FILE ANCHOR PROTOCOL:\n"


class Anchored:
    """A file with placeholders: `shown` piece by piece, `meant` by each, and the whole `text` that is meant."""

    def __init__(self, shown: Sequence[str], meant: Sequence[str]) -> None:
        self._shown = shown
        self._meant = meant
        self._ends = list(accumulate(map(len, meant)))
        self.text = "".join(meant)

    @staticmethod
    def begins(code: str) -> bool:
        """Whether `code` may have a table: quickly told."""
        return code.startswith(_BEGINNING)

    @classmethod
    def read(cls, code: str, most: int) -> Self | None:
        """What `code` shows, or `None` where it has no table; `InputTooLarge` where it means over `most` characters."""
        begin = _BEGIN.match(code)
        if not begin:
            return None
        end = f"\n⟪MORPH_DEFINITIONS_END_{begin[1]}⟫\n⟪MORPH_CODE_BEGIN_{begin[1]}⟫\n"
        table, separator, skeleton = code[begin.end() :].partition(end)
        if not separator:
            return None
        defined = _definitions(table)
        # The name ends before the next ⟪: of many that are never closed each would be read to the end of the file.
        shown = re.split(rf"(⟪M{begin[1]}:\d+:[^⟪⟫]+⟫)", skeleton)
        meant = [defined.get(piece, piece) for piece in shown]
        # Asked before they are joined: a short table and many placeholders can mean any number of gigabytes.
        if sum(map(len, meant)) > most:
            raise InputTooLarge(f"the file behind the placeholders has more than {most} characters", field="messages")
        return cls(shown, meant)

    def restore(self, edits: Sequence[Edit]) -> str:
        """The text after `edits`, which go from first to last, with the placeholders where nothing was edited."""
        parts: list[str] = []
        place = 0
        for edit in edits:
            parts += (self._between(place, edit.start), edit.text)
            place = edit.end
        return "".join([*parts, self._between(place, len(self.text))])

    def _between(self, start: int, end: int) -> str:
        parts: list[str] = []
        index = bisect_right(self._ends, start)
        while start < end:
            begins = self._ends[index] - len(self._meant[index])
            whole = begins == start and self._ends[index] <= end
            parts.append(self._shown[index] if whole else self._meant[index][start - begins : end - begins])
            start = self._ends[index]
            index += 1
        return "".join(parts)


def _definitions(table: str) -> dict[str, str]:
    """The placeholders of `table`. One whose text can't be read (half a character) stays closed, as any line may."""
    defined: dict[str, str] = {}
    for line in table.split("\n"):
        placeholder, _, value = line.partition("⟫=")
        try:
            defined[f"{placeholder}⟫"] = msgspec.json.decode(value, type=str)
        except msgspec.DecodeError:
            continue
    return defined


def own_words(instruction: str) -> str:
    """`instruction` without what the SDK adds to explain placeholders: its talk of removing some is no evidence."""
    return instruction.partition(_PROTOCOL)[0]
