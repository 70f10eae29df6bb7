"""What a merge says of lines and notes, in words for people and models, who count lines from 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapply.merge.values import Changes, LineRange, Note

__all__ = ["place", "remark", "tally"]


def place(lines: LineRange) -> str:
    """`lines` in words."""
    if lines.end <= lines.start:
        return f"before line {lines.start + 1}"
    if lines.end == lines.start + 1:
        return f"line {lines.end}"
    return f"lines {lines.start + 1} to {lines.end}"


def tally(changes: Changes) -> str:
    """How much changes."""
    return f"{changes.added} {'line' if changes.added == 1 else 'lines'} added, {changes.removed} removed"


def remark(note: Note) -> str:
    """What became of a line of the edit that may be a message rather than code."""
    fate = "taken as a message and left out" if note.dropped else "kept as code, though it may be a message"
    return f"line {note.line + 1} of the edit was {fate}: {note.text.strip()}"
