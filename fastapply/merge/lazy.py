"""The merge of a lazy edit: align, plan, splice, validate; and once more, otherwise, where the first answer is
doubtful.

A first reading may be doubtful because a line that the original holds once found no match (then a second reading holds
to those lines), or because much is lost (then a second one makes losses dearer). A reading without a doubt wins.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fastapply.merge.align import Alignment, align
from fastapply.merge.ambiguity import ambiguities
from fastapply.merge.checks import result_doubts
from fastapply.merge.choices import Choices, matches
from fastapply.merge.deadline import Deadline
from fastapply.merge.evidence import Evidence, gather, is_leader, renamings
from fastapply.merge.language import Profile
from fastapply.merge.layout import Layout, word_count
from fastapply.merge.markers import speaks_of_body
from fastapply.merge.outline import outline
from fastapply.merge.parts import cut, misplaced, without
from fastapply.merge.plan import Plan
from fastapply.merge.planted import planted_outline
from fastapply.merge.points import Points, find_points
from fastapply.merge.prices import LENIENT, STRICT, Prices
from fastapply.merge.sheet import Sheet
from fastapply.merge.signature import LEAVES, bare_name
from fastapply.merge.snippet import Snippet, read_snippet
from fastapply.merge.splice import Spliced, splice, tidy
from fastapply.merge.suspicions import repeated_context, suspicions
from fastapply.merge.text import bare_lines
from fastapply.merge.tree import Tree
from fastapply.merge.validate import syntax_doubt
from fastapply.merge.values import Doubt, LineEdit, LineRange

LEAST_SIGNS = 4  # characters of a line without a word that is no mere closing bracket
PROSE = frozenset({"markdown", "yaml", "text"})


class Reading(msgspec.Struct):
    """A snippet, or a block of it that stands out of order, matched with the original and planned."""

    snippet: Snippet
    layout: Layout
    points: Points
    alignment: Alignment
    plan: Plan
    doubts: list[Doubt]


class Candidate(msgspec.Struct):
    """One way to read the whole snippet, what it gives, and what is doubtful about it.

    `orphans` are lines of the snippet that the original holds once and that were not matched with it; `moved` counts
    those whose original vanishes, `lost` the original lines that vanish with nothing in their place.
    """

    readings: list[Reading]
    spliced: Spliced
    doubts: list[Doubt]
    orphans: frozenset[int]
    moved: int
    lost: int


class LazyMerge(msgspec.Struct):
    """The chosen candidate with all that led to it."""

    original: Layout
    snippet: Snippet
    chosen: Candidate
    rejected: list[Candidate]

    @property
    def format(self) -> str:
        """How the snippet was read: `markers_only`, `empty`, `whole_file` or `lazy`."""
        if not any(line.strip() for line in self.snippet.lines):
            return "markers_only" if self.snippet.markers else "empty"
        return "whole_file" if self.chosen.readings[0].plan.sheet.is_whole_file() else "lazy"


def merge_lazy(
    lines: Sequence[str],
    text: str,
    tree: Tree | None,
    profile: Profile,
    edit: str,
    instruction: str,
    path: str | None,
    limit: Deadline,
    choices: Choices | None = None,
) -> LazyMerge:
    """Merge the lazy edit `edit` into `lines` (with endings, together `text`), its doubts settled as `choices` have it.
    Raises `DeadlineExceeded`."""
    choices = choices or Choices()
    bare = bare_lines(text)
    items = outline(tree, profile) if tree is not None and not profile.approximate else []
    original = Layout(bare, items, limit=limit)
    snippet = read_snippet(
        edit, bare, frozenset(key for key in original.keys if key), path, profile.name in PROSE, limit
    )
    reader = _Reader(
        lines,
        text,
        tree,
        profile,
        original,
        snippet,
        gather(original, snippet, instruction, profile, limit),
        path,
        limit,
        frozenset(item.name for item in items),
        choices,
    )
    candidates = [reader.read(LENIENT)]
    first = candidates[0]
    if first.orphans:
        candidates.append(reader.read(LENIENT, first.orphans))
    if first.lost or first.doubts:
        candidates.append(reader.read(STRICT))
    if all(candidate.doubts for candidate in candidates) and (repeated := _repeated(original, first)):
        candidates.append(reader.read(LENIENT, first.orphans | repeated))
    chosen = _choose(candidates)
    if not (snippet.markers or snippet.notes) and not any(line.strip() for line in snippet.lines):
        chosen.doubts.append(Doubt("nothing_applied", "the snippet holds nothing to apply", "send the lines to change"))
    return LazyMerge(original, snippet, chosen, [candidate for candidate in candidates if candidate is not chosen])


def _choose(candidates: list[Candidate]) -> Candidate:
    """Of the candidates without a doubt the one that moves and loses least; the first where all are in doubt."""
    sound = [candidate for candidate in candidates if not candidate.doubts]
    return min(sound, key=_cost) if sound else candidates[0]


def _cost(candidate: Candidate) -> tuple[int, int, float]:
    changes = candidate.spliced.changes
    return candidate.moved, candidate.lost, changes.removed + changes.added / 2


class _Reader:
    """Everything that the candidates of one merge share."""

    def __init__(
        self,
        lines: Sequence[str],
        text: str,
        tree: Tree | None,
        profile: Profile,
        original: Layout,
        snippet: Snippet,
        evidence: Evidence,
        path: str | None,
        limit: Deadline,
        names: frozenset[str],
        choices: Choices,
    ) -> None:
        self._lines, self._text, self._tree, self._profile = lines, text, tree, profile
        self._original, self._snippet, self._evidence = original, snippet, evidence
        self._path, self._limit, self._names, self._choices = path, limit, names, choices
        self._layout: Layout | None = None

    def read(self, prices: Prices, favoured: frozenset[int] = frozenset()) -> Candidate:
        """One candidate: the snippet in one chain, and the blocks that stand out of order each in its own."""
        main = self._align(self._snippet, prices, favoured)
        ranges = misplaced(self._original, self._snippet, main[1], main[2], main[3])
        parts = [main]
        if ranges:
            parts = [self._align(without(self._snippet, ranges), prices, frozenset())]
            parts += [self._align(cut(self._snippet, start, end), prices, frozenset()) for start, end in ranges]
        readings = [self._plan(*part, prices) for part in parts]
        return self._candidate(readings)

    def _align(
        self, snippet: Snippet, prices: Prices, favoured: frozenset[int]
    ) -> tuple[Snippet, Layout, Points, Alignment]:
        layout = self._layout_of(snippet)
        points = find_points(
            self._original, layout, snippet.segments, snippet.signs, len(snippet.markers), prices, self._limit, favoured
        )
        self._choices.hold(points.rows, snippet, prices.favour)
        return (
            snippet,
            layout,
            points,
            align(self._original, layout, snippet.segments, points, prices, self._evidence.explained, self._limit),
        )

    def _layout_of(self, snippet: Snippet) -> Layout:
        """The snippet's layout, with the heads that its tree and the original's share; the whole snippet's is kept."""
        if snippet is self._snippet and self._layout is not None:
            return self._layout
        shown = [item for item in planted_outline(snippet, self._profile, self._limit) if item.name in self._names]
        layout = Layout(snippet.lines, shown, False, self._limit)
        self._take_old_names(layout)
        if snippet is self._snippet:
            self._layout = layout
        return layout

    def _take_old_names(self, layout: Layout) -> None:
        """What the instruction says is renamed is called in the snippet's layout what the original calls it, unless
        one of the two texts knows both names."""
        for new, old in renamings(self._evidence.instruction).items():
            mine, theirs = (
                [(k, name) for k in text.filled if (name := text.definition(k)) and bare_name(name) in (new, old)]
                for text in (layout, self._original)
            )
            if len(mine) == len(theirs) == 1 and bare_name(mine[0][1]) == new and bare_name(theirs[0][1]) == old:
                layout.call(mine[0][0], theirs[0][1])

    def _plan(self, snippet: Snippet, layout: Layout, points: Points, alignment: Alignment, prices: Prices) -> Reading:
        sheet = Sheet(self._original, snippet, layout, alignment.match, self._evidence, points.blocks, self._choices)
        plan = Plan(sheet)
        plan.run(self._limit)
        doubts = plan.doubts + ambiguities(
            self._original, snippet, layout, points, alignment, prices, self._evidence.explained, self._limit
        )
        return Reading(snippet, layout, points, alignment, plan, doubts)

    def _candidate(self, readings: list[Reading]) -> Candidate:
        doubts = [doubt for reading in readings for doubt in reading.doubts]
        edits, clashes = _joined(self._lines, [edit for reading in readings for edit in reading.plan.edits])
        spliced = splice(self._lines, edits, self._path)
        plans = [reading.plan for reading in readings]
        removed = {j for plan in plans for edit in plan.edits for j in range(edit.start, edit.end)}
        doubts += clashes + result_doubts(self._original, plans, self._snippet, spliced.text, removed)
        doubts += suspicions(self._original, plans, self._snippet, removed)
        if regressed := syntax_doubt(self._text, self._tree, spliced.text, self._profile, self._limit):
            doubts.append(regressed)
        gone = {self._original.keys[j] for edit in edits for j in range(edit.start, edit.end)}
        orphans, moved = frozenset[int](), 0
        for reading in readings:
            found, strays = _orphans(self._original, reading), _strays(self._original, reading)
            moved += sum(reading.layout.keys[i] in gone for i in found)
            if len(readings) == 1:
                orphans = found | strays
            doubts += [
                _stray_doubt(self._original, reading, i) for i in sorted(strays) if reading.layout.keys[i] not in gone
            ]
        lost = sum(reading.plan.lost for reading in readings)
        return Candidate(readings, spliced, self._choices.open(doubts), orphans, moved, lost)


