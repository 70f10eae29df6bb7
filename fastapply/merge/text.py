"""Text as lines and back, byte for byte. Lines end at LF, CRLF or a lone CR, and nowhere else.

`str.splitlines` also splits at form feed, U+2028 and others that editors and compilers do not take for line ends.
"""

from __future__ import annotations

import io
import re

BOM = "\ufeff"
FENCE = re.compile(r"\s*(?:`{3,}|~{3,})\s*([^`]*)$")
"""A line that opens or closes a fenced block; its group is what stands behind the fence, a language often."""
_ENDING = re.compile(r"\r\n|\n|\r")
_MARKED_SNIPPET = re.compile(r"\A((?:[ \t]*(?:```[^\r\n]*)?(?:\r\n|\n|\r))*)\ufeff")


def split_lines(text: str) -> list[str]:
    """The lines of `text`, each with its ending; `"".join` gives `text` back."""
    # it splits where this module says, leaves the endings as they are, and is twice as fast as a pattern
    return list(io.StringIO(text, newline=""))


def without_mark(snippet: str) -> str:
    """`snippet` without the byte order mark that its file has: models repeat it, also below an opening fence."""
    return _MARKED_SNIPPET.sub(r"\1", snippet) if BOM in snippet else snippet


def bare_lines(text: str) -> list[str]:
    """The lines of `text` without their endings."""
    lines = _ENDING.split(text) if "\r" in text else text.split("\n")
    if not lines[-1]:
        lines.pop()
    return lines


def without_ending(line: str) -> str:
    """`line` without the one line ending it may have."""
    return line.rstrip("\r\n")


def ending_of(line: str) -> str:
    """The line ending of `line`: CRLF, LF, CR or nothing."""
    return line[len(without_ending(line)) :]


def indent_of(line: str) -> str:
    """The leading blanks (spaces, tabs, form feeds) of `line`."""
    return line[: len(line) - len(line.lstrip(" \t\f"))]


def is_blank(line: str) -> bool:
    """True where `line` holds nothing but white space."""
    return not line or line.isspace()
