"""What the tools do to files, and what they answer; no protocol, and merges in this process."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import os
from typing import TYPE_CHECKING, Any

import pytest
from anyio import create_task_group

from fastapply.agent.answers import EditAnswer, EditsAnswer
from fastapply.agent.edits import Editor
from fastapply.agent.telling import tell
from fastapply.agent.tools import EditFile, EditFiles, FileEdit, PreviewEdit, UndoEdit
from fastapply.agent.workspace import Workspace
from support.editing import InProcess, editor_of, workspace_of, write_all

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from fastapply.agent.workspace import Held, Receipt
    from fastapply.merge.values import ApplyResult
    from fastapply.resolve.route import OnDoubt
    from fastapply.workers.wire import Job

TWO = "def f():\n    x = 1\n    return x\n\n\ndef g():\n    x = 1\n    return x\n"
EDIT_G = "def g():\n    x = 2\n    return x\n"
AMBIGUOUS = "    x = 2\n    return x\n"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_all(tmp_path, {"a.py": TWO, "b.py": TWO})
    return tmp_path


@pytest.fixture
def editor(root: Path) -> Editor:
    return editor_of(root)


def edit(editor: Editor, path: str, code: str, **more: Any) -> EditAnswer:
    return asyncio.run(editor.edit_file(EditFile(path, code, **more)))


def edit_all(editor: Editor, *edits: tuple[str, str], **more: Any) -> EditsAnswer:
    return asyncio.run(editor.edit_files(EditFiles(tuple(FileEdit(*one) for one in edits), **more)))


def test_an_edit_is_written_and_told(editor: Editor, root: Path) -> None:
    answer = edit(editor, "a.py", EDIT_G)
    after = TWO[: TWO.index("def g")] + EDIT_G
    assert (root / "a.py").read_text() == after
    assert (answer.status, answer.path, answer.created) == ("written", "a.py", False)
    assert (answer.changes.added, answer.changes.removed, answer.engine) == (1, 1, "structural")
    assert (answer.sha256_before, answer.sha256_after) == (sha256(TWO), sha256(after))
    assert "+    x = 2" in answer.diff
    told = tell(answer)
    assert told.startswith(f"a.py: written, 1 line added, 1 removed. undo_edit {answer.edit_id} takes it back.")
    assert answer.diff.rstrip("\n") in told


def test_bytes_outside_the_edit_stay(editor: Editor, root: Path) -> None:
    (root / "c.py").write_bytes(b"\xef\xbb\xbfx = 1\r\ny = 2  \r\nz = 3")
    edit(editor, "c.py", "x = 9\ny = 2\n# ... existing code ...\n")
    assert (root / "c.py").read_bytes() == b"\xef\xbb\xbfx = 9\r\ny = 2  \r\nz = 3"


def test_a_doubt_writes_nothing_and_says_what_would_settle_it(editor: Editor, root: Path) -> None:
    answer = edit(editor, "a.py", AMBIGUOUS)
    assert (root / "a.py").read_text() == TWO
    assert (answer.status, answer.edit_id, answer.sha256_before) == ("refused", None, sha256(TWO))
    [doubt] = answer.doubts
    assert doubt.kind == "ambiguous_anchor"
    assert sorted((place.place, place.first_line, place.text) for place in doubt.candidates) == [
        ("line 3", 3, "    return x"),
        ("line 8", 8, "    return x"),
    ]
    told = tell(answer)
    assert told.startswith("a.py was not changed: the edit can't be decided.")
    assert "     3 |     return x" in told
    assert f"Send the whole edit again, mended: {doubt.hint}." in told


def test_a_long_place_is_shown_in_part_and_said_to_be_longer(editor: Editor, root: Path) -> None:
    body = "".join(f"    {name} = 1\n" for name in "abcdefghijk")
    (root / "long.py").write_text(f"class Long:\n{body}")
    answer = edit(editor, "long.py", "class Long:\n    # ...\n    new = 2\n    # ...\n")
    [doubt] = answer.doubts
    [candidate] = doubt.candidates
    assert len(candidate.text.splitlines()) + candidate.more_lines == len(body.splitlines())
    assert candidate.more_lines
    assert f"and {candidate.more_lines} more lines" in tell(answer)
    assert "more lines" not in tell(edit(editor, "a.py", AMBIGUOUS))


def test_the_best_guess_is_taken_where_it_is_asked_for_and_says_what_it_guessed(editor: Editor, root: Path) -> None:
    answer = edit(editor, "a.py", AMBIGUOUS, on_doubt="best")
    assert answer.status == "written"
    assert answer.doubts
    assert (root / "a.py").read_text() != TWO
    assert "This is a best guess." in tell(answer)


def test_a_preview_writes_nothing(editor: Editor, root: Path) -> None:
    dry = edit(editor, "a.py", EDIT_G, dry_run=True)
    preview = asyncio.run(editor.preview_edit(PreviewEdit("a.py", EDIT_G)))
    assert dry == preview
    assert (preview.status, preview.edit_id) == ("previewed", None)
    assert "Nothing was written." in tell(preview)
    assert (root / "a.py").read_text() == TWO


def test_an_edit_that_changes_nothing_says_so(editor: Editor) -> None:
    answer = edit(editor, "a.py", "def g():\n    x = 1\n    return x\n")
    assert (answer.status, answer.edit_id, answer.diff) == ("unchanged", None, "")
    assert tell(answer) == "a.py: the edit changes nothing; the file is already so."


def test_a_file_that_is_not_there_is_made_with_its_folders(editor: Editor, root: Path) -> None:
    answer = edit(editor, "new/deep/c.py", "x = 1\n")
    assert (root / "new/deep/c.py").read_text() == "x = 1\n"
    assert (answer.status, answer.created, answer.sha256_before) == ("written", True, None)
    assert tell(answer).startswith("new/deep/c.py: created, 1 line added")


@pytest.mark.parametrize("on_doubt", ["refuse", "best"])
def test_what_stands_for_code_of_a_file_that_is_not_there_makes_none(
    editor: Editor, root: Path, on_doubt: OnDoubt
) -> None:
    answer = edit(editor, "bb.py", "# ... existing code ...\nx = 1\n", on_doubt=on_doubt)
    assert not (root / "bb.py").exists()
    assert (answer.status, answer.error.code if answer.error else "") == ("failed", "file_missing")
    assert "is b.py beside it meant?" in tell(answer)


def test_the_expected_file_is_looked_at(editor: Editor, root: Path) -> None:
    assert edit(editor, "a.py", EDIT_G, expected_sha256=sha256(TWO)).status == "written"
    answer = edit(editor, "a.py", EDIT_G.replace("2", "3"), expected_sha256=sha256(TWO))
    assert answer.error is not None
    assert answer.error.code == "edit_conflict"
    assert "Read the file again" in tell(answer)
    assert "x = 3" not in (root / "a.py").read_text()


class Meddler(InProcess):
    """Somebody writes the file while its edit is being merged."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def apply(self, job: Job, on_doubt: OnDoubt | None = None) -> ApplyResult:
        self.path.write_text("somebody else's\n")
        return await super().apply(job, on_doubt)


