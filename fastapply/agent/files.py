"""Writes to the workspace: all of a file or nothing, and never over what somebody else wrote meanwhile."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path

__all__ = ["write_atomically"]


def write_atomically(path: str | os.PathLike[str], content: bytes, *, expected: bytes | None) -> None:
    """Make `content` the content of the file at `path`, which must hold `expected` (`None`: must not exist).

    A symbolic link stays and its target is written. Mode, owner, group and extended attributes are kept; where they
    can't be, `PermissionError` is raised. On any error the file is as it was. Other hard links keep the old content.
    """
    target = Path(path).resolve()
    before = _check(target, expected)
    draft = target.with_name(f".fastapply-{os.urandom(8).hex()}.tmp")
    try:
        _write(draft, content, before, target)
        _check(target, expected)
        os.replace(draft, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()
        raise
    _sync_directory(target.parent)


def _check(target: Path, expected: bytes | None) -> os.stat_result | None:
    """The state of the file, once it is sure that it may be replaced."""
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
    if target.read_bytes() != expected:
        raise OSError(errno.EBUSY, "the file has changed meanwhile; nothing was written", str(target))
    return state


def _write(draft: Path, content: bytes, before: os.stat_result | None, target: Path) -> None:
    # A new file gets the mode that the umask leaves; the copy of an old one is nobody else's to read until it is done.
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if before is None else 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        if before is not None:
            _take_after(file.fileno(), before, target)
        file.flush()
        os.fsync(file.fileno())


def _take_after(descriptor: int, before: os.stat_result, target: Path) -> None:
    """Give the new file the owner, the attributes and, last, as the others may change it, the mode of the old one."""
    now = os.fstat(descriptor)
    if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid):
        try:
            os.fchown(descriptor, before.st_uid, before.st_gid)
        except PermissionError as error:
            raise PermissionError(
                error.errno, "owner and group can't be kept; nothing was written", str(target)
            ) from None
    if hasattr(os, "listxattr"):
        _copy_attributes(descriptor, target)
    os.fchmod(descriptor, stat.S_IMODE(before.st_mode))


def _copy_attributes(descriptor: int, target: Path) -> None:
    try:
        names = os.listxattr(target)
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return
        raise
    for name in names:
        value = os.getxattr(target, name)
        with contextlib.suppress(PermissionError):  # those of the system's own security modules set themselves
            os.setxattr(descriptor, name, value)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