def _strays(original: Layout, reading: Reading) -> frozenset[int]:
    """Lines beside a marker, or first or last in the snippet, that the original holds and that found no match there:
    what
    a snippet shows at such an edge is nearly always shown to say where it is."""
    segments, keys = reading.snippet.segments, reading.layout.keys
    edges: dict[tuple[int, int], int] = {}
    for i in reading.layout.filled:
        edges.setdefault((segments[i], 0), i)
        edges[segments[i], 1] = i
    return frozenset(
        i
        for i in edges.values()
        if reading.alignment.match[i] < 0
        and reading.snippet.signs[i] == " "
        and original.count[keys[i]]
        and _tells(original, reading.layout, keys[i])
        and not is_leader(keys[i])
        and not _ends_new_block(original, reading, i)
        and not _ends_new_definition(original, reading, i)
        and (_is_context(reading, i) or any(reading.points.blocks.same(i, j) for j in original.places(keys[i])))
    )


def _repeated(original: Layout, candidate: Candidate) -> frozenset[int]:
    """Lines of the snippet, read in one piece, that would stand twice: below a changed line and below what it was."""
    if len(candidate.readings) > 1:
        return frozenset()
    found = repeated_context(original, candidate.readings[0].plan)
    return frozenset(i for shown, _, changed in found for i in shown[changed:])


