"""`outlines/<language>.txt` holds a sample and the outline it must give: lines `start-end`, and so on, by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastapply.errors import DeadlineExceeded
from fastapply.merge.language import by_name, names
from fastapply.merge.outline import Item, outline
from fastapply.merge.text import split_lines
from fastapply.merge.tree import Tree, encode, error_count, parse

OUTLINES = Path(__file__).with_name("outlines")
WITH_GRAMMAR = [name for name in names() if by_name(name).grammar]
MANY = 100_000


def _sample(name: str) -> tuple[str, list[str]]:
    source, _, expected = (OUTLINES / f"{name}.txt").read_text("utf-8").partition("\n=== outline ===\n")
    return source, expected.splitlines()


def _parse(source: str, name: str) -> Tree:
    tree = parse(encode(source), by_name(name))
    assert tree is not None
    return tree


def _items(source: str, name: str) -> list[Item]:
    return outline(_parse(source, name), by_name(name))


def _names(source: str, name: str) -> list[str]:
    return [item.name for item in _items(source, name)]


def _shown(item: Item) -> str:
    lines = f"{item.start:3}-{item.end:<3} name {item.name_line:<3} head {item.head_end:<3} closer {item.closer:<3}"
    return f"{lines} {'  ' * item.depth}{item.role} {item.name}"


@pytest.mark.parametrize("name", WITH_GRAMMAR)
def test_outline_of_the_sample(name: str) -> None:
    """Every language lists its declarations: names, roles, lines."""
    source, expected = _sample(name)
    assert [_shown(item) for item in _items(source, name)] == expected


@pytest.mark.parametrize("name", WITH_GRAMMAR)
def test_lines_of_items_hold_together(name: str) -> None:
    """An item lies in its parent, its header and closer in the item, and parents come first."""
    source, _ = _sample(name)
    items = _items(source, name)
    for index, item in enumerate(items):
        assert item.start <= item.name_line < item.end <= len(split_lines(source))
        assert item.start < item.head_end <= item.end
        assert item.closer in (-1, item.end - 1)
        assert item.parent < index
        around = items[item.parent] if item.parent >= 0 else None
        assert item.depth == (around.depth + 1 if around else 0)
        assert around is None or around.start <= item.start < item.end <= around.end


@pytest.mark.parametrize("name", sorted({*WITH_GRAMMAR} - {"scss", "sql"}))
def test_samples_parse_without_errors(name: str) -> None:
    """Else the samples would say little. SCSS is read with CSS's grammar, and SQL's is small."""
    assert error_count(_parse(_sample(name)[0], name)) == 0


@pytest.mark.parametrize("name", WITH_GRAMMAR)
def test_line_endings_do_not_move_items(name: str) -> None:
    """CRLF counts as one line end."""
    source, expected = _sample(name)
    assert [_shown(item) for item in _items(source.replace("\n", "\r\n"), name)] == expected


@pytest.mark.parametrize("name", ["java", "json", "css", "php", "rust"])
def test_a_lone_cr_ends_a_line(name: str) -> None:
    """Tree-sitter counts rows by LF alone; files and our lines do not."""
    source, _ = _sample(name)
    source = "\n".join(line for line in source.splitlines() if not line.lstrip().startswith(("//", "#", "///")))
    assert [_shown(item) for item in _items(source.replace("\n", "\r"), name)] == [
        _shown(item) for item in _items(source, name)
    ]


@pytest.mark.parametrize("name", WITH_GRAMMAR)
@pytest.mark.parametrize("source", ["", "\n", "\ufeff", "\r\r", "\x00", "\ud800", "}\n", "((((", '"', "\f\u2028"])
def test_any_text_has_an_outline(name: str, source: str) -> None:
    """Parsing never fails: what is no code is an error node."""
    tree = _parse(source, name)
    assert error_count(tree) >= 0
    assert all(item.end <= len(split_lines(source)) for item in outline(tree, by_name(name)))


def test_a_bom_moves_nothing() -> None:
    """A byte order mark is no code."""
    assert _items("\ufeffdef a():\n    pass\n", "python") == _items("def a():\n    pass\n", "python")


def test_a_language_without_grammar_has_no_tree() -> None:
    """Its lines are aligned instead."""
    assert parse(b"a\n", by_name("text")) is None


def test_encode_keeps_lone_surrogates() -> None:
    """Text decoded with `surrogateescape` can be parsed too."""
    assert encode("a\udc80") == b"a\xed\xb2\x80"


def test_error_count_of_sound_code_is_zero() -> None:
    """The common case is answered without a walk."""
    assert error_count(_parse("x = 1\n", "python")) == 0


def test_error_count_counts_missing_tokens() -> None:
    """A parser that inserts a token to go on has found an error."""
    assert error_count(_parse("int a = 1\nint b;\n", "java")) > 0


def test_error_count_counts_each_broken_place() -> None:
    """Two broken places are worse than one."""
    one, two = (_parse(f"a = 1\n?\nb = 2\n{bad}\nc = 3\n", "python") for bad in ("", "?"))
    assert 0 < error_count(one) < error_count(two)


@pytest.mark.parametrize("source", ["x = " + "[" * MANY + "]" * MANY + "\n", "x = " + "(" * MANY + "\n"])
def test_deep_nesting_is_legal_input(source: str) -> None:
    """Nothing recurses: neither brackets that match nor brackets that do not overflow the stack."""
    tree = _parse(source, "python")
    assert (error_count(tree) > 0) == ("]" not in source)
    assert len(outline(tree, by_name("python"))) <= 1


def test_deeply_nested_items_are_all_listed() -> None:
    """Members of members, as deep as they go."""
    depth = 5_000
    items = _items('{"a":' * depth + "1" + "}" * depth, "json")
    assert [items[-1].depth, len(items)] == [depth - 1, depth]


def test_parsing_stops_at_its_limit() -> None:
    """A deadline ends a parse that takes too long, and the next parse is not the worse for it."""
    source = encode("x = [1, 2, {}]\n" * 20_000)
    with pytest.raises(DeadlineExceeded):
        parse(source, by_name("python"), limit_s=0.0)
    again = parse(source, by_name("python"), limit_s=60.0)
    assert again is not None
    assert error_count(again) == 0


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["python", "javascript", "go", "json"]), st.data())
def test_an_old_tree_changes_no_outline(name: str, data: st.DataObject) -> None:
    """Parsing with the tree of another version is faster, and else the same."""
    source, _ = _sample(name)
    lines = split_lines(source)
    start = data.draw(st.integers(0, len(lines)))
    end = data.draw(st.integers(start, len(lines)))
    other = "".join(lines[:start] + data.draw(st.lists(st.sampled_from(lines), max_size=4)) + lines[end:])
    profile, old = by_name(name), _parse(source, name)
    again = parse(encode(other), profile, old)
    assert again is not None
    if error_count(again) == 0 == error_count(_parse(other, name)):
        assert outline(again, profile) == _items(other, name)
    assert outline(old, profile) == _items(source, name)


@pytest.mark.parametrize(
    ("name", "source", "expected"),
    [
        pytest.param("python", "def f():\n    x = 1\n    if x:\n        def g(): pass\n", ["f"], id="locals"),
        pytest.param("python", "def f():\n    class A:\n        x = 1\n", ["f", "A", "x"], id="class in a function"),
        pytest.param("python", "try:\n    import a\nexcept E:\n    a = None\n", ["import a", "a"], id="try"),
        pytest.param("javascript", "function f() {\n  const a = {};\n  g();\n}\n", ["f"], id="object in a function"),
        pytest.param("javascript", "let a = 1, b = 2;\n", ["a, b"], id="two declarators"),
        pytest.param("javascript", 'module.exports = { "a": 1 };\n', ["module.exports", "a"], id="quoted key"),
        pytest.param("javascript", "app.get('/x', (q, r) => {});\n", ["app.get '/x'"], id="handler"),
        pytest.param("javascript", "start();\n", [], id="a call without a body"),
        pytest.param("javascript", "export default a(b)(C);\n", ["export default a(b)(C)"], id="exported call"),
        pytest.param("typescript", "declare global {\n  interface A {}\n}\n", ["declare global", "A"], id="ambient"),
        pytest.param("typescript", "class A {\n  @x()\n  f() {}\n}\n", ["A", "f"], id="method with a decorator"),
        pytest.param("go", "func (A) F() {}\nfunc (b *B) F() {}\n", ["(A).F", "(B).F"], id="receivers"),
        pytest.param("cpp", "A::~A() {}\nint *(*f(int a))(int) { }\n", ["A::~A", "f"], id="declarators"),
        pytest.param("cpp", "namespace {\nint a;\n}\n", ["namespace", "a"], id="namespace without a name"),
        pytest.param("c", "enum { A };\n", ["enum", "A"], id="enum without a name"),
        pytest.param("kotlin", "fun a(): B = c\nfun D.e(): F = g\n", ["a", "(D).e"], id="extension function"),
        pytest.param("rust", "impl<'a> A<'a>\nwhere\n    B: C,\n{\n}\n", ["impl<'a> A<'a> where B: C"], id="impl"),
        pytest.param("php", "<p>\n<?php\nfunction a() {}\n?>\n</p>\n", ["a"], id="php in html"),
        pytest.param("json", '[{"a": 1}]\n', [], id="objects of an array have no keys of their own"),
        pytest.param("java", "class A {\n  void f() { }\n  ...\n  void g() { }\n}\n", ["A", "f", "g"], id="error in"),
        pytest.param("java", "void f() { }\n}\nclass B { }\n", ["f", "B"], id="error around"),
    ],
)
def test_names(name: str, source: str, expected: list[str]) -> None:
    """What is listed, and under which name."""
    assert _names(source, name) == expected


@pytest.mark.parametrize(
    ("name", "source", "head_end"),
    [
        pytest.param("python", "class K:\n    # note\n    def f(self): pass\n", 1, id="comment before the body"),
        pytest.param("python", "def f(\n    a,\n):\n    pass\n", 3, id="long header"),
        pytest.param("python", "def f(): pass\n", 1, id="body on the header's line"),
        pytest.param("java", "class A\n{\n}\n", 2, id="brace on a line of its own"),
        pytest.param("ruby", "class A < B\n  # note\nend\n", 1, id="no body"),
        pytest.param("ruby", "def f(a,\n      b)\n  a\nend\n", 2, id="long header without a brace"),
        pytest.param("yaml", "a:\n\n  # note\n  b: 1\n", 1, id="mapping"),
    ],
)
def test_head_end(name: str, source: str, head_end: int) -> None:
    """The header ends where the body's lines begin, comments before the body's first member included."""
    assert _items(source, name)[0].head_end == head_end


@pytest.mark.parametrize(
    ("name", "source", "closer"),
    [
        pytest.param("python", "def f():\n    g(\n        1,\n    )\n", -1, id="bracket of the last statement"),
        pytest.param("python", "X = [\n    1,\n]\n", 2, id="bracket of the item"),
        pytest.param("python", "class A:\n    x = 1\n    done = 2\n", -1, id="name that is a word of other languages"),
        pytest.param("javascript", "const f = () => {\n  g();\n};\n", 2, id="brace and semicolon"),
        pytest.param("javascript", "f(() => {\n  g();\n}, [a]);\n", 2, id="call"),
        pytest.param("ruby", "def f\n  g do\n  end\nend\n", 3, id="end"),
        pytest.param("html", "<p>\n  <b>\n  </b></p>\n", 2, id="end tags"),
        pytest.param("toml", "[a]\nb = [\n  1,\n]\n", -1, id="bracket of the last pair"),
        pytest.param("lua", "function f() g() end\n", -1, id="one line"),
    ],
)
def test_closer(name: str, source: str, closer: int) -> None:
    """The closer is the item's own, not that of its last member."""
    assert _items(source, name)[0].closer == closer


def test_attributes_before_an_item_belong_to_it() -> None:
    """Rust's attributes are siblings; a comment between them does not part them from the item."""
    items = _items("#![a]\n#[b]\n// note\n#[c]\nfn f() {}\n#[d]\nfn g() {}\n", "rust")
    assert [(item.start, item.end, item.name_line) for item in items] == [(1, 5, 4), (5, 7, 6)]


def test_a_long_name_is_cut() -> None:
    """Names that are running text can be as long as the file."""
    [item] = _items(f"export default call({'a, ' * 10_000});\n", "javascript")
    assert len(item.name) == 240
