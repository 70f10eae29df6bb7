"""One client: its documents, its settings, and the way from an edit that it asks for to a merge without doubts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from fastapply.errors import EditRefused
from lsp_bridge import telling
from lsp_bridge.arguments import Settings
from lsp_bridge.asks import Ask, Asks
from lsp_bridge.documents import Documents
from lsp_bridge.editor import Editor
from lsp_bridge.files import Files

if TYPE_CHECKING:
    from pygls.lsp.server import LanguageServer

    from fastapply.merge.values import ApplyResult, Choice
    from fastapply.resolve.route import OnDoubt
    from lsp_bridge.merges import Merges

__all__ = ["Bridge", "offered"]


class Bridge:
    """What actions and commands stand on."""

    def __init__(self, server: LanguageServer, merges: Merges) -> None:
        self.documents = Documents()
        self.files = Files(self.documents)
        self.asks = Asks(self.documents, self.files)
        self.editor = Editor(server, self.files)
        self.settings = Settings()
        self.merges = merges

    def way(self, asked: OnDoubt | None = None) -> OnDoubt | None:
        """What is to become of doubts."""
        return asked or self.settings.on_doubt

    async def settled(self, ask: Ask, asked: OnDoubt | None = None, quiet: bool = False) -> tuple[Ask, ApplyResult]:
        """The merge of `ask`, or of that with what the person chose about its doubts. Raises `EditRefused` where
        there is nothing to choose, or he chooses nothing, and as `Applier.apply` does."""
        while True:
            try:
                return ask, await self.merges.of(ask.job, self.way(asked))
            except EditRefused as refused:
                choice = None if quiet or not self.settings.ask else await self._chosen(ask, refused)
                if choice is None:
                    raise
                job = msgspec.structs.replace(ask.job, choices=(*ask.job.choices, choice))
                ask = Ask(ask.target, job, ask.hidden)

    async def _chosen(self, ask: Ask, refused: EditRefused) -> Choice | None:
        choices = offered(refused)
        if not choices:
            return None
        answers = [telling.choice_in_words(choice, ask) for choice in choices]
        number = await self.editor.ask(telling.refusal(ask.target.name, refused.doubts), answers)
        return None if number is None else choices[number]


def offered(refused: EditRefused) -> tuple[Choice, ...]:
    """The choices of the first doubt that has some: the others can be decided when that is settled."""
    return next((doubt.choices for doubt in refused.doubts if doubt.choices), ())
