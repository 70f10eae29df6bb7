"""The package itself: what it exports, and what importing it costs."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import metadata

import fastapply


def loaded_by(code: str) -> set[str]:
    """The modules that are loaded once a fresh interpreter has run `code`."""
    script = f"import sys\n{code}\nprint(*sys.modules)"
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    return set(output.splitlines()[-1].split())


def test_everything_exported_is_there() -> None:
    assert all(getattr(fastapply, name) for name in fastapply.__all__)


def test_apply_stays_the_function_when_its_module_is_imported() -> None:
    check = "import fastapply.apply; from fastapply import apply; assert apply.__name__ == 'apply', apply"
    assert "fastapply.apply" in loaded_by(check)


def test_apply_is_the_function_before_its_module_is_imported() -> None:
    assert loaded_by("from fastapply import apply; assert callable(apply), apply")


def test_importing_the_package_loads_nothing_else() -> None:
    ours = {name for name in loaded_by("import fastapply") if name.startswith("fastapply")}
    assert ours == {"fastapply"}
    assert not {"msgspec", "tree_sitter", "asyncio", "argparse"} & loaded_by("import fastapply")


def test_the_service_needs_no_torch() -> None:
    plain = [line for line in metadata.requires("fastapply") or [] if "extra ==" not in line]
    assert plain
    assert not [line for line in plain if re.match(r"torch|safetensors|tokenizers|sentencepiece|numpy|pyzmq", line)]
    modules = loaded_by("import fastapply.api.app, fastapply.apply, fastapply.cli, fastapply.cli.serve")
    assert not {"torch", "numpy", "backend"} & modules


def test_help_loads_no_merge_and_no_server() -> None:
    modules = loaded_by("from fastapply.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass")
    assert not {"msgspec", "tree_sitter", "asyncio", "litestar", "uvicorn"} & modules


def test_apply_on_the_command_line_loads_no_server() -> None:
    modules = loaded_by("from fastapply.cli import main\nmain(['apply', '/dev/null', '--edit', '/dev/null'])")
    assert not {"asyncio", "litestar", "uvicorn", "httpx", "rich"} & modules
