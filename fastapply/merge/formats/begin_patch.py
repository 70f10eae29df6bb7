"""`*** Begin Patch`: a patch format of coding tools: file sections, and `@@` lines that name what is above."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from fastapply.merge.formats.frame import Numbered, is_document, unframed
from fastapply.merge.formats.index import Index, Level
from fastapply.merge.formats.rows import FilePart, Hunk, Row
from fastapply.merge.formats.unified_diff import is_hunk_header, read_hunk, split_at_elisions
from fastapply.merge.values import Doubt, LineRange

_SECTION = re.compile(r"\*\*\* (Update|Add|Delete) File: *(.*)", re.DOTALL)
_BEGIN = "*** Begin Patch"
_END = "*** End Patch"
_END_OF_FILE = "*** End of File"
_HEREDOC = re.compile(r"(?:apply_patch|cat)\b[^\n]*<<.*", re.DOTALL)


def read_patch(lines: Sequence[str], index: Index, path: str | None) -> list[FilePart] | None:
    """The files and hunks of a patch given as `lines` (without endings); None where it is not one.

    A patch begins with `*** Begin Patch` or a file section, and has at least one section.
    """
    framed = unframed(lines)
    if framed is None or is_document(framed[1], index.lines, path):
        return None
    content = framed[0]
    while content and (not content[0][1].strip() or _HEREDOC.fullmatch(content[0][1])):
        content = content[1:]
    if not content or not (content[0][1].rstrip() == _BEGIN or _SECTION.fullmatch(content[0][1])):
        return None
    content = _up_to_end(content)
    starts = [at for at, (_, text) in enumerate(content) if _SECTION.fullmatch(text)]
    if not starts or any(index.where(content[at][1], Level.TRAILING) for at in starts):
        return None
    return [_part(content[start:end], index) for start, end in zip(starts, [*starts[1:], len(content)], strict=True)]


def _up_to_end(content: Sequence[Numbered]) -> list[Numbered]:
    """`content` without what follows the last `*** End Patch`."""
    ends = [at for at, (_, text) in enumerate(content) if text.rstrip() == _END]
    return [line for line in content[: ends[-1] if ends else None] if line[1].rstrip() not in (_BEGIN, _END)]


def _part(content: Sequence[Numbered], index: Index) -> FilePart:
    """One file section."""
    match = _SECTION.fullmatch(content[0][1])
    verb, name = (match[1], match[2].strip()) if match else ("", "")
    lines = LineRange(content[0][0], content[-1][0] + 1)
    moves = any(text.startswith("*** Move to:") for _, text in content[1:2])
    if verb == "Delete" or moves:
        problem = f"the patch {'moves' if moves else 'deletes'} the file; only its text can be edited here"
        return FilePart(name, (), doubts=(Doubt("format_mismatch", problem, "", lines),))
    if verb == "Add":
        return _new_file(name, content, lines)
    hunks = [hunk for one in _hunks(content[1:]) for hunk in split_at_elisions(one, index)]
    return FilePart(name, tuple(hunks))


def _new_file(name: str, content: Sequence[Numbered], lines: LineRange) -> FilePart:
    body = [line for line in content[1:] if line[1].rstrip() != _END_OF_FILE]
    while body and not body[-1][1]:
        body.pop()
    rows = tuple(Row("+", text.removeprefix("+"), number) for number, text in body)
    doubts: tuple[Doubt, ...] = ()
    if any(text and not text.startswith("+") for _, text in body):
        doubts = (Doubt("format_mismatch", "a line of the added file bears no `+`", "", lines),)
    return FilePart(name, (Hunk(rows, lines),), True, doubts)


def _hunks(body: Sequence[Numbered]) -> list[Hunk]:
    """The hunks of an update: each begins with one or more `@@` lines, the first perhaps with none."""
    hunks: list[Hunk] = []
    headers: list[Numbered] = []
    rows: list[Numbered] = []
    at_end = False
    for line in (*body, (-1, "@@")):
        if line[1].rstrip() == _END_OF_FILE:
            at_end = True
            continue
        if not is_hunk_header(line[1]):
            rows.append(line)
            continue
        if rows:
            hunks.append(_hunk(headers, rows, at_end))
            headers, rows, at_end = [], [], False
        headers.append(line)
    return hunks


def _hunk(headers: Sequence[Numbered], rows: Sequence[Numbered], at_end: bool) -> Hunk:
    hunk = read_hunk([*headers[-1:], *rows])
    heads = tuple(head for header in headers for head in read_hunk([header]).heads)
    return msgspec.structs.replace(hunk, heads=heads, after_heads=True, at_end=at_end)
