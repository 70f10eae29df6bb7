"""The lines of the stream, in and out."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from fastapply.api.envelopes import ProblemBody
from fastapply.api.fields import read
from fastapply.api.models import Models
from fastapply.api.problems import Problem
from fastapply.api.wire import ALIASES, ON_DOUBT, ApplyAnswer, ApplyRequest, require_on_doubt
from fastapply.merge.values import Edit
from fastapply.resolve.route import OnDoubt
from fastapply.resolver import Who

__all__ = ["ALIASES_OF_STREAM", "REQUIRED_OF_STREAM", "Piece", "Said", "StreamRequest", "decode_begin", "decode_piece"]

ALIASES_OF_STREAM = {
    name: others for name, others in ALIASES.items() if name not in ("edit_snippet", "stream", "choices")
}
REQUIRED_OF_STREAM = ("original_code",)


class StreamRequest(msgspec.Struct, frozen=True):
    """The first line of a stream: what a snippet that is still being written will be merged into."""

    original_code: Annotated[str, Meta(description="The file as it is; empty for a new one.")]
    instruction: Annotated[str, Meta(description="What the edit does. Evidence for deletions, nothing else.")] = ""
    path: Annotated[str | None, Meta(description="Gives the language. Nothing is read from it.")] = None
    language: Annotated[str | None, Meta(description="The language; wins over the path.")] = None
    model: Annotated[str, Meta(description="Who is to merge.")] = "auto"
    on_doubt: Annotated[OnDoubt | None, Meta(description=ON_DOUBT)] = None

    def whole(self, snippet: str) -> ApplyRequest:
        """The request that this is with the whole `snippet`."""
        return ApplyRequest(
            self.original_code, snippet, self.instruction, self.path, self.language, self.model, self.on_doubt
        )


class Piece(msgspec.Struct, frozen=True, omit_defaults=True):
    """A further line of a stream: what the snippet goes on with, or that it is whole."""

    delta: str = ""
    end: bool = False


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the answer: an edit that is certain, and at last the whole answer, or the problem. Both of these are
    there where an edit was said before that the whole answer does not have (`early_edit_wrong`)."""

    edit: Edit | None = None
    answer: ApplyAnswer | None = None
    problem: ProblemBody | None = None


_PIECES = msgspec.json.Decoder(Piece)


def decode_begin(line: bytes, models: Models) -> tuple[StreamRequest, Who]:
    """The first line, and who is to merge; a `Problem` with the field's name where it can't be used."""
    begun = read(line, StreamRequest, ALIASES_OF_STREAM, REQUIRED_OF_STREAM)
    who = models.who(begun.model)
    require_on_doubt(begun.on_doubt, who, models)
    return begun, who


def decode_piece(line: bytes, number: int) -> Piece:
    """A further line, the `number`th of the body."""
    try:
        return _PIECES.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Problem.malformed(f'line {number} is neither {{"delta": "…"}} nor {{"end": true}}') from None
