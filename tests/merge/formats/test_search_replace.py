from __future__ import annotations

import pytest

from fastapply.merge.values import LineEdit

ORIGINAL = "def f():\n    a = 1\n    return a\n\n\ndef g():\n    b = 1\n    return b\n"


def block(search: str, replace: str) -> str:
    return f"<<<<<<< SEARCH\n{search}=======\n{replace}>>>>>>> REPLACE\n"


NOTHING = [
    pytest.param(block("    a = 1\n", "    a = 1\n"), id="search and replace are equal"),
    pytest.param(block("    a = 0\n", "    a = 1\n"), id="the replacement is there, the searched text is not"),
    pytest.param(block("", ORIGINAL), id="the file is there"),
]


@pytest.mark.parametrize("snippet", NOTHING)
def test_nothing_changes(snippet: str, apply) -> None:
    done = apply(snippet, ORIGINAL)
    assert (done.read.edits, done.doubts) == ((), [])


def test_only_changed_lines_are_edited(apply) -> None:
    done = apply(block("def f():\n    a = 1\n    return a\n", "def f():\n    a = 2\n    return a\n"), ORIGINAL)
    assert done.read.edits == (LineEdit(1, 2, ("    a = 2",), (6,)),)


def test_several_blocks_in_any_order(apply) -> None:
    done = apply(block("    b = 1\n", "    b = 3\n") + "\n" + block("    a = 1\n", ""), ORIGINAL)
    assert (done.text, done.doubts) == (ORIGINAL.replace("    a = 1\n", "").replace("b = 1", "b = 3"), [])


def test_dedented_block(apply) -> None:
    done = apply(block("a = 1\nreturn a\n", "if x:\n    return 1\n"), ORIGINAL)
    assert (done.text, done.doubts) == (
        ORIGINAL.replace("    a = 1\n    return a\n", "    if x:\n        return 1\n"),
        [],
    )


def test_path_above_the_block_chooses_the_file(apply) -> None:
    snippet = (
        "x.py\n" + block("    a = 1\n", "    a = 2\n") + "\ny.py\n```\n" + block("    a = 1\n", "    a = 3\n") + "```\n"
    )
    assert apply(snippet, ORIGINAL, "y.py").text == ORIGINAL.replace("a = 1", "a = 3")
    assert apply(snippet, ORIGINAL).doubts == ["format_mismatch"]


def test_line_number_in_the_block_decides(apply) -> None:
    numbered = block(":start_line:90\n-------\nx\n", "y\n")
    original = "x\n" + "-\n" * 90 + "x\n"
    done = apply(numbered, original)
    assert (done.text, done.doubts) == ("x\n" + "-\n" * 90 + "y\n", [])


def test_divider_like_text_in_the_searched_lines(apply) -> None:
    done = apply(block("Title\n=======\n", "Heading\n"), "Title\n=======\ntext\n")
    assert done.text == "Title\n=======\ntext\n"
    assert done.doubts == ["format_mismatch"]
    done = apply(block("Title\n=====\n", "Heading\n=====\n"), "Title\n=====\ntext\n")
    assert (done.text, done.doubts) == ("Heading\n=====\ntext\n", [])


def test_empty_search_is_a_new_file(apply) -> None:
    assert apply(block("", "a\nb\n"), "").text == "a\nb\n"


def test_dots_that_the_original_holds_are_code(apply) -> None:
    done = apply(block("class P:\n    ...\n", "class P:\n    x: int\n"), "class P:\n    ...\n")
    assert (done.text, done.doubts) == ("class P:\n    x: int\n", [])


DOUBTS = [
    pytest.param(block("", "a\n"), "no_anchor", id="an empty search, and the file is not"),
    pytest.param(block("    return c\n", "    return d\n"), "format_mismatch", id="the searched text is not there"),
    pytest.param(block("def f():\n    # ...\n", "def f(x):\n"), "format_mismatch", id="a marker in the searched text"),
    pytest.param(block("a = 1\n", "# ... existing code ...\n"), "marker_left", id="a marker in the replacement"),
    pytest.param(block(" = 1\n", " = 2\n"), "format_mismatch", id="part of a line"),
    pytest.param("<<<<<<< SEARCH\n    a = 1\n=======\n    a = 2\n", "format_mismatch", id="not closed"),
    pytest.param("<<<<<<< SEARCH\n    a = 1\n>>>>>>> REPLACE\n", "format_mismatch", id="no divider"),
    pytest.param(block("    a = 1\n", "x\n") + block("    a = 1\n", "y\n"), "format_mismatch", id="the same place"),
    pytest.param(block("\n", "x\n"), "ambiguous_anchor", id="a blank line"),
]


@pytest.mark.parametrize(("snippet", "kind"), DOUBTS)
def test_doubts(snippet: str, kind: str, apply) -> None:
    done = apply(snippet, ORIGINAL)
    assert done.text == ORIGINAL
    assert set(done.doubts) == {kind}


def test_a_doubtful_block_leaves_the_others(apply) -> None:
    done = apply(block("    a = 1\n", "    a = 2\n") + block("nowhere\n", "x\n"), ORIGINAL)
    assert (done.text, done.doubts) == (ORIGINAL.replace("a = 1", "a = 2"), ["format_mismatch"])


def test_moved_text_is_not_moved_twice(apply) -> None:
    snippet = block("def g():\n", "helper = one_long_line()\ndef g():\n") + block("helper = one_long_line()\n", "")
    original = "helper = one_long_line()\n" + ORIGINAL
    done = apply(snippet, original)
    assert (done.text, done.doubts) == (ORIGINAL.replace("def g", "helper = one_long_line()\ndef g"), [])
    assert apply(snippet, done.text).text == done.text
