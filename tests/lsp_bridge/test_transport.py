"""How the server is reached and how it ends."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from lsprotocol import types as lsp
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from fastapply.cli import main
from lsp_bridge.transport import address_of
from support.editor import command_of, editing, session, until
from support.service import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ONE = "def one():\n    return 1\n\n\ndef two():\n    return 2\n"
SNIPPET = "# ... existing code ...\ndef two():\n    return 22\n"
MERGED = ONE.replace("return 2\n", "return 22\n")


@pytest.mark.asyncio
async def test_stdio(tmp_path: Path) -> None:
    async with editing(tmp_path) as editor:
        uri = editor.open("a.py", ONE, "python")
        await editor.command("fastapply.apply", {"uri": uri, "snippet": SNIPPET})
        assert editor.documents[uri].text == MERGED
    assert editor.client._server
    assert editor.client._server.returncode == 0


@pytest.mark.asyncio
async def test_a_service_merges_in_its_place(tmp_path: Path) -> None:
    with running(tmp_path / "log") as service:
        async with editing(tmp_path, "--url", service.url) as editor:
            uri = editor.open("a.py", ONE, "python")
            await editor.command("fastapply.apply", {"uri": uri, "snippet": SNIPPET})
            assert editor.documents[uri].text == MERGED
        assert "/v1/apply" in (tmp_path / "log").read_text()


@pytest.mark.asyncio
async def test_files_are_sent_ahead_once_they_are_left_alone(tmp_path: Path) -> None:
    """Not while somebody types, and only where that is asked for."""
    with running(tmp_path / "log") as service:

        def sent() -> int:
            return (tmp_path / "log").read_text().count("/v1/warm")

        async with editing(tmp_path, "--url", service.url) as editor:
            editor.open("a.py", ONE, "python")
            await editor.actions(editor.uri("a.py"))
        async with editing(tmp_path, "--url", service.url, "--warm-up") as editor:
            uri = editor.open("a.py", ONE, "python")
            for number in range(20):
                editor.type(uri, f"{ONE}# {number}\n")
            editor.open("untitled:Untitled-1", ONE, "python")
            await until(sent)
            editor.type(uri, ONE)
            await until(lambda: sent() == 2)
        assert sent() == 2


@pytest.fixture
def websocket() -> Iterator[str]:
    with subprocess.Popen(
        command_of("--ws", "127.0.0.1:0", "--origin", "http://localhost:3000"), stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        said = re.search(r"port (\d+)", process.stderr.readline())
        assert said
        yield f"ws://127.0.0.1:{said[1]}"
        process.terminate()


@pytest.mark.asyncio
async def test_websocket(tmp_path: Path, websocket: str) -> None:
    """Also by a web page, if it is one of those that were named."""
    from pytest_lsp import make_test_lsp_client

    client = make_test_lsp_client()
    host, port = websocket.removeprefix("ws://").split(":")
    await client.start_ws(host, int(port))
    async with session(client, tmp_path) as editor:
        uri = editor.open("a.py", ONE, "python")
        await editor.command("fastapply.apply", {"uri": uri, "snippet": SNIPPET})
        assert editor.documents[uri].text == MERGED
    await client.stop()
    async with connect(websocket, origin="http://localhost:3000"):  # type: ignore[arg-type]
        pass
    with pytest.raises(InvalidStatus):
        async with connect(websocket, origin="https://example.org"):  # type: ignore[arg-type]
            pass


def test_a_client_that_goes_away_ends_the_server(tmp_path: Path) -> None:
    done = subprocess.run(command_of(), stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr == b""


def test_code_is_in_no_log(tmp_path: Path) -> None:
    """What the server can't read is told by its type."""
    message = b'{"jsonrpc": "2.0", "id": 1, "method": "textDocument/codeAction", "params": {"secret": "code"}}'
    frames = b"Content-Length: %d\r\n\r\n%s" % (len(message), message)
    done = subprocess.run(command_of(), input=frames * 2, capture_output=True, timeout=60, check=False)
    assert b"failed" in done.stderr
    assert b"secret" not in done.stderr


@pytest.mark.parametrize("params", [{"secret": "code"}, {"textDocument": None}, None])
def test_a_request_that_can_not_be_read_is_answered(params: object) -> None:
    """Else its client waits for ever."""
    body = json.dumps({"jsonrpc": "2.0", "id": 7, "method": "textDocument/codeAction", "params": params})
    message = f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
    done = subprocess.run(command_of(), input=message, capture_output=True, timeout=60, check=False)
    answer = json.loads(done.stdout[done.stdout.index(b"{") :])
    assert (answer["id"], answer["error"]["code"]) == (7, lsp.ErrorCodes.InvalidParams.value)
    assert b"secret" not in done.stdout


def test_addresses() -> None:
    assert address_of("9257") == ("127.0.0.1", 9257)
    assert address_of("[::1]:0") == ("::1", 0)
    assert address_of("localhost:1") == ("localhost", 1)


@pytest.mark.parametrize("address", ["0.0.0.0:9257", "example.org:1", "192.168.1.2:80", "x", "127.0.0.1:70000"])
def test_other_machines_are_not_served(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lsp", "--tcp", address]) == 2
    assert address in capsys.readouterr().err


def test_a_service_that_is_needed_must_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lsp", "--warm-up"]) == 2
    assert "--url" in capsys.readouterr().err
    assert main(["lsp", "--url", "http://127.0.0.1:1", "--key-env", "NO_SUCH_VARIABLE"]) == 2
    assert "NO_SUCH_VARIABLE" in capsys.readouterr().err
    asyncio.get_event_loop_policy()  # nothing was left running


def test_a_message_that_can_not_be_read_is_told_without_what_it_holds() -> None:
    document = {"uri": "untitled:a", "languageId": "python", "version": "password = 1", "text": "password = 2"}
    body = json.dumps({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": document}})
    message = f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
    done = subprocess.run(command_of(), input=message, capture_output=True, timeout=60, check=False)
    assert b"a message failed" in done.stderr
    assert b"password" not in done.stderr
