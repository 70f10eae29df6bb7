from __future__ import annotations

import pytest

from fastapply.merge.splice import Spliced, splice, tidy, unified_diff
from fastapply.merge.text import split_lines
from fastapply.merge.values import Changes, Edit, LineEdit, Span


def edited(text: str, *edits: LineEdit) -> Spliced:
    """Splice `edits`, and check that the exact edits make the same text."""
    lines = split_lines(text)
    spliced = splice(lines, tidy(lines, edits))
    by_characters = text
    for edit in reversed(spliced.edits):
        by_characters = by_characters[: edit.start] + edit.text + by_characters[edit.end :]
    assert by_characters == spliced.text
    assert sum(span.end - span.start for span in spliced.provenance) == len(split_lines(spliced.text))
    return spliced


NOTHING = [
    pytest.param([], id="no edit"),
    pytest.param([LineEdit(1, 2, ("b",))], id="a line becomes itself"),
    pytest.param([LineEdit(1, 2, ("b  ",))], id="the snippet's trailing blanks are not taken"),
    pytest.param([LineEdit(0, 3, ("a", "b", "c"))], id="all lines become themselves"),
    pytest.param([LineEdit(1, 1, ())], id="nothing between two lines becomes nothing"),
]


@pytest.mark.parametrize("edits", NOTHING)
def test_what_changes_nothing_is_no_edit(edits: list[LineEdit]) -> None:
    """The bytes are the original's, and there is no diff."""
    text = "a\r\nb\t\nc"
    spliced = edited(text, *edits)
    assert (spliced.text, spliced.edits, spliced.diff, spliced.changes) == (text, (), "", Changes(0, 0))
    assert spliced.provenance == (Span(0, 3, "original", 0),)


def test_tidy_keeps_only_what_differs_in_order() -> None:
    """Lines in common at both ends of an edit go, with their numbers; the edits come in the order of the file."""
    lines = split_lines("a\nb\nc\nd\n")
    edits = [LineEdit(3, 4, ()), LineEdit(0, 3, ("a", "x", "y", "c"), (5, 6, 7, 8))]
    assert tidy(lines, edits) == [LineEdit(1, 2, ("x", "y"), (6, 7)), LineEdit(3, 4, (), ())]


@pytest.mark.parametrize(
    ("text", "edit", "result"),
    [
        pytest.param("a\nb\n", LineEdit(1, 1, ("x",)), "a\nx\nb\n", id="insert"),
        pytest.param("a\nb\n", LineEdit(0, 0, ("x",)), "x\na\nb\n", id="insert at the top"),
        pytest.param("a\nb\n", LineEdit(2, 2, ("x",)), "a\nb\nx\n", id="append"),
        pytest.param("a\nb\nc\n", LineEdit(1, 2, ()), "a\nc\n", id="delete"),
        pytest.param("a\nb\n", LineEdit(0, 2, ()), "", id="delete all"),
        pytest.param("a\nb\n", LineEdit(0, 1, ("x", "y")), "x\ny\nb\n", id="replace"),
    ],
)
def test_edits_of_plain_text(text: str, edit: LineEdit, result: str) -> None:
    """Lines go in, out, or give way."""
    assert edited(text, edit).text == result


@pytest.mark.parametrize(
    ("text", "edit", "result"),
    [
        pytest.param("a\r\nb\r\n", LineEdit(1, 1, ("x",)), "a\r\nx\r\nb\r\n", id="CRLF"),
        pytest.param("a\rb\r", LineEdit(1, 1, ("x",)), "a\rx\rb\r", id="CR"),
        pytest.param("a\nb\r\nc\n", LineEdit(1, 2, ("x", "y")), "a\nx\r\ny\r\nc\n", id="the replaced line's ending"),
        pytest.param("a\r\nb\n", LineEdit(1, 1, ("x",)), "a\r\nx\r\nb\n", id="the ending of the line above"),
        pytest.param("a\r\nb\n", LineEdit(0, 0, ("x",)), "x\r\na\r\nb\n", id="the ending of the line below at the top"),
        pytest.param("a", LineEdit(0, 0, ("x",)), "x\na", id="LF where no line has an ending"),
        pytest.param("", LineEdit(0, 0, ("x", "y")), "x\ny\n", id="LF in an empty text"),
    ],
)
def test_new_lines_end_as_their_neighbours_do(text: str, edit: LineEdit, result: str) -> None:
    """Every other byte stays, in files of mixed endings too."""
    assert edited(text, edit).text == result


