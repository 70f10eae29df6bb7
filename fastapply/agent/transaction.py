"""One edit carried out or taken back: all of its files, or none, wherever it is cut off.

    begin       the journal has the bytes before and after           planned      crash: drafts are removed
    prepare     the new files stand as drafts beside the old ones
    commit      one rename in the journal                            committed    crash: carried out
    carry out   each draft takes the place of its file
    end         one rename in the journal                            done

A failure after the commit marks the edit `aborted`, and what was carried out is taken back; cut off there, it is
taken back after the crash. Both can be begun again any number of times: each file is looked at, brought from one
content to the other, and left as it is where it has that already, or a third one.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from itertools import islice, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from fastapply.agent.files import Found, Irregular, overwrite, read_file, write_draft
from fastapply.agent.roots import open_folder
from fastapply.errors import EditConflict, WorkspaceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapply.agent.disk import Disk
    from fastapply.agent.journal import Blob, Entry, FileRecord, Journal

__all__ = ["Transaction"]


class Transaction:
    """The edit of one entry of the journal. Whoever runs it holds the lock of the writer."""

    def __init__(self, journal: Journal, disk: Disk, entry: Entry, shown: Callable[[Path], str]) -> None:
        """`shown` says how a file is called in errors."""
        self._journal = journal
        self._disk = disk
        self._entry = entry
        self._shown = shown
        self._files = entry.record.files
        self._drafted: set[str] = set()

    def run(self) -> None:
        """Carry out an edit that was just planned. On any error, each file is as it was, or the message says so."""
        try:
            self._prepare()
            self._journal.mark(self._entry, "committed")
            self._carry_out_or_conflict()
            self._journal.mark(self._entry, "done")
        except BaseException as error:
            self._give_up(error)
            raise

    def recover(self) -> tuple[str, ...]:
        """Bring an edit that was cut off to its end. Returns the files that somebody else has written since."""
        if self._entry.state == "committed":
            changed = self._carry_out()
            self._journal.mark(self._entry, "done")
            return changed
        return self._take_back()

    def _give_up(self, error: BaseException) -> None:
        try:
            changed = self._take_back()
        except OSError:
            said = "failed, and so did taking it back; when the workspace is opened again, it is brought to an end"
            raise WorkspaceError(f"edit {self._entry.record.edit_id} {said}") from error
        if changed:
            outcome = "the rest of the edit was taken back, and the journal keeps what these files held"
            raise EditConflict(changed, "somebody else has written it meanwhile", outcome) from error

    def _prepare(self) -> None:
        for file in self._files:
            if file.new is not None and not file.in_place:
                try:
                    self._prepare_file(file, file.new)
                except (FileNotFoundError, NotADirectoryError, Irregular):
                    raise EditConflict([self._name(file)], "a folder or a link has come into its way") from None

    def _prepare_file(self, file: FileRecord, new: Blob) -> None:
        root, path = _paths(file)
        with open_folder(root, path.parent, self._disk) as folder:
            self._draft(file, folder, new, read_file(folder, path.name))
        self._drafted.add(self._draft_of(file))

    def _carry_out_or_conflict(self) -> None:
        for number, file in enumerate(self._files):
            if not self._bring(file, file.new, file.old):
                self._files = self._files[:number]  # what is to be taken back
                raise EditConflict([self._name(file)], "somebody else has written it meanwhile")
        self._sync()

    def _carry_out(self) -> tuple[str, ...]:
        changed = [file for file in self._files if not self._bring(file, file.new, file.old)]
        self._sync()
        return tuple(map(self._name, changed))

    def _take_back(self) -> tuple[str, ...]:
        if self._entry.state in ("committed", "done"):
            self._journal.mark(self._entry, "aborted")
        changed: list[FileRecord] = []
        self._drafted.clear()
        if self._entry.state == "aborted":  # else no file was touched
            changed = [file for file in self._files if not self._bring(file, file.old, file.new)]
        for file in self._entry.record.files:
            self._clean(file)
        self._sync()
        if changed:
            self._journal.mark(self._entry, "kept")
        else:
            self._journal.drop(self._entry)
        return tuple(map(self._name, changed))

    def _bring(self, file: FileRecord, wanted: Blob | None, other: Blob | None) -> bool:
        """Give the file the content `wanted` where it has `other`. False where it has a third one, and is left."""
        root, path = _paths(file)
        makes = wanted is not None and other is None
        with contextlib.ExitStack() as stack:
            try:
                folder = stack.enter_context(open_folder(root, path.parent, self._disk if makes else None))
            except (FileNotFoundError, NotADirectoryError):
                return wanted is None
            known = self._bring_in(file, folder, path.name, wanted, other)
        if wanted is None:
            self._remove_folders(file)
        return known

    def _bring_in(self, file: FileRecord, folder: int, name: str, wanted: Blob | None, other: Blob | None) -> bool:
        try:
            found = read_file(folder, name)
        except Irregular:
            found, known = None, False
        else:
            known = _is(found, other) or (file.in_place and self._is_mixture(file, found))
            if known and not _is(found, wanted):
                self._replace(file, folder, name, wanted, found)
        self._remove_draft(file, folder)
        return known or _is(found, wanted)

    def _replace(self, file: FileRecord, folder: int, name: str, wanted: Blob | None, found: Found | None) -> None:
        if wanted is None:
            self._disk.unlink(name, folder)
        elif file.in_place and found is not None:
            overwrite(self._disk, folder, name, self._journal.content(self._entry, wanted), found)
        else:
            if self._draft_of(file) not in self._drafted:
                self._remove_draft(file, folder)
                self._draft(file, folder, wanted, found)
            self._disk.rename(self._draft_of(file), name, folder)

    def _is_mixture(self, file: FileRecord, found: Found | None) -> bool:
        """True where the content may be what an interrupted write over the old content left: each byte is the old or
        the new one, or one that the disk has no content for yet."""
        if found is None or file.old is None or file.new is None:
            return False
        old, new = (self._journal.content(self._entry, side) for side in (file.old, file.new))
        sizes = sorted((len(old), len(new)))
        if not sizes[0] <= len(found.content) <= sizes[1]:
            return False
        sides = zip_longest(found.content, old, new)
        return all(byte in (0, *either) for byte, *either in islice(sides, len(found.content)))

    def _name(self, file: FileRecord) -> str:
        return self._shown(_paths(file)[1])

    def _draft_of(self, file: FileRecord) -> str:
        digest = hashlib.sha256(file.path).hexdigest()[:8]
        return f".fastapply-{self._entry.record.edit_id}-{digest}.tmp"

    def _draft(self, file: FileRecord, folder: int, wanted: Blob, found: Found | None) -> None:
        content = self._journal.content(self._entry, wanted)
        like = found.attributes if found is not None else file.attributes
        write_draft(self._disk, folder, self._draft_of(file), content, like, self._name(file))

    def _remove_draft(self, file: FileRecord, folder: int) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._disk.unlink(self._draft_of(file), folder)

    def _clean(self, file: FileRecord) -> None:
        root, path = _paths(file)
        with contextlib.suppress(FileNotFoundError, NotADirectoryError), open_folder(root, path.parent) as folder:
            self._remove_draft(file, folder)
        if file.old is None:
            self._remove_folders(file)  # those that are empty

    def _remove_folders(self, file: FileRecord) -> None:
        """Remove the folders that were made for the file, unless something else is in them by now."""
        root, _ = _paths(file)
        for name in reversed(file.folders):
            path = root / os.fsdecode(name)
            try:
                with open_folder(root, path.parent) as folder:
                    self._disk.remove_folder(path.name, folder)
            except OSError as error:
                if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ENOTEMPTY, errno.EEXIST):
                    raise

    def _sync(self) -> None:
        for root, folder in dict.fromkeys((root, path.parent) for root, path in map(_paths, self._files)):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError), open_folder(root, folder) as descriptor:
                self._disk.sync(descriptor)


def _paths(file: FileRecord) -> tuple[Path, Path]:
    """The root, and the whole path of the file."""
    root = Path(os.fsdecode(file.root))
    return root, root / os.fsdecode(file.path)


def _is(found: Found | None, side: Blob | None) -> bool:
    if found is None or side is None:
        return found is None and side is None
    return hashlib.sha256(found.content).hexdigest() == side.sha256
