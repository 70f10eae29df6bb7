"""An editor as a client of the real `fastapply lsp`: it keeps documents, applies edits to them as the protocol says,
and refuses what was made for another version."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp
from lsprotocol.converters import get_converter
from pytest_lsp import LanguageClient, client_capabilities, make_test_lsp_client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

_ENDING = re.compile(r"\r\n|\n|\r")
_CODECS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}


def offset_of(text: str, position: lsp.Position, encoding: str = "utf-16") -> int:
    """The offset of a position, found in the bytes of the encoding."""
    starts = [0, *(match.end() for match in _ENDING.finditer(text))]
    assert position.line < len(starts), f"line {position.line} of {len(starts)}"
    line = _ENDING.split(text[starts[position.line] :], maxsplit=1)[0]
    codec, unit = _CODECS[encoding]
    content = line.encode(codec, "surrogatepass")
    assert position.character * unit <= len(content), f"column {position.character} of {line!r}"
    return starts[position.line] + len(content[: position.character * unit].decode(codec, "surrogatepass"))


def edited(text: str, edits: Sequence[Any], encoding: str = "utf-16") -> str:
    """`text` after edits that all count in it; they must not overlap."""
    found = [
        (offset_of(text, edit.range.start, encoding), offset_of(text, edit.range.end, encoding), edit.new_text)
        for edit in edits
    ]
    last = len(text) + 1
    for start, end, new in sorted(found, reverse=True):
        assert start <= end <= last, "the edits overlap"
        text, last = text[:start] + new + text[end:], start
    return text


@dataclass
class Document:
    version: int
    text: str


class Editor:
    """What a test does at the keyboard, and what it sees."""

    def __init__(self, client: LanguageClient, folder: Path, encoding: str) -> None:
        self.client, self.folder, self.encoding = client, folder, encoding
        self.documents: dict[str, Document] = {}
        self.applied: list[lsp.ApplyWorkspaceEditParams] = []
        self.asked: list[lsp.ShowMessageRequestParams] = []
        self.answer: str | None = None
        """What the person answers to questions: the beginning of a title."""
        client.feature(lsp.WORKSPACE_APPLY_EDIT)(lambda params: self._apply(params))
        client.feature(lsp.WINDOW_SHOW_MESSAGE_REQUEST)(lambda params: self._ask(params))

    @property
    def messages(self) -> list[str]:
        return [message.message for message in self.client.messages]

    def uri(self, name: str) -> str:
        return name if ":" in name else (self.folder / name).as_uri()

    def open(self, name: str, text: str | None = None, language: str = "") -> str:
        uri = self.uri(name)
        if text is None:
            text = (self.folder / name).read_bytes().decode()
        self.documents[uri] = Document(1, text)
        item = lsp.TextDocumentItem(uri, language, 1, text)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        return uri

    def type(self, uri: str, text: str, place: lsp.Range | None = None) -> None:
        """Replace what is at `place`, or all of it."""
        document = self.documents[uri]
        document.version += 1
        if place is None:
            document.text, change = text, lsp.TextDocumentContentChangeWholeDocument(text)
        else:
            document.text = edited(document.text, [lsp.TextEdit(place, text)], self.encoding)
            change = lsp.TextDocumentContentChangePartial(place, text)
        name = lsp.VersionedTextDocumentIdentifier(document.version, uri)
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(name, [change]))

    async def actions(
        self, uri: str, lines: tuple[int, int] = (0, 0), *, automatic: bool = False, **context: Any
    ) -> list[lsp.CodeAction]:
        """The actions where whole lines are selected, or the cursor is before the first."""
        kind = lsp.CodeActionTriggerKind.Automatic if automatic else lsp.CodeActionTriggerKind.Invoked
        found = await self.client.text_document_code_action_async(
            lsp.CodeActionParams(
                lsp.TextDocumentIdentifier(uri),
                lsp.Range(lsp.Position(lines[0], 0), lsp.Position(lines[1], 0)),
                lsp.CodeActionContext(context.pop("diagnostics", []), trigger_kind=kind, **context),
            )
        )
        return [action for action in found or [] if isinstance(action, lsp.CodeAction)]

    async def take(self, action: lsp.CodeAction) -> None:
        """What an editor does with an action that is chosen."""
        if action.edit is None and action.data is not None:
            action = await self.client.code_action_resolve_async(action)
        if action.edit is not None:
            assert self.apply(action.edit) is None
        if action.command is not None:
            await self.command(action.command.command, *(action.command.arguments or []))

    async def command(self, name: str, *arguments: Any) -> Any:
        return await self.client.workspace_execute_command_async(lsp.ExecuteCommandParams(name, list(arguments)))

    def apply(self, edit: lsp.WorkspaceEdit) -> str | None:
        """Make an edit, all of it or nothing; why not, else."""
        texts: dict[str, str] = {}
        for uri, edits in (edit.changes or {}).items():
            texts[uri] = edited(self._text(uri, texts), edits, self.encoding)
        for change in edit.document_changes or ():
            if isinstance(change, lsp.CreateFile):
                texts[change.uri] = ""
                continue
            assert isinstance(change, lsp.TextDocumentEdit)
            uri, version = change.text_document.uri, change.text_document.version
            if version is not None and (uri not in self.documents or self.documents[uri].version != version):
                return "the document has another version"
            texts[uri] = edited(self._text(uri, texts), change.edits, self.encoding)
        for uri, text in texts.items():
            if uri in self.documents:
                self.type(uri, text)
            else:
                self.open(uri, text)
        return None

    def _text(self, uri: str, texts: dict[str, str]) -> str:
        if uri in texts:
            return texts[uri]
        if uri in self.documents:
            return self.documents[uri].text
        return (self.folder / uri.removeprefix(self.folder.as_uri() + "/")).read_bytes().decode()

    def _apply(self, params: lsp.ApplyWorkspaceEditParams) -> lsp.ApplyWorkspaceEditResult:
        self.applied.append(params)
        reason = self.apply(params.edit)
        return lsp.ApplyWorkspaceEditResult(reason is None, reason)

    def _ask(self, params: lsp.ShowMessageRequestParams) -> lsp.MessageActionItem | None:
        self.asked.append(params)
        items = params.actions or []
        return next((item for item in items if self.answer and item.title.startswith(self.answer)), None)


def command_of(*options: str) -> list[str]:
    return [sys.executable, "-m", "fastapply", "lsp", *options]


@contextlib.asynccontextmanager
async def editing(
    folder: Path,
    *options: str,
    like: str = "visual_studio_code",
    encodings: Sequence[str] | None = None,
    settings: dict[str, Any] | None = None,
    capabilities: lsp.ClientCapabilities | None = None,
) -> AsyncIterator[Editor]:
    """An editor with `folder` open, which can do what another one `like` it can."""
    client = make_test_lsp_client()
    await client.start_io(*command_of(*options), env=dict(os.environ))
    try:
        async with session(client, folder, like, encodings, settings, capabilities) as editor:
            yield editor
    finally:
        if client._server and client._server.returncode is None:
            client._server.kill()
        await client.stop()


@contextlib.asynccontextmanager
async def connected(port: int, folder: Path, **about: Any) -> AsyncIterator[Editor]:
    """The same on the TCP port of a server that runs."""
    client = make_test_lsp_client()
    await client.start_tcp("127.0.0.1", port)
    writer = client.protocol.writer
    assert isinstance(writer, asyncio.StreamWriter)
    try:
        async with session(client, folder, **about) as editor:
            yield editor
    finally:
        writer.close()
        await writer.wait_closed()
        await client.stop()


@contextlib.asynccontextmanager
async def session(
    client: LanguageClient,
    folder: Path,
    like: str = "visual_studio_code",
    encodings: Sequence[str] | None = None,
    settings: dict[str, Any] | None = None,
    capabilities: lsp.ClientCapabilities | None = None,
) -> AsyncIterator[Editor]:
    """The same over a connection that is there."""
    client.protocol._converter.register_structure_hook(lsp.Command | lsp.CodeAction, _action)
    able = capabilities or client_capabilities(like)
    if encodings is not None:
        able.general = able.general or lsp.GeneralClientCapabilities()
        able.general.position_encodings = list(encodings)
    params = lsp.InitializeParams(
        capabilities=able,
        workspace_folders=[lsp.WorkspaceFolder(folder.as_uri(), folder.name)],
        root_uri=folder.as_uri(),
        initialization_options=settings,
    )
    result = await client.initialize_session(params)
    encoding = result.capabilities.position_encoding or "utf-16"
    yield Editor(client, folder, str(getattr(encoding, "value", encoding)))
    await client.shutdown_session()


def _action(value: dict[str, Any], _: object) -> lsp.CodeAction:
    """lsprotocol takes every action that has a command for one of the old kind, which was nothing but a command."""
    return get_converter().structure(value, lsp.CodeAction)


async def until(holds: Any, seconds: float = 20) -> None:
    """Wait for what the server will bring about."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.01)


def git(folder: Path, *arguments: str) -> None:
    """Run git with a name and without a person's settings."""
    quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], cwd=folder, env={**os.environ, **quiet}, check=True, capture_output=True)
