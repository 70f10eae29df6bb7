"""Hard links: other names of a file, which a write through one of them changes, too."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from fastapply.agent.roots import is_repository

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from fastapply.agent.files import Found

__all__ = ["has_names_elsewhere"]


def has_names_elsewhere(found: Found, roots: Sequence[Path]) -> bool:
    """True unless all names of the file are under `roots`, and outside of what belongs to version control.

    There is no way to ask for a file's names: the roots are searched, once for each write to such a file.
    """
    left = found.links
    for root in roots:
        if any(root != other and root.is_relative_to(other) for other in roots):
            continue
        for inode in _inodes(root, found.device):
            left -= inode == found.inode
            if not left:
                return False
    return True


def _inodes(folder: Path, device: int) -> Iterator[int]:
    """The inodes of all files under `folder` on the device."""
    folders = [str(folder)]
    while folders:
        found = folders.pop()
        try:
            if os.stat(found).st_dev != device:
                continue
            with os.scandir(found) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if not is_repository(entry.name):
                            folders.append(entry.path)
                    else:
                        yield entry.inode()
        except OSError:  # not ours to read, or gone: no name that we know of
            continue
