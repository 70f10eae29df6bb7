"""The documents that the client has open, as it last told of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lsprotocol.types import PositionEncodingKind

from lsp_bridge.positions import Text, changed
from lsp_bridge.uris import key_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lsprotocol.types import DidChangeTextDocumentParams, TextDocumentItem

__all__ = ["Document", "Documents"]


@dataclass(frozen=True)
class Document:
    """An open document in one of its versions."""

    uri: str
    version: int
    language: str
    """The client's name for its language."""

    content: Text = field(repr=False)

    @property
    def text(self) -> str:
        """All of it."""
        return self.content.text


class Documents:
    """Looked up by URI, however that is escaped. Cells of notebooks are not among them."""

    def __init__(self) -> None:
        self._open: dict[str, Document] = {}
        self.encoding: PositionEncodingKind | str = PositionEncodingKind.Utf16
        """In which units the client counts columns."""

    def __iter__(self) -> Iterator[Document]:
        return iter(tuple(self._open.values()))

    def get(self, uri: str) -> Document | None:
        """The open document of this URI."""
        return self._open.get(key_of(uri))

    def opened(self, item: TextDocumentItem) -> Document:
        """Note that the client shows a document."""
        document = Document(item.uri, item.version, item.language_id, Text(item.text, self.encoding))
        self._open[key_of(item.uri)] = document
        return document

    def changed(self, params: DidChangeTextDocumentParams) -> Document | None:
        """Note what became of a document; None where it is not open."""
        old = self.get(params.text_document.uri)
        if old is None:
            return None
        content = changed(old.content, params.content_changes)
        document = Document(old.uri, params.text_document.version, old.language, content)
        self._open[key_of(old.uri)] = document
        return document

    def closed(self, uri: str) -> None:
        """Note that the client shows a document no more."""
        self._open.pop(key_of(uri), None)
