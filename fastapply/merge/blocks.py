"""Which definition each line belongs to, to keep the lines of a definition within its namesake."""

from __future__ import annotations

from fastapply.merge.evidence import leaders_above
from fastapply.merge.layout import Layout


class Blocks:
    """Which definition each line belongs to, to keep lines of a definition within its namesake."""

    def __init__(self, original: Layout, snippet: Layout, segments: list[int], renamed: float) -> None:
        self._renamed = renamed
        self._of_original = _enclosing(original, None)
        self._of_snippet = _enclosing(snippet, segments)
        self._in_original = {name for name in self._of_original if name}
        self._in_snippet = {name for name in self._of_snippet if name}
        self._between = _between_others(snippet, segments)

    def fit(self, i: int, j: int) -> float:
        """0 where snippet line i certainly belongs to one definition and original line j to another; less than 1 where
        the one may be the other renamed: neither name stands on the other side, and the snippet shows what stands
        before and behind it, so that the old one has no place left."""
        mine, theirs = self._of_snippet[i], self._of_original[j]
        if mine is None or theirs is None or mine == theirs:
            return 1.0
        may = mine not in self._in_original and theirs not in self._in_snippet and mine in self._between
        return self._renamed if may else 0.0

    def same(self, i: int, j: int) -> bool:
        """False where the two lines certainly belong to definitions of different names."""
        mine, theirs = self._of_snippet[i], self._of_original[j]
        return mine is None or theirs is None or mine == theirs


def _between_others(snippet: Layout, segments: list[int]) -> set[tuple[str, str]]:
    """The definitions of the snippet that have other lines of their own segment on both sides."""
    result = set()
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for i in snippet.filled:
        first.setdefault(segments[i], i)
        last[segments[i]] = i
    for i in snippet.filled:
        name = snippet.name(i)
        if (
            name
            and name[0] == "def"
            and first[segments[i]] < leaders_above(snippet, i)
            and snippet.end[i] < last[segments[i]]
        ):
            result.add(name)
    return result


def _enclosing(layout: Layout, segments: list[int] | None) -> list[tuple[str, str] | None]:
    """For each line the signature of the innermost definition around it (known by a head in its own segment)."""
    result: list[tuple[str, str] | None] = [None] * len(layout.keys)
    for k in layout.filled:
        around = layout.opener[k] if layout.opener[k] >= 0 else layout.head[k]
        if around < 0 or (segments is not None and segments[around] != segments[k]):
            continue
        name = layout.name(around)
        result[k] = name if name and name[0] == "def" else result[around]
    for k in layout.filled:
        name = layout.name(k)
        if name and name[0] == "def":
            result[k] = name  # a head belongs to its own definition
    return result
