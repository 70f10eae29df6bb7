"""Whole edit formats that models write instead of a lazy edit: unified diff, search/replace blocks, patch.

`read_format` recognizes the format and places its hunks in the original; what has no certain place is a doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from fastapply.merge.choices import Choices
from fastapply.merge.deadline import Deadline
from fastapply.merge.formats.begin_patch import read_patch
from fastapply.merge.formats.edits import edits_of
from fastapply.merge.formats.frame import choose_file
from fastapply.merge.formats.index import Index
from fastapply.merge.formats.place import place_hunks
from fastapply.merge.formats.rows import FilePart, Hunk
from fastapply.merge.formats.search_replace import read_search_replace
from fastapply.merge.formats.unified_diff import read_unified_diff
from fastapply.merge.text import BOM, bare_lines
from fastapply.merge.values import Doubt, DoubtKind, LineEdit, LineRange

__all__ = ["EditFormat", "FormatEdits", "read_format"]

EditFormat = Literal["unified_diff", "search_replace", "patch"]


class FormatEdits(msgspec.Struct, frozen=True):
    """A snippet read as `format`: what it changes, and what of it could not be decided.

    `edits` are sorted by start, do not overlap and hold only lines that differ; a hunk with a doubt has none. No edits
    and no doubts: the original is as the snippet wants it.
    """

    format: EditFormat
    edits: tuple[LineEdit, ...]
    doubts: tuple[Doubt, ...]


def read_format(
    snippet: str,
    original: Sequence[str],
    path: str | None = None,
    limit: Deadline | None = None,
    choices: Choices | None = None,
) -> FormatEdits | None:
    """The edits that `snippet` makes to `original` (lines with endings), or None where it is in none of the formats.

    `path` chooses among several files that the snippet may edit, and tells a document about diffs from a diff. A hunk
    that would fit several places goes where `choices` say. Raises `DeadlineExceeded` where there is a limit and it is
    reached.
    """
    readers = [(name, reader) for name, reader, signs in _READERS if any(sign in snippet for sign in signs)]
    if not readers:  # most snippets: their lines need not be looked at
        return None
    lines = bare_lines(snippet.removeprefix(BOM))
    index = Index(original, limit)
    for name, reader in readers:
        if limit is not None:
            limit.check()
        parts = reader(lines, index, path)
        if parts is not None:
            return _with_hints(_applied(name, parts, index, path, len(lines), choices or Choices()))
    return None


# What settles a doubt of its kind, where the place that has it can say nothing closer.
_HINTS: dict[DoubtKind, str] = {
    "format_mismatch": "copy the lines that stay or go from the file as it is now, to the letter",
    "ambiguous_anchor": "show more lines on each side of the change, as the file has them now",
    "duplicated_line": "leave out what the file has already, or show the lines around it",
    "marker_left": "leave the marker out: this format keeps what it does not show",
    "indent_unknown": "indent the lines as the file does",
}


def _with_hints(found: FormatEdits) -> FormatEdits:
    doubts = (
        doubt if doubt.hint else msgspec.structs.replace(doubt, hint=_HINTS.get(doubt.kind, ""))
        for doubt in found.doubts
    )
    return msgspec.structs.replace(found, doubts=tuple(doubts))


_Reader = Callable[[Sequence[str], Index, str | None], list[FilePart] | None]
# Each format with the signs of which a snippet in it holds one at least.
_READERS: tuple[tuple[EditFormat, _Reader, tuple[str, ...]], ...] = (
    ("patch", read_patch, ("*** ",)),
    ("search_replace", read_search_replace, ("SEARCH", "ORIGINAL")),
    ("unified_diff", read_unified_diff, ("@@", "--- ", "diff --git ")),
)


def _applied(
    name: EditFormat, parts: list[FilePart], index: Index, path: str | None, length: int, choices: Choices
) -> FormatEdits:
    part, open_choice = choose_file(parts, path)
    if open_choice:
        return FormatEdits(name, (), (Doubt("format_mismatch", open_choice, "", LineRange(0, length)),))
    doubts = list(part.doubts)
    hunks = [hunk for hunk in part.hunks if hunk.changes]
    if part.creates and any(hunk.old for hunk in hunks) and name != "search_replace":
        doubts.append(_creation_doubt(hunks[0]))
        hunks = []
    if part.creates and any(not hunk.old for hunk in hunks):
        if len(hunks) == 1 and (not len(index) or (index.is_empty and name != "search_replace")):
            return FormatEdits(name, (_whole_file(hunks[0], index),), tuple(doubts))
        if name != "search_replace":
            doubts += [_creation_doubt(hunk) for hunk in hunks if [row.text for row in hunk.added] != index.lines]
            hunks = []
    placed, open_places = place_hunks(hunks, index, choices)
    edits, clashes = edits_of(placed, index)
    return FormatEdits(name, tuple(edits), (*doubts, *open_places, *clashes))


def _whole_file(hunk: Hunk, index: Index) -> LineEdit:
    added = hunk.added
    return LineEdit(0, len(index), tuple(row.text for row in added), tuple(row.line for row in added))


def _creation_doubt(hunk: Hunk) -> Doubt:
    return Doubt("format_mismatch", "the snippet creates the file, and the file is there already", "", hunk.lines)
