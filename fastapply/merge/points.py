"""Which lines of a snippet may stand for which lines of the original, and what each such match is worth.

A match is a pair of lines with one key, two heads of one definition, or a changed line with the one it is most like.
Rare lines weigh most; the block around a line speaks for or against it.
"""

from __future__ import annotations

from collections import Counter
from math import log2

import msgspec

from fastapply.merge.blocks import Blocks
from fastapply.merge.deadline import Deadline, paced
from fastapply.merge.evidence import is_leader
from fastapply.merge.layout import Layout, word_count
from fastapply.merge.near import near_lines
from fastapply.merge.prices import Prices
from fastapply.merge.signature import LEAVES, Signature, definition, goes_on, is_definition, likeness, signature

MAX_CANDIDATES = 400  # places considered for one snippet line
LEAST_COMMON_END = 30  # lines in common at each end from which a snippet is taken for the whole file
MOST_SEARCHED = 500  # changed or new lines of a snippet for which the nearest original line is sought
MOST_NAMESAKES = 12  # lines that may hold a name for it to tell anything


class Points(msgspec.Struct):
    """All matches considered: rows[i] maps an original line to the weight of matching snippet line i with it. `edges`
    are those that weigh more for being the first or last line of both texts."""

    rows: list[dict[int, float]]
    blocks: Blocks
    edges: frozenset[tuple[int, int]] = frozenset()


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
    original: Layout,
    snippet: Layout,
    segments: list[int],
    signs: list[str],
    markers: int,
    prices: Prices,
    limit: Deadline,
    favoured: frozenset[int] = frozenset(),
) -> Points:
    """Every pair of lines that may match, with its weight; the `favoured` snippet lines weigh more."""
    places: dict[str, list[int]] = {}
    for j in paced(original.filled, limit):
        places.setdefault(original.keys[j], []).append(j)
    heads = original.definition_heads(limit)
    blocks = Blocks(original, snippet, segments, prices.renamed, limit)
    signed = "+" in signs or "-" in signs  # a diff's context lines say themselves that they are the original's
    mine = Counter(snippet.name(i) for i in paced(snippet.filled, limit))
    rows: list[dict[int, float]] = [{} for _ in snippet.keys]
    search = sum(snippet.keys[i] not in places for i in snippet.filled) <= MOST_SEARCHED
    given = _common_ends(original, snippet) if not markers and not signed else {}
    for i in snippet.filled:
        limit.check()
        if signs[i] == "+":
            continue
        key = snippet.keys[i]
        if i in given:
            rows[i][given[i]] = weigh(key, 1, prices)
            continue
        found = places.get(key)
        if found:
            certain = i in favoured or (len(found) == 1 and snippet.count[key] == 1)
            weight = weigh(key, len(found) + snippet.count[key] - 1, prices) + (
                3.0 if signs[i] == "-" else prices.favour if i in favoured else 0.0
            )
            for j in found if len(found) <= MAX_CANDIDATES else _near(original, key, rows[i - 1] if i else {}):
                fit = 1.0 if signed or i in favoured else blocks.fit(i, j)
                if not certain and not signed and not _same_place(original, snippet, segments, i, j):
                    # `return -1` under another condition is another one
                    other = LEAVES.match(key) and i not in favoured and not _is_extended(original, snippet, i, j)
                    fit *= 0.0 if other else prices.elsewhere
                if fit:
                    rows[i][j] = fit * weight + _context(original, snippet, segments, i, j, weight)
        elif (name := snippet.definition(i)) and name in heads:
            alone = len(heads[name]) == 1 and mine[name] == 1
            for j in heads[name]:
                if not signed and not blocks.same(i, j):
                    continue
                likely = likeness(key, original.keys[j])
                weight = (1.3 if alone else 0.5) * likely
                rows[i][j] = weight + _context(original, snippet, segments, i, j, weight)
        else:
            for j, alike in near_lines(original, key) or _namesake(original, snippet, i, mine) if search else ():
                if signs[i] == " " and blocks.same(i, j) and _same_place(original, snippet, segments, i, j):
                    rows[i][j] = prices.near * (alike - 0.5) + _context(original, snippet, segments, i, j, 0.5)
    if not signed:
        _drop_stray_closers(original, snippet, segments, rows)
    _tie_closers(original, snippet, rows, heads, mine)
    if signed:  # the lines of a diff need no neighbours, and do not say that the file begins or ends with them
        return Points(rows, blocks)
    _drop_stray_leaders(original, snippet, segments, rows)
    return Points(rows, blocks, _favour_edges(original, snippet, segments, markers, rows, prices))


