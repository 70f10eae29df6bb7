"""The editor at the other end: what it can do, what it is told, and what it is asked to change."""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import TYPE_CHECKING

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from fastapply.errors import EditConflict, InvalidRequest
from lsp_bridge.edits import Change, Skills, workspace_edit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from pygls.lsp.server import LanguageServer

    from lsp_bridge.files import Files, Target

__all__ = ["Editor"]

_SILENT_SECONDS = 0.5  # what is done sooner needs no progress bar


class Editor:
    """Speaks to the client of one server."""

    def __init__(self, server: LanguageServer, files: Files) -> None:
        self._server = server
        self._files = files
        self.skills = Skills()
        self.resolves_edits = self.disables = self._applies = self._shows_progress = False

    def meet(self, capabilities: lsp.ClientCapabilities) -> None:
        """Note what the client can do."""
        self.skills = Skills.of(capabilities)
        document, window, workspace = capabilities.text_document, capabilities.window, capabilities.workspace
        action = document.code_action if document else None
        if action:
            resolve = action.resolve_support
            self.resolves_edits = bool(action.data_support and resolve and "edit" in resolve.properties)
            self.disables = bool(action.disabled_support)
        self._applies = bool(workspace and workspace.apply_edit)
        self._shows_progress = bool(window and window.work_done_progress)

    def say(self, message: str, kind: lsp.MessageType = lsp.MessageType.Warning) -> None:
        """Show a message to the person."""
        self._server.window_show_message(lsp.ShowMessageParams(kind, message))

    async def ask(self, message: str, answers: Sequence[str]) -> int | None:
        """Which of the answers the person chooses; None where he chooses none."""
        items = [lsp.MessageActionItem(answer) for answer in answers]
        params = lsp.ShowMessageRequestParams(lsp.MessageType.Warning, message, items)
        chosen = await self._server.window_show_message_request_async(params)
        return answers.index(chosen.title) if chosen and chosen.title in answers else None

    def edit(self, changes: Sequence[tuple[Target, str]], label: str, confirm: bool) -> lsp.WorkspaceEdit:
        """The edit that makes each target hold the text beside it. Raises `EditConflict` where one has changed since it
        was read, and `InvalidRequest` where the client can't make files."""
        for target, _ in changes:
            if not self._files.is_current(target):
                raise EditConflict([target.name], "has changed since the merge began")
            if target.content is None and not (self.skills.versions and self.skills.creation):
                raise InvalidRequest(f"{target.name}: this editor can't make files for a language server")
        planned = [Change(target.uri, target.version, target.content, text) for target, text in changes]
        return workspace_edit(planned, self.skills, label, confirm)

    async def apply(self, changes: Sequence[tuple[Target, str]], label: str, confirm: bool) -> None:
        """Have the client make that edit; raises as `edit` does, and `EditConflict` where the client does not make
        it."""
        if not self._applies:
            raise InvalidRequest("this editor can't apply edits for a language server")
        edit = self.edit(changes, label, confirm)
        reply = await self._server.workspace_apply_edit_async(lsp.ApplyWorkspaceEditParams(edit, label="FastApply"))
        if not reply.applied:
            reason = reply.failure_reason or "the editor did not apply the edit"
            raise EditConflict([target.name for target, _ in changes], reason)

    @contextlib.asynccontextmanager
    async def progress(self, title: str, token: lsp.ProgressToken | None = None) -> AsyncIterator[None]:
        """Show that work goes on, at once where the client gave a token, else after a moment; the person may cancel
        it."""
        task = asyncio.current_task()
        assert task
        shown = asyncio.create_task(self._show(title, token, task))
        try:
            yield
        finally:
            shown.cancel()
            with contextlib.suppress(asyncio.CancelledError, JsonRpcException):
                await shown

    async def _show(self, title: str, token: lsp.ProgressToken | None, task: asyncio.Task[object]) -> None:
        bar = self._server.work_done_progress
        if token is None:
            await asyncio.sleep(_SILENT_SECONDS)
            if not self._shows_progress:
                return
            token = os.urandom(8).hex()
            await bar.create_async(token)
        bar.begin(token, lsp.WorkDoneProgressBegin(title, cancellable=True))
        loop = asyncio.get_running_loop()
        bar.tokens[token].add_done_callback(lambda future: loop.call_soon_threadsafe(task.cancel))
        try:
            await asyncio.Event().wait()
        finally:
            bar.tokens.pop(token, None)
            bar.end(token, lsp.WorkDoneProgressEnd())
