"""Doubts as a person wants to read them: what, where in the edit, which places in the file, what would settle it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapply.cli.terminal import CYAN, DIM, YELLOW, Painter
from fastapply.merge.text import split_lines, without_ending
from fastapply.wording import place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fastapply.merge.values import Doubt, LineRange

__all__ = ["describe_doubts"]

_MOST_LINES = 6
_MOST_CANDIDATES = 5


def describe_doubts(doubts: Sequence[Doubt], name: str, original: str, snippet: str, paint: Painter) -> str:
    """A paragraph for each doubt; `name` is the file that holds `original`."""
    original_lines, snippet_lines = split_lines(original), split_lines(snippet)
    paragraphs = ("".join(_paragraph(doubt, name, original_lines, snippet_lines, paint)) for doubt in doubts)
    return "".join(f"\n{paragraph}" for paragraph in paragraphs)


def _paragraph(doubt: Doubt, name: str, original: list[str], snippet: list[str], paint: Painter) -> Iterator[str]:
    yield f"{paint(doubt.kind, YELLOW)}: {paint.shown(doubt.message)}\n"
    if doubt.snippet is not None:
        yield f"  the edit, {place(doubt.snippet)}\n"
        yield from _quoted(doubt.snippet, snippet, paint)
    for number, candidate in enumerate(doubt.candidates[:_MOST_CANDIDATES]):
        yield f"  {'or' if number else 'candidate:'} {paint.shown(name)}, {place(candidate)}\n"
        yield from _quoted(candidate, original, paint)
    if (more := len(doubt.candidates) - _MOST_CANDIDATES) > 0:
        yield f"  and {more} more\n"
    if doubt.hint:
        yield f"  {paint('hint:', CYAN)} {paint.shown(doubt.hint)}\n"


def _quoted(lines: LineRange, text: list[str], paint: Painter) -> Iterator[str]:
    """The lines of a range; for a place between lines, the one on each side of it."""
    start, end = (lines.start - 1, lines.end + 1) if lines.start == lines.end else (lines.start, lines.end)
    numbers = range(max(start, 0), min(end, len(text)))
    for number in numbers[:_MOST_LINES]:
        line = paint.shown(without_ending(text[number]))
        yield f"  {paint(f'{number + 1:6d} |', DIM)} {line}\n"
    if len(numbers) > _MOST_LINES:
        yield f"  {paint('       |', DIM)} … {len(numbers) - _MOST_LINES} more lines\n"
