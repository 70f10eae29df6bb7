"""Alignment of a snippet's lines with the original's: one chain of matches over the whole snippet, in order.

A match is a pair of lines with one key, or two heads of one definition. A chain earns each match's weight (rare lines
earn most), more for matches that follow each other or stand in the same block, and pays for original lines that it
would lose where no marker stands. Markers skip any number of lines for nothing. The best chain is found by dynamic
programming over matches (the chaining of seeds that sequence aligners use), never hunk by hunk.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from math import log2

import msgspec

from fastapply.merge.deadline import Deadline
from fastapply.merge.evidence import is_leader, leaders_above
from fastapply.merge.layout import Layout, word_count
from fastapply.merge.near import near_lines
from fastapply.merge.signature import likeness, signature

MAX_POINTS = 6000  # more matches than this, and the commonest lines no longer seed a chain
MAX_CANDIDATES = 400  # places considered for one snippet line


class Alignment(msgspec.Struct):
    """match[i] is the original line that snippet line i stands for, or -1; score is the chain's."""

    match: list[int]
    score: float


class Points(msgspec.Struct):
    """All matches considered: rows[i] maps an original line to the weight of matching snippet line i with it."""

    rows: list[dict[int, float]]


class Prices(msgspec.Struct):
    """The constants of the score, found by search over real edits."""

    punctuation: float = 0.4
    short: float = 1.4
    base: float = 1.8
    per_char: float = 0.035
    longest: float = 2.5
    unique: float = 2.3
    rarity: float = 1.1
    floor: float = 0.4
    follow: float = 0.2
    shift: float = 0.1
    shift_change: float = 0.6
    edge: float = 2.5
    segment_edge: float = 1.5
    replaced_open: float = 0.07
    replaced: float = 0.1
    lost_open: float = 0.2
    lost: float = 0.15
    lost_line: float = 0.12
    definition: float = 0.4
    favour: float = 8.0
    near: float = 2.0
    renamed: float = 0.75
    lost_most: float = 30.0


LENIENT = Prices()
STRICT = Prices(lost_open=1.5, lost_line=0.4)


def weigh(key: str, count: int, prices: Prices) -> float:
    """What one match of this key is worth, when the original holds it `count` times."""
    words = word_count(key)
    if words == 0:
        base = prices.punctuation
    elif len(key) <= 6:
        base = prices.short
    else:
        base = prices.base + min(prices.longest, len(key) * prices.per_char)
    if count > 1:
        return max(prices.floor, base / (1 + prices.rarity * log2(count)))
    return base * (prices.unique if words else 1.0)


def find_points(
    original: Layout, snippet: Layout, segments: list[int], signs: list[str], markers: int, prices: Prices, favoured: frozenset[int] = frozenset()
) -> Points:
    """Every pair of lines that may match, with its weight; the `favoured` snippet lines weigh more."""
    places: dict[str, list[int]] = {}
    for j in original.filled:
        places.setdefault(original.keys[j], []).append(j)
    heads = _definition_heads(original)
    blocks = Blocks(original, snippet, segments, prices.renamed)
    signed = "+" in signs or "-" in signs  # a diff's context lines say themselves that they are the original's
    mine = Counter(signature(snippet.keys[i]) for i in snippet.filled)
    rows: list[dict[int, float]] = [{} for _ in snippet.keys]
    for i in snippet.filled:
        if signs[i] == "+":
            continue
        key = snippet.keys[i]
        found = places.get(key)
        if found:
            weight = weigh(key, len(found) + snippet.count[key] - 1, prices) + (3.0 if signs[i] == "-" else prices.favour if i in favoured else 0.0)
            for j in found if len(found) <= MAX_CANDIDATES else _near(found, rows, i):
                fit = 1.0 if signed or i in favoured else blocks.fit(i, j)
                if fit:
                    rows[i][j] = fit * weight + _context(original, snippet, segments, i, j, weight)
        elif (name := signature(key)) and name[0] == "def" and name in heads:
            alone = len(heads[name]) == 1 and mine[name] == 1
            for j in heads[name]:
                likely = likeness(key, original.keys[j])
                weight = (1.3 if alone else 0.5) * likely
                rows[i][j] = weight + _context(original, snippet, segments, i, j, weight)
        else:
            for j, alike in near_lines(original, key):
                if signs[i] == " " and blocks.same(i, j) and _same_place(original, snippet, segments, i, j):
                    rows[i][j] = prices.near * (alike - 0.5) + _context(original, snippet, segments, i, j, 0.5)
    _drop_stray_closers(original, snippet, segments, rows)
    _tie_closers(original, snippet, rows, heads, mine)
    _drop_stray_leaders(original, snippet, segments, rows)
    _favour_edges(original, snippet, segments, markers, rows, prices)
    return Points(rows)


