"""Emacs without a window: eglot applies a pasted snippet through the real program."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.debian import program, provided

SETTINGS = Path(__file__).parents[3] / "lsp_bridge" / "clients" / "emacs" / "fastapply.el"
ORIGINAL = 'def one():\n    return 1\n\n\ndef two():\n    return "\U0001f600"\n'
SNIPPET = "# ... existing code ...\ndef two():\n    return 22\n"
TITLE = "Apply this lazy edit to the rest of the file"


@pytest.fixture(scope="module")
def emacs() -> list[str]:
    """Emacs as a command that runs what follows, with eglot: a part of it since 29, a package before."""
    command = [program("emacs", "emacs-nox"), "-q", "--batch"]
    has_eglot = ["--eval", "(progn (package-initialize) (require 'eglot))"]
    return provided("eglot", "elpa-eglot", lambda: None if run([*command, *has_eglot]).returncode else command)


def run(command: list[str], folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, encoding="utf-8",
        timeout=120, check=False,
    )  # fmt: skip


def test_the_settings_compile_without_a_warning(emacs: list[str], tmp_path: Path) -> None:
    settings = shutil.copy(SETTINGS, tmp_path)
    strict = "(progn (package-initialize) (setq byte-compile-error-on-warn t))"
    done = run([*emacs, "--eval", strict, "-f", "batch-byte-compile", str(settings)])
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("connect", "name"), [("fastapply-connect", "two.py"), ("eglot", "two.txt")])
def test_a_pasted_snippet_is_applied_and_undone_at_once(
    emacs: list[str], connect: str, name: str, tmp_path: Path
) -> None:
    """With the command of the settings, and with eglot's own where it knows no other server."""
    told = drive(emacs, tmp_path, connect, name)
    assert TITLE in told["offered"]
    assert told["after"] == ORIGINAL.replace('"\U0001f600"', "22")
    assert told["undone"]


def drive(emacs: list[str], folder: Path, connect: str, name: str) -> Any:
    (folder / name).write_text(ORIGINAL, "utf-8")
    (folder / "snippet").write_text(SNIPPET, "utf-8")
    script = str(Path(__file__).with_name("drive.el"))
    done = run([*emacs, "-l", script, str(SETTINGS), connect, name, "snippet", TITLE], folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
