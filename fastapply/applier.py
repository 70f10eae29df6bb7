"""Who merges for an editor or an agent: a worker process of their own, or a service."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastapply.client import AsyncClient
    from fastapply.merge.values import ApplyResult
    from fastapply.resolve.route import OnDoubt
    from fastapply.workers.pool import WorkerPool
    from fastapply.workers.wire import Job

__all__ = ["Applier", "local_applier", "remote_applier"]


class Applier(Protocol):
    """Merges what it is given."""

    async def apply(self, job: Job, on_doubt: OnDoubt | None = None) -> ApplyResult:
        """The merge of `job`, whose own `on_doubt` is not heeded. Without a choice, the model is asked where there is
        one, and an edit in doubt is refused otherwise.

        Raises what `fastapply.apply` raises, `WorkerDied`, and for a service `ServiceError` and its kin.
        """


@asynccontextmanager
async def local_applier() -> AsyncIterator[Applier]:
    """Merges in one worker process, without a model. The process ends with the context."""
    from fastapply.settings.model import PoolSettings
    from fastapply.workers.pool import WorkerPool

    async with WorkerPool(PoolSettings(workers=1)) as pool:
        yield _Local(pool)


@asynccontextmanager
async def remote_applier(url: str, key: str | None = None) -> AsyncIterator[Applier]:
    """Merges on the service at `url`, with the arguments of `AsyncClient`. Raises `InvalidSetting` where they can't be
    used; nothing is sent before something is to be merged."""
    from fastapply.client import AsyncClient

    async with AsyncClient(url, key) as client:
        yield _Remote(client)


class _Local:
    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool

    async def apply(self, job: Job, on_doubt: OnDoubt | None = None) -> ApplyResult:
        return await self._pool.apply(msgspec.structs.replace(job, on_doubt=on_doubt or "refuse"))


class _Remote:
    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def apply(self, job: Job, on_doubt: OnDoubt | None = None) -> ApplyResult:
        return await self._client.apply(
            job.original_code,
            job.edit_snippet,
            instruction=job.instruction,
            path=job.path,
            language=job.language,
            on_doubt=on_doubt,
            choices=job.choices,
        )
