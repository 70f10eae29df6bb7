"""Everything that changes a file, one system call a method.

A write to the workspace must come to all or nothing wherever it is cut off. That nothing but this class changes a disk
makes it possible to cut it off at each of these calls, and to let each of them fail.
"""

from __future__ import annotations

import os

__all__ = ["Disk"]


class Disk:
    """The real one. Names are of files in the folder with the descriptor `folder`; links are never followed."""

    def create(self, name: str, folder: int, mode: int) -> int:
        """A descriptor of a new file, for writing. Raises `FileExistsError`."""
        return os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode, dir_fd=folder)

    def write(self, descriptor: int, content: bytes) -> None:
        """Write all of `content` where the descriptor stands."""
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(descriptor, rest) :]

    def truncate(self, descriptor: int, length: int) -> None:
        """Cut the file off after `length` bytes."""
        os.ftruncate(descriptor, length)

    def chown(self, descriptor: int, uid: int, gid: int) -> None:
        """Give the file to another owner and group."""
        os.fchown(descriptor, uid, gid)

    def chmod(self, descriptor: int, mode: int) -> None:
        """Set the permissions."""
        os.fchmod(descriptor, mode)

    def set_attribute(self, descriptor: int, name: str, value: bytes) -> None:
        """Set an extended attribute."""
        os.setxattr(descriptor, name, value)

    def sync(self, descriptor: int) -> None:
        """Wait until the file's content, or the folder's names, would outlive a power cut."""
        os.fsync(descriptor)

    def rename(self, name: str, new: str, folder: int) -> None:
        """Let the file take the place of `new`, in one step."""
        os.replace(name, new, src_dir_fd=folder, dst_dir_fd=folder)

    def unlink(self, name: str, folder: int) -> None:
        """Remove a file."""
        os.unlink(name, dir_fd=folder)

    def make_folder(self, name: str, folder: int) -> None:
        """Make a folder, with the permissions that the umask leaves."""
        os.mkdir(name, dir_fd=folder)

    def remove_folder(self, name: str, folder: int) -> None:
        """Remove an empty folder."""
        os.rmdir(name, dir_fd=folder)
