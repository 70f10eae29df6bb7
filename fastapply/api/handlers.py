"""The routes. Each reads its request, asks the pool and says the answer."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency

from fastapply import __version__
from fastapply.api.connection import read_json_body, while_connected
from fastapply.api.metrics import TEXT_FORMAT, render
from fastapply.api.wire import MODEL, ApplyAnswer, decode_apply_request
from fastapply.settings.model import Settings
from fastapply.workers.lanes import Lanes
from fastapply.workers.wire import Job

if TYPE_CHECKING:
    from fastapply.api.wire import ApplyRequest

__all__ = ["ROUTES"]


@post("/v1/apply", status_code=HTTPStatus.OK)
async def apply_edit(
    request: Request[Any, Any, Any], lanes: NamedDependency[Lanes], settings: NamedDependency[Settings]
) -> ApplyAnswer:
    """Merge a lazy edit into a file."""
    asked = decode_apply_request(await read_json_body(request))
    result = await while_connected(request, lanes.apply(_job(asked, settings.pool.deadline)))
    return ApplyAnswer.of(result)


@get("/health")
async def health(lanes: NamedDependency[Lanes], settings: NamedDependency[Settings]) -> Response[dict[str, object]]:
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


@get("/metrics")
async def metrics() -> Response[bytes]:
    """What Prometheus collects."""
    return Response(render(), media_type=TEXT_FORMAT)


def _job(asked: ApplyRequest, deadline: float) -> Job:
    return Job(
        original_code=asked.original_code,
        edit_snippet=asked.edit_snippet,
        instruction=asked.instruction,
        path=asked.path,
        language=asked.language,
        on_doubt=asked.on_doubt,
        deadline=deadline,
    )


ROUTES = [apply_edit, health, metrics]
"""All handlers of the service."""
