"""A profile's rules with their paths looked up in the grammar, ready to be asked about nodes."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
from tree_sitter import Language, Node

if TYPE_CHECKING:
    from fastapply.merge.language import ItemRule, Paths, Profile, Role

__all__ = ["TEXTS", "Path", "Rule", "Rules", "compile_rules", "follow", "grammar"]

Step = Callable[[Node], Node | None]
Path = tuple[Step, ...]

TEXTS = ("@head", "@line", "@text")
"""Names that are text of the item and not of a node in it."""


class Rule(msgspec.Struct, frozen=True):
    """An `ItemRule`, compiled. `name` holds alternatives of parts, each a path or one of `TEXTS`.

    `nests` is False where it can't lead to a function or class, so that the statements of a function pass quickly.
    """

    role: Role | None
    name: tuple[tuple[Path | str, ...], ...]
    owner: tuple[Path, ...]
    body: tuple[Path, ...]
    value: tuple[Path, ...]
    inner: tuple[Path, ...]
    group: tuple[Path, ...]
    word: tuple[Path, ...]
    words: dict[bytes, Role | None]
    nests: bool


class Rules(msgspec.Struct, frozen=True):
    """The rules of a profile by node kind id."""

    items: dict[int, Rule]
    values: dict[int, Rule]
    transparent: frozenset[int]
    leading: frozenset[int]


@functools.cache
def grammar(entry: str) -> Language:
    """The grammar that a profile names as "module:function", imported when first asked for."""
    module, _, function = entry.partition(":")
    return Language(getattr(importlib.import_module(module), function)())


@functools.lru_cache(maxsize=64)
def compile_rules(profile: Profile) -> Rules:
    """The rules of `profile`, which must have a grammar."""
    assert profile.grammar is not None
    language = grammar(profile.grammar)
    items: dict[int, Rule] = {}
    compiler = _Compiler(language, items)
    items.update(compiler.rules(profile.items))
    return Rules(
        items,
        compiler.rules(profile.values),
        frozenset().union(*map(compiler.ids, profile.transparent)),
        frozenset().union(*map(compiler.ids, profile.leading)),
    )


def follow(node: Node, paths: tuple[Path, ...]) -> Node | None:
    """Where the first of `paths` that leads somewhere from `node` leads."""
    for path in paths:
        at: Node | None = node
        for step in path:
            if at is not None:
                at = step(at)
        if at is not None:
            return at
    return None


class _Compiler:
    def __init__(self, language: Language, items: dict[int, Rule]) -> None:
        self.language, self.items = language, items

    def rules(self, table: dict[str, ItemRule]) -> dict[int, Rule]:
        return {kind_id: self.rule(rule) for kind, rule in table.items() for kind_id in self.ids(kind)}

    def rule(self, rule: ItemRule) -> Rule:
        name = tuple(
            tuple(part if part in TEXTS else self.path(part) for part in path.split("+")) for path in _each(rule.name)
        )
        return Rule(
            role=rule.role,
            name=name,
            owner=self.paths(rule.owner),
            body=self.paths(rule.body),
            value=self.paths(rule.value),
            inner=self.paths(rule.inner),
            group=self.paths(rule.group),
            word=self.paths(rule.word),
            words={word.encode(): role or None for word, role in rule.words.items()},
            nests=bool({rule.role, *rule.words.values()} & {"function", "class"} or rule.value)
            or bool(rule.inner and rule.inner != "@item"),
        )

    def paths(self, paths: Paths) -> tuple[Path, ...]:
        return tuple(map(self.path, _each(paths)))

    def path(self, path: str) -> Path:
        return () if path == "@self" else tuple(map(self.step, path.split("/")))

    def step(self, step: str) -> Step:
        if step == "@item":
            return _by_kind(self.items)
        if step == "@last":
            return _last
        if step.endswith("*"):
            field = self.language.field_id_for_name(step[:-1])
            return _by_chain(field) if field is not None else _by_kind(())
        field, kinds = self.language.field_id_for_name(step), self.ids(step) | self.ids(step, named=False)
        if field is None:
            return _by_kind(kinds)
        return _by_either(field, kinds) if kinds else _by_field(field)

    def ids(self, kind: str, named: bool = True) -> set[int]:
        kind_id = self.language.id_for_node_kind(kind, named)
        return set() if kind_id is None else {kind_id}


def _each(paths: Paths) -> tuple[str, ...]:
    return (paths,) if isinstance(paths, str) else paths


def _last(node: Node) -> Node | None:
    return node.named_child(node.named_child_count - 1) if node.named_child_count else None


def _by_kind(kinds: set[int] | dict[int, Rule] | tuple[()]) -> Step:
    def step(node: Node) -> Node | None:
        for child in node.children:
            if child.kind_id in kinds:
                return child
        return None

    return step


def _by_field(field: int) -> Step:
    return lambda node: node.child_by_field_id(field)


def _by_either(field: int, kinds: set[int]) -> Step:
    by_kind = _by_kind(kinds)
    return lambda node: node.child_by_field_id(field) or by_kind(node)


def _by_chain(field: int) -> Step:
    def step(node: Node) -> Node | None:
        at = node.child_by_field_id(field)
        while at is not None:
            after = at.child_by_field_id(field) or _wrapped_declarator(at)
            if after is None:
                break
            at = after
        return at

    return step


def _wrapped_declarator(node: Node) -> Node | None:
    """C and C++ give no field to what `(x)` and `&x` wrap."""
    return node.named_child(0) if node.named_child_count and node.type.endswith("_declarator") else None
