"""How the tests of edit formats apply what was read."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from fastapply.merge.formats import FormatEdits, read_format
from fastapply.merge.text import ending_of, split_lines
from fastapply.merge.values import LineEdit


class Applied(NamedTuple):
    """The text after the edits, what was read, and the kinds of its doubts."""

    text: str
    read: FormatEdits
    doubts: list[str]


def spliced(original: str, edits: tuple[LineEdit, ...]) -> str:
    """`original` with `edits` made: new lines end as its first line does, and the last one as its last line."""
    lines = split_lines(original)
    ending = (ending_of(lines[0]) if lines else "") or "\n"
    final = ending_of(lines[-1]) if lines else ending
    for edit in reversed(edits):
        lines[edit.start : edit.end] = [text + ending for text in edit.lines]
    for k, line in enumerate(lines):
        if not ending_of(line) and k < len(lines) - 1:
            lines[k] = line + ending
    if lines and not final:
        lines[-1] = lines[-1].removesuffix(ending_of(lines[-1]))
    return "".join(lines)


def read_and_splice(snippet: str, original: str, path: str | None = None) -> Applied:
    """Apply `snippet`, which must be in one of the formats, and check what holds for every answer."""
    lines = split_lines(original)
    read = read_format(snippet, lines, path)
    assert read is not None
    end = 0
    for edit in read.edits:
        assert 0 <= end <= edit.start <= edit.end <= len(lines)
        assert len(edit.lines) == len(edit.snippet_lines)
        end = edit.end
    return Applied(spliced(original, read.edits), read, [doubt.kind for doubt in read.doubts])


@pytest.fixture(scope="session")
def apply() -> Callable[..., Applied]:
    return read_and_splice
