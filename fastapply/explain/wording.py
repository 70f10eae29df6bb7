"""Ranges, counts and lines of code in words, fit for a terminal of `WIDTH` columns."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

WIDTH = 100
MOST_ALIKE = 8  # things of one kind that are shown in a row; of more, the first and the last few
ENDS = 3  # and this many of them


def span(start: int, end: int) -> str:
    """Lines `start` up to `end`, from 0, as people count them."""
    if start == end:
        return f"before line {start + 1}"
    return f"line {end}" if end - start == 1 else f"lines {start + 1}–{end}"


def spans(lines: list[int]) -> str:
    """Rising line numbers, from 0, as the ranges that they make up."""
    starts = [j for k, j in enumerate(lines) if not k or lines[k - 1] != j - 1]
    ends = [j + 1 for k, j in enumerate(lines) if k + 1 == len(lines) or lines[k + 1] != j + 1]
    shown = [span(*pair) for pair in zip(starts, ends, strict=True)][:MOST_ALIKE]
    return ", ".join(shown) + (f" and {len(starts) - MOST_ALIKE} more" if len(starts) > MOST_ALIKE else "")


def count(number: int, thing: str) -> str:
    """So many things."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def few(numbers: list[int]) -> str:
    """The first of these numbers."""
    return ", ".join(map(str, numbers[:ENDS])) + ("…" if len(numbers) > ENDS else "")


def visible(text: str) -> str:
    """`text` on one line, with what a terminal would not print made visible."""
    text = text.expandtabs(4).replace("\n", " ")
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else f"<U+{ord(char):04X}>" for char in text)


def wrapped(head: str, text: str) -> list[str]:
    """`text` behind `head`, its further lines below its first."""
    return textwrap.wrap(text, WIDTH, initial_indent=head, subsequent_indent=" " * len(head)) or [head]


def clip(line: str) -> str:
    """`line`, cut off at the width."""
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"


def painter(color: bool) -> Callable[[str, str], str]:
    """Gives text in a style, or as it is."""
    return lambda text, style: f"\x1b[{style}m{text}\x1b[0m" if color and style and text else text
