"""The tools as an MCP server, on the official SDK: its protocol, its transports, our tools.

The SDK's lower layer is used, not the one that makes schemas and checks from Python functions: names that models give
an argument by mistake are understood here, and what can't be used is said in our words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
)

from fastapply import __version__
from fastapply.agent.formats import mcp_tools
from fastapply.agent.tools import INSTRUCTIONS
from fastapply.errors import UnknownTool

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcp.server.context import ServerRequestContext

    from fastapply.agent.toolbox import Outcome, Toolbox

__all__ = ["mcp_server", "serve_stdio"]


def mcp_server(toolbox: Toolbox, observe: Callable[[str, Outcome], None] = lambda *_: None) -> Server[Any]:
    """An MCP server of `toolbox`; `observe` is told each call's tool and outcome."""
    listed = ListToolsResult(tools=[Tool.model_validate(tool) for tool in mcp_tools()])

    async def list_tools(_: ServerRequestContext[Any], __: PaginatedRequestParams | None) -> ListToolsResult:
        return listed

    async def call_tool(context: ServerRequestContext[Any], asked: CallToolRequestParams) -> CallToolResult:
        async def progress(done: int, total: int, message: str) -> None:
            await context.session.report_progress(done, total, message)

        try:
            outcome = await toolbox.call(asked.name, asked.arguments or {}, progress)
        except UnknownTool as error:
            raise MCPError(INVALID_PARAMS, str(error)) from None
        observe(asked.name, outcome)
        content = [TextContent(type="text", text=outcome.text)]
        return CallToolResult(content=list(content), structured_content=outcome.structured, is_error=outcome.is_error)

    server: Server[Any] = Server(
        "fastapply",
        title="FastApply",
        version=__version__,
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )
    return server


async def serve_stdio(toolbox: Toolbox) -> None:
    """Serve one client over standard input and output, until it closes its end."""
    server = mcp_server(toolbox)
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())
