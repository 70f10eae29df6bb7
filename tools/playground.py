"""Builds the page that the service shows at /: `python -m tools.playground`.

It goes to fastapply/api/playground/bundle, which git ignores and the wheel takes along. Nothing is done where the
bundle there was made from the sources as they are.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tools.npm import WHEEL, Node, NpmError, fetch_node, find_node, packages

__all__ = ["BUNDLE", "SOURCES", "build", "main"]

_ROOT = Path(__file__).parent.parent
SOURCES = _ROOT / "playground"
BUNDLE = _ROOT / "fastapply" / "api" / "playground" / "bundle"

_BUILD_SECONDS = 120
_COMPRESSED = (".js", ".css", ".txt")


def build(bundle: Path = BUNDLE) -> bool:
    """Make `bundle` from the sources; whether there was anything to do. An `NpmError` leaves it as it was."""
    state = _state_of_sources()
    manifest = bundle / "manifest.json"
    if manifest.exists() and json.loads(manifest.read_bytes())["sources"] == state:
        return False
    node = find_node()
    modules = packages(SOURCES, node, development=False)
    bundle.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=bundle.parent) as half:
        _make(node, modules, Path(half), state)
        shutil.rmtree(bundle, ignore_errors=True)
        Path(half).rename(bundle)
        Path(half).mkdir()  # what the context is to remove
    bundle.chmod(0o755)  # a temporary folder is its owner's alone
    return True


def _state_of_sources() -> str:
    """A hash of all that the bundle is made from, this file included."""
    digest = hashlib.sha256()
    paths = [SOURCES / "package-lock.json", Path(__file__), *sorted((SOURCES / "src").iterdir())]
    for path in paths:
        digest.update(f"{path.name}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _make(node: Node, modules: Path, out: Path, state: str) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        meta = Path(scratch) / "meta.json"
        _run_esbuild(node, modules, out, meta)
        made = json.loads(meta.read_bytes())
    shutil.copy(SOURCES / "src/icon.svg", out)
    (out / "LICENSES.txt").write_text(_licences(modules, made["inputs"]), "utf-8")
    _write_page(out, made["outputs"])
    for path in sorted(out.iterdir()):
        if path.suffix in _COMPRESSED:
            # No time stamp and no name: the same sources give the same bytes.
            path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))
    (out / "manifest.json").write_text(json.dumps({"sources": state}) + "\n", "utf-8")


def _run_esbuild(node: Node, modules: Path, out: Path, meta: Path) -> None:
    command = [
        node.program, str(modules / "esbuild/bin/esbuild"), "src/main.ts", "src/page.css",
        "--bundle", "--splitting", "--format=esm", "--target=es2022", "--minify", "--charset=utf8",
        "--entry-names=[name]-[hash]", "--chunk-names=[name]-[hash]", "--legal-comments=none", "--log-level=warning",
        f"--outdir={out}", f"--metafile={meta}",
    ]  # fmt: skip
    environment = {**os.environ, "NODE_PATH": str(modules)}
    done = subprocess.run(
        command, cwd=SOURCES, env=environment, capture_output=True, text=True, timeout=_BUILD_SECONDS, check=False
    )
    if done.returncode:
        raise NpmError(f"esbuild failed: {done.stderr.strip()[-2000:]}")


def _write_page(out: Path, outputs: dict[str, dict[str, object]]) -> None:
    """The page with the names that its script and its style have now."""
    page = (SOURCES / "src/index.html").read_text("utf-8")
    for name, output in outputs.items():
        if entry := output.get("entryPoint"):
            page = page.replace(f"{{{{{Path(str(entry)).name}}}}}", Path(name).name)
    (out / "index.html").write_text(page, "utf-8")


def _licences(modules: Path, inputs: dict[str, object]) -> str:
    """The notices of all packages that are in the bundle; an `NpmError` where one has none."""
    folders = {folder for name in inputs if (folder := _package_of(Path(SOURCES, name).resolve(), modules.resolve()))}
    return "\n".join(_notice(folder) for folder in sorted(folders))


def _package_of(path: Path, modules: Path) -> Path | None:
    if not path.is_relative_to(modules):
        return None
    parts = path.relative_to(modules).parts
    return modules.joinpath(*parts[: 2 if parts[0].startswith("@") else 1])


def _notice(folder: Path) -> str:
    about = json.loads((folder / "package.json").read_bytes())
    files = sorted(path for path in folder.iterdir() if path.name.upper().startswith(("LICENSE", "LICENCE", "NOTICE")))
    if not files:
        raise NpmError(f"{about['name']} has no licence that could go with the bundle")
    texts = "\n\n".join(path.read_text("utf-8").strip() for path in files)
    return f"{about['name']} {about['version']} ({about['license']})\n\n{texts}\n\n{'-' * 80}\n"


def main() -> int:
    """Build, and say what was done and how long it took; 0, or 1 where the page could not be built."""
    parser = argparse.ArgumentParser(prog="python -m tools.playground", description="Builds the page at /.")
    parser.add_argument("--fetch-node", action="store_true", help=f"install {WHEEL} with pip where there is no node")
    arguments = parser.parse_args()
    start = time.perf_counter()
    try:
        if arguments.fetch_node:
            fetch_node()
        if build():
            print(f"built the playground in {time.perf_counter() - start:.1f} s")
    except (NpmError, OSError, subprocess.SubprocessError) as error:
        print(f"warning: the playground at / could not be built: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