def _ends_new_block(original: Layout, reading: Reading, i: int) -> bool:
    """True for the line (`end`, `fi`) that closes a block which the same stretch begins anew, or the common one
    (`return -1`) that is all of such a block: the guard of a function."""
    layout = reading.layout
    guards = LEAVES.match(layout.keys[i]) and original.count[layout.keys[i]] > 1
    begun = layout.filled_above(i) if guards and layout.head[i] == layout.filled_above(i) else layout.opener[i]
    return (
        begun >= 0
        and reading.alignment.match[begun] < 0
        and reading.snippet.segments[begun] == reading.snippet.segments[i]
    )


def _ends_new_definition(original: Layout, reading: Reading, i: int) -> bool:
    """True for the last line of a function that the same stretch begins, under a name that the original does not know,
    with a line that it does not know either, and before a marker that is not said to stand for more of it."""
    layout, snippet, match = reading.layout, reading.snippet, reading.alignment.match
    head = layout.head[i]
    while head >= 0 and not layout.is_definition(head):
        head = layout.head[head]
    if head < 0 or match[head] >= 0 or snippet.segments[head] != snippet.segments[i] or layout.end[head] != i:
        return False
    if any(original.definition(j) == layout.definition(head) for j in original.filled):
        return False
    if not any(word_count(layout.keys[k]) and not original.count[layout.keys[k]] for k in range(head + 1, i + 1)):
        return False
    behind = next((marker for marker in snippet.markers if marker.before > i), None)
    return behind is None or (behind.depth <= layout.depth[head] and not speaks_of_body(behind.text))


def _tells(original: Layout, snippet: Layout, key: str) -> bool:
    """True for a line that may say where it is: one with words, or signs enough that both sides have them once."""
    once = original.count[key] == snippet.count[key] == 1
    return word_count(key) > 0 or (once and len(key) >= LEAST_SIGNS)


def _is_context(reading: Reading, i: int) -> bool:
    """False for a line of a definition that was matched itself, and for the last line of a snippet that ends openly:
    they may well be new."""
    layout, match = reading.layout, reading.alignment.match
    head = layout.head[i]
    while head >= 0 and not layout.is_definition(head):
        head = layout.head[head]
    open_end = reading.snippet.segments[i] == len(reading.snippet.markers)
    return not (head >= 0 and (match[head] >= 0 or (open_end and i == layout.filled[-1])))


def _stray_doubt(original: Layout, reading: Reading, i: int) -> Doubt:
    number = reading.snippet.numbers[i]
    places = original.places(reading.layout.keys[i])
    return Doubt(
        "ambiguous_anchor",
        f"line {number + 1} of the snippet stands beside a marker like a line of the original, and could"
        f" not be matched with one",
        "show one more line on each side of the change, as the file has them",
        shown := LineRange(number, number + 1),
        found := tuple(LineRange(j, j + 1) for j in places[:10]),
        matches("ambiguous_anchor", shown, found),
    )


def _orphans(original: Layout, reading: Reading) -> frozenset[int]:
    """Snippet lines that the original holds exactly once, and that were not matched with that line."""
    keys, match = reading.layout.keys, reading.alignment.match
    return frozenset(
        i
        for i in reading.layout.filled
        if match[i] < 0
        and reading.snippet.signs[i] == " "
        and original.count[keys[i]] == reading.layout.count[keys[i]] == 1
        and word_count(keys[i]) >= 2
        and len(keys[i]) >= 12
    )


def _joined(lines: Sequence[str], edits: list[LineEdit]) -> tuple[list[LineEdit], list[Doubt]]:
    """The edits in order, and a doubt for each that two parts of the snippet want to make to the same lines."""
    kept: list[LineEdit] = []
    doubts = []
    for edit in tidy(lines, edits):
        if kept and edit.start < kept[-1].end:
            doubts.append(
                Doubt(
                    "ambiguous_anchor",
                    f"two parts of the snippet change line {edit.start + 1} of the original",
                    "show the lines of the original once each, in their order",
                    candidates=(LineRange(edit.start, max(edit.end, kept[-1].end)),),
                )
            )
        else:
            kept.append(edit)
    return kept, doubts
