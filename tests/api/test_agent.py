"""The tools over HTTP, on a real service: by the official client, and what keys, limits and settings do to them."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

import httpx
import mcp.client.session
import pytest
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, LATEST_PROTOCOL_VERSION

from fastapply.agent.formats import FORMATS, tools_as
from fastapply.api.openapi.routes import ROUTES
from support.editing import over_http, over_stdio, said, write_all
from support.service import Service, free_port, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = "fa_0123456789"
LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
BOTH = {"accept": "application/json, text/event-stream"}
EDIT = {"code_edit": "def g():\n    x = 2\n    return x\n"}
TWO = "def f():\n    x = 1\n    return x\n\n\ndef g():\n    x = 1\n    return x\n"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("project")


@pytest.fixture(scope="module")
def agents(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with tools and two server processes."""
    folder = tmp_path_factory.mktemp("agents")
    config = folder / "config.toml"
    config.write_text(
        f'[agent]\nroots = ["{root}"]\nstate = "{folder}/state"\n[server]\nworkers = 2\nmax_body = "64 KiB"\n'
    )
    with running(folder / "log", "--config", str(config), "--pool-workers", "1") as started:
        yield started


@pytest.mark.parametrize("version", [HANDSHAKE_PROTOCOL_VERSIONS[0], "2025-11-25", LATEST_PROTOCOL_VERSION])
def test_old_and_new_clients_edit_through_any_server_process(
    agents: Service, root: Path, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mcp.client.session, "LATEST_HANDSHAKE_VERSION", version)
    seen: list[float] = []

    async def progress(done: float, *_: object) -> None:
        seen.append(done)

    async def session(name: str) -> str:
        async with over_http(agents.url, "auto" if version == LATEST_PROTOCOL_VERSION else "legacy") as client:
            assert client.protocol_version == version
            edits = [{"path": name, **EDIT}, {"path": f"new/{name}", "code_edit": "x = 1\n"}]
            edited = await client.call_tool("edit_files", {"edits": edits}, progress_callback=progress)
            assert not edited.is_error, said(edited)
            return said(edited).partition(", as ")[2].partition(";")[0]

    async def undo(edit_id: str) -> None:
        async with over_http(agents.url, "auto" if version == LATEST_PROTOCOL_VERSION else "legacy") as client:
            undone = await client.call_tool("undo_edit", {"edit_id": edit_id})
            assert not undone.is_error, said(undone)

    for number in range(4):
        name = f"{version}-{number}.py"
        write_all(root, {name: TWO})
        edit_id = asyncio.run(session(name))
        assert "x = 2" in (root / name).read_text()
        asyncio.run(undo(edit_id))
        assert (root / name).read_text() == TWO
        assert not (root / "new" / name).exists()
    assert seen == [1, 2] * 4


def test_the_log_and_the_metrics_count_calls_without_content(agents: Service, root: Path) -> None:
    write_all(root, {"SECRET.py": TWO})

    async def session() -> None:
        async with over_http(agents.url) as client:
            await client.call_tool("edit_file", {"path": "SECRET.py", **EDIT, "instruction": "SECRET"})
            await client.call_tool("edit_file", {"path": "../SECRET.py", **EDIT})

    asyncio.run(session())
    figures = httpx.get(f"{agents.url}/metrics").text
    assert 'fastapply_tool_calls_total{outcome="written",tool="edit_file"} 1.0' in figures
    assert 'fastapply_tool_calls_total{outcome="outside_workspace",tool="edit_file"} 1.0' in figures
    assert 'fastapply_requests_total{route="/mcp",status="200"}' in figures
    assert "SECRET" not in figures + agents.log.read_text()


def test_a_message_by_hand_is_answered_without_a_session(agents: Service) -> None:
    [example] = [route.body.example for route in ROUTES if route.path == "/mcp" and route.body]
    reply = httpx.post(f"{agents.url}/mcp", json=example)
    assert reply.status_code == 200, reply.text
    assert "mcp-session-id" not in reply.headers
    data = next(line for line in reply.text.splitlines() if line.startswith("data: "))
    assert len(json.loads(data[6:])["result"]["tools"]) == 4


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_there_are_no_streams_or_sessions_to_ask_for(agents: Service, method: str) -> None:
    reply = httpx.request(method, f"{agents.url}/mcp", headers=BOTH)
    assert (reply.status_code, reply.json()["code"]) == (405, "method_not_allowed")
    assert "POST" in reply.headers["allow"]


def test_the_size_of_a_body_is_ours(agents: Service) -> None:
    reply = httpx.post(
        f"{agents.url}/mcp", content=b"[" * (64 * 1024 + 1), headers={"content-type": "application/json"}
    )
    assert (reply.status_code, reply.json()["code"]) == (413, "input_too_large")


