"""Parts of a snippet that fit two places of the original about equally well."""

from __future__ import annotations

from itertools import groupby

from fastapply.merge.align import Alignment, align
from fastapply.merge.choices import matches
from fastapply.merge.deadline import Deadline
from fastapply.merge.layout import Layout
from fastapply.merge.points import Points
from fastapply.merge.prices import Prices
from fastapply.merge.snippet import Snippet
from fastapply.merge.values import Doubt, LineRange

MARGIN = 0.2  # by how much the best place must be better than the next
MARGIN_AT_DEPTH = 2.5  # the same, where only the next place has the lines at the depth that the snippet shows

MOST_OTHERS = 7  # places beside the best one that are looked for


def ambiguities(
    original: Layout,
    snippet: Snippet,
    layout: Layout,
    points: Points,
    alignment: Alignment,
    prices: Prices,
    explained: set[int],
    limit: Deadline,
) -> list[Doubt]:
    """A doubt for each stretch between two markers that changes something and could change it elsewhere."""
    segments = snippet.segments
    doubts = []
    for _, stretch in groupby(layout.filled, segments.__getitem__):
        limit.check()
        lines = list(stretch)
        matched = [i for i in lines if alignment.match[i] >= 0]
        if not matched or (
            len(matched) == len(lines)
            and all(snippet.signs[i] == " " for i in matched)
            and _is_kept(original, layout, alignment, matched)
        ):
            continue
        if any(original.count[layout.keys[i]] == 1 and len(points.rows[i]) == 1 for i in matched):
            continue
        others = _elsewhere(original, layout, segments, points, alignment, matched, lines, prices, explained, limit)
        if others:
            places = [_range([alignment.match[i] for i in matched]), *map(_range, others)]
            shown = LineRange(snippet.numbers[lines[0]], snippet.numbers[lines[-1]] + 1)
            doubts.append(
                Doubt(
                    "ambiguous_anchor",
                    f"this part of the snippet fits lines {places[0].start + 1} and lines"
                    f" {places[1].start + 1} of the original equally well"
                    + (f", and {len(places) - 2} more places" if len(places) > 2 else ""),
                    "show the head of the function around it, with a marker for its lines that stay, or a line that"
                    " occurs only once",
                    shown,
                    tuple(places),
                    matches("ambiguous_anchor", shown, places),
                )
            )
    return doubts


def _is_kept(original: Layout, layout: Layout, alignment: Alignment, matched: list[int]) -> bool:
    """True where the stretch shows nothing but neighbouring original lines."""
    rank = {j: r for r, j in enumerate(original.filled)}
    places = [rank[alignment.match[i]] for i in matched]
    same = all(layout.keys[i] == original.keys[alignment.match[i]] for i in matched)
    return same and places[-1] - places[0] == len(places) - 1


def _elsewhere(
    original: Layout,
    layout: Layout,
    segments: list[int],
    points: Points,
    alignment: Alignment,
    matched: list[int],
    lines: list[int],
    prices: Prices,
    explained: set[int],
    limit: Deadline,
) -> list[list[int]]:
    """The original lines of each other match of these lines that is about as good, between the neighbouring anchors."""
    low = max((j for i, j in enumerate(alignment.match) if j >= 0 and i < lines[0]), default=-1)
    high = min((j for i, j in enumerate(alignment.match) if j >= 0 and i > lines[-1]), default=len(original.keys))
    rows: list[dict[int, float]] = [{} for _ in points.rows]
    for i in lines:
        # that the file ends so is no reason why a line which stands elsewhere, too, must be the last one
        rows[i] = {
            j: weight - (prices.edge if (i, j) in points.edges else 0.0)
            for j, weight in points.rows[i].items()
            if low < j < high
        }
    best = align(original, layout, segments, Points(rows, points.blocks), prices, explained, limit).score
    moves = _moves(original, layout, alignment, matched)
    last, others = alignment, list[list[int]]()
    while len(others) < MOST_OTHERS:
        for i in lines:
            rows[i].pop(last.match[i], None)
        last = align(original, layout, segments, Points(rows, points.blocks), prices, explained, limit)
        found = [last.match[i] for i in lines if last.match[i] >= 0]
        margin = MARGIN_AT_DEPTH if moves and not _moves(original, layout, last, lines) else MARGIN
        if not found or last.score <= best - margin:
            break
        others.append(found)
    return others


def _moves(original: Layout, layout: Layout, alignment: Alignment, lines: list[int]) -> bool:
    """True where some line is matched with one that is indented otherwise."""
    return any(alignment.match[i] >= 0 and original.depth[alignment.match[i]] != layout.depth[i] for i in lines)


def _range(lines: list[int]) -> LineRange:
    return LineRange(min(lines), max(lines) + 1)
