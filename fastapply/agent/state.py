"""Where a workspace keeps its journal and its locks: folders that nobody but the user can enter."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fastapply.errors import InvalidRequest, WorkspaceError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["State"]

_ABOUT = """\
FastApply keeps here what it wrote to the files under the folders below: each edit, with the files' content before and
after it, so that edits can be undone and are never left half-done. Nothing of it leaves this machine, and only the
last edits are kept. While no FastApply is running, this folder may be removed: then nothing can be undone any more.

"""


@dataclass(frozen=True)
class State:
    """The folders of one workspace; they exist."""

    journal: Path
    locks: Path
    private: tuple[Path, ...]
    """What is not for tools."""

    @classmethod
    def of(cls, roots: Sequence[Path], given: Path | None) -> State:
        """The state of these roots: in `given`, else in the user's folder, where all workspaces share their locks."""
        base = given or _users_folder()
        own = base if given else base / hashlib.sha256(b"\0".join(map(os.fsencode, roots))).hexdigest()[:16]
        real = Path(os.path.realpath(base))
        if any(root.is_relative_to(real) for root in roots):
            raise InvalidRequest(f"{base}: the folder for the journal can't hold a root", field="state")
        state = cls(own / "journal", base / "locks", (real,))
        try:
            for folder in (base, own, state.journal, state.locks):
                _make_private(folder)
            _tell(own / "README.txt", roots)
        except OSError as error:
            raise WorkspaceError(f"{own}: the journal can't be kept there: {error.strerror}") from error
        return state


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


def _tell(path: Path, roots: Sequence[Path]) -> None:
    text = _ABOUT + "".join(f"{root}\n" for root in roots)
    if not path.exists():
        path.write_text(text, "utf-8", "surrogateescape")
