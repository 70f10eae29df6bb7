"""The commands: edits that plugins send, merged and applied, or shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from lsprotocol import types as lsp

from fastapply.errors import EditConflict, EditRefused, InvalidRequest
from fastapply.merge.text import split_lines
from lsp_bridge import telling
from lsp_bridge.arguments import Answer, Arguments, Blocks, FileAnswer, Offered, read
from lsp_bridge.asks import Ask, Offer
from lsp_bridge.bridge import offered
from lsp_bridge.fences import blocks
from lsp_bridge.offers import selected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapply.merge.values import ApplyResult
    from fastapply.resolve.route import OnDoubt
    from lsp_bridge.bridge import Bridge
    from lsp_bridge.files import Target

__all__ = ["Commands"]


class Commands:
    """Those of one client. Each takes the arguments of `workspace/executeCommand`, and gives what JSON can hold."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge

    async def act(self, arguments: Sequence[Any], token: lsp.ProgressToken | None) -> Any:
        """Take a code action, for clients that don't resolve them."""
        offer = read(list(arguments), tuple[Offer], "arguments")[0]
        async with self._bridge.editor.progress("FastApply", token):
            ask = await self._bridge.asks.of_offer(offer)
            return msgspec.to_builtins(await self._applied([ask], [None], quiet=False))

    async def apply(self, arguments: Sequence[Any], token: lsp.ProgressToken | None) -> Any:
        """Merge one edit and have it applied."""
        edit = read(list(arguments), tuple[Arguments], "arguments")[0]
        return await self._apply((edit,), token, edit.quiet)

    async def apply_many(self, arguments: Sequence[Any], token: lsp.ProgressToken | None) -> Any:
        """Merge several edits and have all of them applied, or none."""
        edits = read(list(arguments), tuple[tuple[Arguments, ...] | Blocks], "arguments")[0]
        if isinstance(edits, Blocks):
            edits = _edits_of(edits)
        return await self._apply(edits, token, any(edit.quiet for edit in edits))

    async def preview(self, arguments: Sequence[Any], token: lsp.ProgressToken | None) -> Any:
        """Merge one edit and change nothing."""
        edit = read(list(arguments), tuple[Arguments], "arguments")[0]
        async with self._bridge.editor.progress("FastApply", token):
            ask = await self._ask(edit)
            try:
                result = await self._bridge.merges.of(ask.job, self._bridge.way(edit.on_doubt))
            except EditRefused as refused:
                return msgspec.to_builtins(_refusal(ask, refused))
        return msgspec.to_builtins(_answer(ask.target, result, result.merged_code))

    async def _apply(self, edits: Sequence[Arguments], token: lsp.ProgressToken | None, quiet: bool) -> Any:
        async with self._bridge.editor.progress("FastApply", token):
            asks = [await self._ask(edit) for edit in edits]
            ways = [edit.on_doubt for edit in edits]
            return msgspec.to_builtins(await self._applied(asks, ways, quiet))

    async def _ask(self, edit: Arguments) -> Ask:
        files = self._bridge.files
        target = files.named(edit.path or "") if edit.uri is None else files.of_uri(edit.uri)
        if edit.version is not None and edit.version != target.version:
            raise EditConflict([target.name], f"is at version {target.version}, not {edit.version}")
        if edit.source is None:
            return self._bridge.asks.of_arguments(target, edit)
        if edit.snippet:
            raise InvalidRequest("an edit has a snippet or a source, not both", field="arguments")
        ask = await self._bridge.asks.of_offer(self._offer(edit, target))
        return Ask(ask.target, msgspec.structs.replace(ask.job, instruction=edit.instruction), ask.hidden)

    def _offer(self, edit: Arguments, target: Target) -> Offer:
        """The edit that `source` speaks of, as a code action would find it."""
        document = self._bridge.documents.get(target.uri)
        if document is None or edit.source is None:
            raise InvalidRequest(f"{target.name}: is not open", field="arguments")
        if edit.source != "selection":
            return Offer(edit.source, document.uri, document.version, choices=edit.choices)
        if edit.range is None:
            raise InvalidRequest("a selection needs its range", field="arguments")
        place = lsp.Range(
            lsp.Position(edit.range.start.line, edit.range.start.character),
            lsp.Position(edit.range.end.line, edit.range.end.character),
        )
        return Offer("selection", document.uri, document.version, *selected(document, place), edit.choices)

    async def _applied(self, asks: Sequence[Ask], ways: Sequence[OnDoubt | None], quiet: bool) -> Answer:
        """Have the merges of all `asks` applied as one edit, or none; two edits of one file one after the other."""
        texts: dict[str, tuple[Target, str]] = {}
        files: list[FileAnswer] = []
        for ask, way in zip(asks, ways, strict=True):
            if ask.target.uri in texts:
                ask = _onto(ask, texts[ask.target.uri][1])
            try:
                merged = await self._bridge.settled(ask, way, quiet)
            except EditRefused as refused:
                files.append(_refusal(ask, refused))
                continue
            ask, result = merged
            texts[ask.target.uri] = ask.target, result.merged_code
            files.append(_answer(ask.target, result))
        message = "; ".join(file.message for file in files)
        if any(file.code for file in files):
            if not quiet:
                self._bridge.editor.say("; ".join(file.message for file in files if file.code))
            return Answer(False, message, tuple(files))
        confirm = any(file.doubts for file in files)
        await self._bridge.editor.apply(list(texts.values()), message, confirm)
        return Answer(True, message, tuple(files))


def _edits_of(answer: Blocks) -> tuple[Arguments, ...]:
    found = tuple(
        Arguments(block.text, path=block.path, quiet=answer.quiet) for block in blocks(split_lines(answer.text))
    )
    if not found:
        raise InvalidRequest("no fenced block names a file", field="text")
    return found


def _onto(ask: Ask, text: str) -> Ask:
    """The same edit of what an edit before it made of the file."""
    return Ask(ask.target, msgspec.structs.replace(ask.job, original_code=text), ask.hidden)


def _answer(target: Target, result: ApplyResult, merged_code: str | None = None) -> FileAnswer:
    message = telling.summary(target.name, result)
    return FileAnswer(
        target.uri,
        message,
        diff=result.diff,
        changes=result.changes,
        doubts=result.doubts,
        merged_code=merged_code,
    )


def _refusal(ask: Ask, refused: EditRefused) -> FileAnswer:
    message = telling.refusal(ask.target.name, refused.doubts)
    choices = []
    for choice in offered(refused):
        place = telling.as_shown(choice.place, ask.hidden)
        choices.append(Offered(telling.choice_in_words(choice, ask), choice, place.start, place.end))
    return FileAnswer(ask.target.uri, message, refused.code, doubts=refused.doubts, choices=tuple(choices))
