"""pygls, where it is not what is needed here.

Its documents split lines as `str.splitlines` does, and a change reported beside a form feed would go to the wrong
place: ours are kept in their stead. A command that is cancelled would go on. A request that can't be read would get no
answer. An error tells, and the log of an editor keeps, what the message was: users' code.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException, JsonRpcMethodNotFound
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol
from pygls.protocol.language_server import lsp_method

from fastapply import __version__
from fastapply.errors import EditConflict, FastApplyError, InvalidRequest
from fastapply.faults import describe

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from lsp_bridge.bridge import Bridge

__all__ = ["BridgeServer", "answered"]

log = logging.getLogger(__name__)


async def answered(work: Awaitable[Any]) -> Any:
    """What `work` gives. Our errors become the protocol's, with their messages; any other is told by its type alone."""
    try:
        return await work
    except JsonRpcException:
        raise
    except FastApplyError as error:
        raise JsonRpcException(str(error), _code_of(error), {"code": error.code}) from None
    except OSError as error:
        raise JsonRpcException(f"{error.strerror}: {error.filename}", lsp.LSPErrorCodes.RequestFailed.value) from None
    except Exception as error:
        log.error("a request failed: %s", describe(error))
        message = f"internal error: {type(error).__name__}"
        raise JsonRpcException(message, lsp.ErrorCodes.InternalError.value) from None


def _code_of(error: FastApplyError) -> int:
    if isinstance(error, EditConflict):
        return lsp.LSPErrorCodes.ContentModified.value
    if isinstance(error, InvalidRequest) and error.field in ("data", "arguments"):
        return lsp.ErrorCodes.InvalidParams.value
    return lsp.LSPErrorCodes.RequestFailed.value


class _Protocol(LanguageServerProtocol):
    _server: BridgeServer

    def structure_message(self, data: dict[str, Any]) -> Any:
        """The message in `data`, whose request is answered even where it can't be read."""
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "id" in data and "method" in data:
                self._send_response(data["id"], error=error.to_response_error())
            raise

    @lsp_method(lsp.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: lsp.DidOpenTextDocumentParams) -> None:
        self._server.bridge.documents.opened(params.text_document)
        self._server.touched(params.text_document.uri)

    @lsp_method(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: lsp.DidChangeTextDocumentParams) -> None:
        self._server.bridge.documents.changed(params)
        self._server.touched(params.text_document.uri)

    @lsp_method(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: lsp.DidCloseTextDocumentParams) -> None:
        self._server.bridge.documents.closed(params.text_document.uri)
        self._server.touched(params.text_document.uri)

    @lsp_method(lsp.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(self, params: lsp.ExecuteCommandParams) -> Any:  # type: ignore[override]
        """In one task, so that cancelling the request ends the command."""
        command = self.fm.commands.get(params.command)
        if command is None:
            raise JsonRpcMethodNotFound.of(params.command)
        return await command(params.arguments or [], params.work_done_token)

    @lsp_method(lsp.EXIT)
    def lsp_exit(self, *_: object) -> None:  # type: ignore[override]
        """End with this client, and leave the process to whoever runs it."""
        self._server.leave(0 if self._shutdown else 1)


class BridgeServer(LanguageServer):
    """A server for one client."""

    bridge: Bridge

    def __init__(self) -> None:
        super().__init__(
            "fastapply",
            __version__,
            text_document_sync_kind=lsp.TextDocumentSyncKind.Incremental,
            protocol_cls=_Protocol,
        )
        self.exit_code = 1  # where the client goes away without a word

    def touched(self, uri: str) -> None:
        """A document was opened, changed or closed."""

    def leave(self, exit_code: int) -> None:
        """The client is done."""
        self.exit_code = exit_code
        assert self._stop_event
        self._stop_event.set()

    def report_server_error(self, error: Exception, source: Any) -> None:
        """A message that could not be read or answered: what it was is users' code."""
        log.error("a message failed: %s", describe(error))
