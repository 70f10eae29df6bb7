"""Alignment of a snippet's lines with the original's: one chain of matches over the whole snippet, in order.

A chain earns each match's weight, more for matches that follow each other at one indentation, and pays for original
lines that it would lose where no marker stands. Markers skip any number of lines for nothing. The best chain is found
by
dynamic programming over matches (the chaining of seeds that sequence aligners use), never hunk by hunk.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from math import log2
from typing import NamedTuple

import msgspec

from fastapply.merge.deadline import Deadline, paced
from fastapply.merge.layout import Layout
from fastapply.merge.points import Points
from fastapply.merge.prices import Prices


class Alignment(msgspec.Struct):
    """match[i] is the original line that snippet line i stands for, or -1; score is the chain's."""

    match: list[int]
    score: float


class _Open(NamedTuple):
    """A match that a later one of its segment may follow, with what the price of following it takes."""

    score: float
    point: int
    j: int
    passed: int
    rank: int
    named: int
    shift: int


def _highest_first(one: _Open) -> tuple[float, int]:
    return -one.score, one.point


def lost_cost(lost: int, shown: int, prices: Prices) -> float:
    """The price of passing over `lost` original lines, without a marker, where the snippet shows `shown` others."""
    if not lost:
        return 0.0
    replaced = min(lost, 2 * shown)
    bare = lost - replaced
    price = prices.replaced_open + prices.replaced * log2(1 + replaced)
    return price + (
        prices.lost_open + prices.lost * log2(1 + bare) + prices.lost_line * min(bare, prices.lost_most)
        if bare
        else 0.0
    )


def align(
    original: Layout,
    snippet: Layout,
    segments: list[int],
    points: Points,
    prices: Prices,
    explained: set[int],
    limit: Deadline,
) -> Alignment:
    """The best chain through `points`. Losing a line of `explained` costs nothing. Raises `DeadlineExceeded`."""
    dear, heads = (
        [0],
        [0],
    )  # of the first r filled original lines, those that cost something to lose, and heads among them
    defined = {j for lines in original.definition_heads(limit).values() for j in lines}
    for j in paced(original.filled, limit):
        dear.append(dear[-1] + (j not in explained))
        heads.append(heads[-1] + (j not in explained and j in defined))
    rank_o = {j: r for r, j in enumerate(original.filled)}
    rank_s = {i: r for r, i in enumerate(snippet.filled)}
    best: list[float] = []
    back: list[int] = []
    where: list[tuple[int, int]] = []
    shifts: list[int] = []  # how much deeper each match's line stands in the original
    frontier_j: list[int] = []  # over finished segments: rising j, rising score
    frontier_p: list[int] = []
    segment = -1
    open_points: list[_Open] = []  # of this segment, the highest score first
    costs: dict[tuple[int, int], float] = {}
    previous_row: dict[int, int] = {}
    previous_i = -1
    for i in snippet.filled:
        limit.check()
        if segments[i] != segment:
            _close(open_points, best, frontier_j, frontier_p)
            segment, open_points, previous_row = segments[i], [], {}
        row: dict[int, int] = {}
        rank = rank_s[i] - 1
        for j, weight in points.rows[i].items():
            top, source = 0.0, -1
            shift = original.depth[j] - snippet.depth[i]
            at = bisect_left(frontier_j, j) - 1
            if at >= 0:
                source = frontier_p[at]
                top = best[source]
            follows = previous_row.get(original.filled[rank_o[j] - 1]) if rank_o[j] and previous_i >= 0 else None
            if follows is not None:
                gain = best[follows] + prices.follow
                gain += prices.shift if shifts[follows] == shift else -prices.shift_change
                if gain > top:
                    top, source = gain, follows
            passed, named = dear[rank_o[j]], heads[rank_o[j]]
            chained = False
            for score, before, rival_j, rival_passed, rival_rank, rival_named, rival_shift in open_points:
                if score <= top:
                    break  # those behind it score no more
                if rival_j >= j:
                    continue
                gap = (passed - rival_passed, rank - rival_rank)
                cost = costs.get(gap)
                if cost is None:
                    cost = costs[gap] = lost_cost(*gap, prices)
                gain = score - cost - prices.definition * (named - rival_named)
                gain += prices.shift if rival_shift == shift else -prices.shift_change
                if gain > top or (gain == top and chained and before < source):
                    top, source, chained = gain, before, True
            row[j] = len(best)
            best.append(top + weight)
            back.append(source)
            where.append((i, j))
            shifts.append(shift)
        for j, p in row.items():
            at = rank_o[j] + 1
            insort(open_points, _Open(best[p], p, j, dear[at], rank_s[i], heads[at], shifts[p]), key=_highest_first)
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


def _close(
    open_points: list[_Open],
    best: list[float],
    frontier_j: list[int],
    frontier_p: list[int],
) -> None:
    """Put a finished segment's points on the frontier that later segments start from."""
    for p, j in sorted((one.point, one.j) for one in open_points):
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
