"""Which files tools may touch: those under the roots, and no way out of them.

A path is resolved once, links and all. What comes out is then opened folder by folder from its root, following no link
any more: one that somebody puts into the way meanwhile leads nowhere.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fastapply.errors import InvalidRequest, OutsideWorkspace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fastapply.agent.disk import Disk

__all__ = ["Place", "Roots", "is_repository", "open_folder"]

_REPOSITORIES = frozenset({".git", ".hg", ".svn", ".jj", "git~1"})  # the last as DOS says .git
_SLASHES = re.compile("[/\\\\\u2044\u2215\u29f5\u29f8]")  # and four characters that look like one
_DRIVE_OR_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_LONGEST_NAME = 255
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class Place:
    """A file under a root, or where one may be made."""

    path: Path
    """Absolute, without links."""

    root: Path
    """The root that it is under, without links."""

    shown: str
    """What it is called: relative to the first root where it is under that one, else absolute."""


class Roots:
    """The folders that tools may write to; relative paths are of the first."""

    def __init__(self, roots: Sequence[Path], private: Sequence[Path] = ()) -> None:
        """`roots` must be folders that exist; `private` ones, and what is in them, are not for tools."""
        if not roots:
            raise InvalidRequest("a workspace needs at least one root", field="roots")
        self.paths = tuple(dict.fromkeys(map(_folder, roots)))
        self._private = tuple(Path(os.path.realpath(path)) for path in private)

    def place(self, asked: str) -> Place:
        """Where `asked` leads. Raises `OutsideWorkspace` where that is no place for a text file of a tool."""
        self._check_text(asked)
        path = Path(os.path.realpath(os.path.join(self.paths[0], asked)))
        root = next((root for root in self.paths if path.is_relative_to(root)), None)
        if root is None:
            said = ", ".join(map(str, self.paths))
            raise OutsideWorkspace(asked, said, f"leads to {path}, which is outside of every root")
        self._check_parts(asked, path, root)
        if path == root or asked.endswith("/") or os.path.isdir(path):
            raise OutsideWorkspace(asked, str(root), "names a folder")
        return Place(path, root, self.shown(path))

    def shown(self, path: Path) -> str:
        """What the file at the real `path` is called: relative to the first root where it is under that one."""
        return str(path.relative_to(self.paths[0]) if path.is_relative_to(self.paths[0]) else path)

    def _check_text(self, asked: str) -> None:
        root = str(self.paths[0])
        if not asked or asked.isspace():
            raise OutsideWorkspace(asked, root, "an empty path names no file")
        if "\0" in asked:
            raise OutsideWorkspace(asked.replace("\0", "\\0"), root, "holds a NUL")
        try:
            os.fsencode(asked)
        except UnicodeEncodeError:
            raise OutsideWorkspace(ascii(asked), root, "is not Unicode") from None

    def _check_parts(self, asked: str, path: Path, root: Path) -> None:
        for private in self._private:
            if path.is_relative_to(private):
                raise OutsideWorkspace(asked, str(root), "is where FastApply keeps its own files")
        parts = path.relative_to(root).parts
        for part in parts:
            if is_repository(part):
                raise OutsideWorkspace(asked, str(root), f"{part} belongs to version control")
            if len(os.fsencode(part)) > _LONGEST_NAME:
                raise OutsideWorkspace(asked, str(root), f"holds a name of more than {_LONGEST_NAME} bytes")
        folder = root
        for part in parts:
            if not os.path.lexists(folder / part) and (why := _odd(folder, part)):
                raise OutsideWorkspace(asked, str(root), why)
            folder = folder / part


def is_repository(name: str) -> bool:
    """True for the name of a folder that belongs to version control, in any spelling that some file system takes."""
    return _plain(name) in _REPOSITORIES


def _folder(root: Path) -> Path:
    try:
        path = root.resolve(strict=True)
    except (OSError, RuntimeError):
        raise InvalidRequest(f"{root}: the root does not exist", field="roots") from None
    if not path.is_dir():
        raise InvalidRequest(f"{root}: the root is no folder", field="roots")
    return path


def _plain(part: str) -> str:
    """`part` as a file system takes it that knows neither case nor the form of characters nor invisible ones."""
    visible = "".join(character for character in part if unicodedata.category(character) not in ("Cf", "Cc"))
    return unicodedata.normalize("NFKC", visible).casefold().rstrip(" .")


def _odd(folder: Path, part: str) -> str:
    """Why no file or folder `part` is made in `folder`, or nothing: a name that is taken for another one."""
    form = unicodedata.normalize("NFKC", part)
    if any(unicodedata.category(character) in ("Cf", "Cc") for character in part):
        return f"{part!a} does not exist, and has characters that can't be seen"
    if part != part.strip() or part.endswith("."):
        return f"{part!a} does not exist, and begins or ends with a blank or ends with a dot"
    if form in (".", "..") or _SLASHES.search(form):
        return f"{part!a} does not exist, and looks like a way through folders; these are parted by /"
    if part.startswith("~") or _DRIVE_OR_SCHEME.fullmatch(part):
        return f"{part!a} does not exist; paths are absolute or relative to the root, without ~, drive or scheme"
    return _twin(folder, part)


def _twin(folder: Path, part: str) -> str:
    """Whether `folder` has a name that reads as `part`, in other characters."""
    if part.isascii():
        return ""
    form = unicodedata.normalize("NFC", part)
    with contextlib.suppress(OSError):  # no folder, or not ours to read
        for name in os.listdir(folder):
            if unicodedata.normalize("NFC", name) == form:
                return f"{part!a} does not exist, but {name!a} does: the same name in another Unicode form"
    return ""


@contextlib.contextmanager
def open_folder(root: Path, folder: Path, disk: Disk | None = None) -> Iterator[int]:
    """A descriptor of `folder`, which is `root` or under it, without following any link; `disk` makes what is missing.

    Raises `FileNotFoundError` where a folder is missing, `NotADirectoryError` where a file or a link stands in the way.
    """
    descriptor = _enter(str(root), None)
    try:
        for part in folder.relative_to(root).parts:
            if disk is not None:
                _make(disk, part, descriptor)
            inner = _enter(part, descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def _enter(part: str, folder: int | None) -> int:
    try:
        return os.open(part, _FOLDER, dir_fd=folder)
    except OSError as error:
        if error.errno == errno.ELOOP:  # as some systems say it
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), part) from None
        if error.errno == errno.ENAMETOOLONG:  # so there is none
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), part) from None
        raise


def _make(disk: Disk, part: str, folder: int) -> None:
    try:
        os.stat(part, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        with contextlib.suppress(FileExistsError):
            disk.make_folder(part, folder)
        disk.sync(folder)
