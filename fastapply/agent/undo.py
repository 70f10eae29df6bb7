"""Which edit is to be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapply.errors import NothingToUndo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapply.agent.journal import Entry

__all__ = ["in_force", "undoable"]


def undoable(entries: Sequence[Entry], edit_id: str | None) -> Entry:
    """The edit `edit_id`, or the last one that is no undo, of those in force. Raises `NothingToUndo`.

    An undo puts the edit that it takes back out of force; an undo of the undo puts it into force again.
    """
    valid = in_force(entries)
    known = {entry.record.edit_id for entry in entries}
    if edit_id is not None and edit_id in known and edit_id not in valid:
        raise NothingToUndo(f"edit {edit_id} is undone already")
    for entry in reversed(entries):
        wanted = entry.record.edit_id == edit_id if edit_id else entry.record.undoes is None
        if wanted and entry.record.edit_id in valid:
            return entry
    if edit_id is not None:
        raise NothingToUndo(f"there is no edit {edit_id}; the journal keeps the last ones only")
    raise NothingToUndo("no edit was made that could be undone")


def in_force(entries: Sequence[Entry]) -> set[str]:
    """The ids of the edits that are not undone."""
    undoes = {entry.record.edit_id: entry.record.undoes for entry in entries}
    valid: set[str] = set()
    for entry in entries:
        valid.add(entry.record.edit_id)
        taken_back = entry.record.undoes
        if taken_back is not None:
            valid.discard(taken_back)
            if (brought_back := undoes.get(taken_back)) is not None:
                valid.add(brought_back)
    return valid
