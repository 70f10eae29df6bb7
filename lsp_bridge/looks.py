"""Quick looks at a text: does it hold an edit, and in which lines are markers left? No merge is made."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapply.merge.language import from_path, from_word
from fastapply.merge.markers import comment_body, is_marker
from fastapply.merge.signature import definition, signature
from fastapply.merge.text import bare_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["is_edit", "language_of", "left_markers", "redefines"]

_ELLIPSES = ("...", "…")
_LONG = 1000  # lines
_FORMATS = re.compile(r"^(?:@@ .*@@|<{5,9} ?(?:SEARCH|ORIGINAL)|\*\*\* (?:Begin Patch|Update File))", re.MULTILINE)
# What a marker says: that code is there and stays. An ellipsis alone, or with other words, may be anybody's comment.
_SAYS_SO = re.compile(
    r"\b(?:existing|unchanged|untouched|unmodified|remaining|rest of|omitted for brevity|same as before"
    r"|previous code)\b",
    re.IGNORECASE,
)
_PROSE = frozenset({"markdown", "text"})


def is_edit(text: str) -> bool:
    """True for a text that holds a marker, or is a diff, a patch or a search/replace block. In a long one only markers
    with an ellipsis count: editors ask at every step of the cursor."""
    lines = bare_lines(text)
    if len(lines) > _LONG:
        lines = [line for line in lines if any(sign in line for sign in _ELLIPSES)]
    return any(map(is_marker, lines)) or bool(_FORMATS.search(text))


def redefines(text: str, rest: str) -> bool:
    """True where the first line of `text` begins a definition of a name that `rest` defines, too."""
    first = next((line for line in bare_lines(text) if line.strip()), "")
    name = definition(signature(first.strip()))
    return name is not None and any(definition(signature(line.strip())) == name for line in bare_lines(rest))


def left_markers(lines: Sequence[str], language: str | None) -> Iterator[int]:
    """The lines that hold nothing but a marker which an edit, very likely, has left in a file: a comment of an ellipsis
    and words that say what stays. None in prose, which may speak of such markers."""
    if language in _PROSE:
        return
    for number, line in enumerate(lines):
        if any(sign in line for sign in _ELLIPSES) and is_marker(line):
            body = comment_body(line.strip())
            if body is not None and _SAYS_SO.search(body):
                yield number


def language_of(path: str | None, client_name: str, text: str = "") -> str | None:
    """The language of a document, by its path, or by what the client calls it; None where neither tells."""
    return (from_path(path, text) if path else None) or from_word(client_name.lower())
