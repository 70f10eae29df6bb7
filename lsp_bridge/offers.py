"""Which edits there are to apply where somebody asks for code actions: quick looks, no merge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapply.errors import FastApplyError
from lsp_bridge.asks import Offer, ended_alike
from lsp_bridge.fences import Block, blocks
from lsp_bridge.looks import is_edit, redefines
from lsp_bridge.saved import in_repository, saved
from lsp_bridge.uris import path_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lsprotocol.types import Range

    from lsp_bridge.documents import Document

__all__ = ["found_in", "selected", "title_of", "whole_file"]

_TITLES = {
    "selection": "Apply this lazy edit to the rest of the file",
    "saved": "Merge with the saved file",
    "committed": "Merge with the committed version",
}


def found_in(document: Document, place: Range) -> list[Offer]:
    """The edits that the selection or the cursor is at."""
    start, end = selected(document, place)
    if 0 < end - start < len(document.text):
        return [*_of_selection(document, start, end), *_of_blocks(document, start, end)]
    return [*_of_blocks(document, start, end), *whole_file(document)]


def title_of(offer: Offer, document: Document) -> str:
    """What the action is called."""
    if offer.kind != "block":
        return _TITLES[offer.kind]
    block = next(one for one in blocks(document.content.lines) if document.content.start_of(one.start) == offer.start)
    return f"Apply to {block.path}"


def whole_file(document: Document) -> Iterator[Offer]:
    """For a buffer that was overwritten with an edit: the versions of the file that it may be an edit of."""
    path = path_of(document.uri)
    if path is None or not is_edit(document.text) or next(blocks(document.content.lines), None):
        return
    try:
        text = saved(path)
    except (FastApplyError, OSError):
        text = None
    if text and ended_alike(text, document.text) != document.text:
        yield Offer("saved", document.uri, document.version)
    if in_repository(path):
        yield Offer("committed", document.uri, document.version)


def _of_selection(document: Document, start: int, end: int) -> Iterator[Offer]:
    text = document.text
    shown, rest = text[start:end], text[:start] + text[end:]
    if shown.strip() and rest.strip() and (is_edit(shown) or redefines(shown, rest)):
        yield Offer("selection", document.uri, document.version, start, end)


def _of_blocks(document: Document, start: int, end: int) -> Iterator[Offer]:
    content = document.content
    first, last = content.line_of(start), content.line_of(max(start, end - 1))
    for block in blocks(content.lines):
        if _fence_of(block).start <= last and first < _fence_of(block).stop:
            at = content.start_of(block.start)
            yield Offer("block", document.uri, document.version, at, content.start_of(block.end))


def _fence_of(block: Block) -> range:
    return range(block.start - 1, block.end + 1)


def selected(document: Document, place: Range) -> tuple[int, int]:
    """The lines that a selection holds, or cuts; the cursor's place where nothing is selected."""
    content = document.content
    start, end = content.offset(place.start), content.offset(place.end)
    if start == end:
        return start, end
    first, last = content.line_of(start), content.line_of(end)
    if last > first and content.start_of(last) == end:
        last -= 1
    return content.start_of(first), content.start_of(last + 1)
