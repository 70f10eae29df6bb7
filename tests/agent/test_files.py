"""Atomic writes: what is kept, and what stops them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from fastapply.agent import files
from fastapply.agent.files import write_atomically

if TYPE_CHECKING:
    from pathlib import Path


def test_a_new_file_has_the_mode_that_the_umask_leaves(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "new", b"x", expected=None)
    finally:
        os.umask(before)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o640


def test_a_file_that_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"somebody else's")
    with pytest.raises(OSError, match="changed meanwhile"):
        write_atomically(path, b"ours", expected=b"what we read")
    assert path.read_bytes() == b"somebody else's"


def test_a_file_that_came_into_being_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"somebody else's")
    with pytest.raises(FileExistsError):
        write_atomically(path, b"ours", expected=None)
    assert path.read_bytes() == b"somebody else's"


def test_a_file_that_vanished_is_not_made_again(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "gone", b"ours", expected=b"what we read")
    assert os.listdir(tmp_path) == []


def test_a_failed_write_leaves_the_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"before")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, b"after", expected=b"before")
    assert path.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["file"]


def test_what_is_not_a_regular_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        write_atomically(tmp_path / "pipe", b"x", expected=b"")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to anything")
def test_a_read_only_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"before")
    path.chmod(0o444)
    with pytest.raises(PermissionError):
        write_atomically(path, b"after", expected=b"before")


def test_extended_attributes_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"before")
    try:
        os.setxattr(path, "user.note", b"mine")
    except OSError:
        pytest.skip("the file system has no extended attributes")
    write_atomically(path, b"after", expected=b"before")
    assert os.getxattr(path, "user.note") == b"mine"
