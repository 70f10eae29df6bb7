"""The files that an agent's tools may read and write: many at once, all or none, and back again.

All methods block, on disks and on locks: a server calls them in a thread.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fastapply.agent.disk import Disk
from fastapply.agent.journal import MOST_DAYS, Entry, FileRecord, Journal, Record, blob
from fastapply.agent.links import has_names_elsewhere
from fastapply.agent.locks import Locks
from fastapply.agent.reading import FileState, find, read_text, reported, sha256_of
from fastapply.agent.roots import Place, Roots
from fastapply.agent.state import State
from fastapply.agent.transaction import Transaction
from fastapply.agent.undo import in_force, undoable
from fastapply.errors import (
    EditConflict,
    InvalidRequest,
    NotText,
    OutsideWorkspace,
    WorkspaceBusy,
    WorkspaceError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fastapply.agent.files import Attributes, Found

__all__ = ["Changed", "FileState", "Held", "Past", "Receipt", "Recovered", "Workspace", "Write"]


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


@dataclass(frozen=True)
class Recovered:
    """An edit that was cut off, and was brought to its end now: carried out where `done`, else taken back.

    `changed` are files that somebody else has written since; they were left as they are.
    """

    edit_id: str
    done: bool
    changed: tuple[str, ...]


@dataclass(frozen=True)
class Past:
    """An edit in the journal: made at `time` (seconds since 1970), by itself or to take back the edit `undoes`."""

    edit_id: str
    label: str
    time: float
    undoes: str | None
    files: tuple[str, ...]
    in_force: bool
    """False where it was undone."""


@dataclass(frozen=True)
class Held:
    """Files that nobody else writes for now."""

    locks: frozenset[str]


@dataclass(frozen=True)
class _Wanted:
    """What a file is to hold: `None` for no file. `expected` is the SHA-256 that it has to have now."""

    place: Place
    content: bytes | None = field(repr=False)
    expected: str | None
    attributes: Attributes | None = None
    folders: tuple[bytes, ...] = ()


class Workspace:
    """Files under `roots`. Several processes may have the same ones open."""

    def __init__(
        self, roots: Sequence[Path], state: Path | None = None, *, wait: float = 10.0, disk: Disk | None = None
    ) -> None:
        """Open the roots, and bring edits that were cut off to their end (`recovered` says which).

        Relative paths are of the first root. `state` is the folder for journal and locks: by default one of the
        user's for these very roots. Locks are waited for up to `wait` seconds. `disk` is for tests. Raises
        `InvalidRequest` where a root can't be one, `WorkspaceBusy`, `WorkspaceError`.
        """
        self._disk = disk or Disk()
        given = Roots(roots)
        self._state = State.of(given.paths, state)
        self._state.make()
        self._roots = Roots(roots, [self._state.base])
        self._locks = Locks(self._state.locks, wait)
        self.wait = wait
        """Seconds."""
        self._journal = Journal(self._state.journal, self._disk)
        self.recovered: tuple[Recovered, ...] = ()
        if not self._journal.is_quiet():
            with reported(), self._locks.writer():
                self.recovered = self._recover()

    @property
    def roots(self) -> tuple[Path, ...]:
        """The roots, without links."""
        return self._roots.paths

    def read(self, path: str) -> FileState:
        """The file at `path`. Raises `OutsideWorkspace`, `NotText`, `InputTooLarge`, `WorkspaceError`."""
        return read_text(self._roots, path)

    @contextlib.contextmanager
    def hold(self, *paths: str, wait: float | None = None) -> Iterator[Held]:
        """Keep everybody else from writing these files, from reading them to the commit that is given what this gives.

        Without it, of two that edit one file the second gets `EditConflict`; with it, it waits, `wait` seconds where
        they are given. Raises `WorkspaceBusy`.
        """
        places = [self._roots.place(path).path for path in paths]
        with self._locks.files(places, wait=wait) as locks:
            yield Held(locks)

    def commit(self, writes: Sequence[Write], label: str = "", held: Held | None = None) -> Receipt:
        """Write all of `writes`, or none; `label` is kept with them.

        Raises `EditConflict` where a file is not as expected, `OutsideWorkspace`, `NotText`, `WorkspaceBusy`, and
        `WorkspaceError` where the disk fails; then every file is as it was.
        """
        wanted = [_Wanted(self._roots.place(write.path), _encode(write), write.expected_sha256) for write in writes]
        _check_apart([each.place for each in wanted])
        with self._writing(wanted, held):
            return self._write(wanted, label, None)

    def undo(self, edit_id: str | None = None, *, wait: float | None = None) -> Receipt:
        """Take back the edit `edit_id`, by default the last one that is neither an undo nor undone.

        An undo is an edit as well: to undo it by its id brings back what it took away. `wait` as in `hold`. Raises
        `NothingToUndo`, `WorkspaceBusy`, and `EditConflict` where a file has changed since.
        """
        with reported():
            entry = undoable(self._journal.done(), edit_id)
            wanted = [self._reversed(entry, file) for file in entry.record.files]
        with self._writing(wanted, None, wait):
            if undoable(self._journal.done(), edit_id).record.edit_id != entry.record.edit_id:
                raise WorkspaceBusy("another edit was made just now; see what it did before you undo")
            return self._write(wanted, f"undo {entry.record.edit_id}", entry.record.edit_id)

    def history(self) -> tuple[Past, ...]:
        """The edits that the journal holds, oldest first. Raises `WorkspaceError`."""
        with reported():
            entries = self._journal.done()
        valid = in_force(entries)
        return tuple(self._past(entry.record, entry.record.edit_id in valid) for entry in entries)

    def _past(self, record: Record, in_force: bool) -> Past:
        files = (Path(os.fsdecode(file.root)) / os.fsdecode(file.path) for file in record.files)
        shown = tuple(map(self._roots.shown, files))
        return Past(record.edit_id, record.label, record.time, record.undoes, shown, in_force)

    @contextlib.contextmanager
    def _writing(self, wanted: Sequence[_Wanted], held: Held | None, wait: float | None = None) -> Iterator[None]:
        self._state.make()  # another workspace may have found it unused
        with (
            reported(),
            self._locks.files([each.place.path for each in wanted], held.locks if held else frozenset(), wait),
            self._locks.writer(),
        ):
            self.recovered += self._recover()
            yield

    def _recover(self) -> tuple[Recovered, ...]:
        """Bring to their end all edits that were cut off: whoever held the lock of the writer before is dead."""
        recovered = []
        for entry in self._journal.unfinished():
            done = entry.state == "committed"
            try:
                changed = Transaction(self._journal, self._disk, entry, self._roots.shown).recover()
            except OSError as error:
                where = self._state.journal / entry.name
                said = f"an edit was cut off and can't be brought to its end: {os.fsdecode(error.filename or '')}"
                raise WorkspaceError(f"{said}: {error.strerror}; mend that, or move {where} away") from error
            recovered.append(Recovered(entry.record.edit_id, done, changed))
        return tuple(recovered)

    def _write(self, wanted: Sequence[_Wanted], label: str, undoes: str | None) -> Receipt:
        founds = [find(each.place, each.place.shown, to_write=True) for each in wanted]
        pairs = list(zip(wanted, founds, strict=True))
        if stale := [
            each.place.shown for each, found in pairs if sha256_of(found.content if found else None) != each.expected
        ]:
            raise EditConflict(
                stale, "not the file that the edit was made for: it has changed, come into being or vanished since"
            )
        pairs = [(each, found) for each, found in pairs if (found.content if found else None) != each.content]
        if not pairs:
            return Receipt(None, ())
        contents: list[bytes] = []
        files = tuple(self._planned(each, found, contents) for each, found in pairs)
        record = Record(self._journal.next_id(), label, time.time(), undoes, files)
        entry = self._journal.begin(record, contents)
        Transaction(self._journal, self._disk, entry, self._roots.shown).run()
        with contextlib.suppress(OSError):  # the edit is made; old ones can be forgotten another time
            self._journal.prune()
            self._state.forget_others(MOST_DAYS)
        return Receipt(record.edit_id, tuple(_changed(each, found) for each, found in pairs))

    def _planned(self, wanted: _Wanted, found: Found | None, contents: list[bytes]) -> FileRecord:
        place = wanted.place
        linked = found is not None and found.links > 1 and wanted.content is not None
        if found is not None and linked and has_names_elsewhere(found, self._roots.paths):
            why = "has other names (hard links) outside of the roots, which would be written, too"
            raise OutsideWorkspace(place.shown, str(place.root), why)
        return FileRecord(
            root=os.fsencode(place.root),
            path=os.fsencode(place.path.relative_to(place.root)),
            old=blob(found.content if found else None, contents),
            new=blob(wanted.content, contents),
            attributes=found.attributes if found else wanted.attributes,
            folders=wanted.folders or tuple(_missing_folders(place)),
            in_place=linked,
        )

    def _reversed(self, entry: Entry, file: FileRecord) -> _Wanted:
        path = Path(os.fsdecode(file.root)) / os.fsdecode(file.path)
        place = self._roots.place(str(path))
        if place.path != path:
            raise EditConflict([self._roots.shown(path)], "a link has come into its path since the edit")
        content = self._journal.content(entry, file.old) if file.old else None
        return _Wanted(place, content, file.new.sha256 if file.new else None, file.attributes, file.folders)


def _check_apart(places: Sequence[Place]) -> None:
    counted = Counter(place.path for place in places)
    for place in places:
        if counted[place.path] > 1:
            raise InvalidRequest(f"{place.shown}: is to be written twice in one edit", field="writes")
        if not counted.keys().isdisjoint(place.path.parents):
            raise InvalidRequest(f"{place.shown}: is to be in a folder that is to be a file", field="writes")


def _missing_folders(place: Place) -> Iterator[bytes]:
    """The folders, outermost first and relative to the root, that have to be made for the file."""
    for folder in reversed(place.path.parent.relative_to(place.root).parents):
        if not (place.root / folder).exists():
            yield os.fsencode(folder)
    if not place.path.parent.exists():
        yield os.fsencode(place.path.parent.relative_to(place.root))


def _encode(write: Write) -> bytes:
    try:
        return write.text.encode()
    except UnicodeEncodeError:
        raise NotText(f"{write.path}: the new text has half a surrogate pair, which no file can hold") from None


def _changed(wanted: _Wanted, found: Found | None) -> Changed:
    before = sha256_of(found.content if found else None)
    return Changed(wanted.place.path, wanted.place.shown, before, sha256_of(wanted.content))
