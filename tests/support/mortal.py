"""A program that edits a workspace and is killed at a given step: `SIGKILL`, by its own hand.

It reads one JSON object a line: what to do, the root, the folder of the journal, and at which step to die (0: never).
For each it forks a process, and answers with that one's exit status (negative: the signal) and its last step.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from fastapply.agent.workspace import Workspace, Write
from support.disks import SteppingDisk


def _live(task: dict[str, Any], steps: int) -> None:
    def step(number: int, _: str) -> None:
        os.pwrite(steps, b"%08d" % number, 0)
        if number == task["die_at"]:
            os.kill(os.getpid(), signal.SIGKILL)

    workspace = Workspace([Path(task["root"])], Path(task["state"]), disk=SteppingDisk(step))
    match task["do"]:
        case "commit":
            texts = task["texts"].items()
            workspace.commit([Write(path, text, workspace.read(path).sha256) for path, text in texts])
        case "undo":
            workspace.undo()
        case "redo":
            workspace.undo(workspace.history()[-1].edit_id)
        case "open":
            pass


def _fork(task: dict[str, Any], steps: int) -> int:
    os.pwrite(steps, b"%08d" % 0, 0)
    if child := os.fork():
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status)
    try:
        _live(task, steps)
    except BaseException as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def main() -> None:
    steps = os.memfd_create("steps") if hasattr(os, "memfd_create") else os.open("steps", os.O_RDWR | os.O_CREAT)
    for line in sys.stdin:
        status = _fork(json.loads(line), steps)
        sys.stdout.write(json.dumps([status, int(os.pread(steps, 8, 0))]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
