"""Places for a hunk whose kept lines are partly wrong or missing: removed lines must be there, and in one piece."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fastapply.merge.formats.index import Index, Level, key_of
from fastapply.merge.formats.rows import BLANKS, Hunk, Row
from fastapply.merge.formats.shift import Shift, shift_between

_MOST_ROWS = 120
_MOST_PLACES = 20
_SLACK = 4  # original lines that a hunk may leave out, on each side of the row it is held by
_MOST_WRONG = 4
_MARGIN = 2  # by how many lines the best place must beat the next


class Fit(NamedTuple):
    """`at[k]` is the original line of the hunk's k-th old row, -1 where it has none; `right`, `wrong`: lines."""

    at: tuple[int, ...]
    shift: Shift
    right: int
    wrong: int

    @property
    def start(self) -> int:
        """The first original line that a row stands for."""
        return min(line for line in self.at if line >= 0)

    @property
    def end(self) -> int:
        """One past the last of them."""
        return max(self.at) + 1

    @property
    def is_good(self) -> bool:
        """True where few enough lines are wrong."""
        return self.wrong <= _MOST_WRONG and self.wrong * 2 <= self.right


def fuzzy_fits(hunk: Hunk, index: Index) -> list[Fit]:
    """The places where `hunk` may belong, best first; empty where nothing comes near. May raise `TooAlike`."""
    if not 1 < len(hunk.old) <= _MOST_ROWS:
        return []
    fits: dict[tuple[int, ...], Fit] = {}
    for row, lines in _holds(hunk, index):
        for line in lines:
            at = _aligned(hunk.old, index, row, line)
            fit = _judged(hunk, index, at) if at else None
            if fit:
                fits.setdefault(_places_of_changes(hunk, fit.at), fit)
    return sorted(fits.values(), key=lambda fit: (fit.wrong - fit.right, fit.start))


def clear_winner(fits: Sequence[Fit]) -> Fit | None:
    """The first of `fits` (best first) if it is good and clearly better than the others."""
    if not fits or not fits[0].is_good:
        return None
    best = fits[0]
    if any(best.right - best.wrong - (fit.right - fit.wrong) < _MARGIN or fit.is_good for fit in fits[1:]):
        return None
    return best


def _holds(hunk: Hunk, index: Index) -> list[tuple[int, list[int]]]:
    """Rows to hold the hunk by, and the lines they may be: the rarest removed row, else those beside added ones."""
    old = hunk.old
    removed = [k for k, row in enumerate(old) if row.sign == "-" and row.text.strip(BLANKS)]
    if removed:
        rarest = min(removed, key=lambda k: len(index.where(old[k].text, Level.INDENT)))
        rows = [rarest]
    else:
        rows = _beside_added(hunk)
    holds = [(k, index.where(old[k].text, Level.INDENT)) for k in rows if old[k].text.strip(BLANKS)]
    return [(k, lines) for k, lines in holds if len(lines) <= _MOST_PLACES]


def _beside_added(hunk: Hunk) -> list[int]:
    rows: list[int] = []
    k = -1
    for before, row in zip((None, *hunk.rows), (*hunk.rows, None), strict=True):
        if row is not None and row.sign != "+":
            k += 1
            if before is not None and before.sign == "+":
                rows.append(k)
        elif row is not None and before is not None and before.sign != "+":
            rows.append(k)
    return rows


def _aligned(old: Sequence[Row], index: Index, held: int, line: int) -> tuple[int, ...] | None:
    """The best alignment of `old` around `line`, which is row `held`; None where a removed row is missing."""
    up = _walk([old[k] for k in range(held - 1, -1, -1)], index, line - 1, -1)
    down = _walk(old[held + 1 :], index, line + 1, 1)
    return None if up is None or down is None else (*up[::-1], line, *down)


