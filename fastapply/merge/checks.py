"""Checks of a reading against the result as a whole: lines that are missing, that stand twice, or that are markers."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator

from fastapply.merge.choices import new_version
from fastapply.merge.evidence import KINDS, explained_lines, named_in
from fastapply.merge.layout import Layout, key_of, word_count
from fastapply.merge.plan import Plan
from fastapply.merge.sheet import is_function
from fastapply.merge.signature import bare_name
from fastapply.merge.snippet import Snippet
from fastapply.merge.text import split_lines
from fastapply.merge.values import Choice, Doubt, LineRange

_WORD = re.compile(r"[\w$]+")
LEAST_BODY = 2  # lines of words that two functions hardly share by chance
LEAST_TELLING = 8  # characters of a line that hardly stands twice at the margin of a file


def result_doubts(original: Layout, plans: list[Plan], snippet: Snippet, result: str, gone: set[int]) -> list[Doubt]:
    """What the result lacks of the snippet, and what it holds twice that the original holds once. `gone`: the original
    lines that the plans replace or delete."""
    keys = {key_of(line) for line in split_lines(result)}
    return [
        *lost_lines(snippet, keys),
        *_missing(plans),
        *_outdented(plans),
        *_unremoved(original, plans[0], gone),
        *_doubled(original, plans, gone),
        *_twins(original, plans, gone),
        *_renamed(original, plans, gone),
        *_split(original, plans, gone),
    ]


def lost_lines(snippet: Snippet, keys: Container[str]) -> Iterator[Doubt]:
    """Promise: every line of the snippet is in the result, whose `keys` are given, or a doubt names it."""
    for line, number, sign in zip(snippet.lines, snippet.numbers, snippet.signs, strict=True):
        if sign != "-" and line.strip() and key_of(line) not in keys:
            yield Doubt(
                "lost_snippet_line",
                f"line {number + 1} of the snippet would not be in the result",
                "show the lines around it as the file has them",
                LineRange(number, number + 1),
            )


# Languages in which a block holds one function or class of a name. In the others a name may be overloaded.
ONE_OF_A_NAME = frozenset({"python", "javascript", "go", "rust", "php", "lua", "ruby", "c", "bash"})
OVERLOADS = re.compile(r"@.*\b(?:setter|getter|deleter|overload|register|\w+\.(?:when|register))\b")


def is_prototype(key: str) -> bool:
    """True for a line that declares a function whose body stands elsewhere."""
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
        plan.sheet.evidence.language not in ONE_OF_A_NAME
        or layout.end[i] == i
        or (i and OVERLOADS.match(layout.keys[i - 1]))
    ):
        return []
    return [
        j
        for j in original.filled
        if j not in gone and original.name(j) == layout.name(i) and not is_prototype(original.keys[j])
    ]


def _split(original: Layout, plans: list[Plan], gone: set[int]) -> Iterator[Doubt]:
    """A new definition most of whose lines were matched within another one would tear that one apart."""
    for plan in plans:
        layout = plan.sl
        for h in layout.filled:
            if plan.match[h] >= 0 or plan.s.signed or not layout.is_definition(h):
                continue
            body = [i for i in layout.filled if h < i <= layout.end[h] and word_count(layout.keys[i])]
            torn = [i for i in body if plan.match[i] >= 0 and not plan.sheet.blocks.fit(i, plan.match[i])]
            alone = not plan.s.markers and h == layout.filled[0]
            most = len(torn) > 1 and 2 * len(torn) > len(body) and not _takes_place(original, plan, h, torn[0], gone)
            if torn and (alone or most or _keeps_head(original, plan, torn[0], gone)):
                number, j = plan.s.numbers[h], plan.match[torn[0]]
                yield Doubt(
                    "ambiguous_anchor",
                    f"line {number + 1} of the snippet begins a definition whose lines are in another, at line {j + 1}",
                    "note that the old one is renamed, or show what stands before and behind the new one",
                    LineRange(number, number + 1),
                    (LineRange(j, j + 1),),
                )


def _definition_around(original: Layout, j: int) -> int:
    head = original.head[j]
    while head >= 0 and not original.is_definition(head):
        head = original.head[head]
    return head


def _keeps_head(original: Layout, plan: Plan, i: int, gone: set[int]) -> bool:
    """True where the definition around the original line of snippet line i keeps its head and loses that line to
    another."""
    head = _definition_around(original, plan.match[i])
    return head >= 0 and head not in gone and head not in plan.match


def _takes_place(original: Layout, plan: Plan, h: int, i: int, gone: set[int]) -> bool:
    """True where the head in snippet line h stands for that of the definition around the original line of snippet line
    i: right behind the lines shown above it, the old head gives way, and what is shown breaks off before the old
    definition ends, so that nothing but the original says how it goes on."""
    head = _definition_around(original, plan.match[i])
    stretch = [k for k in plan.sl.filled if plan.sheet.segments[k] == plan.sheet.segments[h]]
    if plan.sl.end[h] < stretch[-1] or not head < plan.match[stretch[-1]] < original.end[head]:
        return False
    above = [k for k in plan.sl.filled if k < h and plan.match[k] >= 0]
    if head not in gone or not above or plan.sheet.segments[above[-1]] != plan.sheet.segments[h]:
        return False
    return all(j in gone for j in range(plan.match[above[-1]] + 1, head) if original.keys[j])


def _unremoved(original: Layout, plan: Plan, gone: set[int]) -> Iterator[Doubt]:
    """A note says that something is gone: a line that it names has to go, or one where the note stands."""
    if not plan.s.removals:
        return
    known = {word for j in original.filled for word in _WORD.findall(original.keys[j])} | KINDS
    went = {word for j in gone for word in _WORD.findall(original.keys[j])}
    seen: set[frozenset[str]] = set()
    for removal in plan.s.removals:
        names = named_in(" ".join(removal.names))
        if names in seen or not names & known or names & went:
            continue
        seen.add(names)
        told = explained_lines(original, names)
        if told and not told & gone and not gone.intersection(range(*_around(original, plan, removal.before))):
            first = min(told)
            yield Doubt(
                "nothing_applied",
                f"line {removal.line + 1} of the snippet says that something is removed, and what it names would stay",
                "show what stands before and behind the removed lines, adjacent",
                LineRange(removal.line, removal.line + 1),
                (LineRange(first, first + 1),),
            )


def _outdented(plans: list[Plan]) -> Iterator[Doubt]:
    """A new line that would stand left of the margin: the depth of what is shown beside it is not the file's."""
    for plan in plans:
        for i in plan.sl.filled:
            if plan.match[i] < 0 and plan.s.signs[i] != "-" and plan.sl.depth[i] + plan.sheet.shifts.of(i) < 0:
                number = plan.s.numbers[i]
                yield Doubt(
                    "indent_unknown",
                    f"line {number + 1} of the snippet would stand left of the margin: the lines shown around it are"
                    f" less deep in the original",
                    "show the lines around it at the depth that they have in the file",
                    LineRange(number, number + 1),
                )
                break


