"""The difference in indentation between a hunk and the place it fits, and added lines moved by it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fastapply.merge.formats.rows import BLANKS, Row
from fastapply.merge.text import indent_of


class Shift(NamedTuple):
    """Put `add` before an indentation, or take `drop` off it; or turn each leading `unit` into `becomes`."""

    add: str = ""
    drop: str = ""
    unit: str = ""
    becomes: str = ""

    def moved(self, text: str) -> str | None:
        """`text` at its new depth; None where the shift does not fit its indentation. Blank lines stay."""
        if self == NO_SHIFT or not text.strip(BLANKS):
            return text
        if self.unit:
            indent, rest = indent_of(text), text.lstrip(" \t\f")
            whole = 0
            while indent.startswith(self.unit, whole * len(self.unit)):
                whole += 1
            over = indent[whole * len(self.unit) :]
            return self.becomes * whole + over + rest if len(over) <= 1 else None
        return self.add + text[len(self.drop) :] if text.startswith(self.drop) else None


NO_SHIFT = Shift()


def shift_between(matched: Sequence[tuple[Row, str]], added: Iterable[Row]) -> Shift | None:
    """The one shift that turns each matched row's indentation into its original line's; None where there is none.

    A kept row may lack its sign, so it can speak for two shifts; the depth of the `added` rows then decides.
    """
    shared: set[Shift] | None = None
    for row, line in matched:
        if row.text.strip(BLANKS):
            options = _shifts_of(row, line)
            shared = options if shared is None else shared & options
            if not shared:
                return _conversion(matched)
    if shared is None:
        return NO_SHIFT
    return next(iter(shared)) if len(shared) == 1 else _by_added(shared, matched, added)


def _shifts_of(row: Row, line: str) -> set[Shift]:
    there = indent_of(line)
    shifts = set()
    for text in (row.text,) if row.bare is None else (row.text, row.bare):
        here = indent_of(text)
        if there.endswith(here):
            shifts.add(Shift(add=there[: len(there) - len(here)]))
        elif here.endswith(there):
            shifts.add(Shift(drop=here[: len(here) - len(there)]))
    return shifts


def _conversion(matched: Sequence[tuple[Row, str]]) -> Shift | None:
    """Spaces for tabs or tabs for spaces, as many to one in every row."""
    found: Shift | None = None
    for row, line in matched:
        here, there = indent_of(row.text), indent_of(line)
        if not row.text.strip(BLANKS) or here == there == "":
            continue
        one = _unit(here, there)
        if one is None or (found is not None and one != found):
            return None
        found = one
    return found


def _unit(here: str, there: str) -> Shift | None:
    spaces, tabs = (here, there) if here.startswith(" ") else (there, here)
    if not tabs or spaces.strip(" ") or tabs.strip("\t") or len(spaces) % len(tabs) or not spaces:
        return None
    width = " " * (len(spaces) // len(tabs))
    if len(width) not in (2, 3, 4, 8):
        return None
    return Shift(unit=width, becomes="\t") if spaces is here else Shift(unit="\t", becomes=width)


def _by_added(shared: set[Shift], matched: Sequence[tuple[Row, str]], added: Iterable[Row]) -> Shift | None:
    depths = {indent_of(line) for row, line in matched if row.text.strip(BLANKS)}
    texts = [row.text for row in added if row.text.strip(BLANKS)]
    if not texts:
        return min(shared)
    fitting = []
    for shift in shared:
        moved = [shift.moved(text) for text in texts]
        if any(text is not None and indent_of(text) in depths for text in moved):
            fitting.append(shift)
    return fitting[0] if len(fitting) == 1 else None