def test_a_file_that_changes_while_it_is_merged_is_not_overwritten(root: Path) -> None:
    answer = edit(Editor(workspace_of(root), Meddler(root / "a.py")), "a.py", EDIT_G)
    assert answer.error is not None
    assert (answer.status, answer.error.code) == ("failed", "edit_conflict")
    assert (root / "a.py").read_text() == "somebody else's\n"
    assert "Read the file again" in tell(answer)


@pytest.mark.parametrize("path", ["../out.py", "/etc/passwd", "sub/../../out.py", ".git/config", "link.py"])
def test_no_path_leads_out(editor: Editor, root: Path, path: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "out.py"
    outside.write_text("x = 1\n")
    (root / "link.py").symlink_to(outside)
    answer = edit(editor, path, "x = 2\n")
    assert answer.error is not None
    assert (answer.status, answer.error.code) == ("failed", "outside_workspace")
    assert str(root) in tell(answer)
    assert outside.read_text() == "x = 1\n"


def test_a_file_that_is_no_text_is_left_alone(editor: Editor, root: Path) -> None:
    (root / "image").write_bytes(b"\xff\xfe\x00")
    answer = edit(editor, "image", "x = 1\n")
    assert answer.error is not None
    assert answer.error.code == "not_text"


def test_several_files_are_one_edit_that_is_taken_back_together(editor: Editor, root: Path) -> None:
    answer = edit_all(editor, ("a.py", EDIT_G), ("b.py", EDIT_G), ("c/d.py", "y = 1\n"))
    assert answer.status == "written"
    assert [file.status for file in answer.files] == ["written", "written", "written"]
    assert tell(answer).startswith(f"All edits were made, as {answer.edit_id}; undo_edit takes them back together.")
    undone = asyncio.run(editor.undo_edit(UndoEdit()))
    assert (undone.status, undone.edit_id) == ("undone", answer.edit_id)
    assert [(file.path, file.status) for file in undone.files] == [
        ("a.py", "restored"),
        ("b.py", "restored"),
        ("c/d.py", "removed"),
    ]
    assert ((root / "a.py").read_text(), (root / "b.py").read_text()) == (TWO, TWO)
    assert not (root / "c/d.py").exists()
    assert "c/d.py: removed; it did not exist before." in tell(undone)


def test_with_one_edit_in_doubt_no_file_is_written(editor: Editor, root: Path) -> None:
    answer = edit_all(editor, ("a.py", EDIT_G), ("b.py", AMBIGUOUS), ("b.py", EDIT_G), ("../x", "x"))
    assert (answer.status, answer.edit_id) == ("refused", None)
    assert [file.status for file in answer.files] == ["not_written", "refused", "skipped", "failed"]
    assert ((root / "a.py").read_text(), (root / "b.py").read_text()) == (TWO, TWO)
    told = tell(answer)
    assert told.startswith("No file was written: either all edits are made or none.")
    assert "a.py: this edit would do (1 line added, 1 removed), and was not written because of the others." in told
    assert "b.py was not changed: the edit can't be decided." in told
    assert "b.py: not tried, because an edit of this file before this one was not made." in told


def test_several_edits_of_one_file_are_made_in_their_order(editor: Editor, root: Path) -> None:
    edits = [("a.py", EDIT_G), ("./a.py", EDIT_G.replace("2", "3")), ("n.py", "x = 1\n"), ("n.py", "x = 1\ny = 2\n")]
    answer = edit_all(editor, *edits)
    assert (root / "n.py").read_text() == "x = 1\ny = 2\n"
    assert (root / "a.py").read_text() == TWO[: TWO.index("def g")] + EDIT_G.replace("2", "3")
    first, second, *_ = answer.files
    assert first.sha256_after == second.sha256_before
    assert (first.sha256_before, second.sha256_after) == (sha256(TWO), sha256((root / "a.py").read_text()))


def test_a_dry_run_of_several_shows_all_and_writes_none(editor: Editor, root: Path) -> None:
    answer = edit_all(editor, ("a.py", EDIT_G), ("c.py", "x = 1\n"), dry_run=True)
    assert (answer.status, {file.status for file in answer.files}) == ("previewed", {"previewed"})
    assert (root / "a.py").read_text() == TWO
    assert not (root / "c.py").exists()


def test_progress_is_told_file_by_file(editor: Editor) -> None:
    seen = []

    async def progress(done: int, total: int, message: str) -> None:
        seen.append((done, total, message))

    asyncio.run(editor.edit_files(EditFiles((FileEdit("a.py", EDIT_G), FileEdit("b.py", EDIT_G))), progress))
    assert seen == [(1, 2, "a.py"), (2, 2, "b.py")]


class Slow(InProcess):
    """Lets others run while it merges."""

    async def apply(self, job: Job, on_doubt: OnDoubt | None = None) -> ApplyResult:
        for _ in range(20):
            await asyncio.sleep(0)
        return await super().apply(job, on_doubt)


def test_edits_of_one_file_that_are_sent_at_once_are_all_made(root: Path) -> None:
    names = [f"v{number}" for number in range(8)]
    write_all(root, {"many.py": "".join(f"def {name}():\n    return 0\n\n\n" for name in names)})
    editors = [Editor(workspace_of(root), Slow()), Editor(workspace_of(root), Slow())]  # as of two processes

    async def together() -> list[EditAnswer]:
        edits = (EditFile("many.py", f"def {name}():\n    return 1\n") for name in names)
        calls = (editors[number % 2].edit_file(edit) for number, edit in enumerate(edits))
        return list(await asyncio.gather(*calls))

    assert {answer.status for answer in asyncio.run(together())} == {"written"}
    assert (root / "many.py").read_text().count("return 1") == len(names)


class Crowded(Workspace):
    """Lets the first merge begin when all calls want their files."""

    wanted: frozenset[str] = frozenset()

    def hold(self, *paths: str, wait: float | None = None) -> AbstractContextManager[Held]:
        self.wanted = self.wanted.union(paths)
        return super().hold(*paths, wait=wait)


class Patient(InProcess):
    """Waits for the crowd."""

    def __init__(self, workspace: Crowded, calls: int) -> None:
        self.workspace, self.calls = workspace, calls

    async def apply(self, job: Job, on_doubt: OnDoubt | None = None) -> ApplyResult:
        while len(self.workspace.wanted) < self.calls:
            await asyncio.sleep(0.001)
        return await super().apply(job, on_doubt)


def test_calls_that_wait_leave_a_thread_for_the_one_they_wait_for(root: Path) -> None:
    """Each call is of another file, and all share a lock, as these names differ in case alone."""
    calls = min(32, (os.cpu_count() or 1) + 4) + 1  # one more than there are threads
    names = list(itertools.islice(map("".join, itertools.product(*zip("abcdef", "ABCDEF", strict=True))), calls))
    write_all(root, dict.fromkeys(names, TWO))
    workspace = workspace_of(root, Crowded)
    assert isinstance(workspace, Crowded)
    editor = Editor(workspace, Patient(workspace, calls), shared=True)

    async def together() -> list[EditAnswer]:
        return list(await asyncio.gather(*(editor.edit_file(EditFile(name, EDIT_G)) for name in names)))

    assert {answer.status for answer in asyncio.run(together())} == {"written"}


def test_undo_goes_back_edit_by_edit_and_no_further(editor: Editor, root: Path) -> None:
    edit(editor, "a.py", EDIT_G)
    edit(editor, "a.py", EDIT_G.replace("2", "3"))
    statuses = [asyncio.run(editor.undo_edit(UndoEdit())).status for _ in range(3)]
    assert statuses == ["undone", "undone", "failed"]
    assert (root / "a.py").read_text() == TWO


def test_undo_leaves_what_somebody_else_wrote(editor: Editor, root: Path) -> None:
    edit(editor, "a.py", EDIT_G)
    (root / "a.py").write_text("somebody else's\n")
    answer = asyncio.run(editor.undo_edit(UndoEdit()))
    assert answer.error is not None
    assert answer.error.code == "edit_conflict"
    assert tell(answer).startswith("Nothing was undone: ")
    assert (root / "a.py").read_text() == "somebody else's\n"


def test_where_several_agents_edit_nobody_takes_back_the_last_edit_unnamed(root: Path) -> None:
    editor = editor_of(root, shared=True)
    made = edit(editor, "a.py", EDIT_G)
    refused = asyncio.run(editor.undo_edit(UndoEdit()))
    assert "say which edit, by its edit_id" in tell(refused)
    assert asyncio.run(editor.undo_edit(UndoEdit(made.edit_id))).status == "undone"
    assert (root / "a.py").read_text() == TWO


class Watched(Workspace):
    """Says when it begins to write."""

    begun: asyncio.Event
    loop: asyncio.AbstractEventLoop

    def commit(self, *args: Any, **more: Any) -> Receipt:
        self.loop.call_soon_threadsafe(self.begun.set)
        return super().commit(*args, **more)


def test_a_call_that_is_cancelled_while_it_writes_is_made_and_can_be_undone(root: Path) -> None:
    workspace = workspace_of(root, Watched)
    assert isinstance(workspace, Watched)
    editor = Editor(workspace, InProcess())

    async def cancelled() -> None:
        workspace.begun, workspace.loop = asyncio.Event(), asyncio.get_running_loop()
        async with create_task_group() as group:
            group.start_soon(editor.edit_file, EditFile("a.py", EDIT_G))
            await workspace.begun.wait()
            group.cancel_scope.cancel()
        assert "x = 2" in (root / "a.py").read_text()
        assert (await editor.undo_edit(UndoEdit())).status == "undone"

    asyncio.run(cancelled())
    assert (root / "a.py").read_text() == TWO
