"""What a handler must know of the connection: is the body JSON, is the client still there."""

from __future__ import annotations

import asyncio
import contextlib
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from litestar.exceptions import HTTPException

from fastapply.api.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from litestar import Request

__all__ = ["read_json_body", "while_connected"]

_MOST_DRAINED_BYTES = 64 << 20
_DRAIN_SECONDS = 5.0

T = TypeVar("T")


async def read_json_body(request: Request[Any, Any, Any]) -> bytes:
    """The body; a 413 problem where it is longer than the limit, a 415 one where it does not say that it is JSON."""
    try:
        body = await request.body()
    except HTTPException as error:
        if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            await _drain(request)
        raise
    _require_json(request)
    return body


async def _drain(request: Request[Any, Any, Any]) -> None:
    """Read on, for a while: most clients read no answer before they have sent all, and would see a broken pipe."""
    drained = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_DRAIN_SECONDS):
            while drained < _MOST_DRAINED_BYTES:
                message = await request.receive()
                if message["type"] != "http.request" or not message["more_body"]:
                    return
                drained += len(message["body"])


def _require_json(request: Request[Any, Any, Any]) -> None:
    # Also what keeps web pages out: a browser sends JSON across origins only after asking, and we never agree.
    media_type, _ = request.content_type
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise _unsupported(f"send application/json, not {media_type or 'a body without a Content-Type'}")
    coding = request.headers.get("content-encoding", "identity")
    if coding != "identity":
        raise _unsupported(f"send the body as it is, not with Content-Encoding {coding}")


def _unsupported(detail: str) -> Problem:
    return Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)


async def while_connected(request: Request[Any, Any, Any], work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, which is cancelled when the client goes: nobody waits for it any more."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise Problem(499, "client_closed_request", "the client went away")
        return await task
    finally:
        gone.cancel()
        task.cancel()


async def _disconnected(request: Request[Any, Any, Any]) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
