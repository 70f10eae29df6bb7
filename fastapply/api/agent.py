"""The tools for agents: `POST /mcp`, which is MCP's streamable HTTP, and `GET /v1/tools`.

Every request stands for itself, as the protocol has it since 2026-07-28; clients of older revisions get no session
either, so any of several server processes can answer. What a client may do elsewhere it may do here: keys, rates, names
of the host and the size of a body are looked at before.
"""

from __future__ import annotations

import functools
from contextlib import AbstractAsyncContextManager, nullcontext
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, cast

import msgspec
from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.types import ASGIApp, Receive, Scope, Send

from fastapply.agent.formats import FORMATS, tools_as
from fastapply.api.connection import read_json_body
from fastapply.api.metrics import observe_tool
from fastapply.api.problems import Problem

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from fastapply.applier import Applier
    from fastapply.settings.model import Settings

__all__ = ["Agent", "McpMessage", "ToolList", "list_tools", "mcp"]


class Agent:
    """The MCP server of this process, where the settings name roots for one."""

    def __init__(self, manager: StreamableHTTPSessionManager | None = None) -> None:
        self._manager = manager

    @classmethod
    def make(cls, settings: Settings, applier: Applier) -> Self:
        """The one that `settings` ask for. Raises `InvalidRequest` where a root is no folder."""
        if not settings.agent.roots:
            return cls()
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

        from fastapply.agent.edits import Editor
        from fastapply.agent.mcp import mcp_server
        from fastapply.agent.toolbox import Toolbox, open_workspace

        state = Path(settings.agent.state) if settings.agent.state else None
        workspace = open_workspace([Path(root) for root in settings.agent.roots], state)
        editor = Editor(workspace, applier, settings.pool.deadline, shared=True)
        server = mcp_server(Toolbox(editor), observe_tool)
        return cls(StreamableHTTPSessionManager(server, stateless=True, max_request_body_size=settings.server.max_body))

    def running(self) -> AbstractAsyncContextManager[None]:
        """What must be entered before requests are answered; leaving it ends what is under way."""
        return self._manager.run() if self._manager else nullcontext()

    def answer(self, body: bytes) -> ASGIApp:
        """What answers the request with this `body`. A 404 problem where there are no tools."""
        if self._manager is None:
            raise Problem(
                HTTPStatus.NOT_FOUND,
                "agent_off",
                "no tools for agents are on: name the folders that they may edit in the setting agent.roots, or run "
                "`fastapply mcp` for one agent",
            )
        return functools.partial(_forward, self._manager, body)


async def _forward(
    manager: StreamableHTTPSessionManager, body: bytes, scope: Scope, receive: Receive, send: Send
) -> None:
    """Hand the request on, with the body that was read from it."""
    pieces = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def replay() -> Any:
        return next(pieces, None) or await receive()

    # Litestar's types of a message and Starlette's are of the same dictionaries.
    await manager.handle_request(cast("Any", scope), replay, cast("Any", send))


@post("/mcp", status_code=HTTPStatus.OK)
async def mcp(request: Request[Any, Any, Any], agent: NamedDependency[Agent]) -> ASGIApp:
    """Answer one message of MCP."""
    _require_own_origin(request)
    return agent.answer(await read_json_body(request))


def _require_own_origin(request: Request[Any, Any, Any]) -> None:
    # The protocol asks for this; that a page of another site can send no JSON keeps it out already.
    origin = request.headers.get("origin")
    if origin is not None and origin.partition("://")[2].lower() != request.headers.get("host", "").lower():
        raise Problem(HTTPStatus.FORBIDDEN, "origin_not_allowed", "the tools are not for pages of another site")


class McpMessage(msgspec.Struct, frozen=True):
    """A message of MCP, which is JSON-RPC. It is the SDK that reads it; here it is only described."""

    jsonrpc: Literal["2.0"]
    method: str
    id: int | str | None = None
    params: dict[str, Any] | None = None


class ToolList(msgspec.Struct, frozen=True):
    """Tools as a request to a model takes them."""

    tools: list[dict[str, Any]]


@get("/v1/tools")
async def list_tools(request: Request[Any, Any, Any]) -> ToolList:
    """Give the tools in the format that `?format=` names."""
    name = request.query_params.get("format", "mcp")
    if name not in FORMATS:
        raise Problem.invalid_field("format", f"send one of {', '.join(FORMATS)}")
    return ToolList(tools_as(name))
