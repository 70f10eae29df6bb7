"""A tool called by its name: arguments as a model wrote them in, words and structured content out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fastapply.agent.answers import EditAnswer, EditsAnswer, Fault, UndoAnswer, as_json
from fastapply.agent.arguments import read_arguments
from fastapply.agent.edits import Editor
from fastapply.agent.telling import sentence, tell
from fastapply.agent.tools import TOOLS, EditFile, EditFiles, PreviewEdit, UndoEdit
from fastapply.agent.workspace import Workspace
from fastapply.errors import FastApplyError, UnknownTool
from fastapply.faults import describe

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

    from fastapply.agent.edits import Progress

__all__ = ["Outcome", "Toolbox", "open_toolbox", "open_workspace"]

log = logging.getLogger(__name__)

Answer = EditAnswer | EditsAnswer | UndoAnswer

_BY_NAME = {tool.name: tool for tool in TOOLS}
_BAD = ("refused", "failed")


@dataclass(frozen=True)
class Outcome:
    """What a call came to. `code` is for counting: what became of it, or the code of the error; never content."""

    code: str
    is_error: bool
    text: str = field(repr=False)
    structured: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Toolbox:
    """The tools over the files of an editor."""

    editor: Editor

    async def call(self, name: str, arguments: Mapping[str, Any], progress: Progress | None = None) -> Outcome:
        """Call the tool `name`. What goes wrong is said in the outcome; only `UnknownTool` is raised."""
        if name not in _BY_NAME:
            raise UnknownTool(name, list(_BY_NAME))
        try:
            return _outcome(await self._answer(name, arguments, progress))
        except FastApplyError as error:
            return _failed(name, Fault(error.code, str(error)))
        except Exception as error:
            log.error("a tool failed: %s", describe(error))
            return _failed(name, Fault("error", f"{name} failed with {type(error).__name__}, which is a fault of ours"))

    async def _answer(self, name: str, arguments: Mapping[str, Any], progress: Progress | None) -> Answer:
        asked = read_arguments(arguments, _BY_NAME[name].arguments)
        match asked:
            case EditFile():
                return await self.editor.edit_file(asked)
            case PreviewEdit():
                return await self.editor.preview_edit(asked)
            case EditFiles():
                return await self.editor.edit_files(asked, progress)
            case UndoEdit():
                return await self.editor.undo_edit(asked)
        raise AssertionError(name)


def _outcome(answer: Answer) -> Outcome:
    code = answer.status
    fault = answer.error.code if answer.error else ""
    return Outcome(fault or code, code in _BAD, tell(answer), as_json(answer))


def _failed(name: str, fault: Fault) -> Outcome:
    """The outcome of a call that did not come as far as a file."""
    answers: dict[str, Callable[[], Answer]] = {
        "edit_files": lambda: EditsAnswer("failed", (), error=fault),
        "undo_edit": lambda: UndoAnswer("failed", None, error=fault),
    }
    answer = answers.get(name, lambda: EditAnswer("", "failed", error=fault))()
    return Outcome(fault.code, True, f"Nothing was done. {sentence(fault)}", as_json(answer))


def open_workspace(roots: Sequence[Path], state: Path | None = None) -> Workspace:
    """The workspace, as `Workspace` opens it; the log says which edits had been cut off."""
    workspace = Workspace(roots, state)
    for one in workspace.recovered:
        outcome = "carried out" if one.done else "taken back"
        log.warning("the edit %s had been cut off and was %s", one.edit_id, outcome)
    return workspace


@asynccontextmanager
async def open_toolbox(roots: Sequence[Path], url: str | None = None) -> AsyncIterator[Toolbox]:
    """The tools over the files under `roots`, relative paths being those of the first.

    Merges in a worker process, which ends with the context, or on the service at `url`, with the key in the
    environment. Raises `InvalidRequest` where a root is no folder.
    """
    from fastapply.applier import local_applier, remote_applier

    workspace = await asyncio.to_thread(open_workspace, roots)
    async with AsyncExitStack() as stack:
        applier = await stack.enter_async_context(remote_applier(url) if url else local_applier())
        yield Toolbox(Editor(workspace, applier))
