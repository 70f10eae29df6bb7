"""What the settings say, and who may change them."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from fastapply import __version__
from fastapply.doctor.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapply.errors import InvalidSetting
    from fastapply.settings.model import Settings

__all__ = ["look_at_faults", "look_at_file", "look_at_keys", "look_at_roots", "look_at_transport"]


def look_at_faults(error: InvalidSetting) -> Iterator[Finding]:
    """Each fault that `load` told of."""
    for line in str(error).split("\n"):
        remedy = "correct it there"
        if ": unknown " in line or "no setting has this name" in line:
            remedy = f"correct or remove it; if it is from a newer FastApply than this {__version__}, upgrade"
        yield Finding("problem", line, remedy)


def look_at_file(file: Path | None) -> Iterator[Finding]:
    """The configuration file, and whether others than its owner may write it: they could let themselves in."""
    if file is None:
        yield Finding("ok", "no configuration file: defaults and the environment hold")
        return
    findings = [finding for path in (file, file.absolute().parent) if (finding := _look_at_mode(path))]
    yield from findings or [Finding("ok", f"{file} is read, and only its owner may write it")]


def _look_at_mode(path: Path) -> Finding | None:
    found = path.stat()
    who = "folder" if stat.S_ISDIR(found.st_mode) else "file"
    if found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX:
        return Finding("problem", f"everybody may write the {who} {path}", f"chmod o-w {path}")
    if found.st_mode & stat.S_IWGRP:
        return Finding("note", f"a group may write the {who} {path}", f"chmod g-w {path}, unless that is meant")
    if found.st_uid not in (0, os.geteuid()):
        return Finding("note", f"the {who} {path} belongs to another user", f"chown root {path}, unless that is meant")
    return None


def look_at_keys(settings: Settings) -> Iterator[Finding]:
    """How many keys there are, and whether any of them still opens."""
    keys = settings.keys
    revoked = sum(key.revoked for key in keys)
    if not keys:
        yield Finding("ok", f"no keys; {settings.server.host} is reached from this machine alone, and it needs none")
    elif revoked == len(keys):
        remedy = "make a new one: fastapply key NAME"
        yield Finding("problem", f"all keys ({revoked}) are revoked, so nobody is let in", remedy)
    else:
        yield Finding("ok", f"keys: {len(keys)}, of which revoked: {revoked}")
    names: dict[str, str] = {}
    for key in keys:
        if (other := names.setdefault(key.sha256, key.name)) != key.name:
            yield Finding("problem", f"{other} and {key.name} are the same key", "make one each: fastapply key NAME")


def look_at_transport(settings: Settings) -> Iterator[Finding]:
    """Whether keys and code cross a network readable to all."""
    if not settings.server.is_loopback:
        told = f"others may reach {settings.server.host}, and keys and code travel as plain HTTP"
        yield Finding("note", told, "put a proxy with TLS in front of it")


def look_at_roots(settings: Settings) -> Iterator[Finding]:
    """Whether agents can edit the files that they are to edit."""
    for root in settings.agent.roots:
        if not os.path.isdir(root):
            yield Finding("problem", f"agents are to edit files in {root}, which is no folder", "correct agent.roots")
        elif not os.access(root, os.W_OK | os.X_OK):
            remedy = "let the user of the service write there, or take it out of agent.roots"
            yield Finding("problem", f"agents are to edit files in {root}, which can't be written", remedy)
        else:
            yield Finding("ok", f"agents may edit the files in {root}")
