"""Disks that tell each of their steps, so that a test can fail it, or die in it."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Any

from fastapply.agent.disk import Disk

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SteppingDisk", "UnsyncedDisk", "failing_at", "snapshot"]


class SteppingDisk(Disk):
    """Calls `on_step` with number (from 1) and name of each step before it is done. A write is two, of half each."""

    def __init__(self, on_step: Callable[[int, str], None]) -> None:
        self.steps = 0
        self._on_step = on_step

    def step(self, name: str) -> None:
        self.steps += 1
        self._on_step(self.steps, name)


def _stepping(name: str) -> Callable[..., Any]:
    method = getattr(Disk, name)

    def call(self: SteppingDisk, *arguments: Any) -> Any:
        self.step(name)
        return method(self, *arguments)

    return call


def _write(self: SteppingDisk, descriptor: int, content: bytes) -> None:
    self.step("write")
    Disk.write(self, descriptor, content[: len(content) // 2])
    self.step("write the rest")
    Disk.write(self, descriptor, content[len(content) // 2 :])


for _name in vars(Disk):
    if not _name.startswith("_"):
        setattr(SteppingDisk, _name, _write if _name == "write" else _stepping(_name))


class UnsyncedDisk(Disk):
    """Does not wait for the disk: for tests of many small edits."""

    def sync(self, descriptor: int) -> None:
        pass


def failing_at(number: int, code: int, *, forever: bool = False) -> SteppingDisk:
    """A disk of which step `number`, and with `forever` each one after it, fails with the error `code`."""

    def fail(step: int, _: str) -> None:
        if step == number or (forever and step > number):
            raise OSError(code, os.strerror(code))

    return SteppingDisk(fail)


def snapshot(folder: os.PathLike[str]) -> dict[str, tuple[object, ...]]:
    """All that is under `folder`: kind, mode, owner, content, extended attributes, and which names are one file."""
    found: dict[str, tuple[object, ...]] = {}
    names: dict[int, str] = {}
    for path, folders, files in os.walk(folder):
        for name in sorted([*folders, *files]):
            whole = os.path.join(path, name)
            state = os.lstat(whole)
            content: object = None
            if os.path.islink(whole):
                content = os.readlink(whole)
            elif stat.S_ISREG(state.st_mode):
                with open(whole, "rb") as file:
                    content = file.read(), {key: os.getxattr(whole, key) for key in os.listxattr(whole)}
            first = names.setdefault(state.st_ino, whole)
            same = os.path.relpath(first, folder) if state.st_nlink > 1 and name in files else None
            found[os.path.relpath(whole, folder)] = (oct(state.st_mode), state.st_uid, state.st_gid, content, same)
    return found
