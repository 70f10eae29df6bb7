"""What the tools answer in words that a model can act on; clients that read no structured content see nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapply.agent.answers import EditAnswer, EditsAnswer, Fault, FileAnswer, Lines, ToldDoubt, UndoAnswer
from fastapply.merge.text import BOM, split_lines, without_ending
from fastapply.wording import place, tally

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fastapply.merge.values import Doubt, LineRange

__all__ = ["sentence", "tell", "told_doubts"]

_MOST_CANDIDATES = 5
_MOST_LINES = 8


def told_doubts(doubts: Sequence[Doubt], original: str, snippet: str) -> tuple[ToldDoubt, ...]:
    """`doubts` with the lines that they are about; `original` is the file and `snippet` the edit."""
    file, edit = split_lines(original.removeprefix(BOM)), split_lines(snippet.removeprefix(BOM))
    return tuple(
        ToldDoubt(
            kind=doubt.kind,
            message=doubt.message,
            hint=doubt.hint,
            edit=_lines(doubt.snippet, edit) if doubt.snippet else None,
            candidates=tuple(_lines(candidate, file) for candidate in doubt.candidates[:_MOST_CANDIDATES]),
            more_candidates=max(0, len(doubt.candidates) - _MOST_CANDIDATES),
        )
        for doubt in doubts
    )


def _lines(lines: LineRange, text: Sequence[str]) -> Lines:
    """The lines of a range, not too many; of a place between lines, the one on each side."""
    start, end = (lines.start - 1, lines.end + 1) if lines.end <= lines.start else (lines.start, lines.end)
    start = max(start, 0)
    shown = text[start : min(end, start + _MOST_LINES)]
    more = max(0, min(end, len(text)) - start - _MOST_LINES)
    return Lines(place(lines), start + 1, "\n".join(map(without_ending, shown)), more)


def tell(answer: EditAnswer | EditsAnswer | UndoAnswer) -> str:
    """`answer` in words."""
    if isinstance(answer, UndoAnswer):
        return "\n".join(_undone(answer))
    if isinstance(answer, EditsAnswer):
        return "\n\n".join(_together(answer))
    return "\n".join(_file(answer, answer.edit_id))


def _together(answer: EditsAnswer) -> Iterator[str]:
    if answer.status in ("refused", "failed"):
        yield "No file was written: either all edits are made or none."
        if answer.error:
            yield sentence(answer.error)
    elif answer.edit_id:
        yield f"All edits were made, as {answer.edit_id}; undo_edit takes them back together."
    for file in answer.files:
        yield "\n".join(_file(file, None))


def _file(answer: FileAnswer, edit_id: str | None) -> Iterator[str]:
    if answer.error:
        yield f"{answer.path} was not changed: {sentence(answer.error, answer.path)}"
    elif answer.status == "refused":
        yield from _refusal(answer)
    else:
        yield _done(answer, edit_id)
        yield from (f"Note: {note}." for note in answer.notes)
        yield from _left(answer)
        if answer.diff:
            yield answer.diff.rstrip("\n")


_NEXT = {
    "edit_conflict": "Read the file again, and write the edit for what it holds now.",
    "outside_workspace": "Only files under the root can be edited.",
    "deadline_exceeded": "Send a smaller edit, or send it again later.",
}
"""What to do next about an error, by its code."""


def sentence(fault: Fault, path: str = "") -> str:
    """What `fault` says, without `path` in front of it, and what helps."""
    said = fault.message.removeprefix(f"{path}: ")
    end = "" if said.endswith(("?", ".", "!")) else "."
    return f"{said}{end} {_NEXT.get(fault.code, '')}".rstrip()


def _done(answer: FileAnswer, edit_id: str | None) -> str:
    if answer.status == "unchanged":
        return f"{answer.path}: the edit changes nothing; the file is already so."
    changed = tally(answer.changes)
    if answer.status == "skipped":
        return f"{answer.path}: not tried, because an edit of this file before this one was not made."
    if answer.status == "previewed":
        return f"{answer.path}: this is what the edit would do ({changed}). Nothing was written."
    if answer.status == "not_written":
        return f"{answer.path}: this edit would do ({changed}), and was not written because of the others."
    done = "created" if answer.created else "written"
    return f"{answer.path}: {done}, {changed}." + (f" undo_edit {edit_id} takes it back." if edit_id else "")


def _refusal(answer: FileAnswer) -> Iterator[str]:
    yield f"{answer.path} was not changed: the edit can't be decided."
    for number, doubt in enumerate(answer.doubts, 1):
        yield f"{number}. {_doubt(doubt)}"
    hints = list(dict.fromkeys(doubt.hint for doubt in answer.doubts if doubt.hint))
    yield f"Send the whole edit again, mended: {'; '.join(hints)}." if hints else "Send the edit again, mended."


def _left(answer: FileAnswer) -> Iterator[str]:
    """What a best guess leaves in doubt."""
    if answer.doubts:
        yield "This is a best guess. Look at these places of the diff, and undo the edit where it guessed wrong:"
    for number, doubt in enumerate(answer.doubts, 1):
        yield f"{number}. {_doubt(doubt)}"


def _doubt(doubt: ToldDoubt) -> str:
    parts = [f"{doubt.message} ({doubt.kind})."]
    if doubt.edit:
        parts.append(f"   In the edit, {doubt.edit.place}:\n{_numbered(doubt.edit)}")
    for number, candidate in enumerate(doubt.candidates):
        lead = "or" if number else "In the file, it may belong to"
        parts.append(f"   {lead} {candidate.place}:\n{_numbered(candidate)}")
    if doubt.more_candidates:
        parts.append(f"   or to {doubt.more_candidates} more places")
    return "\n".join(parts)


def _numbered(lines: Lines) -> str:
    numbered = enumerate(lines.text.split("\n"), lines.first_line)
    shown = [f"   {number:6d} | {line}" for number, line in numbered]
    return "\n".join([*shown, f"          and {lines.more_lines} more lines"] if lines.more_lines else shown)


def _undone(answer: UndoAnswer) -> Iterator[str]:
    if answer.error:
        yield f"Nothing was undone: {sentence(answer.error)}"
        return
    yield f"The edit {answer.edit_id} was undone."
    for file in answer.files:
        what = "removed; it did not exist before" if file.status == "removed" else "as it was before"
        yield f"{file.path}: {what}."
