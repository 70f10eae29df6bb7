"""The outline of a snippet: comments are planted in the place of its markers, then the grammar reads it.

A comment is legal almost anywhere in every grammar here, and a fragment still yields the declarations that are whole.
"""

from __future__ import annotations

from fastapply.errors import DeadlineExceeded
from fastapply.merge.deadline import Deadline
from fastapply.merge.language import Profile
from fastapply.merge.outline import Item, outline
from fastapply.merge.snippet import Snippet
from fastapply.merge.text import indent_of
from fastapply.merge.tree import encode, parse

SHARE = 0.2  # of the time left that the parse of a snippet may take


def planted_outline(snippet: Snippet, profile: Profile, limit: Deadline) -> list[Item]:
    """The declarations that the grammar finds in the snippet, in lines of `snippet.lines`; none without a grammar."""
    if profile.grammar is None or profile.approximate or not snippet.lines:
        return []
    lines = list(snippet.lines)
    plant = _comment(profile)
    if plant:
        for marker in snippet.markers:
            at = min(marker.before, len(lines) - 1)
            if not lines[at].strip():  # a blank line beside the marker takes the comment, so that no line is added
                lines[at] = indent_of(_neighbour(snippet, at)) + plant
    prefix = "<?php\n" if profile.name == "php" and "<?" not in "\n".join(lines[:3]) else ""
    try:
        tree = parse(encode(prefix + "\n".join(lines) + "\n"), profile, limit_s=SHARE * limit.left)
    except DeadlineExceeded:
        limit.check()
        return []  # some grammars never end on broken text; the lines have to do
    if tree is None:
        return []
    shift = 1 if prefix else 0
    return [_shifted(item, shift) for item in outline(tree, profile)] if shift else outline(tree, profile)


def _comment(profile: Profile) -> str:
    if profile.line_comments:
        return profile.line_comments[0]
    return "".join(profile.block_comments[0]) if profile.block_comments else ""


def _neighbour(snippet: Snippet, at: int) -> str:
    return next((line for line in snippet.lines[at:] if line.strip()), "")


def _shifted(item: Item, shift: int) -> Item:
    return Item(
        item.kind,
        item.role,
        item.name,
        item.start - shift,
        item.end - shift,
        item.name_line - shift,
        item.head_end - shift,
        item.closer - shift if item.closer >= 0 else -1,
        item.depth,
        item.parent,
    )
