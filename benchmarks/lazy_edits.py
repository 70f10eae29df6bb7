"""Lazy edits written by rule from a file before and after: with every habit that is advised, or without some."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from fastapply.merge.language import by_name, detect
from fastapply.merge.text import bare_lines, indent_of

_CLOSERS = re.compile(r"\s*([)\]}]|end\b|else\b|elif\b|except\b|finally\b|catch\b|case\b|<)")

_WORD, _ANYTHING = re.compile(r"\w"), re.compile(r"\S")


@dataclass(frozen=True)
class Habits:
    """How an edit is written."""

    above: int = 2
    """Unchanged lines that are shown above a change."""
    below: int = 2
    """The same below it."""
    telling: bool = True
    """Lines of brackets alone don't count among these."""
    markers: str = "all"
    """`all`, `inner` (none before the first and behind the last line), `outer` (none between), `none`."""
    heads: bool = True
    """The first lines of the blocks around a change are shown."""
    exact: bool = True
    """Unchanged lines are copied as they are, not with other quotes and spaces."""
    indented: bool = True
    """Indentation is the file's; else each part that is shown begins at the left."""
    marked_deletions: bool = False
    """Where lines only go, a marker stands in their place."""


@dataclass(frozen=True)
class Hunk:
    """Lines `old` of the file before become the lines `new` of the file after."""

    old: range
    new: range


def hunks_of(before: Sequence[str], after: Sequence[str]) -> list[Hunk]:
    """What differs."""
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    return [Hunk(range(a, b), range(c, d)) for tag, a, b, c, d in matcher.get_opcodes() if tag != "equal"]


def write_edit(path: str, language: str, before: str, after: str, habits: Habits) -> str:
    """The lazy edit that makes `after` of `before`."""
    old, new = bare_lines(before), bare_lines(after)
    hunks = hunks_of(old, new)
    changed = {line for hunk in hunks for line in hunk.new}
    shown = set(changed)
    for hunk in hunks:
        shown |= set(_around(new, hunk, changed, habits))
        if habits.heads:
            shown |= set(_heads(new, hunk.new.start))
    shown |= set(_blank_gaps(new, sorted(shown)))
    deleted_at = {hunk.new.start for hunk in hunks if not hunk.new} if habits.marked_deletions else set()
    marker = _marker(path, language)
    lines: list[str] = []
    end = 0  # of what was shown so far
    for part in _parts(sorted(shown), deleted_at):
        if part[0] > end or part[0] in deleted_at:
            lines += _marked(marker, new, range(end, part[0]), habits, "outer" if end else "inner")
        lines += _shown(new, part, changed, habits)
        end = part[-1] + 1
    if end < len(new) or end in deleted_at:
        lines += _marked(marker, new, range(end, len(new)), habits, "inner")
    return "".join(f"{line}\n" for line in lines)


def _around(lines: Sequence[str], hunk: Hunk, changed: set[int], habits: Habits) -> Iterator[int]:
    telling = _WORD if habits.telling else _ANYTHING
    yield from _counted(lines, range(hunk.new.start - 1, -1, -1), habits.above, changed, telling)
    yield from _counted(lines, range(hunk.new.stop, len(lines)), habits.below, changed, telling)


def _counted(
    lines: Sequence[str], numbers: range, most: int, changed: set[int], telling: re.Pattern[str]
) -> Iterator[int]:
    """Lines until `most` are shown that hold something `telling`."""
    found = 0
    for number in numbers:
        if found == most or number in changed:
            return
        found += bool(telling.search(lines[number]))
        yield number


def _heads(lines: Sequence[str], at: int) -> Iterator[int]:
    """The first lines of the blocks around line `at`, by indentation."""
    here = next((line for line in lines[at:] if line.strip()), "")
    depth = len(indent_of(here).expandtabs())
    for number in range(at - 1, -1, -1):
        line = lines[number]
        if depth == 0:
            return
        if line.strip() and len(indent_of(line).expandtabs()) < depth and not _CLOSERS.match(line):
            depth = len(indent_of(line).expandtabs())
            yield number


def _blank_gaps(lines: Sequence[str], shown: Sequence[int]) -> Iterator[int]:
    """Blank lines alone are not left out: nobody writes a marker for them."""
    for first, second in pairwise(shown):
        if not any(line.strip() for line in lines[first + 1 : second]):
            yield from range(first + 1, second)


def _parts(shown: Sequence[int], deleted_at: set[int]) -> Iterator[list[int]]:
    """Runs of lines that follow each other in the file and in the edit."""
    part: list[int] = []
    for number in shown:
        if part and (number != part[-1] + 1 or number in deleted_at):
            yield part
            part = []
        part.append(number)
    if part:
        yield part


def _marked(marker: str, lines: Sequence[str], left_out: range, habits: Habits, unless: str) -> list[str]:
    """A marker as deep as what it stands for, but with the habit `unless`."""
    if habits.markers in ("none", unless):
        return []
    near = [*(lines[number] for number in left_out), *lines[left_out.start - 1 : left_out.start]]
    indent = next((indent_of(line) for line in near if line.strip()), "")
    return [indent * habits.indented + marker]


def _shown(lines: Sequence[str], part: Sequence[int], changed: set[int], habits: Habits) -> list[str]:
    texts = [lines[number] if habits.exact or number in changed else _retyped(lines[number]) for number in part]
    if habits.indented:
        return texts
    least = min((len(indent_of(text)) for text in texts if text.strip()), default=0)
    return [text[least:] for text in texts]


def _retyped(line: str) -> str:
    """`line` as somebody remembers it."""
    swapped = line.translate(str.maketrans({'"': "'", "'": '"'}))
    return indent_of(line) + re.sub(r"\s*([=+,:])\s*", r"\1 ", swapped.strip())


def _marker(path: str, language: str) -> str:
    profile = by_name(language) if language else detect(path)
    if profile.line_comments:
        return f"{profile.line_comments[0]} ... existing code ..."
    opener, closer = profile.block_comments[0] if profile.block_comments else ("//", "")
    return f"{opener} ... existing code ... {closer}".rstrip()
