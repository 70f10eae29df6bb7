"""Neovim itself, headless, with the settings that are shipped for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.debian import program
from support.store import EDIT, MERGED, STORE

CLIENT = Path(__file__).parents[2] / "lsp_bridge/clients/neovim"

# What is typed: the snippet is pasted at the end, selected line by line, and the first action taken.
SCRIPT = """
vim.opt.runtimepath:prepend(os.getenv("CLIENT"))
package.path = os.getenv("CLIENT") .. "/?.lua;" .. package.path
require("fastapply").setup({ cmd = { os.getenv("PYTHON"), "-m", "fastapply", "lsp" } })
local function wait(what, holds)
  if not vim.wait(30000, holds, 20) then
    io.stderr:write("waited in vain: " .. what .. "\\n" .. vim.inspect(vim.api.nvim_buf_get_lines(0, 0, -1, true)))
    vim.cmd("cquit 3")
  end
end
local function text()
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, true), "\\n") .. "\\n"
end
local function write(name)
  local file = io.open(os.getenv("OUT") .. "/" .. name, "wb")
  file:write(text())
  file:close()
end
local before, choice = 0, tonumber(os.getenv("CHOICE"))
local function ask()
  vim.lsp.buf.range_code_action(nil, { before + 1, 0 }, { vim.api.nvim_buf_line_count(0), 1000 })
end
vim.ui.select = function(items, options, chosen)
  if #items < choice then  -- on a busy machine the list does not wait for the merge: ask again
    return vim.defer_fn(ask, 100)
  end
  local titles = {}
  for _, item in ipairs(items) do
    local title = (options.format_item or tostring)(item)
    table.insert(titles, title)
  end
  local file = io.open(os.getenv("OUT") .. "/titles", "wb")
  file:write(table.concat(titles, "\\n"))
  file:close()
  chosen(items[choice], choice)
end
vim.cmd("edit " .. os.getenv("FILE"))
wait("the server", function()
  local _, client = next(vim.lsp.buf_get_clients(0))
  return client and client.initialized
end)
before = vim.api.nvim_buf_line_count(0)
vim.fn.append("$", vim.fn.split(os.getenv("EDIT"), "\\n", true))
vim.cmd("let &undolevels = &undolevels")  -- a pasted snippet and its merge are two changes
write("pasted")
local pasted = text()
ask()
wait("the merge", function()
  return text() ~= pasted
end)
write("merged")
vim.cmd("undo")
write("undone")
vim.cmd("undo")
write("before")
vim.cmd("qall!")
"""


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_pasted_snippet_is_merged_and_undone_in_one_step(tmp_path: Path, ending: str) -> None:
    file = tmp_path / "store.py"
    file.write_bytes(STORE.replace("\n", ending).encode())
    run(tmp_path, file, EDIT.rstrip("\n"))
    assert (tmp_path / "titles").read_text() == "Apply this lazy edit to the rest of the file"
    assert (tmp_path / "pasted").read_text() == STORE + EDIT
    assert (tmp_path / "merged").read_text() == MERGED
    assert (tmp_path / "undone").read_text() == STORE + EDIT
    assert (tmp_path / "before").read_text() == STORE


def test_the_person_chooses_among_the_places_of_a_doubt(tmp_path: Path) -> None:
    loops = "def f(items):\n    for x in items:\n        go(x)\n\n\ndef g(items):\n    for x in items:\n        go(x)\n"
    file = tmp_path / "loops.py"
    file.write_text(loops)
    run(tmp_path, file, "    # ...\n    for x in items:\n        go(x)\n        stop(x)", choice=2)
    assert (tmp_path / "titles").read_text().splitlines() == [
        "Apply this lazy edit to the rest of the file: Change lines 2 to 3: for x in items:",
        "Apply this lazy edit to the rest of the file: Change lines 7 to 8: for x in items:",
    ]
    assert (tmp_path / "merged").read_text() == loops + "        stop(x)\n"


def run(folder: Path, file: Path, edit: str, choice: int = 1) -> None:
    (folder / "script.lua").write_text(SCRIPT)
    environment = {
        **os.environ,
        "CLIENT": str(CLIENT),
        "PYTHON": sys.executable,
        "FILE": str(file),
        "EDIT": edit,
        "OUT": str(folder),
        "CHOICE": str(choice),
        "XDG_STATE_HOME": str(folder / "state"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_DATA_HOME": str(folder / "data"),
    }
    command = [program("nvim", "neovim"), "--headless", "--clean", "-n", "-c", f"luafile {folder / 'script.lua'}"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr
