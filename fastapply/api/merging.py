"""From a request to the resolver and back: the one place where handlers meet the merge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapply.api.connection import while_connected
from fastapply.errors import FastApplyError
from fastapply.workers.wire import Job

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from litestar import Request

    from fastapply.api.batch.wire import BatchFile
    from fastapply.api.metrics import MergeObserver
    from fastapply.api.wire import ApplyRequest
    from fastapply.merge.values import ApplyResult
    from fastapply.resolve.route import OnDoubt
    from fastapply.resolver import Resolver, Who

__all__ = ["Merger", "job_of"]


class Merger:
    """Merges what requests ask for, and counts what became of it."""

    def __init__(self, resolver: Resolver, observer: MergeObserver, deadline: float) -> None:
        """`deadline` is in seconds, of the structural merge."""
        self._resolver = resolver
        self._observer = observer
        self._deadline = deadline

    async def merge(self, request: Request[Any, Any, Any], asked: ApplyRequest, who: Who) -> ApplyResult:
        """The merge that was `asked` for, given up when the client goes."""
        return await while_connected(request, self._answer(self._job(asked), who, asked.on_doubt))

    async def apply(self, job: Job, on_doubt: OnDoubt | None = None) -> ApplyResult:
        """The merge of `job` for a tool of an agent, as an `Applier`."""
        return await self._answer(job, "auto", on_doubt)

    async def _answer(self, job: Job, who: Who, on_doubt: OnDoubt | None) -> ApplyResult:
        try:
            result = await self._resolver.answer(job, who, on_doubt)
        except FastApplyError as error:
            self._observer.failed(error)
            raise
        self._observer.merged(result)
        return result

    async def stream(
        self, request: Request[Any, Any, Any], asked: ApplyRequest, who: Who
    ) -> AsyncIterator[str | ApplyResult]:
        """The merged text in pieces, then the result. Returns when there is a first piece: up to then, it may raise."""
        pieces = self._observed(asked, who)
        first = await while_connected(request, _next(pieces))
        return _chained(first, pieces)

    async def _observed(self, asked: ApplyRequest, who: Who) -> AsyncIterator[str | ApplyResult]:
        try:
            async for piece in self._resolver.stream(self._job(asked), who, asked.on_doubt):
                if not isinstance(piece, str):
                    self._observer.merged(piece)
                yield piece
        except FastApplyError as error:
            self._observer.failed(error)
            raise

    def _job(self, asked: ApplyRequest) -> Job:
        return job_of(asked, self._deadline)


def job_of(asked: ApplyRequest | BatchFile, deadline: float) -> Job:
    """What is asked for, for a worker."""
    return Job(
        original_code=asked.original_code,
        edit_snippet=asked.edit_snippet,
        instruction=asked.instruction,
        path=asked.path,
        language=asked.language,
        deadline=deadline,
        choices=asked.choices,
    )


async def _next(pieces: AsyncIterator[str | ApplyResult]) -> str | ApplyResult:
    return await anext(pieces)


async def _chained(
    first: str | ApplyResult, rest: AsyncIterator[str | ApplyResult]
) -> AsyncIterator[str | ApplyResult]:
    yield first
    async for piece in rest:
        yield piece
