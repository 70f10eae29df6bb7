"""Code actions: which there are at a place, with their edits where these are known soon, and their edits later on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
from lsprotocol import types as lsp

from fastapply.errors import EditRefused, FastApplyError
from lsp_bridge import telling
from lsp_bridge.arguments import read
from lsp_bridge.asks import Offer
from lsp_bridge.bridge import offered
from lsp_bridge.offers import found_in, title_of, whole_file
from lsp_bridge.uris import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fastapply.merge.values import ApplyResult
    from lsp_bridge.asks import Ask
    from lsp_bridge.bridge import Bridge
    from lsp_bridge.documents import Document

__all__ = ["ACTION_COMMAND", "SOURCE", "Actions"]

ACTION_COMMAND = "fastapply.action"
SOURCE = "fastapply"  # of diagnostics
_LISTING_SECONDS = 0.15  # how long a list of actions waits for merges; what takes longer is merged when it is chosen


class Actions:
    """Those of one client."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge

    async def listed(self, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        """The code actions at a place."""
        document = self._bridge.documents.get(params.text_document.uri)
        if document is None:
            return []
        listed = [(offer, self._action(offer, document)) for offer in found_in(document, params.range)]
        listed += self._fixes(document, params.context.diagnostics)
        listed = [(offer, action) for offer, action in listed if _is_wanted(action, params.context.only)]
        if params.context.trigger_kind != lsp.CodeActionTriggerKind.Automatic:
            found = await asyncio.gather(*(self._ahead(offer, action) for offer, action in listed))
            return [action for actions in found for action in actions]
        return [action for _, action in listed]

    async def resolve(self, action: lsp.CodeAction) -> lsp.CodeAction:
        """The action with its edit, or without one where the merge is refused; the person is told why."""
        offer = read(action.data, Offer, "data")
        try:
            action.edit = self._edit(*await self._bridge.settled(await self._bridge.asks.of_offer(offer)))
        except EditRefused as refused:
            self._bridge.editor.say(telling.refusal(name_of(offer.uri), refused.doubts))
        return action

    def _action(self, offer: Offer, document: Document) -> lsp.CodeAction:
        title, data = title_of(offer, document), msgspec.to_builtins(offer)
        action = lsp.CodeAction(title, kind=lsp.CodeActionKind.RefactorRewrite, data=data)
        if not self._bridge.editor.resolves_edits:
            action.command = lsp.Command(title, ACTION_COMMAND, arguments=[data])
        return action

    def _fixes(
        self, document: Document, diagnostics: Sequence[lsp.Diagnostic]
    ) -> Iterator[tuple[Offer, lsp.CodeAction]]:
        """What a marker that was left in a file calls for."""
        left = [diagnostic for diagnostic in diagnostics if diagnostic.source == SOURCE]
        for offer in whole_file(document) if left else ():
            action = self._action(offer, document)
            action.kind, action.diagnostics = lsp.CodeActionKind.QuickFix, left
            yield offer, action

    async def _ahead(self, offer: Offer, action: lsp.CodeAction) -> list[lsp.CodeAction]:
        """The action with its edit, or one for each choice that a doubt offers, where the merge tells that soon."""
        try:
            ask = await self._bridge.asks.of_offer(offer)
            task = self._bridge.merges.begun(ask.job, self._bridge.way())
            await asyncio.wait({task}, timeout=_LISTING_SECONDS)
            if task.done():
                action.edit, action.command, action.data = self._edit(ask, task.result()), None, None
        except EditRefused as refused:
            return self._choices(offer, action, ask, refused)
        except FastApplyError as error:
            return self._disabled(action, str(error))
        return [action]

    def _choices(self, offer: Offer, action: lsp.CodeAction, ask: Ask, refused: EditRefused) -> list[lsp.CodeAction]:
        choices = offered(refused)
        if not choices:
            return self._disabled(action, telling.refusal(ask.target.name, refused.doubts))
        found = []
        for choice in choices:
            data = msgspec.to_builtins(msgspec.structs.replace(offer, choices=(*offer.choices, choice)))
            title = f"{action.title}: {telling.choice_in_words(choice, ask)}"
            command = action.command and lsp.Command(title, ACTION_COMMAND, arguments=[data])
            found.append(lsp.CodeAction(title, kind=action.kind, data=data, command=command))
        return found

    def _disabled(self, action: lsp.CodeAction, reason: str) -> list[lsp.CodeAction]:
        """The action with the reason why it can't be taken; where the client shows no reasons, one that tells it."""
        if self._bridge.editor.disables:
            return [lsp.CodeAction(action.title, kind=action.kind, disabled=lsp.CodeActionDisabled(reason))]
        return [action]

    def _edit(self, ask: Ask, result: ApplyResult) -> lsp.WorkspaceEdit:
        label = telling.summary(ask.target.name, result)
        return self._bridge.editor.edit([(ask.target, result.merged_code)], label, bool(result.doubts))


def _is_wanted(action: lsp.CodeAction, only: Sequence[str] | None) -> bool:
    """True where an action is of one of the kinds that are asked for, or of a kind within one."""
    kind = str(action.kind.value if isinstance(action.kind, lsp.CodeActionKind) else action.kind)
    kinds = [str(one.value if isinstance(one, lsp.CodeActionKind) else one) for one in only or ()]
    return not kinds or any(one in ("", kind) or kind.startswith(f"{one}.") for one in kinds)
