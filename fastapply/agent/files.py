"""Writes to files: all of a file or nothing, keeping what else belongs to it, never over what somebody else wrote."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from fastapply.agent.disk import Disk
from fastapply.errors import InputTooLarge

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Attributes", "Found", "Irregular", "overwrite", "read_file", "write_atomically", "write_draft"]

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NO_SURPRISE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class Irregular(OSError):
    """This is no regular file; the message says what it is."""


class Attributes(msgspec.Struct, frozen=True):
    """What belongs to a file beside its content."""

    mode: int
    uid: int
    gid: int
    extended: dict[str, bytes]


class Found(msgspec.Struct, frozen=True):
    """A file as it was read."""

    content: bytes
    attributes: Attributes
    device: int
    inode: int
    links: int
    """How many names it has."""

    def __repr__(self) -> str:
        return f"Found({len(self.content)} bytes)"


def read_file(folder: int, name: str, most: int | None = None) -> Found | None:
    """The file `name` in the folder with that descriptor; `None` where there is none.

    Raises `Irregular`, `OSError`, and `InputTooLarge` where it has more than `most` bytes.
    """
    try:
        _check_kind(os.stat(name, dir_fd=folder, follow_symlinks=False))  # to open a device may be to do something
        descriptor = os.open(name, os.O_RDONLY | _NO_SURPRISE, dir_fd=folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Irregular("has just become a link") from None
        raise
    with os.fdopen(descriptor, "rb") as file:
        state = os.fstat(descriptor)
        _check_kind(state)
        if most is not None and state.st_size > most:
            raise InputTooLarge(f"{name}: has {state.st_size} bytes; the limit is {most}")
        return Found(file.read(), attributes_of(descriptor), state.st_dev, state.st_ino, state.st_nlink)


def _check_kind(state: os.stat_result) -> None:
    if not stat.S_ISREG(state.st_mode):
        kinds = {stat.S_IFDIR: "folder", stat.S_IFLNK: "link", stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket"}
        raise Irregular(f"is no regular file but a {kinds.get(stat.S_IFMT(state.st_mode), 'device')}")


def overwrite(disk: Disk, folder: int, name: str, content: bytes, found: Found) -> None:
    """Write `content` into the file `found` itself. Cut off, it leaves a mixture. Raises `Irregular`, `OSError`."""
    descriptor = os.open(name, os.O_WRONLY | _NO_SURPRISE, dir_fd=folder)
    try:
        state = os.fstat(descriptor)
        if (state.st_dev, state.st_ino) != (found.device, found.inode):
            raise Irregular("has just become another file")
        disk.write(descriptor, content)
        disk.truncate(descriptor, len(content))
        disk.sync(descriptor)
    finally:
        os.close(descriptor)


def write_atomically(path: str | os.PathLike[str], content: bytes, *, expected: bytes | None) -> None:
    """Make `content` the content of the file at `path`, which must hold `expected` (`None`: must not exist).

    A symbolic link stays and its target is written. Mode, owner, group and extended attributes are kept; where they
    can't be, `PermissionError` is raised. On any error the file is as it was. Other hard links keep the old content.
    """
    disk = Disk()
    target = Path(path).resolve()
    before = _check(target, expected)
    draft = f".fastapply-{os.urandom(8).hex()}.tmp"
    with _opened(target.parent) as folder:
        try:
            write_draft(disk, folder, draft, content, before, str(target))
            _check(target, expected)
            disk.rename(draft, target.name, folder)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                disk.unlink(draft, folder)
            raise
        disk.sync(folder)


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, _FOLDER)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _check(target: Path, expected: bytes | None) -> Attributes | None:
    """What belongs to the file, once it is sure that it may be replaced."""
    try:
        state = target.stat()
    except FileNotFoundError:
        if expected is None:
            return None
        raise
    if not stat.S_ISREG(state.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", str(target))
    if expected is None:
        raise FileExistsError(errno.EEXIST, "the file has come into being meanwhile; nothing was written", str(target))
    if not os.access(target, os.W_OK):  # renaming over it would not ask
        raise PermissionError(errno.EACCES, "no permission to write this file", str(target))
    with target.open("rb") as file:
        if file.read() != expected:
            raise OSError(errno.EBUSY, "the file has changed meanwhile; nothing was written", str(target))
        return attributes_of(file.fileno())


def attributes_of(descriptor: int) -> Attributes:
    """What belongs to the open file."""
    state = os.fstat(descriptor)
    return Attributes(stat.S_IMODE(state.st_mode), state.st_uid, state.st_gid, dict(_extended(descriptor)))


def _extended(descriptor: int) -> Iterator[tuple[str, bytes]]:
    if not hasattr(os, "listxattr"):
        return
    try:
        names = os.listxattr(descriptor)
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return
        raise
    for name in names:
        yield name, os.getxattr(descriptor, name)


def write_draft(disk: Disk, folder: int, name: str, content: bytes, like: Attributes | None, target: str) -> None:
    """Make a file `name` in `folder` that can take the place of `target`, and be sure that it is on the disk.

    It gets what belonged to the old file, `like`; a new file gets the mode that the umask leaves. Raises `OSError`;
    what was begun is then still there.
    """
    # The copy of an old file is nobody else's to read until it is done.
    descriptor = disk.create(name, folder, 0o666 if like is None else 0o600)
    try:
        disk.write(descriptor, content)
        if like is not None:
            _take_after(disk, descriptor, like, target)
        disk.sync(descriptor)
    finally:
        os.close(descriptor)


def _take_after(disk: Disk, descriptor: int, like: Attributes, target: str) -> None:
    """Give the new file the owner, the attributes and, last, as the others may change it, the mode of the old one."""
    now = os.fstat(descriptor)
    if (now.st_uid, now.st_gid) != (like.uid, like.gid):
        try:
            disk.chown(descriptor, like.uid, like.gid)
        except PermissionError as error:
            raise PermissionError(error.errno, "owner and group can't be kept; nothing was written", target) from None
    for name, value in like.extended.items():
        with contextlib.suppress(PermissionError):  # those of the system's own security modules set themselves
            disk.set_attribute(descriptor, name, value)
    disk.chmod(descriptor, like.mode)
