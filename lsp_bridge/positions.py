"""Lines and columns as the protocol counts them. Nothing else here knows that a client may count in UTF-16.

Inside, places in a text are offsets in characters (code points). A position is a line, which ends at LF, CRLF or a lone
CR and nowhere else, and a column in the units of the encoding that was agreed on.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from lsprotocol.types import Position, PositionEncodingKind, Range, TextDocumentContentChangePartial, TextEdit

from fastapply.merge.text import split_lines, without_ending

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lsprotocol.types import TextDocumentContentChangeEvent

    from fastapply.merge.values import Edit

__all__ = ["Text", "changed"]

_CODECS = {
    PositionEncodingKind.Utf8: ("utf-8", 1),
    PositionEncodingKind.Utf16: ("utf-16-le", 2),
    PositionEncodingKind.Utf32: ("utf-32-le", 4),
}


class Text:
    """A text, and where its lines begin."""

    def __init__(self, text: str, encoding: PositionEncodingKind | str = PositionEncodingKind.Utf16) -> None:
        self.text = text
        self.encoding = PositionEncodingKind(encoding)
        self._codec, self._unit = _CODECS[self.encoding]
        self.lines = split_lines(text)
        if not self.lines or self.lines[-1] != without_ending(self.lines[-1]):
            self.lines.append("")  # a text that is empty, or ends in a line ending, has one more line, an empty one
        self._starts = list(accumulate(map(len, self.lines), initial=0))[:-1]

    def line_of(self, offset: int) -> int:
        """The line that holds the character at `offset`."""
        return bisect_right(self._starts, offset) - 1

    def start_of(self, line: int) -> int:
        """Where a line begins; the end of the text for one that it has not."""
        return self._starts[line] if line < len(self._starts) else len(self.text)

    def offset(self, position: Position) -> int:
        """The offset of a position. One beyond a line's end, or within a character, counts as that end or the
        character's beginning; one beyond the last line as the end of the text."""
        if position.line >= len(self.lines):
            return len(self.text)
        line = without_ending(self.lines[position.line])
        return self._starts[position.line] + self._column(line, position.character)

    def position(self, offset: int) -> Position:
        """The position of an offset; of one between CR and LF, that of the CR."""
        offset = min(max(offset, 0), len(self.text))
        number = self.line_of(offset)
        line = without_ending(self.lines[number])[: offset - self._starts[number]]
        return Position(number, self._units(line))

    def range(self, start: int, end: int) -> Range:
        """The range from one offset to another."""
        return Range(self.position(start), self.position(end))

    def text_edits(self, edits: Iterable[Edit]) -> list[TextEdit]:
        """`edits` of this text, in the client's terms. One that begins or ends between CR and LF takes in both."""
        return [self._text_edit(edit.start, edit.end, edit.text) for edit in edits]

    def _text_edit(self, start: int, end: int, text: str) -> TextEdit:
        if self._is_between(start):
            start, text = start - 1, "\r" + text
        if self._is_between(end):
            end, text = end + 1, text + "\n"
        return TextEdit(self.range(start, end), text)

    def _is_between(self, offset: int) -> bool:
        return self.text[max(0, offset - 1) : offset + 1] == "\r\n"

    def _units(self, text: str) -> int:
        if text.isascii():
            return len(text)
        return len(text.encode(self._codec, "surrogatepass")) // self._unit

    def _column(self, line: str, units: int) -> int:
        if line.isascii():
            return min(units, len(line))
        ends = accumulate(map(self._units, line))
        return next((column for column, end in enumerate(ends) if end > units), len(line))


def changed(text: Text, changes: Sequence[TextDocumentContentChangeEvent]) -> Text:
    """`text` after the changes that a client reports, each of which counts in what the one before it left."""
    for change in changes:
        if isinstance(change, TextDocumentContentChangePartial):
            start, end = text.offset(change.range.start), text.offset(change.range.end)
            text = Text(text.text[:start] + change.text + text.text[max(start, end) :], text.encoding)
        else:
            text = Text(change.text, text.encoding)
    return text
