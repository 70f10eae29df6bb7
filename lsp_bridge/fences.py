"""Fenced blocks of code in Markdown or a chat, and the files that they are for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastapply.merge.markers import comment_body
from fastapply.merge.text import without_ending

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Block", "blocks"]

# Nothing here is tried at more than one length: a line may be as long as it likes, and is looked at on every keystroke.
_FENCE = re.compile(r"^(?P<indent> {0,3})(?P<fence>`{3,}+|~{3,}+)(?P<info>[^`]*)$")
_NAMED = re.compile(
    r"\b(?:title|path|file|filename|filepath)\s*[=:]\s*(?:\"(?P<a>[^\"]+)\"|'(?P<b>[^']+)'|(?P<c>[^\s,}]+))"
)
# What may stand before a path that has a line to itself: emphasis, a quote, a heading, `File:`.
_BEFORE = re.compile(r"[\s#>*`\-]*+(?:file(?:name|path)?\s*+:)?+[\s*`\"]*+", re.IGNORECASE)
_BEHIND = '*`": \t'
_LOOKS = re.compile(
    r"(?!\w+://)(?=.*[/.])[\w.@+\-\[\]()~/ ]*\.[A-Za-z][\w-]*|(?:[\w.-]+/)*(?:Makefile|Dockerfile|LICENSE|README)"
)


@dataclass(frozen=True)
class Block:
    """The lines `start` to `end` of a document are the content of a fence whose first line is `start - 1`, for the file
    `path`. `named_inside` is true where the content's first line names the file and is no code."""

    start: int
    end: int
    path: str
    text: str = field(repr=False)


def blocks(lines: Sequence[str]) -> Iterator[Block]:
    """The fenced blocks in `lines` (with endings) that name a file, in order. One that is not closed is none."""
    number = 0
    while number < len(lines):
        opening = _FENCE.match(without_ending(lines[number]))
        if opening is None:
            number += 1
            continue
        end = _closing(lines, number + 1, opening["fence"])
        if end is None:
            return
        if block := _block(lines, number, end, opening["info"].strip(), len(opening["indent"])):
            yield block
        number = end + 1


def _closing(lines: Sequence[str], start: int, fence: str) -> int | None:
    """The line that closes what `fence` opened: as many of its characters, or more, and nothing else."""
    sign = re.compile(rf"^ {{0,3}}{re.escape(fence[0])}{{{len(fence)},}}[ \t]*$")
    return next((k for k in range(start, len(lines)) if sign.match(without_ending(lines[k]))), None)


def _block(lines: Sequence[str], opening: int, end: int, info: str, indent: int) -> Block | None:
    start = opening + 1
    path = _in_info(info)
    if not path and start < end and (path := _in_comment(lines[start])):
        start += 1
    if not path and opening:
        above = next((lines[k] for k in (opening - 1, opening - 2) if k >= 0 and lines[k].strip()), "")
        path = _alone(above)
    if not path:
        return None
    text = "".join(line[min(indent, len(line) - len(line.lstrip(" "))) :] for line in lines[start:end])
    return Block(opening + 1, end, path, text)


def _in_info(info: str) -> str:
    """The path in an info string: `python title=src/a.py`, `python:src/a.py`, `src/a.py`, `12:40:src/a.py`."""
    if named := _NAMED.search(info):
        return _path(named["a"] or named["b"] or named["c"])
    for word in info.split():
        if path := _path(re.sub(r"^(?:\d+:\d+|[\w+#-]+):(?=[^/]|/\w)", "", word)):
            return path
    return ""


def _in_comment(line: str) -> str:
    body = comment_body(without_ending(line))
    return _alone(body) if body is not None else ""


def _alone(line: str) -> str:
    """The path in a line that has no other word, or nothing."""
    before = _BEFORE.match(line)
    word = line[before.end() if before else 0 :].rstrip().rstrip(_BEHIND)
    if word.startswith("_") and word.endswith("_"):  # emphasis, too
        word = word.strip('_*`"')
    return _path(word) if not any(map(str.isspace, word)) else ""


def _path(word: str) -> str:
    """`word` where it looks like a path to a file, else nothing."""
    return word if _LOOKS.fullmatch(word) else ""
