"""The app, made from settings."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from litestar import Litestar
from litestar.di import Provide

from fastapply.api.handlers import ROUTES
from fastapply.api.problems import HANDLERS
from fastapply.settings.model import Settings
from fastapply.workers.pool import WorkerPool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["create_app"]


def create_app(settings: Settings | None = None) -> Litestar:
    """The service as an ASGI app; its workers start and end with the app's lifespan."""
    settings = settings or Settings()
    pool = WorkerPool(settings.pool)

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with pool:
            yield

    return Litestar(
        route_handlers=ROUTES,
        lifespan=[lifespan],
        dependencies={
            "pool": Provide(lambda: pool, sync_to_thread=False),
            "settings": Provide(lambda: settings, sync_to_thread=False),
        },
        exception_handlers=HANDLERS,
        request_max_body_size=settings.server.max_body,
        openapi_config=None,  # its pages load scripts from other hosts
        logging_config=None,  # ours says type and place of an exception; its default may say more
    )
