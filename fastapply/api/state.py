"""How the service is, for who keeps it running: `GET /health` and `GET /ready`."""

from __future__ import annotations

from http import HTTPStatus
from typing import Literal

import msgspec
from litestar import Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency

from fastapply import __version__
from fastapply.api.models import MODEL
from fastapply.resolve.configured import ConfiguredModel
from fastapply.workers.lanes import Lanes

__all__ = ["Health", "LaneHealth", "Readiness", "health", "ready"]


class LaneHealth(msgspec.Struct, frozen=True):
    """Worker processes of one lane."""

    alive: int
    wanted: int


class Health(msgspec.Struct, frozen=True):
    """Whether merges can be made, and by how many workers."""

    status: Literal["ok", "unavailable"]
    version: str
    model: str
    workers: dict[str, LaneHealth]
    models: dict[str, Literal["up", "down"]]
    """Who can be asked. A model that is down leaves the service well: what is in doubt is refused."""


class Readiness(msgspec.Struct, frozen=True):
    """Whether to send requests here."""

    status: Literal["ready", "draining", "no worker is up"]


@get("/health")
async def health(
    lanes: NamedDependency[Lanes], configured: NamedDependency[ConfiguredModel | None]
) -> Response[Health]:
    """Say whether merges can be made: 200, or 503 when no worker is up."""
    alive = lanes.small.alive
    workers = {lane: LaneHealth(pool.alive, pool.wanted) for lane, pool in lanes.pools.items()}
    models: dict[str, Literal["up", "down"]] = {MODEL: "up" if alive else "down"}
    if configured:
        models[configured.name] = "up" if configured.is_up else "down"
    said = Health("ok" if alive else "unavailable", __version__, MODEL, workers, models)
    return Response(said, status_code=HTTPStatus.OK if alive else HTTPStatus.SERVICE_UNAVAILABLE)


@get("/ready")
async def ready(lanes: NamedDependency[Lanes], state: State) -> Response[Readiness]:
    """Say whether to send requests here: 503 while a lane has no worker, and once the service is about to end.

    Whoever ends the service sets `app.state.draining`.
    """
    said = Readiness("ready" if lanes.small.alive and lanes.large.alive else "no worker is up")
    if state.get("draining", False):
        said = Readiness("draining")
    return Response(said, status_code=HTTPStatus.OK if said.status == "ready" else HTTPStatus.SERVICE_UNAVAILABLE)
