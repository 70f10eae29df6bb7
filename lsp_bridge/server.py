"""The language server: which requests there are, and who answers them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp

from lsp_bridge import diagnostics
from lsp_bridge.actions import ACTION_COMMAND, Actions
from lsp_bridge.arguments import Settings, read
from lsp_bridge.bridge import Bridge
from lsp_bridge.commands import Commands
from lsp_bridge.debounce import Debounced
from lsp_bridge.protocol import BridgeServer, answered
from lsp_bridge.uris import path_of
from lsp_bridge.warming import Warming

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fastapply.client import AsyncClient
    from lsp_bridge.merges import Merges

__all__ = ["Server"]

_KINDS = [lsp.CodeActionKind.RefactorRewrite, lsp.CodeActionKind.QuickFix]
_DIAGNOSTICS_SECONDS = 0.3


class Server(BridgeServer):
    """Merges by `merges` for one client."""

    def __init__(self, merges: Merges, client: AsyncClient | None = None, warm_up: bool = False) -> None:
        """`client` is of the service that files are sent to ahead; `warm_up`: unless the editor says otherwise."""
        super().__init__()
        self.bridge = Bridge(self, merges)
        self._actions = Actions(self.bridge)
        self._warm_up = warm_up
        self._warming = Warming(client, self.bridge.documents)
        self._diagnosing = Debounced(_DIAGNOSTICS_SECONDS)
        self._add_features()
        self._add_commands(Commands(self.bridge))

    async def close(self) -> None:
        """End what goes on in the background."""
        await self._diagnosing.close()
        await self._warming.close()

    def touched(self, uri: str) -> None:
        """A document was opened, changed or closed."""
        self.bridge.merges.forget()
        if self.bridge.settings.warm_up:
            self._warming.touched(uri)
        if self.bridge.settings.diagnostics:
            self._diagnosing.later(uri, lambda: self._diagnose(uri))

    def _add_features(self) -> None:
        options = lsp.CodeActionOptions(code_action_kinds=_KINDS, resolve_provider=True, work_done_progress=True)
        self.feature(lsp.INITIALIZE)(_notified(self._initialize))
        self.feature(lsp.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)(_notified(self._set_folders))
        self.feature(lsp.TEXT_DOCUMENT_CODE_ACTION, options)(_asked(self._actions.listed))
        self.feature(lsp.CODE_ACTION_RESOLVE)(_asked(self._actions.resolve))

    def _add_commands(self, commands: Commands) -> None:
        self.command(ACTION_COMMAND)(_asked(commands.act))
        self.command("fastapply.apply")(_asked(commands.apply))
        self.command("fastapply.applyMany")(_asked(commands.apply_many))
        self.command("fastapply.preview")(_asked(commands.preview))

    def _initialize(self, params: lsp.InitializeParams) -> None:
        bridge = self.bridge
        given = params.initialization_options
        bridge.settings = read({"warmUp": self._warm_up, **(given or {})}, Settings, "initializationOptions")
        bridge.documents.encoding = self.workspace.position_encoding or lsp.PositionEncodingKind.Utf16
        bridge.editor.meet(params.capabilities)
        self._set_folders()

    def _set_folders(self, *_: object) -> None:
        uris = [folder.uri for folder in self.workspace.folders.values()] or [self.workspace.root_uri or ""]
        self.bridge.files.folders = [path for path in map(path_of, uris) if path is not None]

    async def _diagnose(self, uri: str) -> None:
        document = self.bridge.documents.get(uri)
        found = diagnostics.of_document(document) if document else []
        version = document.version if document else None
        self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, found, version))


# pygls marks what it is given, which a method can't bear.


def _asked(handler: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def handle(*arguments: Any) -> Any:
        return await answered(handler(*arguments))

    return handle


def _notified(handler: Callable[..., None]) -> Callable[..., None]:
    def handle(*arguments: Any) -> None:
        handler(*arguments)

    return handle
