"""Lazy markers that were left in files, marked for the person to see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from fastapply.merge.text import without_ending
from lsp_bridge.actions import SOURCE
from lsp_bridge.looks import language_of, left_markers
from lsp_bridge.uris import name_of

if TYPE_CHECKING:
    from lsp_bridge.documents import Document

__all__ = ["CODE", "of_document"]

CODE = "lazy-marker"
_MESSAGE = "This looks like a marker of a lazy edit: it stands for code that is not here."


def of_document(document: Document) -> list[lsp.Diagnostic]:
    """One for each such line."""
    lines = [without_ending(line) for line in document.content.lines]
    language = language_of(name_of(document.uri), document.language, document.text)
    return [
        lsp.Diagnostic(
            _range(document, number, lines[number]),
            _MESSAGE,
            severity=lsp.DiagnosticSeverity.Warning,
            code=CODE,
            source=SOURCE,
        )
        for number in left_markers(lines, language)
    ]


def _range(document: Document, number: int, line: str) -> lsp.Range:
    start = document.content.start_of(number)
    return document.content.range(start + len(line) - len(line.lstrip()), start + len(line.rstrip()))
