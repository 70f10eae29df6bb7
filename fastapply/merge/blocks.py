"""Which definitions each line belongs to, to keep the lines of a definition within its namesake."""

from __future__ import annotations

from fastapply.merge.deadline import Deadline, paced
from fastapply.merge.evidence import leaders_above
from fastapply.merge.layout import Layout, Path
from fastapply.merge.signature import Signature


class Blocks:
    """Compares the definitions around a snippet line, as far as its own stretch shows them, with those around an
    original line, from the innermost outwards."""

    def __init__(
        self, original: Layout, snippet: Layout, segments: list[int], renamed: float, limit: Deadline | None = None
    ) -> None:
        self._renamed = renamed
        if original.paths is None:
            original.paths = _paths(original, None, limit)
        self._of_original = original.paths
        self._of_snippet = _paths(snippet, segments, limit)
        self._in_original = {path[-1] for path in set(self._of_original) if path}
        self._in_snippet = {path[-1] for path in set(self._of_snippet) if path}
        self._between = _between_others(snippet, segments, limit)

    def fit(self, i: int, j: int) -> float:
        """0 where snippet line i certainly belongs to one definition and original line j to another; less than 1 where
        the one may be the other renamed: neither name stands on the other side, and the snippet shows what stands
        before and behind it, so that the old one has no place left."""
        pair = self._difference(i, j)
        if pair is None:
            return 1.0
        mine, theirs = pair
        may = mine not in self._in_original and theirs not in self._in_snippet and mine in self._between
        return self._renamed if may else 0.0

    def same(self, i: int, j: int) -> bool:
        """False where the two lines certainly belong to definitions of different names."""
        return self._difference(i, j) is None

    def _difference(self, i: int, j: int) -> tuple[Signature, Signature] | None:
        for mine, theirs in zip(reversed(self._of_snippet[i]), reversed(self._of_original[j]), strict=False):
            if mine != theirs:
                return mine, theirs
        return None


def _between_others(snippet: Layout, segments: list[int], limit: Deadline | None) -> set[Signature]:
    """The definitions of the snippet that have other lines of their own segment on both sides."""
    result = set()
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for i in snippet.filled:
        first.setdefault(segments[i], i)
        last[segments[i]] = i
    for i in paced(snippet.filled, limit):
        name = snippet.definition(i)
        if name and first[segments[i]] < leaders_above(snippet, i) and snippet.end[i] < last[segments[i]]:
            result.add(name)
    return result


def _paths(layout: Layout, segments: list[int] | None, limit: Deadline | None) -> list[Path]:
    """For each line the definitions around it, outermost first, its own last where it is a head; in a snippet only
    those
    whose head stands in the line's own segment."""
    result: list[Path] = [()] * len(layout.keys)
    for k in paced(layout.filled, limit):
        around = layout.opener[k] if layout.opener[k] >= 0 else layout.head[k]
        if around >= 0 and (segments is None or segments[around] == segments[k]):
            result[k] = result[around]
        if layout.opener[k] < 0 and (name := layout.definition(k)):
            result[k] = (*result[k], name)
    return result
