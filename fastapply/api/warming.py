"""`POST /v1/warm`: a file that an edit may come for, read ahead by the model."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from litestar import Request, post
from litestar.di import NamedDependency
from msgspec import Meta

from fastapply.api.connection import read_json_body, while_connected
from fastapply.api.fields import read
from fastapply.api.metrics import observe_warmth
from fastapply.api.models import Models
from fastapply.api.wire import ALIASES as OF_APPLY
from fastapply.resolver import Resolver

__all__ = ["ALIASES", "REQUIRED", "WarmAnswer", "WarmRequest", "warm_file"]

ALIASES = {name: OF_APPLY[name] for name in ("original_code", "instruction", "path", "model")}
"""The fields of a request, named as those of `POST /v1/apply`."""

REQUIRED = ("original_code",)
"""The field that a request can't do without."""

_SKIPPED = (
    "Why nothing was read. `no_model`: there is none, or the structural merge alone was named. `parts_only`: the model "
    "is asked about the part of a file that is in doubt. `remote_off`: the model is on another machine, and "
    "`model.remote_warm` is off. `question_too_long`: an edit of this file would be asked about in part. `model_down`, "
    "`model_unusable`, `model_busy`, `model_failed`, `question_unfit`, `deadline_exceeded`: as errors of `/v1/apply`."
)


class WarmRequest(msgspec.Struct, frozen=True):
    """What is to be read ahead, under the first names of the fields."""

    original_code: Annotated[str, Meta(description="The file as it is, as it will be sent with the edit.")]
    instruction: Annotated[
        str, Meta(description="That of the edit, if it is known. It matters to few models' prompts.")
    ] = ""
    path: Annotated[str | None, Meta(description="Changes nothing: what is read is the text alone.")] = None
    model: Annotated[str, Meta(description="Who is to merge, as in `/v1/apply`.")] = "auto"


class WarmAnswer(msgspec.Struct, frozen=True):
    """What came of it. Nothing here is an error: an editor may send every file that it opens."""

    model: Annotated[str | None, Meta(description="Who read it; null without a model.")]
    warmed_tokens: Annotated[int, Meta(description="Tokens of the prompt that are kept now.")]
    cached_tokens: Annotated[int, Meta(description="Those of them that were kept before.")]
    ms: Annotated[float, Meta(description="Milliseconds it took.")]
    skipped: Annotated[str | None, Meta(description=_SKIPPED)] = None


@post("/v1/warm", status_code=HTTPStatus.OK)
async def warm_file(
    request: Request[Any, Any, Any], resolver: NamedDependency[Resolver], models: NamedDependency[Models]
) -> WarmAnswer:
    """Have the model read a file ahead; ends when the client goes."""
    begun = time.monotonic()
    asked = read(await read_json_body(request), WarmRequest, ALIASES, REQUIRED)
    work = resolver.warm(asked.original_code, asked.instruction, models.who(asked.model))
    found = await while_connected(request, work)
    observe_warmth(found)
    milliseconds = round(1000 * (time.monotonic() - begun), 3)
    return WarmAnswer(found.model, found.warmth.tokens, found.warmth.cached, milliseconds, found.skipped)