def _common_ends(original: Layout, snippet: Layout) -> dict[int, int]:
    """The lines that a snippet without a marker has in common with the original at its head and its tail, where each is
    longer than what an edit's context is: a file sent whole."""
    if not original.filled or not snippet.filled:
        return {}
    theirs, mine = original.lines[: original.filled[-1] + 1], snippet.lines[: snippet.filled[-1] + 1]
    size = min(len(theirs), len(mine))
    head = tail = 0
    while head < size and theirs[head] == mine[head]:
        head += 1
    while tail < size - head and theirs[-1 - tail] == mine[-1 - tail]:
        tail += 1
    if min(head, tail) < LEAST_COMMON_END:
        return {}
    drift = len(theirs) - len(mine)
    return {i: i for i in range(head)} | {i: i + drift for i in range(len(mine) - tail, len(mine))}


def _namesake(original: Layout, snippet: Layout, i: int, mine: Counter[Signature | None]) -> list[tuple[int, float]]:
    """The one original line that sets, or names, or opens what snippet line i does, if there is but one on
    each side."""
    name = snippet.name(i)
    if name is None or name[0] not in ("set", "var", "key", "tag") or mine[name] != 1:
        return []
    places = [j for j in original.lines_with(name[1], 2 * MOST_NAMESAKES) if original.name(j) == name]
    return [(places[0], max(0.75, likeness(snippet.keys[i], original.keys[places[0]])))] if len(places) == 1 else []


def _favour_edges(
    original: Layout, snippet: Layout, segments: list[int], markers: int, rows: list[dict[int, float]], prices: Prices
) -> frozenset[tuple[int, int]]:
    """A snippet that begins or ends without a marker, and with the file's own first or last line, begins or ends
    there. Returns those two matches."""
    edges = set[tuple[int, int]]()
    if not snippet.filled or not original.filled:
        return frozenset()
    for before, i, after in zip([-1, *snippet.filled], snippet.filled, [*snippet.filled[1:], -1], strict=False):
        if before < 0 or after < 0 or segments[before] != segments[i] or segments[after] != segments[i]:
            for j in rows[i]:
                if original.keys[j] == snippet.keys[i]:
                    rows[i][j] += prices.segment_edge
    for i, j, no_marker in (
        (snippet.filled[0], original.filled[0], segments[snippet.filled[0]] == 0),
        (snippet.filled[-1], original.filled[-1], segments[snippet.filled[-1]] == markers),
    ):
        begun = snippet.opener[i]
        if no_marker and j in rows[i] and (begun < 0 or original.opener[j] in rows[begun]):
            rows[i][j] += prices.edge
            edges.add((i, j))
    return frozenset(edges)


def _drop_stray_closers(original: Layout, snippet: Layout, segments: list[int], rows: list[dict[int, float]]) -> None:
    """A line that closes a block whose head the snippet shows right above
    can only close the block of a head like it."""
    for i in snippet.filled:
        begun = snippet.opener[i]
        if begun < 0 or segments[begun] != segments[i] or not rows[i] or not _may_open(snippet, begun):
            continue
        link = snippet.link[i]
        pairs = [(begun, original.opener)] + ([(link, original.link)] if word_count(snippet.keys[link]) else [])
        rows[i] = {
            j: weight
            for j, weight in rows[i].items()
            if any(
                there[j] in rows[mine]
                or there[j] >= 0
                and _head_likeness(snippet.keys[mine], original.keys[there[j]]) >= 0.75
                for mine, there in pairs
            )
        }


