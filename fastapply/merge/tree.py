"""Syntax trees, parsed within a limit of time or steps, and the count of their errors.

A hundred thousand nested brackets are legal input: nothing here recurses.
"""

from __future__ import annotations

import re
import threading
import time
from itertools import count
from math import inf
from typing import TYPE_CHECKING, Any, Final

import msgspec
import tree_sitter
from tree_sitter import Node, Parser

from fastapply.errors import DeadlineExceeded
from fastapply.merge.rules import grammar

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapply.merge.deadline import Deadline
    from fastapply.merge.language import Profile

__all__ = ["Tree", "encode", "error_count", "original_tree", "parse"]

SHARE: Final = 0.4  # of the time left that the parse of an original may take
_READ_SIZE: Final = 1 << 16
_given: Final = threading.local()
_LONE_CR: Final = re.compile(r"\r(?!\n)")


class Tree(msgspec.Struct, frozen=True):
    """A syntax tree and the bytes it was parsed from."""

    syntax: tree_sitter.Tree
    source: bytes

    @property
    def root_node(self) -> Node:
        """The root of the syntax tree; it begins behind leading blanks."""
        return self.syntax.root_node


def encode(text: str) -> bytes:
    """`text` in UTF-8; a lone surrogate, which UTF-8 can't hold, becomes three bytes that no grammar accepts."""
    if "\r" in text:
        text = _LONE_CR.sub("\n", text)  # grammars take no lone CR for a line end; offsets stay as they are
    return text.encode("utf-8", "surrogatepass")


def parse(
    source: bytes,
    profile: Profile,
    old_tree: Tree | None = None,
    limit_s: float | None = None,
    most_steps: int | None = None,
) -> Tree | None:
    """The tree of `source`, or None where the profile names no grammar, or where it took more than `most_steps`: of
    a hundred operations each, the same on all machines.

    `old_tree`, the tree of another version of this text, makes it faster where the two differ little.
    Raises `DeadlineExceeded` when parsing takes longer than `limit_s` seconds.
    """
    if profile.grammar is None:
        return None
    parser = Parser(grammar(profile.grammar))
    # The binding takes a tree or no argument; it does not take None.
    old: dict[str, Any] = {} if old_tree is None else {"old_tree": _edited(old_tree, source)}
    if limit_s is None and most_steps is None:
        return Tree(parser.parse(source, **old), source)
    deadline = time.perf_counter() + (inf if limit_s is None else limit_s)
    steps = count()
    read = _Pieces(source)
    try:
        syntax = parser.parse(
            read,
            **old,
            progress_callback=lambda _at, _error: next(steps) == most_steps or time.perf_counter() > deadline,
        )
    except ValueError:  # tree-sitter's word for a parse that its callback stopped
        if limit_s is None or time.perf_counter() <= deadline:
            return None
        raise DeadlineExceeded(limit_s) from None
    read.parsing = False
    return Tree(syntax, source)


class _Pieces:
    """Gives tree-sitter `source` piece by piece.

    Its binding (0.25 to 0.26.1) never lets go of what a reader returned to a parser, so that slices would keep each
    source that was parsed in memory for good. Hence all pieces are one object, one a thread. `Node.text` does let go,
    and takes nothing but bytes.
    """

    def __init__(self, source: bytes) -> None:
        self._source = source
        self.parsing = True

    def __call__(self, at: int, _point: object) -> bytes | bytearray:
        part = self._source[at : at + _READ_SIZE]
        if not self.parsing:
            return part
        piece: bytearray = _given.__dict__.setdefault("piece", bytearray())
        piece[:] = part
        return piece


def original_tree(text: str, profile: Profile, limit: Deadline) -> Tree | None:
    """The tree of an original; None where there is no grammar, or where it does not come to an end with this text in
    its share of the time: some grammars take minutes, and gigabytes, over a short broken text."""
    try:
        return parse(encode(text), profile, limit_s=SHARE * limit.left)
    except DeadlineExceeded:
        limit.check()
        return None


def error_count(tree: Tree) -> int:
    """How many ERROR and MISSING nodes `tree` holds; answers 0 at once where it holds none."""
    count = 0
    stack = [tree.root_node]
    while stack:
        node = stack.pop()
        if node.has_error:
            count += node.is_error or node.is_missing
            stack.extend(node.children)
    return count


def _edited(old: Tree, source: bytes) -> tree_sitter.Tree:
    """A copy of `old` told which bytes differ from `source`: those between the common start and the common end."""
    before = old.source
    shorter = min(len(before), len(source))
    start = _longest(shorter, lambda n: before[:n] == source[:n])
    tail = _longest(shorter - start, lambda n: before[len(before) - n :] == source[len(source) - n :])
    old_end, new_end = len(before) - tail, len(source) - tail
    edited = old.syntax.copy()
    edited.edit(start, old_end, new_end, _point(before, start), _point(before, old_end), _point(source, new_end))
    return edited


def _longest(limit: int, holds: Callable[[int], bool]) -> int:
    """The greatest number up to `limit` that holds, where all below it hold too."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if holds(middle) else (low, middle - 1)
    return low


def _point(source: bytes, at: int) -> tuple[int, int]:
    """Row and column of byte `at` as tree-sitter counts them."""
    return source.count(b"\n", 0, at), at - source.rfind(b"\n", 0, at) - 1