def _favour_edges(original: Layout, snippet: Layout, segments: list[int], markers: int, rows: list[dict[int, float]], prices: Prices) -> None:
    """A snippet that begins or ends without a marker, and with the file's own first or last line, begins or ends there."""
    if not snippet.filled or not original.filled:
        return
    for before, i, after in zip([-1, *snippet.filled], snippet.filled, [*snippet.filled[1:], -1], strict=False):
        if before < 0 or after < 0 or segments[before] != segments[i] or segments[after] != segments[i]:
            for j in rows[i]:
                if original.keys[j] == snippet.keys[i]:
                    rows[i][j] += prices.segment_edge
    for i, j, no_marker in (
        (snippet.filled[0], original.filled[0], segments[snippet.filled[0]] == 0),
        (snippet.filled[-1], original.filled[-1], segments[snippet.filled[-1]] == markers),
    ):
        if no_marker and j in rows[i]:
            rows[i][j] += prices.edge


def _drop_stray_closers(original: Layout, snippet: Layout, segments: list[int], rows: list[dict[int, float]]) -> None:
    """A line that closes a block whose head the snippet shows right above can only close the block of a head like it."""
    for i in snippet.filled:
        begun = snippet.opener[i]
        if begun < 0 or segments[begun] != segments[i] or not rows[i]:
            continue
        pairs = ((begun, original.opener), (snippet.link[i], original.link))
        rows[i] = {
            j: weight
            for j, weight in rows[i].items()
            if any(
                there[j] in rows[mine] or there[j] >= 0 and _head_likeness(snippet.keys[mine], original.keys[there[j]]) >= 0.6
                for mine, there in pairs
            )
        }


def _tie_closers(original: Layout, snippet: Layout, rows: list[dict[int, float]], heads: dict[tuple[str, str], list[int]], mine: Counter) -> None:
    """The line that closes a block whose head can only be one line of the original closes that line's block."""
    for i in snippet.filled:
        begun = snippet.opener[i]
        if begun < 0 or not rows[i]:
            continue
        key = snippet.keys[begun]
        there = [j for j in rows[begun] if original.keys[j] == key]
        if original.count[key] != 1 or snippet.count[key] != 1 or len(there) != 1:
            name = signature(key)
            there = heads.get(name, []) if name and name[0] == "def" and mine[name] == 1 else []
        if len(there) == 1 and snippet.end[begun] == i and (j := original.end[there[0]]) in rows[i]:
            rows[i][j] += 1.0


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
        name = signature(snippet.keys[i])
        if name and name[0] == "def" and first[segments[i]] < leaders_above(snippet, i) and snippet.end[i] < last[segments[i]]:
            result.add(name)
    return result


def _enclosing(layout: Layout, segments: list[int] | None) -> list[tuple[str, str] | None]:
    """For each line the signature of the innermost definition around it (known by a head in its own segment)."""
    result: list[tuple[str, str] | None] = [None] * len(layout.keys)
    for k in layout.filled:
        around = layout.opener[k] if layout.opener[k] >= 0 else layout.head[k]
        if around < 0 or (segments is not None and segments[around] != segments[k]):
            continue
        name = signature(layout.keys[around])
        result[k] = name if name and name[0] == "def" else result[around]
    for k in layout.filled:
        name = signature(layout.keys[k])
        if name and name[0] == "def":
            result[k] = name  # a head belongs to its own definition
    return result


