"""The real command, run as users run it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Protocol

import pytest

Completed = subprocess.CompletedProcess[bytes]


class Run(Protocol):
    def __call__(self, *arguments: object, stdin: bytes = b"", **environment: str) -> Completed: ...


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs `fastapply` in an empty directory."""
    command = Path(sys.executable).with_name("fastapply")

    def run(*arguments: object, stdin: bytes = b"", **environment: str) -> Completed:
        unwanted = ("NO_COLOR", "FORCE_COLOR", "FASTAPPLY_", "XDG_CONFIG_HOME")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
        clean["HOME"] = str(tmp_path)
        return subprocess.run(
            [str(command), *map(str, arguments)],
            input=stdin,
            capture_output=True,
            cwd=tmp_path,
            env=clean | environment,
            timeout=60,
            check=False,
        )

    return run
