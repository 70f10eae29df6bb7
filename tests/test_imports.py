"""What may import what: one way through the parts, and a package of others' only where ARCHITECTURE.md says so."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ORDER = (
    "merge aliases machine errors addresses retries faults wording gitdiff settings resolve early apply workers "
    "resolver explain evaluate bench client applier agent doctor lsp_bridge api cli"
).split()
"""Each part imports only what stands before it, as the table of ARCHITECTURE.md has it."""
TOGETHER = {"merge", "errors"}
"""The errors carry doubts and results of the merge."""
AT_HOME = {
    "litestar": ["api"],
    "uvicorn": ["api", "cli/serve.py"],
    "pygls": ["lsp_bridge"],
    "lsprotocol": ["lsp_bridge"],
    "mcp": ["agent/mcp.py", "api/agent.py"],
    "httpx2": ["client", "resolve/remote"],
    "h11": ["client/duplex.py"],
    "tree_sitter": ["merge", "bench"],
    "rapidfuzz": ["merge", "resolve"],
    "backend": ["resolve/local.py", "resolve/request.py", "resolve/configured.py", "api/app.py"],
}
"""Where each of these is imported, and nowhere else."""


def modules() -> Iterator[tuple[str, Path]]:
    """Each module, as its path in the package or `lsp_bridge/…`, without what only says where the package begins."""
    for path in (ROOT / "fastapply").rglob("*.py"):
        name = path.relative_to(ROOT / "fastapply")
        if name.name != "__main__.py" and str(name) != "__init__.py":
            yield str(name), path
    for path in (ROOT / "lsp_bridge").glob("*.py"):
        yield f"lsp_bridge/{path.name}", path


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "fastapply":
            yield from (f"fastapply.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def part(module: str) -> str | None:
    """The part of ours that `module` is in."""
    top, _, rest = module.partition(".")
    return rest.partition(".")[0] if top == "fastapply" else "lsp_bridge" if top == "lsp_bridge" else None


def may_import(own: str) -> set[str]:
    return {*ORDER[: ORDER.index(own) + 1], *(TOGETHER if own in TOGETHER else ()), "__version__"}


def test_imports_run_one_way() -> None:
    against = {
        f"{name} imports {module}"
        for name, path in modules()
        for module in imported(path)
        if (other := part(module)) and other not in may_import(name.partition("/")[0].removesuffix(".py"))
    }
    assert not against


@pytest.mark.parametrize("package", AT_HOME)
def test_a_package_is_imported_where_it_belongs(package: str) -> None:
    users = [name for name, path in modules() if any(one.partition(".")[0] == package for one in imported(path))]
    assert users
    for home in AT_HOME[package]:
        assert any(user == home or user.startswith(f"{home}/") for user in users), f"{home} does without it"
    homes = AT_HOME[package]
    assert not [user for user in users if not any(user == home or user.startswith(f"{home}/") for home in homes)]


def test_the_engine_knows_nothing_of_ours() -> None:
    files = list((ROOT / "backend").rglob("*.py"))
    assert files
    assert not [path for path in files if any(part(module) for module in imported(path))]


def test_the_table_of_architecture_has_every_part() -> None:
    told = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    for name in ORDER:
        assert f"`{name}/" in told or f"`{name}.py`" in told, name
