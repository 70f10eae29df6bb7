"""The user's message: `<instruction>…</instruction>`, `<code>…</code>`, `<update>…</update>`, the first one optional.

File and edit may hold such tags themselves, and nothing in them is escaped. The outermost pairs count: the file begins
at the first `<code>`, the edit ends at the last `</update>`, and where one ends and the other begins is the one place
`</code><update>` that leaves every tag in both paired.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from fastapply.api.problems import Problem

__all__ = ["SHAPE", "Parts", "read_message"]


class Parts(NamedTuple):
    """What is between the tags, to the byte."""

    instruction: str
    code: str
    update: str


_INSTRUCTION = re.compile(r"\s*<(instructions?)>(?P<text>.*?)</\1>\s*(?=<code>)", re.DOTALL)
_CODE_ON_A_LINE = re.compile(r"^[ \t]*<code>", re.MULTILINE)
_BETWEEN = re.compile(r"</code>\s*<update>")
_TAG = re.compile(r"<(/?)(code|update)>")
SHAPE = "<instruction>…</instruction>\n<code>…</code>\n<update>…</update>"
"""What a message looks like."""


def read_message(text: str, field: str) -> Parts:
    """The parts of `text`; a 422 problem at `field` where they can't be told."""
    instruction, start = _instruction(text)
    opens = _opening(text, start)
    ends = text.rfind("</update>")
    if opens < 0 or ends < 0:
        raise _unreadable(field, f"it must hold {SHAPE} (the instruction may be missing)")
    code_start = opens + len("<code>")
    between = _between(text, code_start, ends, field)
    return Parts(instruction, text[code_start : between.start()], text[between.end() : ends])


def _instruction(text: str) -> tuple[str, int]:
    found = _INSTRUCTION.match(text)
    return (found["text"], found.end()) if found else ("", 0)


def _opening(text: str, start: int) -> int:
    """Where `<code>` opens. Prose before it may speak of the tag; one that begins a line is meant."""
    if not text.startswith("<code>", start) and (found := _CODE_ON_A_LINE.search(text, start)):
        return found.end() - len("<code>")
    return text.find("<code>", start)


def _between(text: str, start: int, end: int, field: str) -> re.Match[str]:
    places = list(_BETWEEN.finditer(text, start, end))
    if len(places) > 1:
        paired = _paired(text, start, end)
        places = [place for place in places if place.start() in paired]
    if not places:
        raise _unreadable(field, "</code> must be followed by <update>, and each such tag in the texts by its partner")
    return places[0]


def _paired(text: str, start: int, end: int) -> set[int]:
    """Where a `</code>` closes the outermost pair, with all tags before and after it paired."""
    open_tags: list[str] = []
    closes: set[int] = set()
    for tag in _TAG.finditer(text, start, end):
        name = tag[2]
        if not tag[1]:
            open_tags.append(name)
        elif open_tags and open_tags[-1] == name and (len(open_tags) > 1 or not closes):
            open_tags.pop()
        elif name == "code" and not open_tags and not closes:
            closes.add(tag.start())
        else:
            return set()
    # The edit's own opening tag is closed by the last tag of the message, which is beyond `end`.
    return closes if open_tags == ["update"] else set()


def _unreadable(field: str, why: str) -> Problem:
    return Problem.invalid_field(field, f"{why}; /v1/apply takes the texts as fields of their own")
