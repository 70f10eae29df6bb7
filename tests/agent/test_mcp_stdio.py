"""`fastapply mcp` as a process of its own, talked to by the official client, and by hand where that is too polite."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import mcp.client.session
import pytest
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, LATEST_PROTOCOL_VERSION

from fastapply.agent.tools import TOOLS
from support.editing import ROOT, over_stdio, said, write_all

TWO = "def f():\n    x = 1\n    return x\n\n\ndef g():\n    x = 1\n    return x\n"
EDIT_G = {"path": "a.py", "code_edit": "def g():\n    x = 2\n    return x\n"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    write_all(folder, {"a.py": TWO})
    return folder


@pytest.mark.parametrize("version", [HANDSHAKE_PROTOCOL_VERSIONS[0], "2025-06-18", LATEST_PROTOCOL_VERSION])
def test_old_and_new_clients_edit_and_undo(
    root: Path, tmp_path: Path, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mcp.client.session, "LATEST_HANDSHAKE_VERSION", version)

    async def session() -> None:
        mode = "auto" if version == LATEST_PROTOCOL_VERSION else "legacy"
        async with over_stdio(root, tmp_path / "errors", mode) as client:
            assert client.protocol_version == version
            assert client.server_info is not None
            assert client.server_info.name == "fastapply"
            listed = (await client.list_tools()).tools
            assert [tool.name for tool in listed] == [tool.name for tool in TOOLS]
            edited = await client.call_tool("edit_file", {"target_file": "a.py", "code_edit": EDIT_G["code_edit"]})
            assert not edited.is_error
            assert "+    x = 2" in said(edited)
            assert "a.py: written, 1 line added" in said(edited)
            refused = await client.call_tool("edit_file", {"path": "a.py", "code_edit": "    x = 3\n    return x\n"})
            assert refused.is_error
            assert "Send the whole edit again" in said(refused)
            undone = await client.call_tool("undo_edit", {})
            assert not undone.is_error
            if version >= "2025-06-18":  # older clients know no structured content
                assert edited.structured_content["status"] == "written"
                assert refused.structured_content["doubts"][0]["candidates"]
                assert undone.structured_content["status"] == "undone"

    asyncio.run(session())
    assert (root / "a.py").read_text() == TWO
    assert (tmp_path / "errors").read_text() == ""


def talk(root: Path, *lines: str, until: int = 0) -> subprocess.CompletedProcess[str]:
    """What `fastapply mcp` says to these lines; its input is closed when request `until` is answered."""
    command = [sys.executable, "-m", "fastapply", "mcp", "--root", str(root)]
    pipe = subprocess.PIPE
    environment = {"PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(root.with_name("state"))}
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write("".join(f"{line}\n" for line in lines))
        process.stdin.flush()
        heard = []
        while until and (not heard or json.loads(heard[-1]).get("id") != until):
            heard.append(process.stdout.readline())
        rest, errors = process.communicate(timeout=60)
    return subprocess.CompletedProcess(command, process.returncode, "".join(heard) + rest, errors)


def request(number: int, method: str, **params: Any) -> str:
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params})


INITIALIZE = request(
    1,
    "initialize",
    protocolVersion="2025-06-18",
    capabilities={},
    clientInfo={"name": "by hand", "version": "1"},
)
INITIALIZED = json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"})


def test_standard_output_holds_the_protocol_and_nothing_else_whatever_comes_in(root: Path) -> None:
    secret = "SECRET_OF_THE_USER"
    done = talk(
        root,
        INITIALIZE,
        INITIALIZED,
        f"not json {secret}",
        request(2, "tools/call", name="edit_file", arguments={"path": secret, "code_edit": 3}),
        request(3, "tools/call", name=secret),
        request(4, "tools/call", arguments=secret),
        request(5, secret),
        json.dumps([secret]),
        "\ufeff\u2028",
        request(6, "tools/list"),
        until=6,
    )
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(message["jsonrpc"] == "2.0" for message in messages)
    assert {message.get("id") for message in messages} >= {1, 2, 3, 4, 5, 6}
    assert done.returncode == 0
    assert secret not in done.stderr


def test_it_ends_with_its_client_and_says_nothing_of_it(root: Path) -> None:
    done = talk(root)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_root_that_is_no_folder_is_said_and_nothing_served(root: Path) -> None:
    done = talk(root / "missing", INITIALIZE)
    assert (done.returncode, done.stdout) == (2, "")
    assert "the root does not exist" in done.stderr


@pytest.mark.parametrize("folder", ["/", "home"])
def test_nobody_gets_the_whole_machine_or_home_by_default(folder: str, tmp_path: Path) -> None:
    where = tmp_path if folder == "home" else Path("/")
    done = subprocess.run(
        [sys.executable, "-m", "fastapply", "mcp"],
        input="",
        capture_output=True,
        text=True,
        cwd=where,
        env={"PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "say with --root which files may be edited" in done.stderr
