"""The routes. Each reads its request, asks the pool and says the answer."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from fastapply.api.chat.handlers import complete_chat
from fastapply.api.connection import read_json_body
from fastapply.api.merging import merge
from fastapply.api.metrics import TEXT_FORMAT, render
from fastapply.api.models import Model, ModelList, list_models, require_openai_model
from fastapply.api.openapi.handlers import documentation, openapi
from fastapply.api.state import health, ready
from fastapply.api.wire import ApplyAnswer, CodeApplyAnswer, decode_apply_request, decode_code_apply_request
from fastapply.settings.model import Settings
from fastapply.workers.lanes import Lanes

__all__ = ["ROUTES"]


@post("/v1/apply", status_code=HTTPStatus.OK)
async def apply_edit(
    request: Request[Any, Any, Any], lanes: NamedDependency[Lanes], settings: NamedDependency[Settings]
) -> ApplyAnswer:
    """Merge a lazy edit into a file."""
    asked = decode_apply_request(await read_json_body(request))
    return ApplyAnswer.of(await merge(request, asked, lanes, settings.pool.deadline))


@post("/v1/code/apply", status_code=HTTPStatus.OK)
async def apply_code(
    request: Request[Any, Any, Any], lanes: NamedDependency[Lanes], settings: NamedDependency[Settings]
) -> CodeApplyAnswer:
    """Merge a lazy edit into a file, as Morph's and Relace's clients ask for it."""
    asked = decode_code_apply_request(await read_json_body(request))
    return CodeApplyAnswer.of(await merge(request, asked, lanes, settings.pool.deadline))


@get("/v1/models")
async def models() -> ModelList:
    """List the names under which models can be asked for."""
    return list_models()


@get("/v1/models/{model_id:path}")
async def model(model_id: FromPath[str]) -> Model:
    """Say whether there is a model of this name."""
    return require_openai_model(model_id.removeprefix("/"))


@get("/metrics")
async def metrics() -> Response[bytes]:
    """What Prometheus collects."""
    return Response(render(), media_type=TEXT_FORMAT)


ROUTES = [apply_edit, apply_code, complete_chat, models, model, health, ready, metrics, documentation, openapi]
"""All handlers of the service."""
