"""Node and packages of npm for tests, which are skipped where these can't be had."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tools import npm


@dataclass(frozen=True)
class Node:
    """A node with `packages`, a `node_modules` to import from."""

    program: str
    packages: Path

    def run(self, script: Path, **job: Any) -> Any:
        """What `script` prints as JSON for `job`, which it gets as JSON."""
        environment = {**os.environ, "NODE_PATH": str(self.packages), "no_proxy": "*"}
        done = subprocess.run(
            [self.program, str(script)], input=json.dumps(job), env=environment, capture_output=True, text=True,
            encoding="utf-8", timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def with_packages(folder: Path) -> Node:
    """A node with what `package-lock.json` in `folder` pins. Without one, or without a network, the test is skipped."""
    try:
        node = npm.find_node()
        return Node(node.program, npm.packages(folder, node))
    except npm.NpmError as error:
        do_without(str(error))


def do_without(why: str) -> NoReturn:
    """Skip the test that needs npm; in CI it fails."""
    if os.environ.get("CI"):
        pytest.fail(f"what needs npm must be tested in CI, but {why}", pytrace=False)
    pytest.skip(f"what needs npm is not tested: {why}")
