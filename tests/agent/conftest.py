"""A workspace to write to, and a process that can be killed while it writes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTS = Path(__file__).parent.parent
MEMORY = Path("/dev/shm")


@pytest.fixture
def fast_path(tmp_path: Path) -> Iterator[Path]:
    """An empty folder, in memory where there is such a thing: who dies there leaves what he would leave on a disk."""
    if not os.access(MEMORY, os.W_OK):
        yield tmp_path
        return
    folder = Path(tempfile.mkdtemp(dir=MEMORY, prefix="fastapply-"))
    yield folder
    shutil.rmtree(folder)


@dataclass
class Mortal:
    """Runs edits in processes that die at a given step. See `support.mortal`."""

    process: subprocess.Popen[str]

    def __call__(self, do: str, base: Path, die_at: int = 0, **more: object) -> tuple[int, int]:
        """Exit status (-9: killed) and number of the last step of `do` in `base/root` with the journal `base/state`."""
        task = {"do": do, "root": str(base / "root"), "state": str(base / "state"), "die_at": die_at, **more}
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(task) + "\n")
        self.process.stdin.flush()
        status, steps = json.loads(self.process.stdout.readline())
        return status, steps


@pytest.fixture(scope="session")
def mortal() -> Iterator[Mortal]:
    paths = [str(TESTS.parent), str(TESTS), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    command = [sys.executable, "-m", "support.mortal"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        yield Mortal(process)
        assert process.stdin
        process.stdin.close()
