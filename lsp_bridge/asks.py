"""What an editor asks to be merged: the offers of code actions, and what is merged into what for each."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import msgspec

from fastapply.errors import EditConflict, InvalidRequest
from fastapply.merge.values import Choice, LineRange
from fastapply.workers.wire import Job
from lsp_bridge.fences import blocks
from lsp_bridge.files import Target
from lsp_bridge.looks import language_of
from lsp_bridge.saved import committed, saved
from lsp_bridge.uris import path_of

if TYPE_CHECKING:
    from pathlib import Path

    from lsp_bridge.arguments import Arguments
    from lsp_bridge.documents import Document, Documents
    from lsp_bridge.files import Files

__all__ = ["Ask", "Asks", "Offer", "ended_alike"]

Kind = Literal["selection", "saved", "committed", "block"]
NOTHING = LineRange(0, 0)
_SECONDS = 10.0  # for one merge; nobody waits longer at an editor


class Offer(msgspec.Struct, frozen=True, omit_defaults=True):
    """An edit that was found in version `version` of a document: its characters `start` to `end`, or all of it.

    It travels through the client, as the data of a code action. `choices` are what was decided about its doubts.
    """

    kind: Kind
    uri: str
    version: int
    start: int = 0
    end: int = 0
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class Ask:
    """One merge: `job`, whose result becomes all of `target`. `hidden` are the lines of the target that are not in
    the original: those of the edit."""

    target: Target
    job: Job = field(repr=False)
    hidden: LineRange = NOTHING


class Asks:
    """Offers made into merges, by what the documents and files hold now."""

    def __init__(self, documents: Documents, files: Files) -> None:
        self._documents = documents
        self._files = files

    async def of_offer(self, offer: Offer) -> Ask:
        """Raises `EditConflict` where the document has changed since, and what reading a file raises."""
        document = self._documents.get(offer.uri)
        if document is None or document.version != offer.version:
            raise EditConflict([offer.uri], "has changed since the action was offered; ask for it again")
        if offer.kind == "selection":
            ask = _without(document, offer.start, offer.end)
        elif offer.kind == "block":
            ask = self._block(document, offer.start)
        else:
            path = _path(document)
            text = saved(path) if offer.kind == "saved" else await committed(path)
            if text is None:
                raise InvalidRequest(f"{path.name}: there is no saved file", field="path")
            ask = _ask(Target.of(document), ended_alike(text, document.text), document.text)
        job = msgspec.structs.replace(ask.job, choices=offer.choices)
        return Ask(ask.target, job, ask.hidden)

    def _block(self, document: Document, start: int) -> Ask:
        line = document.content.line_of(start)
        block = next((one for one in blocks(document.content.lines) if one.start == line), None)
        if block is None:
            raise EditConflict([document.uri], "has no block there any more")
        target = self._files.named(block.path, document.uri)
        return _ask(target, target.text, block.text)

    def of_arguments(self, target: Target, edit: Arguments) -> Ask:
        """The merge of a snippet that a plugin sends into all that `target` holds."""
        ask = _ask(target, target.text, edit.snippet, edit.instruction, edit.language)
        return Ask(target, msgspec.structs.replace(ask.job, choices=edit.choices))


def _without(document: Document, start: int, end: int) -> Ask:
    """The selection is an edit of all the rest."""
    text, content = document.text, document.content
    ask = _ask(Target.of(document), text[:start] + text[end:], text[start:end])
    return Ask(ask.target, ask.job, LineRange(content.line_of(start), content.line_of(end)))


def _ask(target: Target, original: str, snippet: str, instruction: str = "", language: str | None = None) -> Ask:
    path = path_of(target.uri)
    named = str(path) if path is not None else None
    job = Job(
        original_code=original,
        edit_snippet=snippet,
        instruction=instruction,
        path=named,
        language=language or language_of(named, target.language, original),
        deadline=_SECONDS,
    )
    return Ask(target, job)


def _path(document: Document) -> Path:
    path = path_of(document.uri)
    if path is None:
        raise InvalidRequest("the document is no file", field="uri")
    return path


def ended_alike(text: str, model: str) -> str:
    """`text` with the line endings of `model`, where each has one kind only, LF or CRLF: editors may show LF whatever a
    file has, and git keeps it so."""
    if _endings(model) == {"\n"} and _endings(text) == {"\r\n"}:
        return text.replace("\r\n", "\n")
    if _endings(model) == {"\r\n"} and _endings(text) == {"\n"}:
        return text.replace("\n", "\r\n")
    return text


def _endings(text: str) -> set[str]:
    return set(re.findall(r"\r\n|\r|\n", text))
