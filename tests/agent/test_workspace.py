"""A workspace: files read, written together and brought back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fastapply.agent.workspace import Workspace, Write
from fastapply.errors import EditConflict, NothingToUndo

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.py").write_bytes(b"\xef\xbb\xbfa = 1\r\nb = 2")
    return root


@pytest.fixture
def workspace(root: Path, tmp_path: Path) -> Workspace:
    return Workspace([root], tmp_path / "state")


def test_a_file_is_read_to_the_byte_and_written_so(workspace: Workspace, root: Path) -> None:
    read = workspace.read("a.py")
    assert read.text is not None
    assert (read.path, read.shown) == (root / "a.py", "a.py")
    receipt = workspace.commit([Write("a.py", read.text.replace("1", "11"), read.sha256)])
    assert (root / "a.py").read_bytes() == b"\xef\xbb\xbfa = 11\r\nb = 2"
    assert workspace.undo(receipt.edit_id).files[0].after == read.sha256
    assert (root / "a.py").read_bytes() == b"\xef\xbb\xbfa = 1\r\nb = 2"
    with pytest.raises(NothingToUndo):
        workspace.undo()


def test_a_file_is_made_with_its_folders_and_gone_again(workspace: Workspace, root: Path) -> None:
    assert workspace.read("src/new/b.py").sha256 is None
    workspace.commit([Write("src/new/b.py", "b = 1\n", None)])
    assert (root / "src/new/b.py").read_bytes() == b"b = 1\n"
    workspace.undo()
    assert not (root / "src/new/b.py").exists()


def test_a_file_that_has_changed_is_a_conflict_and_nothing_is_written(workspace: Workspace, root: Path) -> None:
    read = workspace.read("a.py")
    (root / "a.py").write_bytes(b"theirs")
    with pytest.raises(EditConflict) as raised:
        workspace.commit([Write("new.py", "", None), Write("a.py", "ours", read.sha256)])
    assert raised.value.paths == ("a.py",)
    assert (root / "a.py").read_bytes() == b"theirs"
    assert not (root / "new.py").exists()
