"""The command line in each editor's settings starts a server that answers."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.lsp.client import BaseLanguageClient

CLIENTS = Path(__file__).parents[3] / "lsp_bridge" / "clients"


def without_comments(file: Path) -> Any:
    """The JSON in `file`, whose comments have lines of their own."""
    return json.loads(re.sub(r"^\s*//.*$", "", file.read_text("utf-8"), flags=re.MULTILINE))


def of_vscode() -> list[str]:
    about = json.loads((CLIENTS / "vscode" / "package.json").read_text("utf-8"))
    settings = about["contributes"]["configuration"]["properties"]
    return [settings["fastapply.server.path"]["default"], *settings["fastapply.server.args"]["default"]]


def of_helix() -> list[str]:
    server = tomllib.loads((CLIENTS / "helix" / "languages.toml").read_text("utf-8"))["language-server"]["fastapply"]
    return [server["command"], *server["args"]]


def of_emacs() -> list[str]:
    found = re.search(r"fastapply-command '\(([^)]*)\)", (CLIENTS / "emacs" / "fastapply.el").read_text("utf-8"))
    assert found
    return [json.loads(word) for word in found[1].split()]


def of_zed() -> list[str]:
    [server] = without_comments(CLIENTS / "zed" / "settings.json")["lsp"].values()
    return [server["binary"]["path"], *server["binary"]["arguments"]]


def of_sublime() -> list[str]:
    return list(without_comments(CLIENTS / "sublime" / "LSP.sublime-settings")["clients"]["fastapply"]["command"])


COMMANDS = {"vscode": of_vscode, "helix": of_helix, "emacs": of_emacs, "zed": of_zed, "sublime": of_sublime}


@functools.cache
def initialized(command: tuple[str, ...]) -> types.InitializeResult:
    """What the program says of itself; asked once for all editors that start it alike."""
    return asyncio.run(_initialized(command))


async def _initialized(command: tuple[str, ...]) -> types.InitializeResult:
    client = BaseLanguageClient("test", "0")
    await client.start_io(*command)
    try:
        asked = types.InitializeParams(capabilities=types.ClientCapabilities(), process_id=os.getpid())
        answer = await asyncio.wait_for(client.initialize_async(asked), 30)
        await client.shutdown_async(None)
        client.exit(None)
        return answer
    finally:
        await client.stop()


@pytest.mark.parametrize("editor", COMMANDS)
def test_the_command_starts_a_server(editor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    answer = initialized(tuple(COMMANDS[editor]()))
    assert answer.server_info
    assert answer.server_info.name == "fastapply"
    assert answer.capabilities.code_action_provider


def test_each_language_of_helix_names_the_server() -> None:
    """One that is misspelt is passed over without a word."""
    settings = tomllib.loads((CLIENTS / "helix" / "languages.toml").read_text("utf-8"))
    assert settings["language"]
    for language in settings["language"]:
        assert "fastapply" in language["language-servers"], language["name"]


def test_the_language_of_zed_names_the_server_that_is_stood_in_for() -> None:
    settings = without_comments(CLIENTS / "zed" / "settings.json")
    [server] = settings["lsp"]
    assert all(server in language["language_servers"] for language in settings["languages"].values())


def test_every_folder_of_an_editor_is_looked_at() -> None:
    """Neovim's settings are run by its own tests."""
    assert {path.name for path in CLIENTS.iterdir() if path.is_dir()} - {"neovim"} == set(COMMANDS)