def _around(original: Layout, plan: Plan, before: int) -> tuple[int, int]:
    """The original lines between the matches above and from snippet line `before` on."""
    above = next((j for j in reversed(plan.match[:before]) if j >= 0), -1)
    return above + 1, next((j for j in plan.match[before:] if j >= 0), len(original.keys))


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
                        shown := LineRange(plan.s.numbers[i], plan.s.numbers[i] + 1),
                        (old := LineRange(j, original.end[j] + 1),),
                        new_version("twin", shown, old),
                    )


def _renamed(original: Layout, plans: list[Plan], gone: set[int]) -> Iterator[Doubt]:
    """A new function whose whole body is that of a kept one which the snippet does not speak of: very likely the old
    one was renamed, and would stand beside itself."""
    for plan in plans:
        layout = plan.sl
        words = {word for key in layout.keys for word in _WORD.findall(key)}
        for i in layout.filled:
            body = _body(layout, i) if plan.match[i] < 0 and is_function(layout, i) else []
            if sum(word_count(key) > 0 for key in body) < LEAST_BODY:
                continue
            for j in original.places(body[0]):
                head = original.filled_above(j)
                name = original.definition(head) if head >= 0 else None
                if (
                    name
                    and name != layout.name(i)
                    and head not in gone
                    and head not in plan.match
                    and bare_name(name) not in words
                    and scope_of(original, plan, i) == original.head[head]
                    and _body(original, head) == body
                ):
                    yield Doubt(
                        "twin",
                        f"line {plan.s.numbers[i] + 1} of the snippet would begin a copy, under another name, of the"
                        f" definition in line {head + 1}",
                        "note that the old one is renamed or removed, or show it where it is to stay",
                        shown := LineRange(plan.s.numbers[i], plan.s.numbers[i] + 1),
                        (old := LineRange(head, original.end[head] + 1),),
                        new_version("twin", shown, old),
                    )


def _body(layout: Layout, head: int) -> list[str]:
    """What the definition of line `head` holds below it."""
    return [key for key in layout.keys[head + 1 : layout.end[head] + 1] if key]


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
                    shown := LineRange(plan.s.numbers[i], plan.s.numbers[i] + 1),
                    (old := LineRange(j, j + 1),),
                    (Choice("duplicated_line", "accept", shown, old),),
                )
