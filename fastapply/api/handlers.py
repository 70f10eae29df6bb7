"""The routes. Each reads its request, asks the pool and says the answer."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath

from fastapply import __version__
from fastapply.api.chat.handlers import complete_chat
from fastapply.api.connection import read_json_body
from fastapply.api.merging import merge
from fastapply.api.metrics import TEXT_FORMAT, render
from fastapply.api.models import MODEL, Model, ModelList, list_models, require_openai_model
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


@get("/health")
async def health(lanes: NamedDependency[Lanes]) -> Response[dict[str, object]]:
    """Say whether merges can be made: 200, or 503 when no worker is up."""
    alive = lanes.small.alive
    state: dict[str, object] = {
        "status": "ok" if alive else "unavailable",
        "version": __version__,
        "model": MODEL,
        "workers": {
            lane: {"alive": pool.alive, "wanted": pool.wanted}
            for lane, pool in (("small", lanes.small), ("large", lanes.large))
        },
    }
    return Response(state, status_code=HTTPStatus.OK if alive else HTTPStatus.SERVICE_UNAVAILABLE)


@get("/ready")
async def ready(lanes: NamedDependency[Lanes], state: State) -> Response[dict[str, str]]:
    """Say whether to send requests here: 503 while a lane has no worker, and once the service is about to end.

    Whoever ends the service sets `app.state.draining`.
    """
    alive = lanes.small.alive and lanes.large.alive
    said = "draining" if state.get("draining", False) else "ready" if alive else "no worker is up"
    status = HTTPStatus.OK if said == "ready" else HTTPStatus.SERVICE_UNAVAILABLE
    return Response({"status": said}, status_code=status)


@get("/metrics")
async def metrics() -> Response[bytes]:
    """What Prometheus collects."""
    return Response(render(), media_type=TEXT_FORMAT)


ROUTES = [apply_edit, apply_code, complete_chat, models, model, health, ready, metrics]
"""All handlers of the service."""