@pytest.mark.parametrize(
    ("text", "edit", "result"),
    [
        pytest.param("a\nb", LineEdit(0, 1, ("x",)), "x\nb", id="edit above"),
        pytest.param("a\nb", LineEdit(1, 2, ("x",)), "a\nx", id="replace the last line"),
        pytest.param("a\nb", LineEdit(1, 2, ("x", "y")), "a\nx\ny", id="replace it by two"),
        pytest.param("a\nb", LineEdit(2, 2, ("x",)), "a\nb\nx", id="append"),
        pytest.param("a\r\nb", LineEdit(2, 2, ("x", "y")), "a\r\nb\r\nx\r\ny", id="append with CRLF"),
        pytest.param("a", LineEdit(1, 1, ("x",)), "a\nx", id="append to the only line"),
        pytest.param("a\nb", LineEdit(1, 2, ()), "a", id="delete the last line"),
        pytest.param("a\nb\nc", LineEdit(1, 3, ()), "a", id="delete the last two"),
        pytest.param("a", LineEdit(0, 1, ()), "", id="delete the only line"),
        pytest.param("a\nb", LineEdit(0, 2, ("x",)), "x", id="replace all"),
    ],
)
def test_a_file_without_a_final_newline_stays_without(text: str, edit: LineEdit, result: str) -> None:
    """The last line never gains an ending, whatever is done to it."""
    assert edited(text, edit).text == result


def test_exact_edits_are_minimal() -> None:
    """An edit covers the lines that change and no other."""
    assert edited("one\ntwo\nthree\n", LineEdit(0, 3, ("one", "2", "three"))).edits == (Edit(4, 8, "2\n"),)


def test_provenance_names_the_source_of_each_line() -> None:
    """Neighbouring lines of one source are one span."""
    spliced = edited("a\nb\nc\n", LineEdit(1, 2, ("x", "y"), (4, 5)))
    assert spliced.provenance == (Span(0, 1, "original", 0), Span(1, 3, "snippet", 4), Span(3, 4, "original", 2))
    assert spliced.changes == Changes(2, 1)


def test_a_diff_of_far_edits_has_two_hunks() -> None:
    """Each hunk counts its own lines, the second from where the first has moved it."""
    lines = [f"{k}\n" for k in range(20)]
    diff = unified_diff(lines, [LineEdit(2, 2, ("new", "lines")), LineEdit(15, 16, ())], "src/tool.py")
    assert diff.splitlines()[:2] == ["--- a/src/tool.py", "+++ b/src/tool.py"]
    assert [line for line in diff.splitlines() if line.startswith("@@")] == ["@@ -1,5 +1,7 @@", "@@ -13,7 +15,6 @@"]
    assert [line for line in diff.splitlines()[2:] if line[0] in "+-"] == ["+new", "+lines", "-15"]


def test_a_diff_names_an_absolute_path_as_git_does() -> None:
    diff = unified_diff(["a\n"], [LineEdit(0, 1, ("b",))], "/srv/tool.py")
    assert diff.splitlines()[:2] == ["--- a/srv/tool.py", "+++ b/srv/tool.py"]


def test_a_diff_of_near_edits_has_one_hunk() -> None:
    """Context that would overlap is shown once."""
    lines = [f"{k}\n" for k in range(20)]
    diff = unified_diff(lines, [LineEdit(5, 6, ("five",)), LineEdit(9, 10, ("nine",))])
    assert diff.count("@@ -") == 1
    assert " 7\n" in diff
    assert diff.count(" 7\n") == 1


def test_a_diff_says_where_the_newline_is_missing() -> None:
    """As `diff -u` does."""
    diff = unified_diff(["a\n", "b"], [LineEdit(0, 1, ("x",))])
    assert diff.endswith("-a\n+x\n b\n\\ No newline at end of file\n")


def test_edits_that_undo_each_other_are_none() -> None:
    """A line that goes where the same line comes."""
    assert tidy(["}\n"], [LineEdit(0, 1, ()), LineEdit(0, 0, ("}",), (1,))]) == []


@pytest.mark.parametrize(
    ("text", "edit", "result"),
    [
        pytest.param("a\n\nlast", LineEdit(2, 3, ()), "a", id="what stood below a blank line goes"),
        pytest.param("\n\rlast", LineEdit(2, 3, ()), "", id="below nothing else"),
        pytest.param("a\nlast", LineEdit(1, 2, ("",), (0,)), "a", id="a blank line comes for it"),
        pytest.param("a", LineEdit(1, 1, ("",), (0,)), "a", id="a blank line alone"),
        pytest.param("a", LineEdit(1, 1, ("b", ""), (0, 1)), "a\nb", id="a blank line behind others"),
    ],
)
def test_an_unfinished_file_does_not_end_in_a_blank_line(text: str, edit: LineEdit, result: str) -> None:
    """Such a line would be no line, but a final newline that the file did not have."""
    done = edited(text, edit)
    assert done.text == result
    assert (done.provenance[-1].end if done.provenance else 0) == len(split_lines(result))
