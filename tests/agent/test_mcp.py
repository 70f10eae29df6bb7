"""The MCP server by itself, with the official client in the same process."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from mcp.client.client import Client
from mcp.shared.exceptions import MCPError

from fastapply.agent.mcp import mcp_server
from fastapply.agent.toolbox import Outcome, Toolbox
from fastapply.agent.workspace import Workspace
from support.editing import editor_of, said, write_all

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from mcp_types import CallToolResult

PLAIN = {"path": "a.py", "code_edit": "x = 2\n# ... existing code ...\n"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_all(tmp_path, {"a.py": "x = 1\ny = 1\nz = 1\n"})
    return tmp_path


@asynccontextmanager
async def connected(root: Path, seen: list[tuple[str, str]] | None = None) -> AsyncIterator[Client]:
    def observe(tool: str, outcome: Outcome) -> None:
        if seen is not None:
            seen.append((tool, outcome.code))

    async with Client(mcp_server(Toolbox(editor_of(root)), observe)) as client:
        yield client


def call(root: Path, tool: str, arguments: dict[str, Any]) -> CallToolResult:
    async def session() -> CallToolResult:
        async with connected(root) as client:
            return await client.call_tool(tool, arguments)

    return asyncio.run(session())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"path": "a.py"}, "Nothing was done. code_edit: missing."),
        ({**PLAIN, "dryrun": True}, "did you mean dry_run?"),
        ({**PLAIN, "path": 3}, "Nothing was done. path: must be text, not a number."),
    ],
)
def test_a_call_that_can_not_be_read_says_how_to_mend_it(root: Path, arguments: dict[str, Any], told: str) -> None:
    result = call(root, "edit_file", arguments)
    assert result.is_error
    assert told in said(result)
    assert result.structured_content["error"]["code"] == "invalid_request"


def test_a_tool_that_is_not_there_is_an_error_of_the_protocol(root: Path) -> None:
    with pytest.raises(BaseExceptionGroup) as caught:
        call(root, "rename", {})
    assert caught.group_contains(MCPError, match="there is no tool 'rename'; there are edit_file")


@pytest.mark.parametrize("tool", ["edit_file", "edit_files", "undo_edit", "preview_edit"])
def test_every_answer_fits_the_schema_that_was_given_for_it(root: Path, tool: str) -> None:
    # The client checks what is no error; the schema holds for errors, too.
    import jsonschema

    async def session() -> None:
        async with connected(root) as client:
            schema = next(one.output_schema for one in (await client.list_tools()).tools if one.name == tool)
            given: dict[str, list[dict[str, Any]]] = {
                "edit_files": [{"edits": [PLAIN, {**PLAIN, "path": "b/c.py"}]}, {"edits": [{**PLAIN, "path": "../x"}]}],
                "undo_edit": [{}, {"edit_id": "none"}],
            }
            for arguments in [*given.get(tool, [PLAIN, {**PLAIN, "path": ".."}]), {"zzz": 1}]:
                result = await client.call_tool(tool, arguments)
                jsonschema.validate(result.structured_content, schema)

    asyncio.run(session())


def test_progress_is_told_file_by_file(root: Path) -> None:
    seen: list[tuple[float, float | None, str | None]] = []

    async def progress(done: float, total: float | None, message: str | None) -> None:
        seen.append((done, total, message))

    async def session() -> None:
        async with connected(root) as client:
            edits = [PLAIN, {"path": "b.py", "code_edit": "y = 1\n"}]
            result = await client.call_tool("edit_files", {"edits": edits}, progress_callback=progress)
            assert result.structured_content["status"] == "written"

    asyncio.run(session())
    assert seen == [(1, 2, "a.py"), (2, 2, "b.py")]


def test_calls_are_observed_without_their_content(root: Path) -> None:
    seen: list[tuple[str, str]] = []

    async def session() -> None:
        async with connected(root, seen) as client:
            await client.call_tool("edit_file", PLAIN)
            await client.call_tool("edit_file", {**PLAIN, "path": "../x.py"})
            await client.call_tool("preview_edit", {**PLAIN, "code_edit": "zzz\n"})
            await client.call_tool("undo_edit", {})

    asyncio.run(session())
    assert seen == [
        ("edit_file", "written"),
        ("edit_file", "outside_workspace"),
        ("preview_edit", "refused"),
        ("undo_edit", "undone"),
    ]


def test_a_fault_of_ours_is_told_by_its_type_alone(
    root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("SECRET")

    monkeypatch.setattr(Workspace, "read", broken)
    result = call(root, "edit_file", PLAIN)
    assert result.is_error
    assert "RuntimeError" in said(result)
    assert "RuntimeError at" in caplog.text
    assert "SECRET" not in caplog.text + said(result) + str(result.structured_content)