def _drop_stray_leaders(original: Layout, snippet: Layout, segments: list[int], rows: list[dict[int, float]]) -> None:
    """A comment opener, decorator or attribute that occurs often says nothing unless the line below it matches too."""
    for i in reversed(snippet.filled):
        key = snippet.keys[i]
        opens = _opens(key)
        if not rows[i] or not is_leader(key) or (not opens and original.count[key] == 1 and snippet.count[key] == 1):
            continue
        last = i + 1 == len(rows) or segments[i + 1] != segments[i]
        below = {} if last else rows[i + 1]
        above = rows[i - 1] if i and segments[i - 1] == segments[i] else {}
        led = _led_by(snippet, i)
        led_row = rows[led] if led < len(rows) and segments[led] == segments[i] else {}
        rows[i] = {
            j: weight
            for j, weight in rows[i].items()
            if j + 1 in below or _led_by(original, j) in led_row or ((last or not opens) and (j - 1 in above or not (above or below)))
        }


def _opens(key: str) -> bool:
    """True for the first line of a comment of several lines, a decorator or an attribute: nothing without what follows."""
    if key.startswith("/*"):
        return "*/" not in key
    return key.startswith(("@", "#[", "[[")) and not key.startswith(("@import", "@use", "@forward", "@charset", "@include", "@extend"))


def _led_by(layout: Layout, k: int) -> int:
    """The line that the comments and decorators from line k on belong to."""
    k += 1
    while k < len(layout.keys) and layout.keys[k] and is_leader(layout.keys[k]):
        k += 1
    return k


def _favour_edges(original: Layout, snippet: Layout, segments: list[int], markers: int, rows: list[dict[int, float]], prices: Prices) -> None:
    """A snippet that begins or ends without a marker, and with the file's own first or last line, begins or ends there."""
    if not snippet.filled or not original.filled:
        return
    for before, i, after in zip([-1, *snippet.filled], snippet.filled, [*snippet.filled[1:], -1], strict=False):
        if before < 0 or after < 0 or segments[before] != segments[i] or segments[after] != segments[i]:
            for j in rows[i]:
                if original.keys[j] == snippet.keys[i]:
                    rows[i][j] += prices.segment_edge
    for i, j, no_marker in (
        (snippet.filled[0], original.filled[0], segments[snippet.filled[0]] == 0),
        (snippet.filled[-1], original.filled[-1], segments[snippet.filled[-1]] == markers),
    ):
        if no_marker and j in rows[i]:
            rows[i][j] += prices.edge


def _drop_stray_closers(original: Layout, snippet: Layout, segments: list[int], rows: list[dict[int, float]]) -> None:
    """A line that closes a block whose head the snippet shows right above can only close the block of a head like it."""
    for i in snippet.filled:
        begun = snippet.opener[i]
        if begun < 0 or segments[begun] != segments[i] or not rows[i]:
            continue
        pairs = ((begun, original.opener), (snippet.link[i], original.link))
        rows[i] = {
            j: weight
            for j, weight in rows[i].items()
            if any(
                there[j] in rows[mine] or there[j] >= 0 and _head_likeness(snippet.keys[mine], original.keys[there[j]]) >= 0.6
                for mine, there in pairs
            )
        }


def _tie_closers(original: Layout, snippet: Layout, rows: list[dict[int, float]], heads: dict[tuple[str, str], list[int]], mine: Counter) -> None:
    """The line that closes a block whose head can only be one line of the original closes that line's block."""
    for i in snippet.filled:
        begun = snippet.opener[i]
        if begun < 0 or not rows[i]:
            continue
        key = snippet.keys[begun]
        there = [j for j in rows[begun] if original.keys[j] == key]
        if original.count[key] != 1 or snippet.count[key] != 1 or len(there) != 1:
            name = signature(key)
            there = heads.get(name, []) if name and name[0] == "def" and mine[name] == 1 else []
        if len(there) == 1 and snippet.end[begun] == i and (j := original.end[there[0]]) in rows[i]:
            rows[i][j] += 1.0


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
        name = signature(snippet.keys[i])
        if name and name[0] == "def" and first[segments[i]] < leaders_above(snippet, i) and snippet.end[i] < last[segments[i]]:
            result.add(name)
    return result


