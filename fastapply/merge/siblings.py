"""Whether a new line is one more of a list, and no new version of the line that it is like."""

from __future__ import annotations

import re

from rapidfuzz.distance import Indel

from fastapply.merge.layout import words
from fastapply.merge.sheet import Sheet

_WORD = re.compile(r"\w+")


def _common(a: str, b: str) -> float:
    """The share of text that two lines have in common, but for what separates them from the next."""
    return float(Indel.normalized_similarity(a.rstrip(",;"), b.rstrip(",;")))


def _listed(new: str, old: str, beside: str) -> bool:
    """True where three lines have one form, and the new one differs from the old one in every word in which the old one
    differs from the line beside it."""
    if not _WORD.sub("w", new) == _WORD.sub("w", old) == _WORD.sub("w", beside):
        return False
    triples = zip(_WORD.findall(new), _WORD.findall(old), _WORD.findall(beside), strict=True)
    return all(mine != theirs for mine, theirs, sibling in triples if theirs != sibling)


class Siblings:
    """The statements beside each original line in its block."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._beside: dict[int, list[str]] = {}
        self._likest: dict[int, float] = {}

    def has_one_more(self, new: str, j: int) -> bool:
        """True where a new line with key `new` is as like original line j as this is to the lines beside it, or has
        their form and other words wherever they differ, and nothing else in the snippet renames the one to the
        other."""
        old = self._sheet.o.keys[j]
        if _common(new, old) <= self._likest_of(j):
            return True
        return any(_listed(new, old, key) for key in self._keys_beside(j)) and not self._is_renamed(new, old)

    def _likest_of(self, j: int) -> float:
        """The share of text that original line j has in common with the liker of the statements beside it. Names don't
        count here: the lines of a list often bear the same one."""
        found = self._likest.get(j)
        if found is None:
            own = self._sheet.o.keys[j]
            found = self._likest[j] = max((_common(own, key) for key in self._keys_beside(j)), default=0.0)
        return found

    def _keys_beside(self, j: int) -> list[str]:
        """The keys of the statements before and behind original line j in its block."""
        found = self._beside.get(j)
        if found is None:
            o = self._sheet.o
            above = o.filled_above(j)
            while above > o.head[j] and (o.head[above] != o.head[j] or o.opener[above] >= 0):
                above = o.opener[above] if o.opener[above] >= 0 else o.head[above]
            below = o.filled_below(o.end[j])
            while below < len(o.keys) and o.opener[below] == j:
                below = o.filled_below(o.end[below])
            beside = [k for k in (above, below) if 0 <= k < len(o.keys) and o.head[k] == o.head[j] and k != o.head[j]]
            found = self._beside[j] = [o.keys[k] for k in beside]
        return found

    def _is_renamed(self, new: str, old: str) -> bool:
        """True where another changed line of the snippet says some word of `new` for one of `old`, too."""
        o, sl = self._sheet.o, self._sheet.sl
        mine, theirs = words(new) - words(old), words(old) - words(new)
        changed = ((sl.keys[i], o.keys[j]) for i, j in enumerate(self._sheet.match) if j >= 0)
        return any(
            mine & (words(shown) - words(was)) and theirs & (words(was) - words(shown))
            for shown, was in changed
            if shown != was
        )
