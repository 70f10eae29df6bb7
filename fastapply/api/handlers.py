"""The routes. Each reads its request, asks the pool and says the answer."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from fastapply.api.agent import list_tools, mcp
from fastapply.api.batch.merging import BatchMerger
from fastapply.api.batch.wire import BatchAnswer, decode_batch_request
from fastapply.api.chat.handlers import complete_chat
from fastapply.api.connection import read_json_body, while_connected
from fastapply.api.events import apply_events, streamed
from fastapply.api.live.handlers import apply_stream
from fastapply.api.merging import Merger
from fastapply.api.metrics import TEXT_FORMAT, observe_model, render
from fastapply.api.models import Model, ModelList, Models
from fastapply.api.openapi.handlers import documentation, openapi
from fastapply.api.state import health, ready
from fastapply.api.warming import warm_file
from fastapply.api.wire import ApplyAnswer, CodeApplyAnswer, decode_apply_request, decode_code_apply_request
from fastapply.resolve.configured import ConfiguredModel

__all__ = ["ROUTES"]


@post("/v1/apply", status_code=HTTPStatus.OK)
async def apply_edit(
    request: Request[Any, Any, Any], merger: NamedDependency[Merger], models: NamedDependency[Models]
) -> Response[Any]:
    """Merge a lazy edit into a file."""
    asked, who = decode_apply_request(await read_json_body(request), models)
    if asked.stream:
        return streamed(apply_events(await merger.stream(request, asked, who)))
    return Response(ApplyAnswer.of(await merger.merge(request, asked, who)))


@post("/v1/apply/batch", status_code=HTTPStatus.OK)
async def apply_batch(
    request: Request[Any, Any, Any], batches: NamedDependency[BatchMerger], models: NamedDependency[Models]
) -> BatchAnswer:
    """Merge lazy edits into several files."""
    batch, who = decode_batch_request(await read_json_body(request), models)
    return await while_connected(request, batches.merge(batch, who))


@post("/v1/code/apply", status_code=HTTPStatus.OK)
async def apply_code(
    request: Request[Any, Any, Any], merger: NamedDependency[Merger], models: NamedDependency[Models]
) -> CodeApplyAnswer:
    """Merge a lazy edit into a file, as Morph's and Relace's clients ask for it."""
    asked, who = decode_code_apply_request(await read_json_body(request), models)
    return CodeApplyAnswer.of(await merger.merge(request, asked, who))


@get("/v1/models")
async def list_models(models: NamedDependency[Models]) -> ModelList:
    """List the names under which models can be asked for."""
    return models.listed()


@get("/v1/models/{model_id:path}")
async def model(model_id: FromPath[str], models: NamedDependency[Models]) -> Model:
    """Say whether there is a model of this name."""
    return models.openai_model(model_id.removeprefix("/"))


@get("/metrics")
async def metrics(configured: NamedDependency[ConfiguredModel | None]) -> Response[bytes]:
    """What Prometheus collects."""
    if configured:
        await observe_model(configured)
    return Response(render(), media_type=TEXT_FORMAT)


ROUTES = [
    apply_edit,
    apply_batch,
    apply_stream,
    apply_code,
    complete_chat,
    warm_file,
    list_models,
    model,
    list_tools,
    mcp,
    health,
    ready,
    metrics,
    documentation,
    openapi,
]
"""All handlers of the service."""
