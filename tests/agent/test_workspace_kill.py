"""Edits of many files, killed at every step: once the workspace is open again, all of an edit is there, or nothing."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from fastapply.agent.workspace import Workspace, Write
from fastapply.errors import WorkspaceError
from support.disks import failing_at, snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Mortal

KILLED = -9
LONG = "".join(f"line {number}\n" for number in range(300))
FEW = {"link.py": "the target, after\n", "hard.py": "short\n", "new/file.py": "new\n"}
TEXTS = {
    "plain.py": "plain, after\n",
    "link.py": "the target, after\n",
    "hard.py": LONG.replace("line 1", "another 1"),
    "shorter.py": "short\n",
    "emptied.py": "",
    "new/deep/file.py": "new\n",
    "new/other.py": "",
}


def build(base: Path) -> Path:
    root = base / "root"
    (root / "folder").mkdir(parents=True)
    for name, text, mode in [
        ("plain.py", "plain, before\n", 0o640),
        ("folder/target.py", "the target, before\n", 0o755),
        ("hard.py", LONG, 0o600),
        ("shorter.py", LONG, 0o604),
        ("emptied.py", "something\n", 0o444),
        ("bystander.py", "untouched\n", 0o644),
    ]:
        (root / name).write_text(text)
        (root / name).chmod(mode)
    if os.geteuid() == 0:
        os.chown(root / "plain.py", 1234, 5678)
    else:
        (root / "emptied.py").chmod(0o644)
    (root / "link.py").symlink_to("folder/target.py")
    os.link(root / "hard.py", root / "folder" / "hard-too.py")
    os.link(root / "shorter.py", root / "folder" / "shorter-too.py")
    return root


def bring_back(base: Path, saved: Path) -> None:
    """Make `base` what it was when it was saved, at the same path, which the journal names."""
    shutil.rmtree(base, ignore_errors=True)
    save(saved, base)


def save(base: Path, to: Path) -> None:
    shutil.rmtree(to, ignore_errors=True)
    subprocess.run(["cp", "-a", str(base), str(to)], check=True)  # which keeps links of both kinds


def journal(base: Path) -> set[str]:
    """How far the edits are that the journal holds."""
    return {path.suffix for path in (base / "state" / "journal").iterdir()}


@dataclass
class Case:
    """An edit to be killed in, what stands before it, and what stands after it."""

    base: Path
    saved: Path
    steps: int
    before: dict[str, tuple[object, ...]]
    after: dict[str, tuple[object, ...]]
    do: str
    texts: dict[str, str]

    def run(self, mortal: Mortal, die_at: int = 0) -> int:
        bring_back(self.base, self.saved)
        return mortal(self.do, self.base, die_at, texts=self.texts)[0]

    def now(self) -> dict[str, tuple[object, ...]]:
        return snapshot(self.base / "root")


def prepared(request: pytest.FixtureRequest, folder: Path, mortal: Mortal, texts: dict[str, str]) -> Case:
    base, saved = folder / "base", folder / "saved"
    build(base)
    todo = {"commit": ["commit"], "undo": ["commit", "undo"], "undo of undo": ["commit", "undo", "redo"]}
    *earlier, last = todo[request.param]
    for do in earlier:
        assert mortal(do, base, texts=texts)[0] == 0
    save(base, saved)
    before = snapshot(base / "root")
    status, steps = mortal(last, base, texts=texts)
    assert status == 0
    after = snapshot(base / "root")
    assert before != after
    return Case(base, saved, steps, before, after, last, texts)


@pytest.fixture(params=["commit", "undo", "undo of undo"])
def case(request: pytest.FixtureRequest, fast_path: Path, mortal: Mortal) -> Case:
    return prepared(request, fast_path, mortal, TEXTS)


@pytest.fixture(params=["commit", "undo", "undo of undo"])
def small_case(request: pytest.FixtureRequest, fast_path: Path, mortal: Mortal) -> Case:
    """One of three files: what is killed twice has as many runs as a square has fields."""
    return prepared(request, fast_path, mortal, FEW)


def test_killed_at_any_step_all_is_done_or_nothing(case: Case, mortal: Mortal) -> None:
    outcomes = []
    for step in range(1, case.steps + 1):
        assert case.run(mortal, step) == KILLED
        Workspace([case.base / "root"], case.base / "state")
        now = case.now()
        assert now in (case.before, case.after), f"killed at step {step}"
        assert journal(case.base) <= {".done"}
        outcomes.append(now == case.after)
    assert outcomes == sorted(outcomes), "once it is committed, it stays"
    assert set(outcomes) == {False, True}


def test_killed_again_while_it_recovers_all_is_done_or_nothing(small_case: Case, mortal: Mortal) -> None:
    crashed = small_case.base.parent / "crashed"
    for step in range(1, small_case.steps + 1):
        small_case.run(mortal, step)
        save(small_case.base, crashed)
        outcomes, again, status = set(), 0, KILLED
        while status == KILLED:
            again += 1
            bring_back(small_case.base, crashed)
            status, _ = mortal("open", small_case.base, again)
            Workspace([small_case.base / "root"], small_case.base / "state")
            now = small_case.now()
            assert now in (small_case.before, small_case.after), f"killed at step {step}, then at {again}"
            outcomes.add(now == small_case.after)
        assert status == 0
        assert len(outcomes) == 1, "a recovery goes on the way it went"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_fails_once_leaves_all_or_nothing(case: Case, code: int) -> None:
    for step in range(1, case.steps + 1):
        bring_back(case.base, case.saved)
        disk = failing_at(step, code)
        workspace = Workspace([case.base / "root"], case.base / "state", disk=disk)
        try:
            edit(workspace, case.do)
        except WorkspaceError as error:
            assert os.strerror(code) in str(error)  # noqa: PT017
            assert "nothing was written" in str(error)  # noqa: PT017
            assert case.now() == case.before, f"failed at step {step}"
        else:
            assert case.now() == case.after, f"failed at step {step}"
        assert journal(case.base) <= {".done"}


def test_a_disk_that_fails_for_good_leaves_what_is_recovered_on_another_day(case: Case) -> None:
    for step in range(1, case.steps + 1):
        bring_back(case.base, case.saved)
        disk = failing_at(step, errno.EIO, forever=True)
        with contextlib.suppress(WorkspaceError):
            edit(Workspace([case.base / "root"], case.base / "state", disk=disk), case.do)
        Workspace([case.base / "root"], case.base / "state")
        assert case.now() in (case.before, case.after), f"failed from step {step} on"
        assert journal(case.base) <= {".done"}


def edit(workspace: Workspace, do: str) -> None:
    """The edit of the case, in this process."""
    if do == "commit":
        workspace.commit([Write(path, text, workspace.read(path).sha256) for path, text in TEXTS.items()])
    else:
        workspace.undo(None if do == "undo" else workspace.history()[-1].edit_id)
