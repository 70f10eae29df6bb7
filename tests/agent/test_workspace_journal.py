"""What the journal keeps, from whom, for how long, and what becomes of it when somebody else writes meanwhile."""

from __future__ import annotations

import errno
import os
import stat
import time
from pathlib import Path

import pytest

from fastapply.agent import journal
from fastapply.agent.workspace import Workspace, Write
from fastapply.errors import EditConflict, NothingToUndo, NotText, WorkspaceError
from support.disks import SteppingDisk, failing_at


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.py").write_text("before\n")
    return root


@pytest.fixture
def workspace(root: Path, tmp_path: Path) -> Workspace:
    return Workspace([root], tmp_path / "state")


def test_nothing_is_relied_on_before_it_is_on_the_disk(root: Path, tmp_path: Path) -> None:
    steps: list[str] = []
    workspace = Workspace([root], tmp_path / "state", disk=SteppingDisk(lambda _, name: steps.append(name)))
    put(workspace, "a.py", "after\n")
    written = ["create", "write", "write the rest"]
    renamed = ["rename", "sync"]
    planned, draft = [*written, "sync", *renamed], [*written, "chmod", "sync"]
    committed, carried_out, done = renamed, ["rename", "unlink", "sync"], renamed
    assert [step for step in steps if step != "chown"] == [*planned, *draft, *committed, *carried_out, *done]


def put(workspace: Workspace, path: str, text: str) -> str:
    edit_id = workspace.commit([Write(path, text, workspace.read(path).sha256)], label=f"put {path}").edit_id
    assert edit_id
    return edit_id


def test_nobody_else_can_read_the_journal(workspace: Workspace, root: Path, tmp_path: Path) -> None:
    (tmp_path / "state").chmod(0o755)
    workspace = Workspace([root], tmp_path / "state")
    put(workspace, "a.py", "after\n")
    for path in [tmp_path / "state", *(tmp_path / "state").rglob("*")]:
        allowed = stat.S_IMODE(path.stat().st_mode) & 0o077
        assert not allowed or path.name == "README.txt", path
    assert str(root) in (tmp_path / "state/README.txt").read_text()


