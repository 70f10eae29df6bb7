"""The route of chat completions."""

from __future__ import annotations

from asyncio import to_thread
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.response import Stream

from fastapply.api.chat.anchors import Anchored, own_words
from fastapply.api.chat.answer import completion, events
from fastapply.api.chat.message import read_message
from fastapply.api.chat.wire import ChatRequest, decode_chat_request, user_text
from fastapply.api.connection import read_json_body
from fastapply.api.merging import merge
from fastapply.api.wire import ApplyRequest
from fastapply.settings.model import Settings
from fastapply.workers.lanes import Lanes

if TYPE_CHECKING:
    from fastapply.merge.values import ApplyResult

__all__ = ["complete_chat"]


@post("/v1/chat/completions", status_code=HTTPStatus.OK)
async def complete_chat(
    request: Request[Any, Any, Any], lanes: NamedDependency[Lanes], settings: NamedDependency[Settings]
) -> Response[Any]:
    """Merge the edit in the user's message into the file in it."""
    chat = decode_chat_request(await read_json_body(request))
    asked = _asked(chat)
    anchored = await _opened(asked.original_code, settings.server.max_body)
    if anchored:
        asked = msgspec.structs.replace(asked, original_code=anchored.text)
    result = await merge(request, asked, lanes, settings.pool.deadline)
    content = await to_thread(anchored.restore, result.edits) if anchored else result.merged_code
    return _streamed(content, result, chat) if chat.stream else Response(completion(content, result))


async def _opened(code: str, most: int) -> Anchored | None:
    # In a thread, as `restore` is: of a file of 10 MB each takes long enough for others to notice.
    return await to_thread(Anchored.read, code, most) if Anchored.begins(code) else None


def _streamed(content: str, result: ApplyResult, chat: ChatRequest) -> Stream:
    return Stream(
        events(content, result, chat.stream_options.include_usage is True),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )


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