def _walk(rows: Sequence[Row], index: Index, first: int, step: int) -> list[int] | None:
    """Align `rows` with the lines from `first` on, in direction `step`: as many alike as can be, few lines skipped."""
    last = min(len(index), first + len(rows) + _SLACK) if step > 0 else max(-1, first - len(rows) - _SLACK)
    lines = list(range(first, last, step))
    keys = index.keys(Level.INDENT)
    wide = len(lines) + 1
    index.spend(10 * len(rows) * wide)  # a cell costs more than a comparison
    # best[i][j]: value of aligning rows[i:] with lines[j:]; skipping lines after the last row costs nothing
    best = [[0.0] * wide for _ in range(len(rows) + 1)]
    for i in range(len(rows) - 1, -1, -1):
        key = key_of(rows[i].text, Level.INDENT)
        skip = float("-inf") if rows[i].sign == "-" else -0.5 if key else -0.05
        for j in range(wide - 1, -1, -1):
            value = best[i + 1][j] + skip
            if j < len(lines):
                if keys[lines[j]] == key:
                    value = max(value, best[i + 1][j + 1] + (1.0 if key else 0.1))
                value = max(value, best[i][j + 1] - 0.25)
            best[i][j] = value
    if best[0][0] == float("-inf"):
        return None
    return _traced(rows, [keys[line] for line in lines], lines, best)


def _traced(rows: Sequence[Row], keys: Sequence[str], lines: Sequence[int], best: list[list[float]]) -> list[int]:
    at: list[int] = []
    j = 0
    for i, row in enumerate(rows):
        key = key_of(row.text, Level.INDENT)
        while True:
            match = j < len(lines) and keys[j] == key
            if match and best[i][j] == best[i + 1][j + 1] + (1.0 if key else 0.1):
                at.append(lines[j])
                j += 1
                break
            if j < len(lines) and best[i][j] == best[i][j + 1] - 0.25:
                j += 1
                continue
            at.append(-1)
            break
    return at


def _judged(hunk: Hunk, index: Index, at: tuple[int, ...]) -> Fit | None:
    """`at` as a fit, or None where an added line's place or depth stays open."""
    if not _changes_are_placed(hunk, at):
        return None
    old = hunk.old
    matched = [(row, index.lines[line]) for row, line in zip(old, at, strict=True) if line >= 0]
    shift = shift_between(matched, hunk.added)
    if shift is None:
        return None
    right = sum(1 for row, _ in matched if row.text.strip(BLANKS))
    missing = sum(1 for row, line in zip(old, at, strict=True) if line < 0 and row.text.strip(BLANKS))
    held = {line for line in at if line >= 0}
    between = range(min(held), max(held))
    extra = sum(1 for line in between if line not in held and index.lines[line].strip(BLANKS))
    return Fit(at, shift, right, max(missing, extra))


def _changes_are_placed(hunk: Hunk, at: Sequence[int]) -> bool:
    """True where removed lines lie together, and pure additions touch a line that is there, without a gap beside."""
    k = 0
    group: list[int] = []
    added = False
    for row in (*hunk.rows, None):
        if row is not None and row.sign != " ":
            added = added or row.sign == "+"
            if row.sign == "-":
                group.append(at[k])
                k += 1
            continue
        if group and group != list(range(group[0], group[0] + len(group))):
            return False
        if added and not group and not _touches(at, k):
            return False
        group, added = [], False
        k += row is not None
    return True


def _touches(at: Sequence[int], k: int) -> bool:
    """True where lines added before old row `k` have one place only."""
    before = at[k - 1] if k else -1
    after = at[k] if k < len(at) else -1
    return after == before + 1 if before >= 0 and after >= 0 else before >= 0 or after >= 0


def _places_of_changes(hunk: Hunk, at: Sequence[int]) -> tuple[int, ...]:
    """What tells two alignments apart: where they change the original."""
    places: list[int] = []
    k = 0
    for row in hunk.rows:
        if row.sign == "+":
            before = at[k - 1] if k else -1
            after = at[k] if k < len(at) else -1
            places.append(before + 1 if before >= 0 else after)
        else:
            if row.sign == "-":
                places.append(at[k])
            k += 1
    return tuple(places)
