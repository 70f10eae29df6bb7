"""Lines of the original that a changed line of the snippet may be a new version of, found by the words they share."""

from __future__ import annotations

import re

from fastapply.merge.layout import Layout
from fastapply.merge.signature import LEAVES, likeness, named_apart

LEAST = 0.8  # likeness below this is no evidence
MOST_PLACES = 12  # a word found in more places than this tells nothing
_WORD = re.compile(r"\w{3,}")


def near_lines(original: Layout, key: str) -> list[tuple[int, float]]:
    """The original lines most like `key`, each with its likeness; none where two lines are about as like."""
    seen: dict[int, int] = {}
    for word in sorted(set(_WORD.findall(key)), key=len, reverse=True)[:6]:
        for j in original.lines_with(word, MOST_PLACES):
            seen[j] = seen.get(j, 0) + 1
    best = sorted(seen, key=lambda j: -seen[j])[:MOST_PLACES]
    best = [j for j in best if bool(LEAVES.match(original.keys[j])) == bool(LEAVES.match(key))]
    best = [j for j in best if not named_apart(key, original.keys[j])]
    scored = sorted(((likeness(key, original.keys[j]), -j) for j in best), reverse=True)[:3]
    if not scored or scored[0][0] < LEAST:
        return []
    if len(scored) > 1 and scored[1][0] > scored[0][0] - 0.05:
        return []
    return [(-scored[0][1], scored[0][0])]
