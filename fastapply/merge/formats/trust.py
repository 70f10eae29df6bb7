"""What the line numbers of `@@ -a,b +c,d @@` headers are worth: models often make them up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fastapply.merge.formats.index import Level
from fastapply.merge.formats.outcome import Found, Search
from fastapply.merge.formats.rows import Hunk

_NEAR, _FAR, _FAR_TIMES = 10, 40, 8  # a line number decides if one place is near and the next is this much farther


class Trust(NamedTuple):
    """What line numbers are worth for one hunk: the place they name, and whether the header is sound."""

    expected: int | None = None
    expected_new: int | None = None
    exact: bool = False


def trusts(hunks: Sequence[Hunk], searches: Sequence[Search | None]) -> list[Trust]:
    """What each hunk's line numbers are worth, seen from the hunks whose place is plain without them."""
    offsets: list[int | None] = [
        search.olds[0].start - hunk.stated
        if search and hunk.stated is not None and search.level is Level.EXACT and len(search.olds) == 1
        else None
        for hunk, search in zip(hunks, searches, strict=True)
    ]
    before = _last_known(offsets)
    after = _last_known(offsets[::-1])[::-1]
    sound = _sound_headers(hunks)
    return [_trust(*four) for four in zip(hunks, before, after, sound, strict=True)]


def _last_known(offsets: Sequence[int | None]) -> list[int | None]:
    """For each hunk the offset known last before it."""
    known: list[int | None] = []
    last: int | None = None
    for offset in offsets:
        known.append(last)
        last = last if offset is None else offset
    return known


def _trust(hunk: Hunk, before: int | None, after: int | None, sound: bool) -> Trust:
    if hunk.stated is None or (before is not None and after is not None and before != after):
        return Trust()
    offset = before if before is not None else after
    return Trust(hunk.stated + (offset or 0), hunk.stated_new, sound)


def _sound_headers(hunks: Sequence[Hunk]) -> list[bool]:
    """For each hunk whether its counts are right, and its two line numbers differ by what earlier hunks add."""
    sound = [False] * len(hunks)
    drift = 0
    numbered = [(hunk.stated, k) for k, hunk in enumerate(hunks) if hunk.stated is not None]
    if len(numbered) < len(hunks):
        return sound
    for stated, k in sorted(numbered):
        hunk = hunks[k]
        sound[k] = hunk.counted and hunk.stated_new == stated + drift
        drift += len(hunk.added) - len(hunk.removed)
    return sound


def nearest(found: Sequence[Found], trust: Trust) -> Found | None:
    """The one of several places that the line number names clearly."""
    if trust.expected is None:
        return None
    expected = trust.expected
    first, second = sorted(found, key=lambda one: abs(one.start - expected))[:2]
    near, far = abs(first.start - expected), abs(second.start - expected)
    if near == 0 and trust.exact:
        return first
    return first if near <= _NEAR and far >= _FAR_TIMES * near + _FAR else None
