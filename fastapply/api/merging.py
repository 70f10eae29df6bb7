"""From a request to the workers and back: the one place where handlers meet the workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapply.api.connection import while_connected
from fastapply.workers.wire import Job

if TYPE_CHECKING:
    from litestar import Request

    from fastapply.api.wire import ApplyRequest
    from fastapply.merge.values import ApplyResult
    from fastapply.workers.lanes import Lanes

__all__ = ["merge"]


async def merge(request: Request[Any, Any, Any], asked: ApplyRequest, lanes: Lanes, deadline: float) -> ApplyResult:
    """The merge that was `asked` for, given up when the client goes."""
    job = Job(
        original_code=asked.original_code,
        edit_snippet=asked.edit_snippet,
        instruction=asked.instruction,
        path=asked.path,
        language=asked.language,
        on_doubt=asked.on_doubt,
        deadline=deadline,
    )
    return await while_connected(request, lanes.apply(job))
