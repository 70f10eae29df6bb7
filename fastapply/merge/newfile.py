"""A snippet for an empty original: the snippet is the file, less its wrapping."""

from __future__ import annotations

from collections.abc import Sequence

from fastapply.merge.deadline import Deadline
from fastapply.merge.formats import read_format
from fastapply.merge.snippet import read_snippet
from fastapply.merge.splice import Spliced, splice, unified_diff
from fastapply.merge.text import BOM, ending_of, split_lines, without_ending
from fastapply.merge.values import Changes, Doubt, Edit, LineEdit, LineRange, Span


def new_file(
    lines: Sequence[str], snippet: str, path: str | None, prose: bool = False, limit: Deadline | None = None
) -> tuple[Spliced, list[Doubt]]:
    """The file that the snippet makes of the blank `lines`, and a doubt where it keeps code that is not there.

    `prose`: a language in which `-` and `+` open list items.
    """
    if found := read_format(snippet, lines, path, limit):
        return splice(lines, found.edits, path), list(found.doubts)
    raw = split_lines(snippet)
    read = read_snippet(snippet, [], frozenset(), path, prose, limit)
    doubts = []
    if "-" in read.signs and "+" not in read.signs:
        line = read.numbers[read.signs.index("-")]
        doubts.append(
            Doubt(
                "format_mismatch",
                f"line {line + 1} of the snippet is marked as removed, and the original is empty",
                "send the new file without signs",
                LineRange(line, line + 1),
            )
        )
    shown = [
        (line, number) for line, number, sign in zip(read.lines, read.numbers, read.signs, strict=True) if sign != "-"
    ]
    if not any(line.strip() for line, _ in shown):
        return splice(lines, (), path), doubts
    if read.markers:
        line = read.markers[0].line
        doubts.append(
            Doubt(
                "no_anchor",
                "the snippet keeps existing code, and the original is empty",
                "send the whole new file, or the file that the snippet edits",
                LineRange(line, line + 1),
            )
        )
    # each line with the ending it came with; a `+` sign and the wrapping are gone from it
    new = [line + ending_of(raw[number]) for line, number in shown]
    numbers = [number for _, number in shown]
    new[0] = new[0].removeprefix(BOM)
    if not new[-1]:
        new.pop(), numbers.pop()
    for k in range(1, len(new)):
        if new[k - 1].endswith("\r") and new[k].startswith("\n"):
            new[k] = "\r" + new[k]  # a lone CR and an LF would become one line ending
    text = "".join(new)
    edit = LineEdit(0, len(lines), tuple(map(without_ending, new)), tuple(numbers))
    return (
        Spliced(
            text,
            (Edit(0, sum(map(len, lines)), text),),
            tuple(Span(k, k + 1, "snippet", number) for k, number in enumerate(numbers)),
            unified_diff(lines, [edit], path),
            Changes(len(new), len(lines)),
        ),
        doubts,
    )
