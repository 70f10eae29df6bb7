"""A folder to edit, the model that edits it, and what the examples are run with."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.examples import EDIT, EXAMPLES, STORE
from support.node import do_without
from support.scripted_model import ScriptedModel, scripted_model
from support.service import Service, running

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    project.mkdir()
    (project / "store.py").write_text(STORE)
    return project


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    with scripted_model(path="store.py", code_edit=EDIT) as started:
        yield started


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("service") / "log", "--pool-workers", "1") as started:
        yield started


@pytest.fixture(scope="package")
def python_of_agents() -> str:
    """A Python with the SDKs of the examples, which can't be beside FastApply: they pin another mcp. Kept for later."""
    wanted = EXAMPLES / "python/requirements.txt"
    pinned = hashlib.sha256(wanted.read_bytes() + sys.version.encode()).hexdigest()[:16]
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fastapply"
    folder = base / f"examples-{pinned}"
    python = folder / "bin/python"
    if not (folder / "whole").exists():
        venv.create(folder, clear=True, with_pip=True)
        command = [str(python), "-m", "pip", "install", "-q", "--retries=1", "-r", str(wanted)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            do_without(f"the SDKs of the examples can't be installed: {done.stderr.strip()[-300:]}")
        (folder / "whole").touch()
    return str(python)
