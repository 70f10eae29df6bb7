"""Packages the extension for VS Code: `python -m tools.vsix` makes dist/fastapply-VERSION.vsix.

The sources stay as they are: all is made in a copy, beside the packages of npm that its lock file pins.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tools.npm import Node, NpmError, fetch_node, find_node, packages

__all__ = ["SOURCES", "Copy", "copied", "main"]

_ROOT = Path(__file__).parent.parent
SOURCES = _ROOT / "lsp_bridge" / "clients" / "vscode"

_MADE = ("node_modules", "dist", "out", "*.vsix")
_SECONDS = 300


@dataclass(frozen=True)
class Copy:
    """The sources in `folder`, with packages to import."""

    node: Node
    folder: Path

    def run(self, *arguments: str, **variables: str) -> str:
        """What node prints for these arguments, with these environment variables; `NpmError` where it fails."""
        done = subprocess.run(
            [self.node.program, *arguments], cwd=self.folder, env={**os.environ, **variables}, capture_output=True,
            text=True, encoding="utf-8", timeout=_SECONDS, check=False,
        )  # fmt: skip
        if done.returncode:
            raise NpmError(f"node {arguments[0]} failed: {done.stdout}{done.stderr}")
        return done.stdout

    def check(self) -> None:
        """Check the types."""
        self.run("node_modules/typescript/bin/tsc", "--noEmit")

    def build(self, *options: str) -> None:
        """Bundle the extension and, with --tests, its tests."""
        self.run("scripts/build.mjs", *options)

    def package(self) -> Path:
        """The .vsix of what was built."""
        self.run("scripts/package.mjs")
        [made] = self.folder.glob("*.vsix")
        return made


def copied(top: Path) -> Copy:
    """A copy of the sources below `top`. Raises `NpmError` where there is no node, or npm can't install."""
    node = find_node()
    modules = packages(SOURCES, node)
    folder = top / SOURCES.relative_to(_ROOT)
    shutil.copytree(SOURCES, folder, ignore=shutil.ignore_patterns(*_MADE))
    shutil.copy(_ROOT / "LICENSE", top)
    (folder / "node_modules").symlink_to(modules)
    return Copy(node, folder)


def main() -> int:
    """Package, and say what was made; 0, or 1 where that failed."""
    parser = argparse.ArgumentParser(prog="python -m tools.vsix", description="Packages the extension for VS Code.")
    parser.add_argument("--fetch-node", action="store_true", help="install node with pip where there is none")
    parser.add_argument("--out", type=Path, default=_ROOT / "dist", help="folder for the package (dist)")
    arguments = parser.parse_args()
    try:
        if arguments.fetch_node:
            fetch_node()
        with tempfile.TemporaryDirectory() as top:
            print(_made(Path(top), arguments.out))
    except (NpmError, OSError, subprocess.SubprocessError) as error:
        print(f"error: the extension could not be packaged: {error}", file=sys.stderr)
        return 1
    return 0


def _made(top: Path, out: Path) -> Path:
    copy = copied(top)
    copy.check()
    copy.build()
    out.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(copy.package(), out))


if __name__ == "__main__":
    sys.exit(main())