def test_a_page_from_elsewhere_is_kept_out(agents: Service) -> None:
    rebound = httpx.post(f"{agents.url}/mcp", json=LIST, headers={**BOTH, "host": "elsewhere.example"})
    assert (rebound.status_code, rebound.json()["code"]) == (403, "host_not_allowed")
    for origin in ("http://elsewhere.example", "null", "http://127.0.0.1:1", "http://["):
        page = httpx.post(f"{agents.url}/mcp", json=LIST, headers={**BOTH, "origin": origin})
        assert (page.status_code, page.json()["code"]) == (403, "origin_not_allowed")
    assert httpx.post(f"{agents.url}/mcp", json=LIST, headers={**BOTH, "origin": agents.url}).status_code == 200
    simple = httpx.post(f"{agents.url}/mcp", content=json.dumps(LIST), headers={"content-type": "text/plain"})
    assert (simple.status_code, simple.json()["code"]) == (415, "unsupported_media_type")


def test_without_roots_there_are_no_tools_and_it_is_said_how_to_get_them(service: Service) -> None:
    reply = httpx.post(f"{service.url}/mcp", json=LIST, headers=BOTH)
    assert (reply.status_code, reply.json()["code"]) == (404, "agent_off")
    assert "agent.roots" in reply.json()["detail"]


@pytest.mark.parametrize("name", FORMATS)
def test_the_tools_are_given_in_each_format(service: Service, name: str) -> None:
    assert httpx.get(f"{service.url}/v1/tools", params={"format": name}).json() == {"tools": tools_as(name)}


def test_the_tools_are_given_as_of_mcp_by_default_and_in_no_other_format(service: Service) -> None:
    assert httpx.get(f"{service.url}/v1/tools").json() == {"tools": tools_as("mcp")}
    reply = httpx.get(f"{service.url}/v1/tools", params={"format": "cohere"})
    assert (reply.status_code, reply.json()["field"]) == (422, "format")


def test_keys_and_rates_hold_for_the_tools(tmp_path: Path) -> None:
    write_all(tmp_path, {"project/a.py": TWO})
    config = tmp_path / "config.toml"
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    config.write_text(
        f'[agent]\nroots = ["{tmp_path}/project"]\nstate = "{tmp_path}/state"\n'
        f'[[keys]]\nname = "me"\nsha256 = "{digest}"\nrequests_per_minute = 6\n'
    )

    async def session(url: str) -> Any:
        async with over_http(url, key=KEY) as client:
            return (await client.call_tool("edit_file", {"path": "a.py", **EDIT})).structured_content

    with running(tmp_path / "log", "--config", str(config), "--pool-workers", "1") as service:
        for path in ("/mcp", "/v1/tools"):
            method = "POST" if path == "/mcp" else "GET"
            assert httpx.request(method, service.url + path).status_code == 401
        assert asyncio.run(session(service.url))["status"] == "written"
        headers = {**BOTH, "authorization": f"Bearer {KEY}"}
        replies = [httpx.post(f"{service.url}/mcp", json=LIST, headers=headers) for _ in range(6)]
        assert replies[-1].status_code == 429
        assert "retry-after" in replies[-1].headers


def test_a_root_that_is_no_folder_keeps_the_service_from_starting(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[agent]\nroots = ["{tmp_path}/missing"]\n')
    with pytest.raises(AssertionError, match="is no folder"), running(tmp_path / "log", "--config", str(config)):
        pass


def test_a_server_of_one_agent_may_merge_on_the_service(service: Service, tmp_path: Path) -> None:
    write_all(tmp_path, {"project/a.py": TWO})
    floating = {"path": "a.py", "code_edit": "    x = 3\n    return x\n"}

    def merged() -> float:
        figures = httpx.get(f"{service.url}/metrics").text
        found = re.search(r'^fastapply_requests_total\{route="/v1/apply",status="(?:200|422)"\} (\S+)$', figures, re.M)
        return float(found[1]) if found else 0.0

    async def session() -> None:
        options = ["--url", service.url]
        async with over_stdio(tmp_path / "project", tmp_path / "errors", options=options) as client:
            edited = await client.call_tool("edit_file", {"path": "a.py", **EDIT})
            assert edited.structured_content["status"] == "written", said(edited)
            refused = await client.call_tool("edit_file", floating)
            assert refused.structured_content["status"] == "refused", said(refused)
            assert "Send the whole edit again" in said(refused)

    before = merged()
    asyncio.run(session())
    assert merged() > before
    assert "x = 2" in (tmp_path / "project/a.py").read_text()


def test_a_service_that_is_not_there_is_said_to_the_agent(tmp_path: Path) -> None:
    write_all(tmp_path, {"project/a.py": TWO})

    async def session() -> None:
        options = ["--url", f"http://127.0.0.1:{free_port()}"]
        async with over_stdio(tmp_path / "project", tmp_path / "errors", options=options) as client:
            result = await client.call_tool("edit_file", {"path": "a.py", **EDIT})
            assert result.is_error
            assert result.structured_content["status"] == "failed"
            assert "a.py was not changed: " in said(result)

    asyncio.run(session())
    assert (tmp_path / "project/a.py").read_text() == TWO
