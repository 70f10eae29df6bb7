"""The journal: each edit with the bytes before and after it, in a file of its own whose name says how far it is.

    NUMBER-RANDOM.tmp        being written; nothing else is touched yet
                 .planned    complete; drafts may stand beside the files
                 .committed  to be carried out, and again after a crash until it is
                 .aborted    to be taken back, and again after a crash until it is
                 .done       carried out; can be undone
                 .kept       taken back but for files that somebody else has written since; holds what they had been

It holds the user's code. Its folder is nobody else's to enter, and old edits are forgotten.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec

from fastapply.agent.files import Attributes
from fastapply.errors import WorkspaceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from fastapply.agent.disk import Disk

__all__ = ["Blob", "Entry", "FileRecord", "Journal", "Record", "State", "blob"]

State = Literal["planned", "committed", "aborted", "done", "kept"]

MOST_EDITS = 200
MOST_BYTES = 256 << 20
MOST_DAYS = 30.0

_NAME = re.compile(r"((\d+)-[0-9a-f]+)\.(tmp|planned|committed|aborted|done|kept)")
_MAGIC = b"fastapply journal 1\n"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class Blob(msgspec.Struct, frozen=True):
    """Bytes in a journal file, behind its record."""

    sha256: str
    start: int
    size: int


class FileRecord(msgspec.Struct, frozen=True):
    """One file of an edit. Paths are bytes, as the system has them; `path` and `folders` are relative to `root`.

    `old` and `new` are its contents, `None` where there is no file; `attributes` are what it has or gets back.
    `folders` exist only because the file does. `in_place` is for a file with further names (hard links), all kept.
    """

    root: bytes
    path: bytes
    old: Blob | None
    new: Blob | None
    attributes: Attributes | None
    folders: tuple[bytes, ...]
    in_place: bool


class Record(msgspec.Struct, frozen=True):
    """An edit; `undoes` is the id of the one that it takes back, if any. `time` is in seconds since 1970."""

    edit_id: str
    label: str
    time: float
    undoes: str | None
    files: tuple[FileRecord, ...]


@dataclass
class Entry:
    """An edit in the journal, and how far it is."""

    record: Record
    state: State
    start: int
    """Where the blobs begin in its file."""

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"{self.record.edit_id}.{self.state}"


def blob(content: bytes | None, contents: list[bytes]) -> Blob | None:
    """Where `content` will be once it is appended to `contents`, which is done."""
    if content is None:
        return None
    start = sum(map(len, contents))
    contents.append(content)
    return Blob(hashlib.sha256(content).hexdigest(), start, len(content))


class Journal:
    """The files in `folder`. Whoever changes anything here holds the lock of the writer."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        self._path = folder
        self._disk = disk

    def next_id(self) -> str:
        """An id that sorts behind all there are."""
        numbers = [int(edit_id.partition("-")[0]) for edit_id, _ in self._names()]
        return f"{max(numbers, default=0) + 1:06d}-{os.urandom(3).hex()}"

    def begin(self, record: Record, contents: Sequence[bytes]) -> Entry:
        """Write an edit down, as planned. Raises `OSError`; then nothing is left of it."""
        header = msgspec.msgpack.encode(record)
        head = _MAGIC + len(header).to_bytes(8, "big") + header
        entry = Entry(record, "planned", len(head))
        draft = f"{record.edit_id}.tmp"
        with self._opened() as folder:
            try:
                self._write(draft, folder, b"".join((head, *contents)))
                self._disk.rename(draft, entry.name, folder)
                self._disk.sync(folder)
            except BaseException:
                for name in (draft, entry.name):
                    with contextlib.suppress(OSError):
                        self._disk.unlink(name, folder)
                raise
        return entry

    def _write(self, name: str, folder: int, content: bytes) -> None:
        descriptor = self._disk.create(name, folder, 0o600)
        try:
            self._disk.write(descriptor, content)
            self._disk.sync(descriptor)
        finally:
            os.close(descriptor)

    def mark(self, entry: Entry, state: State) -> None:
        """Say how far the edit is. When this returns, it is on the disk."""
        with self._opened() as folder:
            self._disk.rename(entry.name, f"{entry.record.edit_id}.{state}", folder)
            entry.state = state
            self._disk.sync(folder)

    def drop(self, entry: Entry) -> None:
        """Forget the edit."""
        with self._opened() as folder:
            self._disk.unlink(entry.name, folder)
            self._disk.sync(folder)

    def unfinished(self) -> Iterator[Entry]:
        """The edits that were cut off, in their order. What was not even planned is removed."""
        for edit_id, state in list(self._names()):
            if state == "tmp":
                with self._opened() as folder:
                    self._disk.unlink(f"{edit_id}.tmp", folder)
            elif state in ("planned", "committed", "aborted"):
                yield self._read(edit_id, state)

    def is_quiet(self) -> bool:
        """True where no edit was cut off, or is under way."""
        return all(state in ("done", "kept") for _, state in self._names())

    def done(self) -> list[Entry]:
        """The edits that were carried out, in their order."""
        found = []
        for edit_id, state in self._names():
            if state == "done":
                with contextlib.suppress(FileNotFoundError):  # forgotten since
                    found.append(self._read(edit_id, state))
        return found

    def content(self, entry: Entry, blob: Blob) -> bytes:
        """The bytes of a blob. Raises `WorkspaceError` where they are not what was written."""
        with (self._path / entry.name).open("rb") as file:
            file.seek(entry.start + blob.start)
            content = file.read(blob.size)
        if hashlib.sha256(content).hexdigest() != blob.sha256:
            raise _damaged(self._path / entry.name)
        return content

    def prune(self) -> None:
        """Forget the oldest edits beyond `MOST_EDITS`, `MOST_BYTES` and `MOST_DAYS`, but for the last one."""
        old = [f"{edit_id}.{state}" for edit_id, state in self._names() if state in ("done", "kept")]
        size = count = 0
        with self._opened() as folder:
            for name in reversed(old):
                state = os.stat(name, dir_fd=folder)
                size, count = size + state.st_size, count + 1
                aged = time.time() - state.st_mtime > MOST_DAYS * 86400
                if count > 1 and (count > MOST_EDITS or size > MOST_BYTES or aged):
                    self._disk.unlink(name, folder)

    def _names(self) -> Iterator[tuple[str, str]]:
        found = filter(None, map(_NAME.fullmatch, os.listdir(self._path)))
        for name in sorted(found, key=lambda name: int(name[2])):
            yield name[1], name[3]

    def _read(self, edit_id: str, state: str) -> Entry:
        path = self._path / f"{edit_id}.{state}"
        with path.open("rb") as file:
            try:
                if file.read(len(_MAGIC)) != _MAGIC:
                    raise _damaged(path)
                length = int.from_bytes(file.read(8), "big")
                record = msgspec.msgpack.decode(file.read(min(length, 1 << 30)), type=Record)
            except msgspec.MsgspecError:
                raise _damaged(path) from None
        return Entry(record, state, len(_MAGIC) + 8 + length)  # type: ignore[arg-type]

    @contextlib.contextmanager
    def _opened(self) -> Iterator[int]:
        descriptor = os.open(self._path, _FOLDER)
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def _damaged(path: Path) -> WorkspaceError:
    return WorkspaceError(f"{path}: this entry of the journal is damaged; move it away to go on without it")