def _enclosing(layout: Layout, segments: list[int] | None) -> list[tuple[str, str] | None]:
    """For each line the signature of the innermost definition around it (known by a head in its own segment)."""
    result: list[tuple[str, str] | None] = [None] * len(layout.keys)
    for k in layout.filled:
        around = layout.opener[k] if layout.opener[k] >= 0 else layout.head[k]
        if around < 0 or (segments is not None and segments[around] != segments[k]):
            continue
        name = signature(layout.keys[around])
        result[k] = name if name and name[0] == "def" else result[around]
    for k in layout.filled:
        name = signature(layout.keys[k])
        if name and name[0] == "def":
            result[k] = name  # a head belongs to its own definition
    return result


def _drop_stray_leaders(original: Layout, snippet: Layout, segments: list[int], rows: list[dict[int, float]]) -> None:
    """A comment opener, decorator or attribute that occurs often says nothing unless the line below it matches too."""
    for i in reversed(snippet.filled):
        key = snippet.keys[i]
        opens = key.startswith(("/*", "@", "#[", "[["))
        if not rows[i] or not is_leader(key) or (not opens and original.count[key] == 1 and snippet.count[key] == 1):
            continue
        last = i + 1 == len(rows) or segments[i + 1] != segments[i]
        below = {} if last else rows[i + 1]
        above = rows[i - 1] if i and segments[i - 1] == segments[i] else {}
        rows[i] = {
            j: weight for j, weight in rows[i].items() if j + 1 in below or ((last or not opens) and (j - 1 in above or not (above or below)))
        }


def _definition_heads(layout: Layout) -> dict[tuple[str, str], list[int]]:
    heads: dict[tuple[str, str], list[int]] = {}
    for j in layout.filled:
        name = signature(layout.keys[j])
        if name and name[0] == "def":
            heads.setdefault(name, []).append(j)
    return heads


def _near(found: list[int], rows: list[dict[int, float]], i: int) -> list[int]:
    """Of the many places of a common line, those just below a match of the line above."""
    above = rows[i - 1] if i else {}
    return [j for j in found if j - 1 in above or j - 2 in above]


def _context(original: Layout, snippet: Layout, segments: list[int], i: int, j: int, weight: float) -> float:
    """What the enclosing head (or the opener, for a closing line) says for or against matching i with j."""
    begun, there = snippet.opener[i], original.opener[j]
    closing = begun >= 0
    if closing != (there >= 0) and snippet.head[i] >= 0:
        return 0.0
    if not closing:
        begun, there = snippet.head[i], original.head[j]
    if begun < 0:
        return 0.0
    certain = segments[begun] == segments[i]
    if there < 0:
        return -0.3 * weight if certain else 0.0
    alike = _head_likeness(snippet.keys[begun], original.keys[there])
    if alike >= 0.999:
        return (0.6 if certain else 0.4) if closing else (0.35 if certain else 0.25)
    if alike >= 0.6:
        return 0.15
    return -(0.6 if closing else 0.4) * weight if certain else 0.0


def _same_place(original: Layout, snippet: Layout, segments: list[int], i: int, j: int) -> bool:
    """False where the snippet shows what encloses line i, and it is unlike what encloses line j."""
    head, there = snippet.head[i], original.head[j]
    if head < 0 or segments[head] != segments[i]:
        return True
    return there >= 0 and _head_likeness(snippet.keys[head], original.keys[there]) >= 0.6


def _head_likeness(a: str, b: str) -> float:
    if a == b:
        return 1.0
    name = signature(a)
    if name and name[0] == "def":
        return 0.9 if name == signature(b) else 0.0
    return likeness(a, b)


def lost_cost(lost: int, shown: int, prices: Prices) -> float:
    """The price of passing over `lost` original lines, without a marker, where the snippet shows `shown` others."""
    if not lost:
        return 0.0
    replaced = min(lost, 2 * shown)
    bare = lost - replaced
    price = prices.replaced_open + prices.replaced * log2(1 + replaced)
    return price + (prices.lost_open + prices.lost * log2(1 + bare) + prices.lost_line * min(bare, prices.lost_most) if bare else 0.0)


