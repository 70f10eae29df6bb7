"""The files that an agent's tools may read and write: many at once, all or none, and back again."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastapply.agent.files import write_atomically
from fastapply.agent.roots import Place, Roots
from fastapply.errors import EditConflict, NothingToUndo, NotText

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["Changed", "FileState", "Receipt", "Workspace", "Write"]


@dataclass(frozen=True)
class FileState:
    """A file as it was read; `text` and `sha256` (of its bytes) are `None` where there is none."""

    path: Path
    shown: str
    text: str | None = field(repr=False)
    sha256: str | None


@dataclass(frozen=True)
class Write:
    """`text` for the file at `path`, which must have `expected_sha256` (`None`: must not exist)."""

    path: str
    text: str = field(repr=False)
    expected_sha256: str | None


@dataclass(frozen=True)
class Changed:
    """A file that was written, and its SHA-256 before and after (`None`: there was, or is, no file)."""

    path: Path
    shown: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Receipt:
    """What a commit or an undo has changed; `edit_id` is `None` where that was nothing."""

    edit_id: str | None
    files: tuple[Changed, ...]


class Workspace:
    """Files under `roots`."""

    def __init__(self, roots: Sequence[Path], state: Path | None = None) -> None:
        self._roots = Roots(roots, [state] if state else [])
        self._done: list[tuple[str, list[tuple[Place, bytes | None, bytes | None]]]] = []

    def read(self, path: str) -> FileState:
        """The file at `path`. Raises `OutsideWorkspace`, `NotText`."""
        place = self._roots.place(path)
        content = _content(place)
        if content is None:
            return FileState(place.path, place.shown, None, None)
        try:
            return FileState(place.path, place.shown, content.decode(), _sha256(content))
        except UnicodeDecodeError:
            raise NotText(f"{place.shown}: is not UTF-8 text") from None

    def commit(self, writes: Sequence[Write], label: str = "") -> Receipt:
        """Write all of `writes`, or none. Raises `OutsideWorkspace`, `EditConflict`."""
        planned: list[tuple[Place, bytes | None, bytes | None]] = []
        for write in writes:
            place = self._roots.place(write.path)
            before = _content(place)
            if (None if before is None else _sha256(before)) != write.expected_sha256:
                raise EditConflict([place.shown], "has changed since it was read")
            planned.append((place, before, write.text.encode()))
        return self._write(planned)

    def undo(self, edit_id: str | None = None) -> Receipt:
        """Take back an edit, by default the last one. Raises `NothingToUndo`, `EditConflict`."""
        found = next((done for done in reversed(self._done) if edit_id in (None, done[0])), None)
        if found is None:
            raise NothingToUndo("there is no such edit")
        for place, _, after in found[1]:
            if _content(place) != after:
                raise EditConflict([place.shown], "has changed since the edit")
        self._done.remove(found)
        return self._write([(place, after, before) for place, before, after in found[1]], keep=False)

    def _write(self, planned: list[tuple[Place, bytes | None, bytes | None]], keep: bool = True) -> Receipt:
        for place, before, after in planned:
            if after is None:
                place.path.unlink()
            else:
                place.path.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(place.path, after, expected=before)
        edit_id = os.urandom(4).hex()
        if keep:
            self._done.append((edit_id, planned))
        changed = [Changed(place.path, place.shown, _sha256(b), _sha256(a)) for place, b, a in planned]
        return Receipt(edit_id, tuple(changed))


def _content(place: Place) -> bytes | None:
    try:
        return place.path.read_bytes()
    except FileNotFoundError:
        return None


def _sha256(content: bytes | None) -> str | None:
    return None if content is None else hashlib.sha256(content).hexdigest()
