"""Signs in a planned reading that new lines stand in the wrong place, or beside what they were to replace."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from fastapply.merge.checks import scope_of
from fastapply.merge.choices import new_version
from fastapply.merge.evidence import is_leader
from fastapply.merge.layout import Layout, word_count, words
from fastapply.merge.plan import Plan
from fastapply.merge.signature import likeness
from fastapply.merge.snippet import Snippet
from fastapply.merge.values import Choice, Doubt, LineRange

# What a block holds but once: the label of a case, the pattern of an arm, a field of a documentation comment.
_LABEL = re.compile(
    r"(?:case\s[^:]+|default)(?=:\s*(?:$|//|/\*|#))|:[a-z]+:(?=\s)|(?!else\b)[A-Za-z_][\w.:]*(?=\s+(?:->|=>)\s)"
)
_MOST_CHANGED = 3  # lines above the repeated ones that may be changed
_MOST_BEYOND = 3  # lines of the file beyond an open end that it may be the edit to delete
_ALIKE = 0.5  # what a line has in common at least with its new version
_REPLACES = re.compile(r"\breplac(?:e[sd]?|ing)\b", re.IGNORECASE)


def suspicions(original: Layout, plans: list[Plan], snippet: Snippet, gone: set[int]) -> list[Doubt]:
    """A doubt for each such sign. `gone`: the original lines that the plans replace or delete."""
    return [
        *_moved_edges(plans),
        *_labelled_twice(original, plans, gone),
        *_replaces_nothing(plans, snippet),
        *_repeated_context(original, plans),
        *_unfolded(original, plans),
        *_changes_nothing(original, plans, snippet),
    ]


def _moved_edges(plans: list[Plan]) -> Iterator[Doubt]:
    """The outermost lines of a stretch are shown to say where it is: a match that would re-indent one is no match,
    unless something new is wrapped around it."""
    for plan in plans:
        stretches: dict[int, list[int]] = {}
        for i in plan.sl.filled:
            stretches.setdefault(plan.sheet.segments[i], []).append(i)
        for lines in stretches.values():
            for i in sorted({lines[0], lines[-1]}) if len(lines) > 1 else ():
                head = plan.sl.head[i]
                wrapped = head >= 0 and plan.match[head] < 0
                if plan.match[i] >= 0 and not wrapped and plan.sheet.shifts.is_moved(i):
                    yield Doubt(
                        "ambiguous_anchor",
                        f"line {plan.s.numbers[i] + 1} of the snippet, at the edge of its part, stands at another depth"
                        f" than the line of the original that it is like",
                        "show one more line on each side of the change, indented as the file has them",
                        shown := LineRange(plan.s.numbers[i], plan.s.numbers[i] + 1),
                        (old := LineRange(plan.match[i], plan.match[i] + 1),),
                        (Choice("ambiguous_anchor", "accept", shown, old),),
                    )


def _labelled_twice(original: Layout, plans: list[Plan], gone: set[int]) -> Iterator[Doubt]:
    """A new case, arm or field whose label a kept one of the same block bears."""
    labelled: dict[tuple[str, int], int] | None = None
    for plan in plans:
        for i in plan.sl.filled:
            label = _LABEL.match(plan.sl.keys[i]) if plan.match[i] < 0 else None
            if label is None:
                continue
            if labelled is None:
                found = ((j, _LABEL.match(original.keys[j])) for j in original.filled if j not in gone)
                labelled = {(match[0], original.head[j]): j for j, match in found if match}
            scope = scope_of(original, plan, i)
            twin = labelled.get((label[0], scope)) if scope is not None else None
            if twin is not None:
                yield Doubt(
                    "twin",
                    f"line {plan.s.numbers[i] + 1} of the snippet would stand in one block with line {twin + 1}, which"
                    f" bears the same label",
                    "show what stands before and behind the line, so that it can be told from a new one",
                    shown := LineRange(plan.s.numbers[i], plan.s.numbers[i] + 1),
                    (old := LineRange(twin, original.end[twin] + 1),),
                    new_version("twin", shown, old),
                )


def _replaces_nothing(plans: list[Plan], snippet: Snippet) -> Iterator[Doubt]:
    """A note says that the lines below replace something: some line has to give way to them."""
    notes = [note for note in snippet.notes if _REPLACES.search(note.text)]
    for plan in plans if notes else ():
        inserted = {number for edit in plan.edits if edit.start == edit.end for number in edit.snippet_lines}
        numbers = [plan.s.numbers[i] for i in plan.sl.filled]
        for note in notes:
            at = bisect_right(numbers, note.line)
            if at < len(numbers) and plan.match[plan.sl.filled[at]] < 0 and numbers[at] in inserted:
                yield Doubt(
                    "undecided_place",
                    f"line {note.line + 1} of the snippet says that the lines below replace others, and nothing would"
                    f" give way to them",
                    "show what stands before and behind the replaced lines, or note `removed: NAME`",
                    LineRange(note.line, numbers[at] + 1),
                )


def repeated_context(original: Layout, plan: Plan) -> Iterator[tuple[list[int], list[int], int]]:
    """New lines at the end of a stretch that go on, behind a changed line or a few, as the original goes on behind the
    place they are put at: they are its context, and the changed lines a new version of what would stay beside them.

    Gives the lines of the snippet's layout, those of the original, and how many of them are changed."""
    index = {number: i for i, number in enumerate(plan.s.numbers)}
    ends = set({plan.sheet.segments[i]: i for i in plan.sl.filled}.values())
    for edit in plan.edits:
        shown = [index[n] for n in edit.snippet_lines if n in index and plan.sl.keys[index[n]]]
        if edit.start < edit.end or len(shown) < 2 or shown[-1] not in ends:
            continue
        at = bisect_left(original.filled, edit.start)
        below = original.filled[at : at + len(shown)]
        new, old = [plan.sl.keys[i] for i in shown], [original.keys[j] for j in below]
        if len(old) < len(new):
            continue
        changed = next((k + 1 for k in range(len(new) - 1, -1, -1) if new[k] != old[k]), 0)
        if not 0 < changed <= _MOST_CHANGED or not any(map(word_count, new[changed:])):
            continue
        if min(likeness(a, b) for a, b in zip(new[:changed], old[:changed], strict=True)) >= _ALIKE:
            yield shown, below, changed


