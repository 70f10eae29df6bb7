"""SEARCH/REPLACE blocks, with the markers that the common tools ask their models for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fastapply.merge.deadline import paced
from fastapply.merge.formats.frame import Numbered, is_document, is_fence, is_prose, path_in
from fastapply.merge.formats.index import Index, Level, TooAlike
from fastapply.merge.formats.rows import FilePart, Hunk, Row, is_elision, quoted, rows_between
from fastapply.merge.values import Doubt, LineRange

_OPEN = re.compile(r"(<{5,9}|-{5,9}) ?(?:SEARCH|ORIGINAL)\b[ \w.:/>-]{0,200}")
_CLOSE = re.compile(r"(>{5,9}|\+{5,9}) ?(?:REPLACE|UPDATED)\b[ \w.:/<-]{0,200}")
_DIVIDER = re.compile(r"={5,9}\s*")
_EDGES = frozenset({"<" * 5, "-" * 5, ">" * 5, "+" * 5})  # how opening and closing lines begin
_STATED = re.compile(r":start_line: ?(\d{1,9})\s*")
_ATTRIBUTES = re.compile(r"(?::(?:start|end)_line: ?\d{1,9}|-{7})\s*")
_MOST_DIVIDERS = 8


def read_search_replace(lines: Sequence[str], index: Index, path: str | None) -> list[FilePart] | None:
    """The blocks in `lines` (without endings), each as a part with one hunk; None where they hold no such blocks.

    Outside the blocks only fences, file names and sentences may stand. A block that breaks off is a doubt if the
    snippet begins with it.
    """
    spans = _block_spans(lines)
    if not spans or any(index.where(lines[start], Level.TRAILING) for start, _ in spans):
        return None
    inside = {at for start, end in spans for at in range(start, end)}
    around = [text for at, text in enumerate(lines) if at not in inside and text.strip()]
    if not all(is_fence(text) or is_prose(text) or path_in(text) for text in around):
        return None
    if is_document(around, index.lines, path):
        return None
    return [_part(lines, span, _name_above(lines, span[0]), index) for span in spans]


def _block_spans(lines: Sequence[str]) -> list[tuple[int, int]]:
    """Where blocks begin and end, end markers included. An open block ends where the next begins, or at the end."""
    spans: list[tuple[int, int]] = []
    start: int | None = None
    for at, text in [(at, text) for at, text in enumerate(lines) if text[:5] in _EDGES]:
        if len(text) <= 300 and _OPEN.fullmatch(text):
            if start is not None:
                spans.append((start, at))
            start = at
        elif start is not None and len(text) <= 300 and _CLOSE.fullmatch(text):
            spans.append((start, at + 1))
            start = None
    return [*spans, (start, len(lines))] if start is not None else spans


def _name_above(lines: Sequence[str], start: int) -> str | None:
    """The file that the line above the block, or above the block's fence, names."""
    for at in range(start - 1, max(-1, start - 4), -1):
        text = lines[at]
        if text.strip() and not is_fence(text):
            return path_in(text)
    return None


def _part(lines: Sequence[str], span: tuple[int, int], name: str | None, index: Index) -> FilePart:
    start, end = span
    where = LineRange(start, end)
    if not _CLOSE.fullmatch(lines[end - 1][:300]) or end - start < 3:
        return _doubtful(name, "the search/replace block is not closed", where)
    body = [(at, lines[at]) for at in range(start + 1, end - 1)]
    stated = None
    while body and _ATTRIBUTES.fullmatch(body[0][1][:60]) and (stated is not None or _STATED.fullmatch(body[0][1])):
        match = _STATED.fullmatch(body[0][1])
        stated = max(int(match[1]) - 1, 0) if match else stated
        body = body[1:]
    divider = _divider(body, lines[start], index)
    if divider is None:
        return _doubtful(name, "the line `=======` between search and replace is missing, or not the only one", where)
    old = [(text, at) for at, text in body[:divider]]
    new = [(text, at) for at, text in body[divider + 1 :]]
    marker = _marker(old, index)
    if marker:
        return _doubtful(name, f"the searched line {quoted(marker)} stands for other lines", where)
    if not old:
        return FilePart(name, (Hunk(tuple(Row("+", text, at) for text, at in new), where),), creates=True)
    return FilePart(name, (Hunk(tuple(rows_between(old, new)), where, stated=stated),))


def _doubtful(name: str | None, message: str, where: LineRange) -> FilePart:
    return FilePart(name, (), doubts=(Doubt("format_mismatch", message, "", where),))


def _divider(body: Sequence[Numbered], opening: str, index: Index) -> int | None:
    """The line between search and replace. Of several, the one as long as the opening, or that ends known text."""
    dividers = [
        k for k, (_, text) in enumerate(paced(body, index.limit)) if len(text) < 40 and _DIVIDER.fullmatch(text)
    ]
    width = len(opening) - len(opening.lstrip(opening[0]))
    alike = [k for k in dividers if len(body[k][1].rstrip()) == width]
    dividers = alike or dividers
    if 1 < len(dividers) <= _MOST_DIVIDERS:
        dividers = [k for k in dividers if _is_known([text for _, text in body[:k]], index)]
    return dividers[0] if len(dividers) == 1 else None


def _is_known(block: Sequence[str], index: Index) -> bool:
    try:
        return bool(block) and bool(index.places(block, Level.TRAILING))
    except TooAlike:
        return False


def _marker(old: Sequence[tuple[str, int]], index: Index) -> str:
    """The first searched line that stands for lines left out and is no line of the original."""
    for text, _ in paced(old, index.limit):
        if is_elision(text) and not index.where(text, Level.INDENT):
            return text
    return ""
