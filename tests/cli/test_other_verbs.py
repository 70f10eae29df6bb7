"""`fastapply explain` and `fastapply bench`: that the command leads to them. What they say is tested with them."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run


def test_explain_shows_what_became_of_the_edit(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("a = 1\nb = 2\n")
    done = run("explain", "a.py", "--edit", "-", stdin=b"# ... existing code ...\nb = 3\n")
    assert done.returncode == 0, done.stderr
    assert b"b = 3" in done.stdout
    assert b"marker" in done.stdout


def test_explain_of_a_file_that_is_not_there_is_an_error(run: Run) -> None:
    done = run("explain", "a.py", "--edit", "-")
    assert done.returncode == 2
    assert done.stderr == b"fastapply: error: a.py: No such file or directory\n"


def test_bench_has_arguments_of_its_own(run: Run) -> None:
    assert b"fastapply bench" in run("bench", "--help").stdout
    assert run("bench", "--no-such-thing").returncode == 64


def test_the_package_runs_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "fastapply", "--version"], capture_output=True, check=True)
    assert done.stdout.startswith(b"fastapply ")
