"""Syntax trees and what a merge reads from them: the count of errors and the outline of declarations.

A hundred thousand nested brackets are legal input: nothing here recurses.
"""

from __future__ import annotations

import re
import threading
import time
from bisect import bisect_right
from itertools import accumulate, count
from math import inf
from typing import TYPE_CHECKING, Any, Final

import msgspec
import tree_sitter
from tree_sitter import Node, Parser

from fastapply.errors import DeadlineExceeded
from fastapply.merge.rules import Rule, Rules, compile_rules, follow, grammar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapply.merge.deadline import Deadline
    from fastapply.merge.language import Profile, Role

__all__ = ["Item", "Tree", "encode", "error_count", "original_tree", "outline", "parse"]

SHARE: Final = 0.4  # of the time left that the parse of an original may take
_READ_SIZE: Final = 1 << 16
_NAME_LENGTH: Final = 240
_ERROR_KIND: Final = 65535
_given: Final = threading.local()
_WHITE: Final = b" \t\r\n\f\v"
_LONE_CR: Final = re.compile(r"\r(?!\n)")
_CLOSER: Final = re.compile(rb"[)\]}]|</|\"\"\"|'''|`|(?i:end|fi|done|esac)\b")


class Tree(msgspec.Struct, frozen=True):
    """A syntax tree and the bytes it was parsed from."""

    syntax: tree_sitter.Tree
    source: bytes

    @property
    def root_node(self) -> Node:
        """The root of the syntax tree; it begins behind leading blanks."""
        return self.syntax.root_node


class Item(msgspec.Struct, frozen=True):
    """One declaration, in lines counted from 0 as `text.split_lines` counts them.

    Lines `start` up to `end` hold it whole: with decorators, attributes and export, without the comments above.
    Lines `start` up to `head_end` are its header; `head_end == end` where no lines follow it.
    `name_line` holds the name. `closer` is the line that begins with its closing token (`}`, `)`, `end`), or -1.
    `kind` is the node kind of the declaration itself, not of a wrapper. `parent` is the index in the outline of the
    item around it, or -1, and `depth` the number of items around it. Siblings may share a name (overloads).
    """

    kind: str
    role: Role
    name: str
    start: int
    end: int
    name_line: int
    head_end: int
    closer: int
    depth: int
    parent: int


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


def outline(tree: Tree, profile: Profile) -> list[Item]:
    """The declarations of `tree`, each before its members, in the order of the text.

    Containers are searched whole; functions only for functions and classes among their own statements.
    """
    rules = compile_rules(profile)
    reader = _Reader(tree.source)
    items: list[Item] = []
    frames = [_Frame(tree.root_node, parent=-1, depth=0, shallow=False)]
    while frames:
        frame = frames[-1]
        for node in frame.rest:
            kind_id = node.kind_id
            rule = rules.items.get(kind_id)
            if rule is not None:
                lead, frame.lead = frame.lead, None
                if frame.shallow and not rule.nests:
                    continue
                found = _resolve(node, rule, rules)
                if found is None or (frame.shallow and not found.nests):
                    continue
                item = reader.item(found, lead or node, frame)
                if not item.name:
                    continue
                items.append(item)
                if found.body is not None:
                    frames.append(_Frame(found.body, len(items) - 1, frame.depth + 1, found.role == "function"))
                    break
            elif kind_id == _ERROR_KIND or (kind_id in rules.transparent and not frame.shallow):
                frames.append(_Frame(node, frame.parent, frame.depth, frame.shallow))
                break
            elif kind_id in rules.leading:
                frame.lead = frame.lead or node
            elif not node.is_extra:
                frame.lead = None
        else:
            frames.pop()
    return items


class _Frame:
    """A node whose children are being looked at: the rest of them, and attributes waiting for their item."""

    __slots__ = ("depth", "lead", "parent", "rest", "shallow")

    def __init__(self, node: Node, parent: int, depth: int, shallow: bool) -> None:
        self.rest: Iterator[Node] = iter(node.children)
        self.parent, self.depth, self.shallow = parent, depth, shallow
        self.lead: Node | None = None


class _Found(msgspec.Struct, frozen=True):
    """An item as its rules read it: `outer` with all wrappers, `node` the declaration, `peers` others beside it.

    `lent` says that another node lent it role and body.
    """

    outer: Node
    node: Node
    rule: Rule
    role: Role
    body: Node | None
    lent: bool
    peers: tuple[Node, ...] = ()

    @property
    def nests(self) -> bool:
        """True where it is listed inside a function: object literals, for one, are not."""
        return self.role == "function" or (self.role == "class" and not self.lent)


def _resolve(outer: Node, rule: Rule, rules: Rules) -> _Found | None:
    """`outer` as an item by its `rule`: the innermost item it wraps, else the wrapper; None where neither is one."""
    node = outer
    peers: tuple[Node, ...] = ()
    chain: list[tuple[Node, Rule, tuple[Node, ...]]] = []
    while rule.inner:
        listed = follow(node, rule.group)
        if listed is not None and rule.role is not None:
            return _Found(outer, node, rule, rule.role, listed if listed.child_count else node, lent=False)
        inner = follow(node, rule.inner)
        if inner is None or inner.kind_id not in rules.items:
            break
        if rule.role is not None:
            chain.append((node, rule, peers))
        several = node.named_child_count > 1
        peers = (
            tuple(peer for peer in node.children if peer.kind_id == inner.kind_id and peer != inner) if several else ()
        )
        node, rule = inner, rules.items[inner.kind_id]
    found = _read(outer, node, rule, peers, rules)
    while found is None and chain:
        found = _read(outer, *chain.pop(), rules)
    return found


