"""Requests and answers of the two apply routes as they look on the wire, apart from the values of the merge."""

from __future__ import annotations

from typing import Annotated, Self
from uuid import uuid4

import msgspec
from msgspec import Meta

from fastapply.api.fields import read
from fastapply.api.models import Models, model_of
from fastapply.api.problems import Problem
from fastapply.merge.values import ApplyResult, Changes, Choice, Doubt, Edit, Note, Span, Usage
from fastapply.resolve.route import OnDoubt
from fastapply.resolver import Who

__all__ = [
    "ALIASES",
    "CHOICES",
    "ON_DOUBT",
    "REQUIRED",
    "ApplyAnswer",
    "ApplyRequest",
    "CodeApplyAnswer",
    "decode_apply_request",
    "decode_code_apply_request",
    "require_on_doubt",
]

ALIASES: dict[str, tuple[str, ...]] = {
    "original_code": ("initial_code", "code", "file"),
    "edit_snippet": ("code_edit", "update", "edit", "snippet"),
    "instruction": ("instructions",),
    "path": ("filename",),
    "language": (),
    "model": (),
    "on_doubt": (),
    "stream": (),
    "choices": (),
}
"""The other names of each field of a request; the camelCase of each is accepted, too."""

ON_DOUBT = (
    "What becomes of an edit in doubt: asked of the model, refused, or merged by the best guess. Left out, the model "
    "is asked where one is configured and runs, and the edit refused otherwise."
)

CHOICES = (
    "Settles doubts: at most one of the `choices` of each doubt that this very edit was refused with, as they came. A "
    "choice that no doubt offers is an error. Doubts that are left or come up are refused as before."
)

REQUIRED = ("original_code", "edit_snippet")
"""The fields that a request can't do without."""


class ApplyRequest(msgspec.Struct, frozen=True):
    """What is to be merged, under the first names of the fields."""

    original_code: Annotated[str, Meta(description="The file as it is; empty for a new one.")]
    edit_snippet: Annotated[str, Meta(description="The lazy edit, or a diff, search/replace block, patch or file.")]
    instruction: Annotated[str, Meta(description="What the edit does. Evidence for deletions, nothing else.")] = ""
    path: Annotated[str | None, Meta(description="Gives the language. Nothing is read from it.")] = None
    language: Annotated[str | None, Meta(description="The language; wins over the path.")] = None
    model: Annotated[str, Meta(description="Who is to merge.")] = "auto"
    on_doubt: Annotated[OnDoubt | None, Meta(description=ON_DOUBT)] = None
    stream: Annotated[bool, Meta(description="Answer with server-sent events.")] = False
    choices: Annotated[tuple[Choice, ...], Meta(description=CHOICES)] = ()


class ApplyAnswer(msgspec.Struct, frozen=True):
    """The answer of `POST /v1/apply`. Ranges count characters (code points) and lines from 0, ends excluded."""

    id: str
    model: str
    engine: str
    language: str
    format: str
    fallback: str
    merged_code: str
    diff: str
    edits: tuple[Edit, ...]
    doubts: tuple[Doubt, ...]
    notes: tuple[Note, ...]
    provenance: tuple[Span, ...]
    changes: Changes
    usage: Usage
    timings: dict[str, float]

    @classmethod
    def of(cls, result: ApplyResult) -> Self:
        """`result` under an id of its own."""
        fields = {name: getattr(result, name) for name in ApplyResult.__struct_fields__}
        return cls(id=f"apply-{uuid4().hex}", model=model_of(result), **fields)


class CodeApplyAnswer(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The answer of `POST /v1/code/apply`. `doubts` is there only where the best guess was asked for and has some."""

    merged_code: str
    usage: Usage
    doubts: tuple[Doubt, ...] = ()

    @classmethod
    def of(cls, result: ApplyResult) -> Self:
        """What of `result` the clients of this route read."""
        return cls(result.merged_code, result.usage, result.doubts)


def decode_apply_request(body: bytes, models: Models) -> tuple[ApplyRequest, Who]:
    """The request in `body`, and who is to merge; a `Problem` with the field's name where it can't be used."""
    request = read(body, ApplyRequest, ALIASES, REQUIRED)
    who = models.who(request.model)
    require_on_doubt(request.on_doubt, who, models)
    return request, who


def decode_code_apply_request(body: bytes, models: Models) -> tuple[ApplyRequest, Who]:
    """The same for `/v1/code/apply`, where `stream` changes nothing: its clients read one JSON object."""
    request = read(body, ApplyRequest, ALIASES, REQUIRED)
    who = models.openai_who(request.model)
    require_on_doubt(request.on_doubt, who, models)
    return request, who


def require_on_doubt(choice: OnDoubt | None, who: Who, models: Models) -> None:
    """A 422 problem where `choice` asks for a model that is not there, or that `who` leaves out."""
    if choice == "model" and not models.own:
        raise Problem.model_unavailable("on_doubt", "no model is configured; send refuse or best, or leave it out")
    if choice == "model" and who == "structural":
        raise Problem.invalid_field("on_doubt", "asks for the model, and model for the structural merge alone")
