"""The outline of a syntax tree: its declarations, with the lines they stand on.

A hundred thousand nested brackets are legal input: nothing here recurses.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import msgspec
from tree_sitter import Node

from fastapply.merge.rules import Rule, Rules, compile_rules, follow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapply.merge.language import Profile, Role
    from fastapply.merge.tree import Tree

__all__ = ["Item", "outline"]

_NAME_LENGTH: Final = 240
_ERROR_KIND: Final = 65535
_WHITE: Final = b" \t\r\n\f\v"
_CLOSER: Final = re.compile(rb"[)\]}]|</|\"\"\"|'''|`|(?i:end|fi|done|esac)\b")


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