def align(original: Layout, snippet: Layout, segments: list[int], points: Points, prices: Prices, explained: set[int], limit: Deadline) -> Alignment:
    """The best chain through `points`. Losing a line of `explained` costs nothing. Raises `DeadlineExceeded`."""
    dear, heads = [0], [0]  # of the first r filled original lines, those that cost something to lose, and heads among them
    for j in original.filled:
        name = signature(original.keys[j])
        dear.append(dear[-1] + (j not in explained))
        heads.append(heads[-1] + (j not in explained and name is not None and name[0] == "def"))
    rank_o = {j: r for r, j in enumerate(original.filled)}
    rank_s = {i: r for r, i in enumerate(snippet.filled)}
    best: list[float] = []
    back: list[int] = []
    where: list[tuple[int, int]] = []
    frontier_j: list[int] = []  # over finished segments: rising j, rising score
    frontier_p: list[int] = []
    segment, open_points = -1, []
    previous_row: dict[int, int] = {}
    previous_i = -1
    highest = 0.0  # no match of this segment can lead to more
    for i in snippet.filled:
        limit.check()
        if segments[i] != segment:
            _close(open_points, best, where, frontier_j, frontier_p)
            segment, open_points, previous_row, highest = segments[i], [], {}, 0.0
        row: dict[int, int] = {}
        for j, weight in points.rows[i].items():
            top, source = 0.0, -1
            at = bisect_left(frontier_j, j) - 1
            if at >= 0:
                source = frontier_p[at]
                top = best[source]
            follows = previous_row.get(original.filled[rank_o[j] - 1]) if rank_o[j] and previous_i >= 0 else None
            if follows is not None:
                gain = best[follows] + prices.follow
                gain += prices.shift if _same_shift(original, snippet, where[follows], (i, j)) else -prices.shift_change
                if gain > top:
                    top, source = gain, follows
            if top < highest:
                for p in open_points:
                    pi, pj = where[p]
                    if pj >= j or best[p] <= top:
                        continue
                    gain = best[p] - lost_cost(dear[rank_o[j]] - dear[rank_o[pj] + 1], rank_s[i] - rank_s[pi] - 1, prices)
                    gain -= prices.definition * (heads[rank_o[j]] - heads[rank_o[pj] + 1])
                    gain += prices.shift if _same_shift(original, snippet, where[p], (i, j)) else -prices.shift_change
                    if gain > top:
                        top, source = gain, p
            row[j] = len(best)
            best.append(top + weight)
            back.append(source)
            where.append((i, j))
        open_points.extend(row.values())
        highest = max([highest, *(best[p] + prices.shift for p in row.values())])
        previous_row, previous_i = row, i
    match = [-1] * len(snippet.keys)
    if not best:
        return Alignment(match, 0.0)
    p = max(range(len(best)), key=best.__getitem__)
    score = best[p]
    while p >= 0:
        i, j = where[p]
        match[i] = j
        p = back[p]
    return Alignment(match, score)


def _same_shift(original: Layout, snippet: Layout, a: tuple[int, int], b: tuple[int, int]) -> bool:
    return original.depth[a[1]] - snippet.depth[a[0]] == original.depth[b[1]] - snippet.depth[b[0]]


def _close(open_points: list[int], best: list[float], where: list[tuple[int, int]], frontier_j: list[int], frontier_p: list[int]) -> None:
    """Put a finished segment's points on the frontier that later segments start from."""
    for p in open_points:
        j = where[p][1]
        at = bisect_left(frontier_j, j)
        if at < len(frontier_j) and frontier_j[at] == j:
            if best[frontier_p[at]] >= best[p]:
                continue
            frontier_p[at] = p
        elif at and best[frontier_p[at - 1]] >= best[p]:
            continue
        else:
            frontier_j.insert(at, j)
            frontier_p.insert(at, p)
        while at + 1 < len(frontier_j) and best[frontier_p[at + 1]] <= best[p]:
            del frontier_j[at + 1], frontier_p[at + 1]
