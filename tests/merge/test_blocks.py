from __future__ import annotations

import pytest

from fastapply.merge.blocks import Blocks
from fastapply.merge.layout import Layout
from support.merging import merge, replaced, sure

ORIGINAL = """\
class A {
  load() {
    setup();
    return 1;
  }
}

class B {
  load() {
    setup();
    return 2;
  }

  save() {
    setup();
  }
}
""".split("\n")


def blocks(snippet: str, segments: list[int] | None = None) -> Blocks:
    lines = snippet.split("\n")
    return Blocks(Layout(ORIGINAL), Layout(lines), segments or [0] * len(lines), 0.75)


@pytest.mark.parametrize(
    ("i", "j", "same"),
    [
        pytest.param(2, 9, True, id="the same method of the same class"),
        pytest.param(2, 2, False, id="its namesake in another class"),
        pytest.param(2, 14, False, id="another method"),
        pytest.param(0, 7, True, id="the head of the class"),
        pytest.param(0, 0, False, id="the head of another class"),
    ],
)
def test_a_line_belongs_to_the_definitions_around_it(i: int, j: int, same: bool) -> None:
    """From the innermost outwards, as far as the snippet shows them."""
    assert blocks("class B {\n  load() {\n    setup();\n  }\n}").same(i, j) is same


def test_what_the_snippet_does_not_show_is_not_held_against_a_line() -> None:
    """A method without its class may be any class's."""
    found = blocks("load() {\n  setup();\n}")
    assert found.same(1, 2)
    assert found.same(1, 9)
    assert not found.same(1, 14)


def test_a_head_before_a_marker_encloses_nothing_behind_it() -> None:
    """The marker may hold its end."""
    assert blocks("class B {\n  setup();", [0, 1]).same(1, 2)


def test_a_renamed_definition_may_be_the_old_one_where_its_neighbours_show_it() -> None:
    """Neither name stands on the other side, and there is no other place for the old one."""
    renamed = blocks("class B {\n  read() {\n    setup();\n  }\n\n  save() {\n    setup();\n  }\n}")
    assert 0 < renamed.fit(2, 9) < 1
    assert renamed.fit(6, 14) == 1
    assert blocks("class B {\n  save() {\n    setup();\n  }\n}").fit(2, 9) == 0


def test_lines_stay_within_the_namesake_of_their_definition() -> None:
    """In a merge: an edit to one of two methods of one name changes that one."""
    text = "\n".join(ORIGINAL)
    assert sure(text, "class A {\n  load() {\n    setup();\n    check();\n    // ...\n", "a.js") == replaced(
        text, "    return 1;", "    check();\n    return 1;"
    )
    assert sure(text, "class B {\n  load() {\n    setup();\n    check();\n    // ...\n", "a.js") == replaced(
        text, "    return 2;", "    check();\n    return 2;"
    )
    assert merge(text, "// ...\n  load() {\n    setup();\n    check();\n    // ...\n", "a.js").doubts
