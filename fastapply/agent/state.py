"""Where a workspace keeps its journal and its locks: folders that nobody but the user can enter."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fastapply.errors import InvalidRequest, WorkspaceError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["State"]

_README = "README.txt"
_OWN = re.compile("[0-9a-f]{16}")
_ABOUT = """\
FastApply keeps here what it wrote to the files under the folders below: each edit, with the files' content before and
after it, so that edits can be undone and are never left half-done. Nothing of it leaves this machine, and only the
last edits are kept. While no FastApply is running, this folder may be removed: then nothing can be undone any more.

"""


@dataclass(frozen=True)
class State:
    """The folders of one workspace."""

    base: Path
    """Holds all of it, and is not for tools."""

    own: Path
    """What is of this workspace alone; the base itself where that was given."""

    roots: tuple[Path, ...]

    @classmethod
    def of(cls, roots: Sequence[Path], given: Path | None) -> State:
        """The state of these roots: in `given`, else in the user's folder, where all workspaces share their locks."""
        base = given or _users_folder()
        own = base if given else base / hashlib.sha256(b"\0".join(map(os.fsencode, roots))).hexdigest()[:16]
        real = Path(os.path.realpath(base))
        if any(root.is_relative_to(real) for root in roots):
            raise InvalidRequest(f"{base}: the folder for the journal can't hold a root", field="state")
        return cls(base, own, tuple(roots))

    @property
    def journal(self) -> Path:
        """Where edits are kept."""
        return self.own / "journal"

    @property
    def locks(self) -> Path:
        """Where locks are."""
        return self.base / "locks"

    def make(self) -> None:
        """See to it that the folders exist, are private, and count as in use. Raises `WorkspaceError`."""
        try:
            for folder in (self.base, self.own, self.journal, self.locks):
                _make_private(folder)
            about = self.own / _README
            if not about.exists():
                text = _ABOUT + "".join(f"{root}\n" for root in self.roots)
                about.write_text(text, "utf-8", "surrogateescape")
            os.utime(about)
        except OSError as error:
            raise WorkspaceError(f"{self.own}: the journal can't be kept there: {error.strerror}") from error

    def forget_others(self, days: float) -> None:
        """Remove what other workspaces of this user keep and have not used for so long, unless an edit was cut off."""
        if self.own == self.base:
            return
        for folder in self.base.iterdir():
            if _OWN.fullmatch(folder.name) and folder != self.own and _is_old(folder, days):
                shutil.rmtree(folder, ignore_errors=True)


def _users_folder() -> Path:
    named = os.environ.get("XDG_STATE_HOME", "")
    try:
        home = Path(named) if os.path.isabs(named) else Path.home() / ".local" / "state"
    except RuntimeError:
        raise WorkspaceError("there is no home folder to keep the journal in; set XDG_STATE_HOME") from None
    return home / "fastapply"


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    state = folder.stat()
    if state.st_uid != os.geteuid():
        raise WorkspaceError(f"{folder}: belongs to another user; the journal holds code and is not kept there")
    if stat.S_IMODE(state.st_mode) & 0o077:
        folder.chmod(0o700)


def _is_old(folder: Path, days: float) -> bool:
    try:
        names = os.listdir(folder / "journal")
        used = (folder / _README).stat().st_mtime
    except OSError:  # in the making, or not ours
        return False
    return time.time() - used > days * 86400 and all(name.endswith((".done", ".kept")) for name in names)