def _may_open(layout: Layout, k: int) -> bool:
    """True for a line that may begin a block: text of a string or a heredoc at its margin does not."""
    key = layout.keys[k]
    if key.endswith(("{", "(", "[", ":", "=>", "->", "=", "do", "then", "begin")) or "{" in key or key.startswith("<"):
        return True
    below = next((key for key in layout.keys[k + 1 : k + 3] if key), "")
    return below.startswith("{") or is_definition(key)


def _tie_closers(
    original: Layout,
    snippet: Layout,
    rows: list[dict[int, float]],
    heads: dict[Signature, list[int]],
    mine: Counter[Signature | None],
) -> None:
    """The line that closes a block whose head can only be one line of the original closes that line's block."""
    for i in snippet.filled:
        begun = snippet.opener[i]
        if begun < 0 or not rows[i]:
            continue
        key = snippet.keys[begun]
        there = [j for j in rows[begun] if original.keys[j] == key]
        if original.count[key] != 1 or snippet.count[key] != 1 or len(there) != 1:
            name = snippet.definition(begun)
            there = heads.get(name, []) if name and mine[name] == 1 else []
        if len(there) == 1 and snippet.end[begun] == i and (j := original.end[there[0]]) in rows[i]:
            rows[i][j] += 1.0


def _drop_stray_leaders(original: Layout, snippet: Layout, segments: list[int], rows: list[dict[int, float]]) -> None:
    """A comment opener, decorator or attribute that occurs often says nothing unless the line below it matches too."""
    for i in reversed(snippet.filled):
        key = snippet.keys[i]
        opens = _opens(key)
        if not rows[i] or not is_leader(key) or (not opens and original.count[key] == 1 and snippet.count[key] == 1):
            continue
        lower = snippet.filled_below(i)
        last = lower == len(rows) or segments[lower] != segments[i]
        first = i == 0 or segments[i - 1] != segments[i]
        worded = word_count(key) > 0
        below = {} if last else rows[i + 1]
        upper = snippet.filled_above(i)
        above = {} if upper < 0 or segments[upper] != segments[i] else rows[upper]
        led = _led_by(snippet, i)
        ruler = led == i + 1 and led < len(rows) and not snippet.keys[led]  # it stands above a blank line
        led = lower if ruler else led
        led_row = rows[led] if led < len(rows) and segments[led] == segments[i] else {}
        rows[i] = {
            j: weight
            for j, weight in rows[i].items()
            if j + 1 in below
            or (original.filled_below(j) if ruler else _led_by(original, j)) in led_row
            or (
                (last or not opens)
                and (original.filled_above(j) in above or (first and last) or (worded and not (above or below)))
            )
        }


def _opens(key: str) -> bool:
    """True for the first line of a comment of several lines, a decorator or an attribute: nothing without what
    follows."""
    if key.startswith("/*"):
        return "*/" not in key
    return key.startswith(("@", "#[", "[[")) and not key.startswith(
        ("@import", "@use", "@forward", "@charset", "@include", "@extend")
    )


def _led_by(layout: Layout, k: int) -> int:
    """The line that the comments and decorators from line k on belong to."""
    k += 1
    while k < len(layout.keys) and layout.keys[k] and is_leader(layout.keys[k]):
        k += 1
    return k


def _near(original: Layout, key: str, above: dict[int, float]) -> list[int]:
    """Of the many places of a common line, those just below a match of the line above."""
    return [j for k in above for j in (k + 1, k + 2) if j < len(original.keys) and original.keys[j] == key]


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


def _is_extended(original: Layout, snippet: Layout, i: int, j: int) -> bool:
    """True where the head around snippet line i says what the one around original line j does, and more behind it."""
    head, there = snippet.head[i], original.head[j]
    return head >= 0 and there >= 0 and goes_on(snippet.keys[head], original.keys[there])


def _head_likeness(a: str, b: str) -> float:
    if a == b:
        return 1.0
    if name := definition(signature(a)):
        return 0.9 if name == signature(b) else 0.0
    return likeness(a, b)
