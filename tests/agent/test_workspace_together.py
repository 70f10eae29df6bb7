"""Several processes and threads in one workspace: nobody's edit is lost, and nobody sees half of one for good."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from fastapply.agent.workspace import Workspace, Write
from fastapply.errors import EditConflict, WorkspaceBusy

EDITS = 25
APPEND = """
import json, os, signal, sys
from pathlib import Path
from support.disks import SteppingDisk
from fastapply.agent.workspace import Workspace, Write
from fastapply.errors import EditConflict

root, state, name, edits, die_at, hold = json.loads(sys.argv[1])

def step(number, _):
    if number == die_at:
        os.kill(os.getpid(), signal.SIGKILL)

workspace = Workspace([Path(root)], Path(state), disk=SteppingDisk(step), wait=60)
conflicts = 0

def append(line, held=None):
    reads = [workspace.read(file) for file in ("one", "two")]
    workspace.commit([Write(read.shown, read.text + line, read.sha256) for read in reads], held=held)

for number in range(edits):
    while True:
        try:
            if hold:
                with workspace.hold("one", "two") as held:
                    append(f"{name} {number}\\n", held)
            else:
                append(f"{name} {number}\\n")
            break
        except EditConflict:
            conflicts += 1
print(conflicts)
"""


@pytest.fixture
def base(fast_path: Path) -> Path:
    (fast_path / "root").mkdir()
    for name in ("one", "two"):
        (fast_path / "root" / name).write_text("")
    return fast_path


def start(base: Path, name: str, *, die_at: int = 0, hold: bool = False) -> subprocess.Popen[str]:
    task = json.dumps([str(base / "root"), str(base / "state"), name, EDITS, die_at, hold])
    paths = f"{Path(__file__).parent.parent}:{Path(__file__).parent.parent.parent}"
    command = [sys.executable, "-c", f"import sys; sys.path[:0] = {paths.split(':')}\n{APPEND}", task]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def lines(base: Path) -> Counter[str]:
    one, two = ((base / "root" / name).read_text() for name in ("one", "two"))
    assert one == two, "each edit is of both files"
    return Counter(one.splitlines())


@pytest.mark.parametrize("hold", [False, True])
def test_two_processes_that_edit_the_same_files_lose_nothing(base: Path, hold: bool) -> None:
    processes = [start(base, name, hold=hold) for name in "ab"]
    conflicts = [int(process.communicate(timeout=60)[0]) for process in processes]
    assert lines(base) == {f"{name} {number}": 1 for name in "ab" for number in range(EDITS)}
    if hold:
        assert conflicts == [0, 0], "who holds a file reads what he then replaces"


def test_one_that_is_killed_takes_nothing_from_the_one_that_lives(base: Path) -> None:
    chance = random.Random(7)
    survivor = start(base, "survivor")
    for number in range(8):
        start(base, f"victim{number}", die_at=chance.randrange(1, 500)).communicate(timeout=60)
    survivor.communicate(timeout=60)
    Workspace([base / "root"], base / "state")
    found = lines(base)
    assert set(found.values()) == {1}
    assert all(found[f"survivor {number}"] for number in range(EDITS))


def test_who_waits_too_long_is_told_so(base: Path) -> None:
    workspace = Workspace([base / "root"], base / "state", wait=0.05)
    read = workspace.read("one")
    with workspace.hold("one") as held:
        with pytest.raises(WorkspaceBusy):
            workspace.commit([Write("one", "x", read.sha256)])
        workspace.commit([Write("one", "held", read.sha256)], held=held)
    assert workspace.read("one").text == "held"


def test_threads_share_a_workspace(base: Path) -> None:
    workspace = Workspace([base / "root"], base / "state")

    def append(name: str) -> None:
        for number in range(10):
            with workspace.hold("one") as held:
                read = workspace.read("one")
                workspace.commit([Write("one", f"{read.text}{name} {number}\n", read.sha256)], held=held)

    threads = [threading.Thread(target=append, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set((base / "root/one").read_text().splitlines())) == 30


def test_a_stale_read_is_a_conflict_for_both_files(base: Path) -> None:
    workspace = Workspace([base / "root"], base / "state")
    reads = [workspace.read(name) for name in ("one", "two")]
    workspace.commit([Write(read.shown, "first\n", read.sha256) for read in reads])
    with pytest.raises(EditConflict) as raised:
        workspace.commit([Write(read.shown, "second\n", read.sha256) for read in reads])
    assert raised.value.paths == ("one", "two")
    assert lines(base) == {"first": 1}