def test_the_journal_is_in_the_users_folder_by_the_roots(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    put(Workspace([root]), "a.py", "after\n")
    assert Workspace([root]).undo().files[0].shown == "a.py"
    (tmp_path / "other").mkdir()
    with pytest.raises(NothingToUndo):
        Workspace([tmp_path / "other"]).undo()
    assert len(list((tmp_path / "xdg/fastapply").iterdir())) == 3, "two journals, and the locks that they share"


def test_what_no_workspace_has_used_for_long_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    long_ago = time.time() - 31 * 86400
    opened = {}
    for name in ("unused", "cut off", "used"):
        (tmp_path / name).mkdir()
        opened[name] = Workspace([tmp_path / name])
        put(opened[name], "a.py", "a\n")
    for about in (tmp_path / "xdg/fastapply").glob("*/README.txt"):
        if "used" not in about.read_text().splitlines()[-1].split("/"):
            os.utime(about, (long_ago, long_ago))
        if about.read_text().endswith("cut off\n"):
            [entry] = (about.parent / "journal").iterdir()
            entry.rename(entry.with_suffix(".committed"))
    put(opened["used"], "b.py", "b\n")
    left = {about.read_text().splitlines()[-1] for about in (tmp_path / "xdg/fastapply").glob("*/README.txt")}
    assert left == {str(tmp_path / "used"), str(tmp_path / "cut off")}
    put(opened["unused"], "b.py", "b\n")
    assert len(opened["unused"].history()) == 1, "a workspace that is open goes on"


def test_the_history_tells_what_is_held(workspace: Workspace) -> None:
    first = put(workspace, "a.py", "after\n")
    undone = workspace.undo()
    told = [(past.edit_id, past.label, past.undoes, past.files, past.in_force) for past in workspace.history()]
    assert told == [
        (first, "put a.py", None, ("a.py",), False),
        (undone.edit_id, f"undo {first}", first, ("a.py",), True),
    ]


@pytest.mark.parametrize(
    ("limit", "value", "left"), [("MOST_EDITS", 3, 3), ("MOST_BYTES", 4000, 3), ("MOST_DAYS", 1, 1)]
)
def test_old_edits_are_forgotten_and_the_last_one_never(
    workspace: Workspace, tmp_path: Path, limit: str, value: float, left: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        put(workspace, f"{number}.py", "x" * 1000)
    for path in (tmp_path / "state/journal").iterdir():
        os.utime(path, (time.time() - 2 * 86400,) * 2)
    monkeypatch.setattr(journal, limit, value)
    last = put(workspace, "last.py", "x" * 1000)
    assert len(workspace.history()) == left
    assert workspace.history()[-1].edit_id == last
    monkeypatch.setattr(journal, "MOST_BYTES", 10)
    last = put(workspace, "large.py", "x" * 1000)
    assert [past.edit_id for past in workspace.history()] == [last]


def test_an_undo_of_an_undo_brings_the_edit_back(workspace: Workspace, root: Path) -> None:
    edit_id = put(workspace, "new/b.py", "b\n")
    (root / "new/b.py").chmod(0o741)
    undo = workspace.undo(edit_id)
    assert not (root / "new").exists()
    workspace.undo(undo.edit_id)
    assert (root / "new/b.py").read_text() == "b\n"
    assert stat.S_IMODE((root / "new/b.py").stat().st_mode) == 0o741
    assert workspace.undo().files[0].after is None
    with pytest.raises(NothingToUndo, match="undone already"):
        workspace.undo(edit_id)


def test_an_undo_keeps_what_somebody_else_wrote(workspace: Workspace, root: Path) -> None:
    workspace.commit([Write("a.py", "after\n", workspace.read("a.py").sha256), Write("new/b.py", "b\n", None)])
    (root / "new/c.py").write_text("theirs\n")
    (root / "a.py").write_text("theirs\n")
    with pytest.raises(EditConflict) as raised:
        workspace.undo()
    assert raised.value.paths == ("a.py",)
    assert (root / "new/b.py").exists()
    (root / "a.py").write_text("after\n")
    workspace.undo()
    assert sorted(os.listdir(root / "new")) == ["c.py"]


def test_an_undo_does_not_follow_a_link_that_has_come_into_the_path(
    workspace: Workspace, root: Path, tmp_path: Path
) -> None:
    put(workspace, "folder/b.py", "b\n")
    (root / "folder").rename(root / "moved")
    (root / "folder").symlink_to("moved")
    with pytest.raises(EditConflict, match="a link has come into its path"):
        workspace.undo()


def test_what_somebody_else_wrote_after_a_crash_is_left(root: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    seen: list[str] = []

    def step(_: int, name: str) -> None:
        seen.append(name)
        if seen.count("rename") >= 3:  # planned, committed, and now the first file
            raise KeyboardInterrupt

    workspace = Workspace([root], state, disk=SteppingDisk(step))
    with pytest.raises(KeyboardInterrupt):
        workspace.commit([Write("a.py", "after\n", workspace.read("a.py").sha256), Write("b.py", "b\n", None)])
    (root / "a.py").write_text("theirs\n")
    workspace = Workspace([root], state)
    [recovered] = workspace.recovered
    assert (recovered.done, recovered.changed) == (True, ("a.py",))
    assert (root / "a.py").read_text() == "theirs\n"
    assert (root / "b.py").read_text() == "b\n"


def test_an_edit_that_can_not_be_brought_to_its_end_is_named(root: Path, tmp_path: Path) -> None:
    (root / "folder").mkdir()
    disk = failing_at(15, errno.EIO, forever=True)
    workspace = Workspace([root], tmp_path / "state", disk=disk)
    with pytest.raises(WorkspaceError, match="so did taking it back"):
        put(workspace, "folder/b.py", "b\n")
    [entry] = (tmp_path / "state/journal").iterdir()
    with pytest.raises(WorkspaceError, match=f"{os.strerror(errno.EIO)}; mend that, or move {entry} away"):
        Workspace([root], tmp_path / "state", disk=failing_at(1, errno.EIO, forever=True))
    assert Workspace([root], tmp_path / "state").recovered[0].edit_id in entry.name


def test_a_damaged_journal_is_told_and_not_used(workspace: Workspace, tmp_path: Path) -> None:
    put(workspace, "a.py", "after\n")
    [entry] = (tmp_path / "state/journal").iterdir()
    entry.write_bytes(entry.read_bytes().replace(b"before", b"BEFORE"))
    with pytest.raises(WorkspaceError, match="damaged"):
        workspace.undo()
    entry.write_bytes(b"nonsense")
    with pytest.raises(WorkspaceError, match="damaged"):
        workspace.history()


@pytest.mark.parametrize("content", [b"\xff\xfea\0", b"a\0b\0", b"caf\xe9\n", b"\xed\xa0\x80"])
def test_what_is_not_utf8_is_no_text(workspace: Workspace, root: Path, content: bytes) -> None:
    (root / "a.py").write_bytes(content)
    with pytest.raises(NotText):
        workspace.read("a.py")


def test_half_a_surrogate_pair_is_no_text(workspace: Workspace, root: Path) -> None:
    with pytest.raises(NotText):
        workspace.commit([Write("a.py", "\ud800", workspace.read("a.py").sha256)])


def test_code_is_in_no_repr_and_in_no_error(workspace: Workspace, root: Path) -> None:
    (root / "a.py").write_text("secret\n")
    read = workspace.read("a.py")
    assert "secret" not in repr((read, Write("a.py", "secret", read.sha256)))
    with pytest.raises(EditConflict) as raised:
        workspace.commit([Write("a.py", "secret too", None)])
    assert "secret" not in str(raised.value)
