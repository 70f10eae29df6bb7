"""The route of chat completions."""

from __future__ import annotations

from asyncio import to_thread
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request, Response, post
from litestar.di import NamedDependency

from fastapply.api.chat.anchors import Anchored, own_words
from fastapply.api.chat.answer import completion, events
from fastapply.api.chat.message import read_message
from fastapply.api.chat.wire import ChatRequest, decode_chat_request, user_text
from fastapply.api.connection import read_json_body
from fastapply.api.events import streamed
from fastapply.api.merging import Merger
from fastapply.api.models import Models
from fastapply.api.wire import ApplyRequest
from fastapply.settings.model import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastapply.merge.values import ApplyResult

__all__ = ["complete_chat"]


@post("/v1/chat/completions", status_code=HTTPStatus.OK)
async def complete_chat(
    request: Request[Any, Any, Any],
    merger: NamedDependency[Merger],
    models: NamedDependency[Models],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Merge the edit in the user's message into the file in it."""
    chat, who = decode_chat_request(await read_json_body(request), models)
    asked = _asked(chat)
    anchored = await _opened(asked.original_code, settings.server.max_body)
    if anchored:
        asked = msgspec.structs.replace(asked, original_code=anchored.text)
    if chat.stream:
        pieces = await merger.stream(request, asked, who)
        include_usage = chat.stream_options.include_usage is True
        return streamed(events(_restored(pieces, anchored) if anchored else pieces, include_usage))
    result = await merger.merge(request, asked, who)
    content = await to_thread(anchored.restore, result.edits) if anchored else result.merged_code
    return Response(completion(content, result))


async def _restored(pieces: AsyncIterator[str | ApplyResult], anchored: Anchored) -> AsyncIterator[str | ApplyResult]:
    """With the placeholders put back. Which of them are left is known at the end, so all comes there."""
    async for piece in pieces:
        if not isinstance(piece, str):
            yield await to_thread(anchored.restore, piece.edits)
            yield piece


async def _opened(code: str, most: int) -> Anchored | None:
    # In a thread, as `restore` is: of a file of 10 MB each takes long enough for others to notice.
    return await to_thread(Anchored.read, code, most) if Anchored.begins(code) else None


def _asked(chat: ChatRequest) -> ApplyRequest:
    text, field = user_text(chat)
    parts = read_message(text, field)
    return ApplyRequest(
        original_code=parts.code,
        edit_snippet=parts.update,
        instruction=own_words(parts.instruction),
        path=chat.path,
        language=chat.language,
        on_doubt=chat.on_doubt,
    )
