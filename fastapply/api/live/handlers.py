"""The route of streams."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from litestar import Request, post
from litestar.di import NamedDependency
from litestar.types import ASGIApp

from fastapply.api.live.lines import ClientGone, Lines, require_lines
from fastapply.api.live.session import Session
from fastapply.api.live.wire import decode_begin
from fastapply.api.merging import Merger
from fastapply.api.metrics import MergeObserver
from fastapply.api.models import Models
from fastapply.api.problems import Problem
from fastapply.settings.model import Settings
from fastapply.workers.lanes import Lanes

__all__ = ["apply_stream"]


@post("/v1/apply/stream", status_code=HTTPStatus.OK)
async def apply_stream(
    request: Request[Any, Any, Any],
    merger: NamedDependency[Merger],
    lanes: NamedDependency[Lanes],
    models: NamedDependency[Models],
    settings: NamedDependency[Settings],
) -> ASGIApp:
    """Merge a lazy edit while it is written."""
    require_lines(request)
    lines = Lines(request, settings.server.max_body)
    try:
        first = await lines.next()
    except ClientGone:
        raise Problem(499, "client_closed_request", "the client went away") from None
    if first is None:
        raise Problem.malformed("the body is empty; its first line is an object with original_code")
    begun, who = decode_begin(first, models)
    return Session(request, lines, begun, who, merger=merger, lanes=lanes, observer=MergeObserver())
