"""Who may write, among processes and threads: locks on files that the kernel drops with their holder."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import time
import unicodedata
from typing import TYPE_CHECKING

from fastapply.errors import WorkspaceBusy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["Locks"]

_STRIPES = 256
"""Lock files that all paths share, so that these do not become more and more. Two paths of one stripe wait in vain."""
_POLL_SECONDS = 0.01


class Locks:
    """Locks in `folder`, waited for up to `wait` seconds."""

    def __init__(self, folder: Path, wait: float) -> None:
        self._folder = folder
        self._wait = wait

    @contextlib.contextmanager
    def files(
        self, paths: Iterable[Path], held: frozenset[str] = frozenset(), wait: float | None = None
    ) -> Iterator[frozenset[str]]:
        """Keep all others from writing these files. Gives the names of the locks; those `held` already are left out.
        `wait` seconds are for this time alone."""
        wanted = {_stripe(path) for path in paths} - held
        with contextlib.ExitStack() as stack:
            for name in sorted(wanted):  # all take them in one order, so nobody waits in a circle
                stack.enter_context(self._locked(name, self._wait if wait is None else wait))
            yield held | wanted

    def writer(self) -> contextlib.AbstractContextManager[None]:
        """Be the only one that changes files and journal. To be taken after the locks of files, never before."""
        return self._locked("writer", self._wait)

    @contextlib.contextmanager
    def _locked(self, name: str, wait: float) -> Iterator[None]:
        descriptor = os.open(self._folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            _acquire(descriptor, wait)
            yield
        finally:
            os.close(descriptor)


def _acquire(descriptor: int, wait: float) -> None:
    end = time.monotonic() + wait
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                said = "somebody else is writing to these files, and did not end in time; try again later"
                raise WorkspaceBusy(said) from None
        time.sleep(_POLL_SECONDS)


def _stripe(path: Path) -> str:
    # Where a file system knows no case, one file has several spellings.
    plain = unicodedata.normalize("NFKC", str(path)).casefold()
    return f"file-{hashlib.sha256(os.fsencode(plain)).digest()[0] % _STRIPES:03d}"
