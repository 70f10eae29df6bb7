"""The merge of a lazy edit: read, align, plan, splice, validate; and again under stricter prices, to see whether the
first answer was the only one."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fastapply.merge.align import LENIENT, STRICT, Alignment, Blocks, Prices, align, find_points
from fastapply.merge.checks import result_doubts
from fastapply.merge.deadline import Deadline
from fastapply.merge.evidence import Evidence, gather
from fastapply.merge.language import Profile
from fastapply.merge.layout import Layout, word_count
from fastapply.merge.plan import Plan
from fastapply.merge.snippet import Snippet, read_snippet
from fastapply.merge.splice import Spliced, splice, tidy
from fastapply.merge.text import without_ending
from fastapply.merge.tree import Tree
from fastapply.merge.validate import syntax_doubt
from fastapply.merge.values import Doubt

PROSE = frozenset({"markdown", "yaml", "text"})


class Candidate(msgspec.Struct):
    """One way to read the snippet: the alignment, what it gives, and what is doubtful about it."""

    alignment: Alignment
    plan: Plan
    spliced: Spliced
    doubts: list[Doubt]
    orphans: frozenset[int]
    moved: int


class LazyMerge(msgspec.Struct):
    """The chosen candidate with all that led to it."""

    snippet: Snippet
    original: Layout
    layout: Layout
    chosen: Candidate
    rejected: list[Candidate]

    @property
    def format(self) -> str:
        """How the snippet was read: `empty`, `whole_file` or `lazy`."""
        if not self.layout.filled:
            return "markers_only" if self.snippet.markers else "empty"
        return "whole_file" if self.chosen.plan.is_whole_file() else "lazy"


def merge_lazy(lines: Sequence[str], text: str, tree: Tree | None, profile: Profile, edit: str, instruction: str, path: str | None, limit: Deadline) -> LazyMerge:
    """Merge the lazy edit `edit` into `lines` (with endings, together `text`)."""
    bare = [without_ending(line) for line in lines]
    original = Layout(bare)
    snippet = read_snippet(edit, bare, frozenset(key for key in original.keys if key), path, profile.name in PROSE)
    layout = Layout(snippet.lines)
    evidence = gather(original, snippet, instruction, profile)
    def read(prices: Prices, favoured: frozenset[int] = frozenset()) -> Candidate:
        return _candidate(lines, text, tree, profile, original, snippet, layout, evidence, prices, path, limit, favoured)

    candidates = [read(LENIENT)]
    first = candidates[0]
    if first.orphans:
        candidates.append(read(LENIENT, first.orphans))
    if first.plan.risky or first.doubts:
        candidates.append(read(STRICT))
    chosen = _choose(candidates)
    return LazyMerge(snippet, original, layout, chosen, [c for c in candidates if c is not chosen])


def _candidate(
    lines: Sequence[str], text: str, tree: Tree | None, profile: Profile, original: Layout, snippet: Snippet, layout: Layout, evidence: Evidence, prices: Prices, path: str | None, limit: Deadline, favoured: frozenset[int]
) -> Candidate:
    segments = snippet.segments
    points = find_points(original, layout, segments, snippet.signs, len(snippet.markers), prices, favoured)
    alignment = align(original, layout, segments, points, prices, evidence.explained, limit)
    plan = Plan(original, snippet, layout, alignment.match, segments, evidence, Blocks(original, layout, segments, prices.renamed))
    plan.run()
    spliced = splice(lines, tidy(lines, plan.edits), path)
    doubts = [*plan.doubts, *result_doubts(plan)]
    if regressed := syntax_doubt(text, tree, spliced.text, profile, limit):
        doubts.append(regressed)
    orphans = _orphans(original, layout, alignment, snippet)
    gone = {original.keys[j] for edit in plan.edits for j in range(edit.start, edit.end)}
    moved = sum(layout.keys[i] in gone for i in orphans)
    return Candidate(alignment, plan, spliced, doubts, orphans, moved)


def _orphans(original: Layout, layout: Layout, alignment: Alignment, snippet: Snippet) -> frozenset[int]:
    """Snippet lines that the original holds exactly once, and that were not matched with that line."""
    return frozenset(
        i
        for i in layout.filled
        if alignment.match[i] < 0
        and snippet.signs[i] == " "
        and original.count[layout.keys[i]] == 1
        and layout.count[layout.keys[i]] == 1
        and word_count(layout.keys[i]) >= 2
        and len(layout.keys[i]) >= 12
    )


def _choose(candidates: list[Candidate]) -> Candidate:
    """The first candidate without a doubt, or else the first."""
    sound = [candidate for candidate in candidates if not candidate.doubts]
    return min(sound, key=lambda candidate: (candidate.moved, candidate.plan.lost)) if sound else candidates[0]
