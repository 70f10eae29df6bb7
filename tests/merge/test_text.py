from __future__ import annotations

import pytest

from fastapply.merge.text import BOM, bare_lines, ending_of, indent_of, is_blank, split_lines, without_ending

ONE_LINE = [
    pytest.param("a\fb", id="form feed: a page break inside a line"),
    pytest.param("a\vb", id="vertical tab"),
    pytest.param("a\x1cb\x1db\x1eb", id="separators of files, groups and records"),
    pytest.param("a\x85b", id="next line of EBCDIC"),
    pytest.param("a\u2028b\u2029c", id="line and paragraph separator: legal inside a string"),
]


@pytest.mark.parametrize("text", ONE_LINE)
def test_what_editors_do_not_take_for_a_line_end_ends_no_line(text: str) -> None:
    """`str.splitlines` would split each of these."""
    assert split_lines(text) == [text]
    assert split_lines(text + "\n" + text) == [text + "\n", text]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param("", [], id="an empty text has no line"),
        pytest.param("a", ["a"], id="no final newline"),
        pytest.param("a\n", ["a\n"], id="a final newline begins no line"),
        pytest.param("\n\n", ["\n", "\n"], id="blank lines"),
        pytest.param("a\r\nb\r\n", ["a\r\n", "b\r\n"], id="CRLF is one ending"),
        pytest.param("a\rb\r", ["a\r", "b\r"], id="lone CR"),
        pytest.param("a\n\rb", ["a\n", "\r", "b"], id="LF CR are two"),
        pytest.param("a\r\r\nb", ["a\r", "\r\n", "b"], id="CR CRLF are two"),
        pytest.param("a\r\nb\nc\rd", ["a\r\n", "b\n", "c\r", "d"], id="mixed"),
        pytest.param(BOM + "a\n", [BOM + "a\n"], id="a BOM is text"),
    ],
)
def test_lines_end_at_lf_crlf_and_cr(text: str, lines: list[str]) -> None:
    """Each line keeps its ending, so that joining gives the text back."""
    assert split_lines(text) == lines
    assert "".join(lines) == text
    assert bare_lines(text) == [line.rstrip("\r\n") for line in lines]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r", ""])
def test_a_line_is_its_text_and_its_ending(ending: str) -> None:
    """Blanks before the ending are text."""
    line = "\tx \t" + ending
    assert (without_ending(line), ending_of(line)) == ("\tx \t", ending)


@pytest.mark.parametrize(
    ("line", "indent"),
    [
        pytest.param("x", "", id="none"),
        pytest.param("  x  ", "  ", id="trailing blanks are not indentation"),
        pytest.param("\t x", "\t ", id="tab and space"),
        pytest.param("\f    x", "\f    ", id="form feed"),
        pytest.param("\u00a0x", "", id="a no-break space is text"),
        pytest.param("   ", "   ", id="only blanks"),
    ],
)
def test_indentation_is_spaces_tabs_and_form_feeds(line: str, indent: str) -> None:
    """Other white space belongs to the text."""
    assert indent_of(line) == indent


@pytest.mark.parametrize(
    ("line", "blank"), [("", True), (" \t\r\n", True), ("\f\n", True), (".\n", False), ("\ufeff", False)]
)
def test_blank_lines(line: str, blank: bool) -> None:
    """A line that holds any character to see, or a BOM, is not blank."""
    assert is_blank(line) is blank
