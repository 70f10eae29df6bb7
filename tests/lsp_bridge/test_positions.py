"""Positions: what an editor counts, and offsets. Held against a client that counts in the bytes of its encoding."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types as lsp

from fastapply.merge.values import Edit
from lsp_bridge.edits import differences
from lsp_bridge.positions import Text, changed
from support.editor import edited, offset_of

ENCODINGS = st.sampled_from(["utf-8", "utf-16", "utf-32"])
# Line ends, what `str.splitlines` takes for some, and characters of one to four bytes.
TEXTS = st.text(alphabet="ab \t\r\n\f\v\x1c\x85\u2028\u2029é€😀👩\u200d\ufeff", max_size=40)
LINES = st.lists(st.sampled_from(["a", "b = '😀'", "", "é\f", "\u2028x"]), max_size=12)


@st.composite
def files(draw: st.DrawFn) -> str:
    """Lines with one ending, or mixed, and perhaps without a final newline."""
    endings = draw(st.sampled_from([["\n"], ["\r\n"], ["\r"], ["\n", "\r\n"], ["\n", "\r\n", "\r"]]))
    text = "".join(line + draw(st.sampled_from(endings)) for line in draw(LINES))
    return text + draw(st.sampled_from(["", "end", "😀"]))


@given(TEXTS, ENCODINGS)
def test_an_offset_and_its_position_are_one_place(text: str, encoding: str) -> None:
    content = Text(text, encoding)
    assert "".join(content.lines) == text
    for offset in range(len(text) + 1):
        position = content.position(offset)
        between = text[max(0, offset - 1) : offset + 1] == "\r\n"  # no position is there
        assert content.offset(position) == offset - between
        assert offset_of(text, position, encoding) == offset - between


@given(TEXTS, ENCODINGS, st.integers(0, 50), st.integers(0, 50))
def test_columns_and_lines_out_of_range_count_as_the_end(text: str, encoding: str, line: int, column: int) -> None:
    content = Text(text, encoding)
    offset = content.offset(lsp.Position(line, column))
    if line >= len(content.lines):
        assert offset == len(text)
    else:
        start, end = content.start_of(line), content.offset(lsp.Position(line, 1 << 30))
        assert start <= offset <= end
        assert content.lines[line].startswith(text[start:end])
        assert text[end:].startswith(("\r", "\n")) or end == len(text)


@given(files(), files(), ENCODINGS)
def test_small_edits_make_the_one_text_of_the_other(before: str, after: str, encoding: str) -> None:
    edits = Text(before, encoding).text_edits(differences(before, after))
    assert edited(before, edits, encoding) == after
    assert bool(edits) == (before != after)


@given(TEXTS, ENCODINGS, st.data())
def test_an_edit_within_a_line_ending_takes_it_in(text: str, encoding: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    edits = Text(text, encoding).text_edits([Edit(start, end, "new")])
    assert edited(text, edits, encoding) == text[:start] + "new" + text[end:]


@given(files(), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), TEXTS), max_size=4), ENCODINGS)
def test_changes_follow_each_other(text: str, steps: list[tuple[int, int, str]], encoding: str) -> None:
    """Each counts in what the one before it left."""
    changes: list[lsp.TextDocumentContentChangeEvent] = []
    expected = text
    for one, other, new in steps:
        content = Text(expected, encoding)
        start, end = sorted((min(one, len(expected)), min(other, len(expected))))
        place = content.range(start, end)
        changes.append(lsp.TextDocumentContentChangePartial(place, new))
        expected = expected[: content.offset(place.start)] + new + expected[content.offset(place.end) :]
    assert changed(Text(text, encoding), changes).text == expected


def test_a_change_of_the_whole_document() -> None:
    assert changed(Text("a\n"), [lsp.TextDocumentContentChangeWholeDocument("b\f\n")]).text == "b\f\n"


def test_a_column_within_a_character_is_its_beginning() -> None:
    assert Text("a😀b", "utf-16").offset(lsp.Position(0, 2)) == 1
    assert Text("aéb", "utf-8").offset(lsp.Position(0, 2)) == 1
