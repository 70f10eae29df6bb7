from __future__ import annotations

import pytest

from fastapply.merge.language import by_name
from fastapply.merge.layout import Layout, key_of, width_of, word_count
from fastapply.merge.outline import outline
from fastapply.merge.tree import encode, parse

CODE = """\
class Store {
  load(path) {
    if (path) {
      open(path);
    } else {
      fail();
    }
  }

  save() {
  }
}
""".split("\n")


@pytest.mark.parametrize(
    ("a", "b"),
    [
        pytest.param("  x = 1", "\tx = 1  ", id="indentation and trailing blanks"),
        pytest.param("x  =   1", "x = 1", id="runs of blanks"),
        pytest.param("x\t= 1", "x = 1", id="a tab for a blank"),
    ],
)
def test_lines_that_differ_in_white_space_have_one_key(a: str, b: str) -> None:
    """Models re-indent and re-align what they copy."""
    assert key_of(a) == key_of(b)


@pytest.mark.parametrize(("a", "b"), [("x = 1", "x=1"), ("x", "X"), ("foo(a, b)", "foo(a,b)")])
def test_other_differences_make_other_keys(a: str, b: str) -> None:
    """Blanks that are there or not may be code."""
    assert key_of(a) != key_of(b)


@pytest.mark.parametrize(
    ("line", "columns"),
    [
        ("x", 0),
        ("  x", 2),
        ("\tx", 4),
        ("  \tx", 4),
        ("\t  x", 6),
        pytest.param("", 0, id="nothing"),
    ],
)
def test_width_counts_a_tab_to_the_next_stop(line: str, columns: int) -> None:
    """Tabs and spaces can then be compared."""
    assert width_of(line) == columns


@pytest.mark.parametrize(("key", "words"), [("}", 0), ("});", 0), ("x = 1", 2), ("", 0), ("load(path)", 2)])
def test_words_of_a_key(key: str, words: int) -> None:
    """Punctuation alone says nothing about a place."""
    assert word_count(key) == words


def test_an_empty_text_has_a_layout() -> None:
    """Nothing is filled and nothing opens."""
    layout = Layout([])
    assert (layout.filled, layout.head, layout.end) == ([], [], [])


def test_blank_lines_enclose_nothing_and_end_nothing() -> None:
    """A blank line in a block does not close it, and one behind it does not belong to it."""
    layout = Layout(["def f():", "    a", "", "    b", "", "c"])
    assert layout.filled == [0, 1, 3, 5]
    assert layout.end[0] == 3
    assert layout.head[3] == 0


def test_heads_openers_and_ends() -> None:
    """A closing line belongs to what opened it, a continued block is one chain."""
    layout = Layout(CODE)
    assert layout.head[1] == 0
    assert layout.head[3] == 2
    assert layout.head[5] == 2, "the branch belongs to its `if`"
    assert layout.opener[4] == layout.opener[6] == 2
    assert (layout.link[4], layout.link[6]) == (2, 4)
    assert (layout.end[2], layout.end[1], layout.end[0]) == (6, 7, 11)
    assert layout.end[3] == 3


def test_end_of_python_blocks_is_their_last_line() -> None:
    """Without closing lines the next line of the same depth begins anew."""
    layout = Layout(["def f():", "    if a:", "        b", "    else:", "        c", "def g():", "    d"])
    assert (layout.end[0], layout.end[1], layout.end[5]) == (4, 4, 6)
    assert layout.opener[3] == 1
    assert layout.opener[5] == -1


def test_preprocessor_lines_close_no_block() -> None:
    """They stand at the margin wherever they are."""
    layout = Layout(["int f(void) {", "    a();", "#ifdef DEBUG", "    b();", "#endif", "    c();", "}"])
    assert layout.end[0] == 6
    assert layout.head[5] == 0


def test_a_closing_tag_closes_only_its_own_kind() -> None:
    """Indentation may be wrong; the tag's name says what it closes."""
    layout = Layout(["<ul>", "  <li>", "  </li>", "</ul>"])
    assert (layout.opener[2], layout.opener[3]) == (1, 0)
    assert Layout(["<p>", "</div>"]).opener[1] == -1


def test_names_come_from_the_line_or_from_the_grammar() -> None:
    """A head that says nothing by itself is named by its node."""
    lines = ["int", "load(void)", "{", "    return 1;", "}", "static struct ops table[] = {", "    1,", "};"]
    profile = by_name("c")
    tree = parse(encode("\n".join(lines) + "\n"), profile)
    assert tree is not None
    assert Layout(lines).name(1) != ("def", "load")
    layout = Layout(lines, outline(tree, profile))
    assert layout.name(1) == ("def", "load")
    assert layout.is_definition(1)
    assert layout.end[1] == 4


def test_the_grammar_says_where_a_definition_ends() -> None:
    """Text at the margin inside a body ends it for the indentation, not for the grammar."""
    lines = ["def f():", '    x = """', "text", '"""', "    return x", "", "def g():", "    pass"]
    profile = by_name("python")
    tree = parse(encode("\n".join(lines) + "\n"), profile)
    assert tree is not None
    assert Layout(lines).end[0] == 1
    assert Layout(lines, outline(tree, profile)).end[0] == 4


def test_lines_that_hold_a_word() -> None:
    """Each line once; too many are as good as none."""
    layout = Layout(["path = path or path", "other", "load(path)"])
    assert layout.lines_with("path", 2) == [0, 2]
    assert layout.lines_with("path", 1) == []
    assert layout.lines_with("absent", 9) == []