def _repeated_context(original: Layout, plans: list[Plan]) -> Iterator[Doubt]:
    for plan in plans:
        for shown, below, _ in repeated_context(original, plan):
            first, last = plan.s.numbers[shown[0]], plan.s.numbers[shown[-1]]
            yield Doubt(
                "twin",
                f"lines {first + 1} to {last + 1} of the snippet are lines {below[0] + 1} to {below[-1] + 1} of the"
                f" original but for their beginning, and would stand beside them",
                "show one line more above the change, or note that the old lines are removed",
                LineRange(first, last + 1),
                (LineRange(below[0], below[-1] + 1),),
            )


def _unfolded(original: Layout, plans: list[Plan]) -> Iterator[Doubt]:
    """A block with a marker in it, matched with one line that is the whole of it in the original: what the marker
    stands for is in that line, and would go with it."""
    for plan in plans:
        layout = plan.sl
        for i in layout.filled:
            j = plan.match[i]
            if j < 0 or layout.end[i] == i or original.end[j] > j:
                continue
            if not any(
                i < marker.before <= layout.end[i] + 1 and marker.depth > layout.depth[i] for marker in plan.s.markers
            ):
                continue
            shown = words(" ".join(layout.keys[i : layout.end[i] + 1]))
            if layout.keys[i] != original.keys[j] and not words(original.keys[j]) <= shown:
                number = plan.s.numbers[i]
                yield Doubt(
                    "unexplained_deletion",
                    f"what the marker below line {number + 1} stands for is in line {j + 1} itself, and would go",
                    "write the block out as it is to be",
                    LineRange(number, number + 1),
                    (LineRange(j, j + 1),),
                )


def _changes_nothing(original: Layout, plans: list[Plan], snippet: Snippet) -> Iterator[Doubt]:
    """A snippet that shows original lines alone, and ends without a marker, as it does not elsewhere, a few lines from
    the end of the file, or below nothing but comments at its head: to delete these may be all that it is for."""
    plan, *others = plans
    if others or plan.edits or not snippet.markers or snippet.notes or not plan.sl.filled:
        return
    first, last = plan.sl.filled[0], plan.sl.filled[-1]
    marked = len(snippet.markers)
    above = [j for j in original.filled if j < plan.match[first]] if plan.sheet.segments[first] == 0 else []
    below = [j for j in original.filled if j > plan.match[last]] if plan.sheet.segments[last] == marked else []
    beyond, i = (below, last) if below else (above, first)
    if bool(above) == bool(below) or len(beyond) > _MOST_BEYOND:
        return
    if above and not all(is_leader(original.keys[j]) and not original.keys[j].startswith("#!") for j in above):
        return  # what is shown, an import mostly, is there already
    yield Doubt(
        "nothing_applied",
        f"the snippet would change nothing, and shows no marker for the {len(beyond)} line(s) at the"
        f" {'beginning' if above else 'end'} of the file: perhaps they are to go",
        "put a marker where original lines are to stay, or a note such as `removed: NAME` where they are to go",
        shown := LineRange(plan.s.numbers[i], plan.s.numbers[i] + 1),
        (old := LineRange(beyond[0], beyond[-1] + 1),),
        (Choice("nothing_applied", "accept", shown, old),),
    )
