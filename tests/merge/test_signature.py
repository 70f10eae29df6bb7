from __future__ import annotations

import pytest

from fastapply.merge.signature import is_definition, likeness, signature

NOTHING = [
    pytest.param("", id="nothing"),
    pytest.param("}", id="a closing brace"),
    pytest.param("});", id="closing signs"),
    pytest.param("else {", id="a branch without a condition"),
    pytest.param("return x;", id="a return"),
    pytest.param('"a string"', id="a string"),
    pytest.param("a == b", id="a comparison sets nothing"),
    pytest.param("x <= y", id="another comparison"),
    pytest.param("// function f() {", id="a comment about a function"),
    pytest.param("a + b", id="an expression"),
]


@pytest.mark.parametrize("key", NOTHING)
def test_a_line_that_declares_sets_and_calls_nothing(key: str) -> None:
    """Such a line is known by its text alone."""
    assert signature(key) is None


@pytest.mark.parametrize(
    "key", ["if (ready) {", "for (const x of xs) {", "while (true) {", "switch (kind) {", "catch (error) {"]
)
def test_control_flow_is_no_definition(key: str) -> None:
    """A keyword before a bracket is not the name of a method."""
    assert not is_definition(key)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("def load(path):", "load"),
        ("async def load(path):", "load"),
        ("class Store(Base):", "Store"),
        ("export default async function load() {", "load"),
        ("const load = async (path) => {", "load"),
        ("func (s *Store) Load() error {", "(Store).Load"),
        ("func Load() error {", "Load"),
        ("pub(crate) fn load<T>(path: T) -> u8 {", "load"),
        ("impl<T> Display for Store<T> {", "impl <T> Display for Store<T>"),
        ("private static final int load(String path) {", "load"),
        ("load(path) {", "load"),
        ("override fun load(): Int {", "load"),
        ("struct Store {", "Store"),
        ("type Store struct {", "Store"),
        ("interface Store extends Base {", "Store"),
        ("enum Kind {", "Kind"),
        ("export declare const enum Kind {", "Kind"),
        ("defp load(path) do", "load"),
        ("module Store", "Store"),
        ("namespace store {", "store"),
        ("CREATE TABLE users (", "users"),
        (".button > a {", ".button > a"),
        ('it("loads", () => {', 'it "loads"'),
        ('it.skip("loads", async () => {', 'it "loads"'),
        ('xit("loads", () => {', 'it "loads"'),
    ],
)
def test_definitions_are_known_by_name(key: str, name: str) -> None:
    """Parameters, modifiers and types may change; the definition stays the same one."""
    assert signature(key) == ("def", name)


@pytest.mark.parametrize(
    ("key", "kind", "name"),
    [
        ("const size = 3;", "var", "size"),
        ("let mut size: u8 = 3;", "var", "size"),
        ("const { a, b } = props;", "var", "{ a, b }"),
        ("package store", "var", "package"),
        ("size = 3", "set", "size"),
        ("self.size += 1", "set", "self.size"),
        ("size := 3", "set", "size"),
        ("items[0] = 3;", "set", "items[0]"),
        ('"size": 3,', "key", "size"),
        ("size: 3", "key", "size"),
        ("- name: build", "key", "name"),
        ("'size' => 3,", "key", "size"),
        ("import os", "import", "os"),
        ("from os import path", "import", "os import path"),
        ("#include <stdio.h>", "import", "<stdio.h>"),
        ("use std::fmt;", "import", "std::fmt"),
        ("load(path)", "call", "load"),
        ("await store.load(path);", "call", "store.load"),
        ('<Button kind="a">', "tag", "Button"),
    ],
)
def test_what_other_lines_set_call_and_import(key: str, kind: str, name: str) -> None:
    """Each kind is told from the others, so that a key is never taken for a call."""
    assert signature(key) == (kind, name)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        pytest.param("func (a *Store) Load() {", "func (a *Cache) Load() {", id="methods of two types"),
        pytest.param('it("loads", () => {', 'it("saves", () => {', id="two tests"),
        pytest.param("impl Display for Store {", "impl Debug for Store {", id="two traits"),
        pytest.param(".a {", ".a:hover {", id="two selectors"),
    ],
)
def test_different_things_have_different_signatures(a: str, b: str) -> None:
    """Two definitions of like text are not one."""
    assert signature(a) != signature(b)


def test_equal_lines_are_entirely_alike() -> None:
    """1 is kept for equality."""
    assert likeness("x = 1", "x = 1") == 1.0
    assert likeness("x = 1", "x = 2") < 1.0


@pytest.mark.parametrize(
    ("line", "more", "less"),
    [
        pytest.param(
            "timeout = 30", "timeout = compute_default()", "attempts = 30", id="the target counts, not the value"
        ),
        pytest.param(
            "def load(path):", "def load(self, source, *, strict=False):", "def save(path):", id="the name counts"
        ),
        pytest.param("retries: 3,", "retries: computeRetries(options),", "timeout: 3,", id="the key counts"),
        pytest.param(
            "return total  # cents", "return total", "return total - 1", id="a comment behind code counts little"
        ),
        pytest.param("total = sum(prices)", "total = sum(prices, start)", "print('done')", id="common text counts"),
    ],
)
def test_likeness_goes_by_what_a_line_is_about(line: str, more: str, less: str) -> None:
    """A new version of a line is more like it than a line of like text about something else."""
    assert likeness(line, more) > likeness(line, less)
    assert 0.0 <= likeness(line, less) <= 1.0


@pytest.mark.parametrize(("a", "b"), [("x = 1", "x = 22"), ("def f():", "def f(a):"), ("a  # b", "a"), ("f()", "g()")])
def test_likeness_is_mutual(a: str, b: str) -> None:
    """It does not matter which of the two lines is the older one."""
    assert likeness(a, b) == likeness(b, a)
