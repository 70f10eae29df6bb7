"""A merger in this process, an editor over it, and the MCP client of the official SDK."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from fastapply import apply
from fastapply.agent.edits import Editor
from fastapply.agent.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from mcp_types import CallToolResult

    from fastapply.merge.values import ApplyResult
    from fastapply.resolve.route import OnDoubt
    from fastapply.workers.wire import Job

ROOT = Path(__file__).parents[2]


class InProcess:
    """Merges at once, where it is called."""

    async def apply(self, job: Job, on_doubt: OnDoubt | None = None) -> ApplyResult:
        return apply(
            job.original_code,
            job.edit_snippet,
            instruction=job.instruction,
            path=job.path,
            on_doubt=on_doubt or "refuse",
            deadline=60,
            choices=job.choices,
        )


def workspace_of(root: Path, kind: type[Workspace] = Workspace) -> Workspace:
    """A workspace whose journal lies beside its root."""
    return kind([root], root.with_name(f"{root.name}.state"))


def editor_of(root: Path, **options: Any) -> Editor:
    return Editor(workspace_of(root), InProcess(), **options)


def write_all(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


@contextlib.asynccontextmanager
async def over_stdio(
    root: Path, errors: Path, mode: str = "auto", options: Sequence[str] = ()
) -> AsyncIterator[Client]:
    """A client of a real `fastapply mcp`, whose standard error goes to `errors`."""
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "fastapply", "mcp", "--root", str(root), *options],
        env={"PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(errors.with_name("state"))},
    )
    with errors.open("w") as log:
        async with Client(stdio_client(server, errlog=log), mode=mode) as client:
            yield client


@contextlib.asynccontextmanager
async def over_http(url: str, mode: str = "auto", key: str = "") -> AsyncIterator[Client]:
    """A client of the `/mcp` of a real service."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=30) as connection,
        Client(streamable_http_client(f"{url}/mcp", http_client=connection), mode=mode) as client,
    ):
        yield client


def said(result: CallToolResult) -> str:
    """The words of the answer: all that a client without structured content shows."""
    (content,) = result.content
    assert content.type == "text"
    return content.text
