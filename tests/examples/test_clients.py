"""What the settings of the clients name can be started, and edits a file."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from support.examples import EDIT, EDITED, EXAMPLES, FASTAPPLY
from support.service import running

CLIENTS = EXAMPLES / "clients"


def command_of(name: str, folder: Path) -> tuple[list[str], Path]:
    """What the client of these settings starts for `folder`, and where it does."""
    settings = json.loads((CLIENTS / name).read_text())
    if name == "opencode.json":
        (server,) = settings["mcp"].values()
        assert (server["type"], server["enabled"]) == ("local", True)
        return server["command"], folder
    (server,) = settings["context_servers" if name.startswith("zed") else "mcpServers"].values()
    named = [
        part.replace("${workspaceFolder}", str(folder)).replace("/path/to/project", str(folder))
        for part in server["args"]
    ]
    # Claude Code starts its servers in the project; the others are told by an argument which one it is.
    return [server["command"], *named], folder if name.startswith("claude") else Path("/")


@pytest.mark.parametrize("name", ["claude-code.mcp.json", "cursor.mcp.json", "zed.settings.json", "opencode.json"])
def test_what_they_start_edits_a_file(name: str, folder: Path) -> None:
    (program, *args), where = command_of(name, folder)
    assert program == "fastapply"
    server = StdioServerParameters(command=FASTAPPLY, args=args, cwd=where, env=dict(os.environ))

    async def talk() -> Any:
        async with Client(stdio_client(server)) as client:
            return await client.call_tool("edit_file", {"path": "store.py", "code_edit": EDIT})

    assert not asyncio.run(talk()).is_error
    assert (folder / "store.py").read_text() == EDITED


def test_the_service_is_asked_where_they_say(folder: Path, tmp_path: Path) -> None:
    (server,) = json.loads((CLIENTS / "service.mcp.json").read_text())["mcpServers"].values()
    assert server["type"] == "http"
    key = "fa_the-key-of-an-agent"
    digest = hashlib.sha256(key.encode()).hexdigest()
    settings = tmp_path / "fastapply.toml"
    settings.write_text(f'[agent]\nroots = ["{folder}"]\n\n[[keys]]\nname = "agent"\nsha256 = "{digest}"\n')
    headers = {name: value.replace("${FASTAPPLY_API_KEY}", key) for name, value in server["headers"].items()}

    async def talk(url: str) -> Any:
        async with (
            httpx2.AsyncClient(headers=headers, trust_env=False, timeout=60) as http,
            Client(streamable_http_client(url, http_client=http)) as client,
        ):
            return await client.call_tool("edit_file", {"path": "store.py", "code_edit": EDIT})

    with running(tmp_path / "log", "--pool-workers", "1", "--config", str(settings)) as service:
        done = asyncio.run(talk(server["url"].replace("http://localhost:8000", service.url)))
    assert not done.is_error
    assert (folder / "store.py").read_text() == EDITED
