"""Schemathesis reads the served document, makes up requests, right and wrong ones, and holds the answers to it."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fastapply.api.openapi.routes import ROUTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.service import Service

SECRET = "fa_schemathesis"


def test_schemathesis_finds_nothing(start_service: Callable[..., Service], tmp_path: Path) -> None:
    """On a service that asks for a key, so that what happens without one is looked at, too."""
    keys = tmp_path / "fastapply.toml"
    keys.write_text(f'[[keys]]\nname = "ci"\nsha256 = "{hashlib.sha256(SECRET.encode()).hexdigest()}"\n')
    service = start_service("--pool-workers", "2", "--config", str(keys))
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        f"--config-file={Path(__file__).with_name('schemathesis.toml')}",
        "run",
        f"{service.url}/schema/openapi.json",
        f"--header=Authorization: Bearer {SECRET}",
        "--checks=all",
        "--max-examples=20",
        "--generation-deterministic",
        "--no-color",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    generated = re.search(r"(\d+) generated", done.stdout)
    assert generated, done.stdout
    assert int(generated[1]) > 300
    operations = len(ROUTES) - 1  # not the one that the document itself comes by
    of_lines = sum(bool(route.body and route.body.lines) for route in ROUTES)
    assert f"{operations - of_lines} selected / {operations} total" in done.stdout
    assert "Traceback" not in service.log.read_text()
