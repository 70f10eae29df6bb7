"""Checks of a reading against the result as a whole: lines that are missing, that stand twice, or that are markers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fastapply.merge.evidence import explained_lines, named_in
from fastapply.merge.layout import Layout, key_of, word_count
from fastapply.merge.plan import Plan
from fastapply.merge.snippet import Snippet
from fastapply.merge.text import split_lines
from fastapply.merge.values import Doubt, LineRange

LEAST_TELLING = 8  # characters of a line that hardly stands twice at the margin of a file


def result_doubts(original: Layout, plans: list[Plan], snippet: Snippet, result: str) -> list[Doubt]:
    """What the result lacks of the snippet, and what it holds twice that the original holds once."""
    keys = {key_of(line) for line in split_lines(result)}
    gone = {j for plan in plans for edit in plan.edits for j in range(edit.start, edit.end)}
    return [
        *_lost(snippet, keys),
        *_missing(plans),
        *_doubled(original, plans, gone),
        *_twins(original, plans, gone),
        *_split(plans),
    ]


def _lost(snippet: Snippet, keys: set[str]) -> Iterator[Doubt]:
    """Promise: every line of the snippet is in the result, or a doubt names it."""
    for line, number, sign in zip(snippet.lines, snippet.numbers, snippet.signs, strict=True):
        if sign != "-" and line.strip() and key_of(line) not in keys:
            yield Doubt(
                "lost_snippet_line",
                f"line {number + 1} of the snippet would not be in the result",
                "show the lines around it as the file has them",
                LineRange(number, number + 1),
            )


# Languages in which a block holds one function or class of a name. In the others a name may be overloaded.
_ONE_OF_A_NAME = frozenset({"python", "javascript", "go", "rust", "php", "lua", "ruby", "c", "bash"})
_OVERLOADS = re.compile(r"@.*\b(?:setter|getter|deleter|overload|register|\w+\.(?:when|register))\b")


def _is_prototype(key: str) -> bool:
    return key.endswith(";") and "=" not in key


def scope_of(original: Layout, plan: Plan, i: int) -> int | None:
    """The original line around snippet line i: what its head was matched with, or what encloses its neighbours."""
    around = plan.sl.head[i]
    if around >= 0:
        return plan.match[around] if plan.match[around] >= 0 else None
    peers = [
        k
        for k in plan.sl.filled
        if plan.match[k] >= 0 and plan.sl.depth[k] == plan.sl.depth[i] and plan.sl.opener[k] < 0
    ]
    return original.head[plan.match[min(peers, key=lambda k: abs(k - i))]] if peers else -1


def _namesakes(original: Layout, plan: Plan, i: int, gone: set[int]) -> list[int]:
    """The kept definitions that the new one of line i can't stand beside, were they in one block."""
    key, layout = plan.sl.keys[i], plan.sl
    if original.count[key]:
        return (
            [j for j in original.places(key) if j not in gone] if original.count[key] == layout.count[key] == 1 else []
        )
    if (
        plan.sheet.evidence.language not in _ONE_OF_A_NAME
        or layout.end[i] == i
        or (i and _OVERLOADS.match(layout.keys[i - 1]))
    ):
        return []
    return [
        j
        for j in original.filled
        if j not in gone and original.name(j) == layout.name(i) and not _is_prototype(original.keys[j])
    ]


def _split(plans: list[Plan]) -> Iterator[Doubt]:
    """A new definition most of whose lines were matched within another one would tear that one apart."""
    for plan in plans:
        layout = plan.sl
        for h in layout.filled:
            if plan.match[h] >= 0 or plan.s.signed or not layout.is_definition(h):
                continue
            body = [i for i in layout.filled if h < i <= layout.end[h] and word_count(layout.keys[i])]
            torn = [i for i in body if plan.match[i] >= 0 and not plan.sheet.blocks.fit(i, plan.match[i])]
            alone = not plan.s.markers and h == layout.filled[0]
            if torn and (alone or (len(torn) > 1 and 2 * len(torn) > len(body))):
                number, j = plan.s.numbers[h], plan.match[torn[0]]
                yield Doubt(
                    "ambiguous_anchor",
                    f"line {number + 1} of the snippet begins a definition whose lines are in another, at line {j + 1}",
                    "note that the old one is renamed, or show what stands before and behind the new one",
                    LineRange(number, number + 1),
                    (LineRange(j, j + 1),),
                )


def _unremoved(original: Layout, snippet: Snippet, gone: set[int]) -> Iterator[Doubt]:
    """A note says that something is gone: some line that it names has to go."""
    for removal in snippet.removals:
        told = explained_lines(original, named_in(" ".join(removal.names)))
        if told and not told & gone:
            first = min(told)
            yield Doubt(
                "nothing_applied",
                f"line {removal.line + 1} of the snippet says that something is removed, and what it names would stay",
                "show what stands before and behind the removed lines, adjacent",
                LineRange(removal.line, removal.line + 1),
                (LineRange(first, first + 1),),
            )


def _missing(plans: list[Plan]) -> Iterator[Doubt]:
    """A line with the sign `-` must be found in the original."""
    for plan in plans:
        for i in plan.sl.filled:
            if plan.s.signs[i] == "-" and plan.match[i] < 0:
                number = plan.s.numbers[i]
                yield Doubt(
                    "format_mismatch",
                    f"line {number + 1} of the snippet is marked as removed, and is not in the original"
                    f" where it would go",
                    "copy the line that is to go exactly as the file has it",
                    LineRange(number, number + 1),
                )


def _twins(original: Layout, plans: list[Plan], gone: set[int]) -> Iterator[Doubt]:
    """A new definition whose very head stands in the original, in the same block, and is kept."""
    for plan in plans:
        for i in plan.sl.filled:
            if plan.match[i] >= 0 or not plan.sl.is_definition(i):
                continue
            for j in _namesakes(original, plan, i, gone):
                same = scope_of(original, plan, i) == original.head[j]
                if same and j not in plan.match:
                    yield Doubt(
                        "twin",
                        f"line {plan.s.numbers[i] + 1} of the snippet would begin a second definition"
                        f" beside that of line {j + 1}",
                        "show what stands before the definition, so that it can be told from a new one",
                        LineRange(plan.s.numbers[i], plan.s.numbers[i] + 1),
                        (LineRange(j, original.end[j] + 1),),
                    )


def _doubled(original: Layout, plans: list[Plan], gone: set[int]) -> Iterator[Doubt]:
    """An import or assignment at the margin that the file has already, and keeps, is not made once more."""
    for plan in plans:
        for i in plan.sl.filled:
            key = plan.sl.keys[i]
            name = plan.sl.name(i)
            if plan.match[i] >= 0 or not name or name[0] not in ("import", "set", "var") or plan.sl.depth[i]:
                continue
            if original.count[key] != 1 or len(key) < LEAST_TELLING or key.endswith(("{", "(")):
                continue
            j = original.keys.index(key)
            if j not in gone and not original.depth[j]:
                yield Doubt(
                    "duplicated_line",
                    f"line {plan.s.numbers[i] + 1} of the snippet would stand twice in the result",
                    "show the imports in the order of the file",
                    LineRange(plan.s.numbers[i], plan.s.numbers[i] + 1),
                    (LineRange(j, j + 1),),
                )