def _read(outer: Node, node: Node, rule: Rule, peers: tuple[Node, ...], rules: Rules) -> _Found | None:
    role, body = _role(node, rule), follow(node, rule.body)
    lender = follow(node, rule.value) or follow(node, rule.inner)
    lending = rules.values.get(lender.kind_id) if lender is not None else None
    lent = False
    if lender is not None and lending is not None:
        lent_body = follow(lender, lending.body)
        lent = lent_body is not None or not lending.body
        if lent:
            body = lent_body or body
            role = role if role == "key" else lending.role or role
    if role is None or (role == "block" and body is None):
        return None
    return _Found(outer, node, rule, role, body, lent, peers)


def _role(node: Node, rule: Rule) -> Role | None:
    word = follow(node, rule.word) if rule.word else None
    return rule.role if word is None else rule.words.get(word.text or b"", rule.role)


class _Reader:
    """Turns nodes into lines and names."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.line_starts = list(accumulate(map(len, source.splitlines(keepends=True)), initial=0))

    def line(self, at: int) -> int:
        """The line that holds byte `at`. Rows of the tree would not do: they ignore a lone CR."""
        return bisect_right(self.line_starts, at) - 1

    def item(self, found: _Found, first: Node, frame: _Frame) -> Item:
        start, end_byte = self.line(first.start_byte), self.end_of(found.outer)
        last = self.line(max(end_byte - 1, first.start_byte))
        closer = self.closer(found, last, end_byte) if last > start else -1
        name, name_byte = self.name(found)
        return Item(
            kind=found.node.type,
            role=found.role,
            name=name,
            start=start,
            end=last + 1,
            name_line=self.line(name_byte),
            head_end=self.head_end(found, last + 1, closer),
            closer=closer,
            depth=frame.depth,
            parent=frame.parent,
        )

    def end_of(self, node: Node) -> int:
        """The end of `node` without the blanks and newlines that some grammars count in."""
        start, end = node.start_byte, node.end_byte
        if end > start and self.source[end - 1] in _WHITE:
            return start + len(self.source[start:end].rstrip(_WHITE))
        return end

    def closer(self, found: _Found, last: int, end_byte: int) -> int:
        line_start = self.line_starts[last]
        text = self.source[line_start:end_byte]
        at = line_start + len(text) - len(text.lstrip(_WHITE))
        if not _CLOSER.match(self.source, at):
            return -1
        body = found.body
        if body is None or self.end_of(body) <= at:
            return last
        tail = body.child(body.child_count - 1) if body.child_count else body
        return last if tail.start_byte >= at and (not tail.is_named or text.lstrip().startswith(b"</")) else -1

    def head_end(self, found: _Found, end: int, closer: int) -> int:
        node, body = found.node, found.body
        before: Node | None = None
        if body is not None:
            first = body.child(0) if body.child_count else None
            opens = first is not None and (not first.is_named or body == node)
            before = first if opens else _before(node, body.start_byte)
        elif closer >= 0 and found.role in ("class", "function") and node.child_count:
            before = _before(node, node.child(node.child_count - 1).start_byte)
        else:
            return end
        return min(self.line(before.end_byte - 1 if before is not None else node.start_byte) + 1, end)

    def name(self, found: _Found) -> tuple[str, int]:
        """The item's name, and the byte where it stands."""
        name, at = self.own_name(found, found.node)
        for peer in found.peers:
            name += ", " + self.own_name(found, peer)[0]
        owner = follow(found.node, found.rule.owner)
        if owner is not None and owner.start_byte < at:
            name = f"({self.text(owner.start_byte, owner.end_byte).strip('*&. ')}).{name}"
        return name[:_NAME_LENGTH], at

    def own_name(self, found: _Found, node: Node) -> tuple[str, int]:
        for parts in found.rule.name:
            texts: list[str] = []
            at = -1
            for part in parts:
                if isinstance(part, str):
                    begin, end = self.range_of(part, found, node)
                else:
                    named = follow(node, (part,))
                    if named is None:
                        break
                    begin, end = named.start_byte, named.end_byte
                texts.append(self.text(begin, end))
                at = begin if at < 0 else at
            else:
                return _unquoted(" ".join(texts)), at
        return "", node.start_byte

    def range_of(self, text: str, found: _Found, node: Node) -> tuple[int, int]:
        begin, end = node.start_byte, self.end_of(node)
        if text == "@head" and found.body is not None and found.body.start_byte > begin:
            end = found.body.start_byte
        if text == "@line":
            end = min(end, self.line_starts[self.line(begin) + 1])
        return begin, end

    def text(self, begin: int, end: int) -> str:
        """The bytes from `begin` to `end` with single spaces, cut where a name would be cut anyway."""
        return " ".join(self.source[begin : min(end, begin + 4 * _NAME_LENGTH)].decode("utf-8", "replace").split())


def _before(node: Node, at: int) -> Node | None:
    """The last token or child of `node` before byte `at` that is no comment.

    Asking for a previous sibling instead would take time in proportion to the depth of the tree.
    """
    before: Node | None = None
    within: Node | None = node
    while within is not None:
        children, within = within.children, None
        for child in children:
            if child.start_byte >= at:
                break
            if child.end_byte > at:
                within = child
            elif not child.is_extra:
                before = child
    return before


def _unquoted(name: str) -> str:
    if len(name) > 1 and name[0] == name[-1] and name[0] in "\"'`":
        return name[1:-1]
    return name.rstrip(" {:;,")


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
