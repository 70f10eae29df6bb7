"""Reading a file under the roots: its text, and what it has to be when an edit of it is written."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastapply.agent.files import Found, Irregular, read_file
from fastapply.agent.roots import Place, Roots, open_folder
from fastapply.errors import NotText, OutsideWorkspace, WorkspaceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["MAX_BYTES", "FileState", "find", "read_text", "reported", "sha256_of"]

_NOTHING = "nothing was written"

MAX_BYTES = 64 << 20
"""The largest file that is read. A merge takes 32 million characters."""


@dataclass(frozen=True)
class FileState:
    """A file as it was read; `text` and `sha256` (of its bytes) are `None` where there is none."""

    path: Path
    shown: str
    text: str | None = field(repr=False)
    sha256: str | None


def read_text(roots: Roots, path: str) -> FileState:
    """The file at `path`. Raises `OutsideWorkspace`, `NotText`, `InputTooLarge`, `WorkspaceError`."""
    place = roots.place(path)
    with reported(place.shown):
        found = find(place, path)
    if found is None:
        return FileState(place.path, place.shown, None, None)
    return FileState(place.path, place.shown, _decode(found.content, place.shown), sha256_of(found.content))


@contextlib.contextmanager
def reported(shown: str = "") -> Iterator[None]:
    """Raise what the system says as an error of ours, which names no more than the file."""
    try:
        yield
    except OSError as error:
        name = shown or os.fsdecode(error.filename or "")
        said = f"{name}: {error.strerror or error}" if name else error.strerror or str(error)
        raise WorkspaceError(said if _NOTHING in said else f"{said}; {_NOTHING}") from error


def find(place: Place, asked: str, to_write: bool = False) -> Found | None:
    """The file as it is now. Raises `OutsideWorkspace` where it is none."""
    try:
        with open_folder(place.root, place.path.parent) as folder:
            found = read_file(folder, place.path.name, MAX_BYTES)
            if to_write and found is not None and not os.access(place.path.name, os.W_OK, dir_fd=folder):
                # renaming over it would not ask
                raise PermissionError(errno.EACCES, "no permission to write this file", place.shown)
            return found
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        raise OutsideWorkspace(asked, str(place.root), "a file, or a link since just now, is on its way") from None
    except Irregular as error:
        raise OutsideWorkspace(asked, str(place.root), str(error)) from None


def _decode(content: bytes, shown: str) -> str:
    if b"\0" in content:
        raise NotText(f"{shown}: holds NUL bytes; only UTF-8 text is edited")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise NotText(f"{shown}: line {line} is not UTF-8; other encodings are not edited") from None


def sha256_of(content: bytes | None) -> str | None:
    """The SHA-256 of the content, in hex; `None` where there is none."""
    return None if content is None else hashlib.sha256(content).hexdigest()
