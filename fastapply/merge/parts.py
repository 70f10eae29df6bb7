"""Blocks of a snippet that stand in another order than in the original: each is taken out and merged by itself."""

from __future__ import annotations

from itertools import pairwise

from fastapply.merge.align import Alignment
from fastapply.merge.evidence import leaders_above
from fastapply.merge.layout import Layout
from fastapply.merge.points import Points
from fastapply.merge.snippet import Marker, Removal, Snippet

SURE = 3.0  # weight of a match that tells alone where a block belongs


def misplaced(
    original: Layout, snippet: Snippet, layout: Layout, points: Points, alignment: Alignment
) -> list[tuple[int, int]]:
    """Ranges of snippet lines that the chain could not match in order, though their place is certain."""
    ranges: list[tuple[int, int]] = []
    heads = original.definition_heads()
    taken = {j for j in alignment.match if j >= 0}
    covered = -1
    for i in layout.filled:
        name = layout.definition(i)
        if i <= covered or alignment.match[i] >= 0 or not name:
            continue
        places = heads.get(name, [])
        if (
            len(places) != 1
            or places[0] in taken
            or not points.rows[i]
            or not _same_scope(original, layout, alignment, i, places[0])
        ):
            continue
        start, end = leaders_above(layout, i), layout.end[i] + 1
        if _in_order(alignment, start, end, places[0]):
            continue
        if any(alignment.match[k] >= 0 and original.count[layout.keys[k]] == 1 for k in range(start, end)):
            continue
        ranges.append((start, end))
        covered = end - 1
    return ranges + _segments(original, snippet, layout, points, alignment, ranges)


def _in_order(alignment: Alignment, start: int, end: int, j: int) -> bool:
    """True where original line j lies between what the lines before start and from end on were matched with."""
    before = next((k for k in reversed(alignment.match[:start]) if k >= 0), -1)
    after = next((k for k in alignment.match[end:] if k >= 0), j + 1)
    return before < j < after


def _same_scope(original: Layout, layout: Layout, alignment: Alignment, i: int, j: int) -> bool:
    """True where what encloses snippet line i, if the snippet shows it, is what encloses original line j."""
    around = layout.head[i]
    return around < 0 or alignment.match[around] == original.head[j]


def _segments(
    original: Layout,
    snippet: Snippet,
    layout: Layout,
    points: Points,
    alignment: Alignment,
    ranges: list[tuple[int, int]],
) -> list[tuple[int, int]]:
    """Whole stretches between markers without a match, that hold a line which the original has once."""
    cuts = [0, *(marker.before for marker in snippet.markers), len(layout.keys)]
    result = []
    for start, end in pairwise(cuts):
        filled = [i for i in range(start, end) if layout.keys[i]]
        if not filled or any(alignment.match[i] >= 0 for i in filled) or any(a < end and start < b for a, b in ranges):
            continue
        if any(
            max(points.rows[i].values(), default=0.0) >= SURE and original.count[layout.keys[i]] == 1 for i in filled
        ):
            result.append((start, end))
    return result


def cut(snippet: Snippet, start: int, end: int) -> Snippet:
    """Lines start..end of a snippet as a snippet of its own, with the markers and notes within."""
    return Snippet(
        snippet.lines[start:end],
        snippet.numbers[start:end],
        snippet.signs[start:end],
        [Marker(m.before - start, m.line, m.depth, m.text) for m in snippet.markers if start < m.before <= end],
        [],
        [Removal(r.before - start, r.line, r.names) for r in snippet.removals if start < r.before < end],
        snippet.signed,
    )


def without(snippet: Snippet, ranges: list[tuple[int, int]]) -> Snippet:
    """The snippet without the given lines; a marker stands where they stood."""
    gone = {i for start, end in ranges for i in range(start, end)}
    kept = [i for i in range(len(snippet.lines)) if i not in gone]
    new_index = {}
    count = 0
    for i in range(len(snippet.lines) + 1):
        new_index[i] = count
        count += i not in gone and i < len(snippet.lines)
    markers = [
        Marker(new_index[m.before], m.line, m.depth, m.text)
        for m in snippet.markers
        if not any(a < m.before < b for a, b in ranges)
    ]
    markers += [Marker(new_index[start], snippet.numbers[start], 0, "") for start, _ in ranges]
    return Snippet(
        [snippet.lines[i] for i in kept],
        [snippet.numbers[i] for i in kept],
        [snippet.signs[i] for i in kept],
        sorted(markers, key=lambda marker: (marker.before, marker.line)),
        snippet.notes,
        [Removal(new_index[r.before], r.line, r.names) for r in snippet.removals],
        snippet.signed,
    )
