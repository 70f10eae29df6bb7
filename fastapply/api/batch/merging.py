"""A batch on its way to the workers, so that it never has all of them, however large it is."""

from __future__ import annotations

import asyncio
import time
from http import HTTPStatus
from typing import TYPE_CHECKING
from uuid import uuid4

from fastapply.api.batch.wire import BatchAnswer, FileAnswer, FileProblem
from fastapply.api.events import failure_of
from fastapply.api.merging import job_of
from fastapply.api.problems import Problem
from fastapply.api.wire import ApplyAnswer
from fastapply.errors import DeadlineExceeded, FastApplyError
from fastapply.merge.values import ApplyResult

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapply.api.batch.wire import BatchFile, BatchRequest
    from fastapply.api.metrics import MergeObserver
    from fastapply.resolver import Resolver, Who
    from fastapply.settings.model import PoolSettings

__all__ = ["BatchMerger"]

Outcome = ApplyResult | Problem


class BatchMerger:
    """Merges the files of batches, of all batches together on all workers but one (where there are several)."""

    def __init__(self, resolver: Resolver, observer: MergeObserver, settings: PoolSettings) -> None:
        self._resolver = resolver
        self._observer = observer
        self._settings = settings
        self._share = max(1, settings.workers - 1)
        # First come, first served: as a batch waits with `_share` files at once, two of them take turns.
        self._turns = asyncio.Semaphore(self._share)

    async def merge(self, batch: BatchRequest, who: Who) -> BatchAnswer:
        """What becomes of each file, within `pool.batch_deadline`. An atomic batch is a 422 `Problem` where a file is
        refused, or one with the highest of their statuses where a file failed otherwise."""
        outcomes = await self._outcomes(batch, who)
        failed = {number: one for number, one in enumerate(outcomes) if isinstance(one, Problem)}
        self._observer.batch(len(outcomes), len(failed))
        if batch.atomic and failed:
            raise _refusal(batch, failed)
        files = tuple(_answer(number, file, outcomes[number]) for number, file in enumerate(batch.files))
        return BatchAnswer(f"batch-{uuid4().hex}", len(files) - len(failed), len(failed), files)

    async def _outcomes(self, batch: BatchRequest, who: Who) -> list[Outcome]:
        due = time.monotonic() + self._settings.batch_deadline
        outcomes: dict[int, Outcome] = {}
        todo = iter(enumerate(batch.files))

        async def work() -> None:
            for number, file in todo:  # shared: each file goes to whoever is free
                outcomes[number] = await self._outcome(file, batch, who, due)

        async with asyncio.TaskGroup() as tasks:
            for _ in range(min(self._share, len(batch.files))):
                tasks.create_task(work())
        return [outcomes[number] for number in range(len(batch.files))]

    async def _outcome(self, file: BatchFile, batch: BatchRequest, who: Who, due: float) -> Outcome:
        """What became of `file`, which is no reason to give up the others."""
        try:
            result = await self._merged(file, batch, who, due)
        except FastApplyError as error:
            self._observer.failed(error)
            return Problem.of(error)
        except Exception as error:
            return failure_of(error)
        self._observer.merged(result)
        return result

    async def _merged(self, file: BatchFile, batch: BatchRequest, who: Who, due: float) -> ApplyResult:
        try:
            async with asyncio.timeout(due - time.monotonic()), self._turns:
                left = max(0.0, due - time.monotonic())
                job = job_of(file, min(self._settings.deadline, left))
                return await self._resolver.answer(job, who, batch.on_doubt)
        except TimeoutError:
            raise DeadlineExceeded(self._settings.batch_deadline) from None


def _answer(number: int, file: BatchFile, outcome: Outcome) -> FileAnswer:
    if isinstance(outcome, Problem):
        return FileAnswer(number, file.path, problem=outcome.problem_body())
    return FileAnswer(number, file.path, ApplyAnswer.of(outcome))


def _refusal(batch: BatchRequest, failed: dict[int, Problem]) -> Problem:
    """All that stands in the way of the whole batch, in one problem."""
    files = tuple(FileProblem(number, batch.files[number].path, one.problem_body()) for number, one in failed.items())
    worst = max(failed.values(), key=lambda one: one.status)
    told = "; ".join(_told(batch, failed))
    detail = f"no file is merged, as {len(failed)} of {len(batch.files)} can't be: {told}"
    status = max(worst.status, HTTPStatus.UNPROCESSABLE_ENTITY)  # a text that is too large has 413
    return Problem(status, "batch_refused", detail, worst.headers, files=files)


def _told(batch: BatchRequest, failed: dict[int, Problem]) -> Iterator[str]:
    for number, problem in failed.items():
        path = batch.files[number].path
        yield f"files[{number}]{f' ({path})' if path else ''}: {problem.code}"
