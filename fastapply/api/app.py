"""The app, made from settings."""

from __future__ import annotations

import asyncio
import contextlib
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from litestar import Litestar
from litestar.di import Provide

from fastapply.api.agent import Agent
from fastapply.api.batch.merging import BatchMerger
from fastapply.api.edge import Edge
from fastapply.api.handlers import ROUTES
from fastapply.api.keys import KeyRing, Turnstile
from fastapply.api.logs import configure
from fastapply.api.merging import Merger
from fastapply.api.metrics import MergeObserver, watch
from fastapply.api.models import Models
from fastapply.api.openapi.handlers import Documentation
from fastapply.api.playground.files import Playground
from fastapply.api.playground.handlers import ROUTES as PLAYGROUND_ROUTES
from fastapply.api.problems import HANDLERS
from fastapply.merge.language import names
from fastapply.resolve.configured import configured_model
from fastapply.resolver import Resolver
from fastapply.settings.load import load
from fastapply.settings.model import Settings
from fastapply.workers.lanes import Lanes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["app_from_environment", "create_app"]


def app_from_environment() -> Edge:
    """The service as its configuration file and environment have it, its log included: what a server process runs."""
    loaded = load(None, os.environ, {})
    if loaded.settings.server.workers > 1:
        from backend.process.lifeline import end_with

        end_with(os.getppid())  # else we would serve on with nobody to end us
    configure(loaded.settings.log)
    return create_app(loaded.settings, KeyRing.of(loaded))


def create_app(settings: Settings | None = None, ring: KeyRing | None = None) -> Edge:
    """The service as an ASGI app; its workers start and end with its lifespan. `ring` holds the keys in force."""
    settings = settings or Settings()
    lanes = Lanes(settings.pool)
    model = configured_model(settings.model)
    models = Models(model.name, model.description) if model else Models()
    resolver = Resolver(lanes, model, settings.model.deadline)
    merger = Merger(resolver, MergeObserver(), settings.pool.deadline)
    batches = BatchMerger(resolver, MergeObserver(), settings.pool)
    agent = Agent.make(settings, merger)
    described = Documentation.make(needs_key=bool(settings.keys), models=models)
    pages = Playground.load({"needs_key": bool(settings.keys), "model": models.own, "languages": names()})

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with lanes, model or contextlib.nullcontext(), agent.running():
            watching = asyncio.create_task(watch(lanes))
            yield
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching

    app = Litestar(
        route_handlers=[*ROUTES, *(PLAYGROUND_ROUTES if settings.server.playground else ())],
        lifespan=[lifespan],
        middleware=[Turnstile(settings, ring or KeyRing(settings.keys))],
        dependencies={
            "batches": Provide(lambda: batches, sync_to_thread=False),
            "agent": Provide(lambda: agent, sync_to_thread=False),
            "described": Provide(lambda: described, sync_to_thread=False),
            "lanes": Provide(lambda: lanes, sync_to_thread=False),
            "merger": Provide(lambda: merger, sync_to_thread=False),
            "configured": Provide(lambda: model, sync_to_thread=False),
            "resolver": Provide(lambda: resolver, sync_to_thread=False),
            "models": Provide(lambda: models, sync_to_thread=False),
            "pages": Provide(lambda: pages, sync_to_thread=False),
            "settings": Provide(lambda: settings, sync_to_thread=False),
        },
        exception_handlers=HANDLERS,
        request_max_body_size=settings.server.max_body,
        openapi_config=None,  # ours is in openapi/: its pages load scripts from other hosts
        logging_config=None,  # ours says type and place of an exception; its default may say more
    )
    return Edge(app, frozenset(route.path for route in app.routes), settings.server.client_timeout)
