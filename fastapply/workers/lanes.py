"""Two pools by size: a merge of milliseconds does not wait behind one of seconds."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import TYPE_CHECKING, Self

from fastapply.merge.values import ApplyResult
from fastapply.resolve.question import Questions
from fastapply.workers.pool import WorkerPool
from fastapply.workers.wire import Early

if TYPE_CHECKING:
    from fastapply.settings.model import PoolSettings
    from fastapply.workers.wire import AskJob, EarlyJob, Job, JudgeJob

__all__ = ["Lanes"]


class Lanes:
    """`async with Lanes(settings) as lanes: result = await lanes.apply(job)`."""

    def __init__(self, settings: PoolSettings) -> None:
        self._large_from = settings.large_from
        self._beginning = 0  # searches that no pool has seen yet
        self.small = WorkerPool(settings)
        large = dataclasses.replace(settings, workers=settings.large_workers, queue=settings.large_queue)
        self.large = WorkerPool(large)

    @property
    def pools(self) -> dict[str, WorkerPool]:
        """The pools by the names of their lanes."""
        return {"small": self.small, "large": self.large}

    async def __aenter__(self) -> Self:
        await self.small.start()
        try:
            await self.large.start()
        except BaseException:
            await self.small.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.small.close()
        await self.large.close()

    async def apply(self, job: Job) -> ApplyResult:
        """`fastapply.apply` in a worker of the lane that fits; raises what `WorkerPool.run` raises."""
        return await self._fitting(job).run(job, ApplyResult)

    async def ask(self, job: AskJob) -> Questions:
        """What a model is to be asked about a merge in doubt; raises as `apply` does."""
        return await self._fitting(job).run(job, Questions)

    async def judge(self, job: JudgeJob) -> ApplyResult:
        """What a model's answer makes of the file; raises as `apply` does."""
        return await self._fitting(job).run(job, ApplyResult)

    def early(self, job: EarlyJob) -> asyncio.Task[Early]:
        """Which edits are certain before the snippet is whole; raises as `apply` does. It keeps a worker busy from now
        on: of streams that grow in the same moment not all find the same one idle."""
        self._beginning += 1
        return asyncio.create_task(self._early(job))

    async def _early(self, job: EarlyJob) -> Early:
        self._beginning -= 1  # as it is among those pending now
        return await self._fitting(job).run(job, Early)

    def is_idle(self, characters: int) -> bool:
        """Whether a job of so many is small, and leaves a worker to others where there are several."""
        busy = self.small.pending + self._beginning
        return characters < self._large_from and busy < max(1, self.small.wanted - 1)

    def _fitting(self, job: Job) -> WorkerPool:
        size = len(job.original_code) + len(job.edit_snippet)
        return self.large if size >= self._large_from else self.small
