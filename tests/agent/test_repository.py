"""An agent edits a whole small repository through the tools: the official client, a real process, real files."""

from __future__ import annotations

import asyncio
import subprocess
from typing import TYPE_CHECKING

import pytest

from support.editing import over_stdio, said, write_all

if TYPE_CHECKING:
    from pathlib import Path

    from mcp.client.client import Client
    from mcp_types import CallToolResult

FILES = {
    "app/store.py": """import json


class Store:
    def __init__(self, path):
        self.path = path

    def load(self):
        with open(self.path) as file:
            return json.load(file)

    def save(self, data):
        with open(self.path, "w") as file:
            json.dump(data, file)
""",
    "web/cart.ts": """export interface Item {
  name: string;
  price: number;
}

export function total(items: Item[]): number {
  let sum = 0;
  for (const item of items) {
    sum += item.price;
  }
  return sum;
}

export function count(items: Item[]): number {
  return items.length;
}
""",
    "cmd/main.go": """package main

import "fmt"

func greet(name string) string {
\treturn "hi " + name
}

func main() {
\tfmt.Println(greet("you"))
}
""",
    "config.yaml": "server:\r\n  host: localhost\r\n  port: 8000\r\nlog:\r\n  level: info\r\n",
    "README.md": "# Shop\n\nA shop.\n\n## Use\n\nRun it.",
}
EDITS = {
    "app/store.py": """class Store:
    # ... existing code ...
    def load(self):
        if not os.path.exists(self.path):
            return {}
        with open(self.path) as file:
            # ... existing code ...
""",
    "web/cart.ts": """export interface Item {
  name: string;
  price: number;
  quantity: number;
}

export function total(items: Item[]): number {
  // ... existing code ...
  for (const item of items) {
    sum += item.price * item.quantity;
  }
  // ... existing code ...
}
""",
    "cmd/main.go": """func greet(name string) string {
\tif name == "" {
\t\tname = "you"
\t}
\treturn "hi " + name
}
// ... existing code ...
""",
    "config.yaml": "server:\n  host: localhost\n  port: 9000\n# ... existing code ...\n",
    "README.md": "# Shop\n\nA small shop.\n\n## Use\n<!-- ... existing code ... -->\n",
}
WANTED = {
    "app/store.py": FILES["app/store.py"].replace(
        "        with open(self.path) as",
        "        if not os.path.exists(self.path):\n            return {}\n        with open(self.path) as",
    ),
    "web/cart.ts": FILES["web/cart.ts"]
    .replace("price: number;\n", "price: number;\n  quantity: number;\n")
    .replace("item.price;", "item.price * item.quantity;"),
    "cmd/main.go": FILES["cmd/main.go"].replace(
        "string {\n\treturn", 'string {\n\tif name == "" {\n\t\tname = "you"\n\t}\n\treturn'
    ),
    "config.yaml": FILES["config.yaml"].replace("8000", "9000"),
    "README.md": FILES["README.md"].replace("A shop", "A small shop"),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    write_all(folder, FILES)
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    return folder


def contents(root: Path) -> dict[str, str]:
    files = (path for path in root.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {str(path.relative_to(root)): path.read_bytes().decode() for path in files}


def test_an_agent_edits_a_repository(root: Path, tmp_path: Path) -> None:
    async def session() -> None:
        async with over_stdio(root, tmp_path / "errors") as client:
            for path, edit in EDITS.items():
                await written(client, path, edit)
            assert contents(root) == WANTED
            await a_refusal_is_mended_by_its_hint(client)
            await an_outside_change_is_a_conflict(client, root)
            await several_files_are_all_or_none(client, root)
            await no_way_leads_out(client, root, tmp_path)
            await everything_is_undone(client)

    asyncio.run(session())
    assert contents(root) == FILES
    assert (tmp_path / "errors").read_text() == ""


async def written(client: Client, path: str, edit: str, **more: object) -> CallToolResult:
    result = await client.call_tool("edit_file", {"path": path, "code_edit": edit, **more})
    assert not result.is_error, said(result)
    assert result.structured_content["status"] == "written"
    return result


async def a_refusal_is_mended_by_its_hint(client: Client) -> None:
    added = "    def clear(self):\n        self.save({})\n"
    floating = f"# ... existing code ...\n{added}# ... existing code ...\n"
    refused = await client.call_tool("edit_file", {"path": "app/store.py", "code_edit": floating})
    assert refused.is_error
    [doubt] = refused.structured_content["doubts"]
    assert "line right before or right after" in doubt["hint"]
    assert f"Send the whole edit again, mended: {doubt['hint']}" in said(refused)
    # The hint asks for the line before: the last one of the class.
    mended = f"# ... existing code ...\n            json.dump(data, file)\n\n{added}"
    await written(client, "app/store.py", mended)


async def an_outside_change_is_a_conflict(client: Client, root: Path) -> None:
    before = await written(client, "cmd/main.go", '\tfmt.Println(greet("all"))\n}\n')
    path = root / "cmd/main.go"
    path.write_text(path.read_text() + "// by hand\n")
    arguments = {"path": "cmd/main.go", "code_edit": '\tfmt.Println(greet("none"))\n}\n'}
    expected = before.structured_content["sha256_after"]
    conflict = await client.call_tool("edit_file", {**arguments, "expected_sha256": expected})
    assert conflict.is_error
    assert conflict.structured_content["error"]["code"] == "edit_conflict"
    stale = await client.call_tool("undo_edit", {"edit_id": before.structured_content["edit_id"]})
    assert stale.structured_content["error"]["code"] == "edit_conflict"
    path.write_text(path.read_text().removesuffix("// by hand\n"))


async def several_files_are_all_or_none(client: Client, root: Path) -> None:
    before = contents(root)
    good = {"path": "config.yaml", "code_edit": "log:\n  level: debug\n"}
    new = {"path": "docs/new.md", "code_edit": "# New\n"}
    floating = {
        "path": "web/cart.ts",
        "code_edit": "// ... existing code ...\nexport const a = 1;\n// ... existing code ...\n",
    }
    refused = await client.call_tool("edit_files", {"edits": [good, floating, new]})
    assert refused.is_error
    assert [file["status"] for file in refused.structured_content["files"]] == ["not_written", "refused", "not_written"]
    assert contents(root) == before
    done = await client.call_tool("edit_files", {"edits": [good, new]})
    assert not done.is_error, said(done)
    assert contents(root)["docs/new.md"] == "# New\n"


async def no_way_leads_out(client: Client, root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("mine\n")
    (root / "link").symlink_to(tmp_path)
    ways = [
        "../outside.txt",
        str(outside),
        "link/outside.txt",
        "app/../../outside.txt",
        ".git/hooks/pre-commit",
        ".GIT/config",
    ]
    for way in [*ways, "\uff0e\uff0e\uff0foutside.txt"]:
        for tool in ("edit_file", "preview_edit"):
            result = await client.call_tool(tool, {"path": way, "code_edit": "yours\n"})
            assert result.is_error, way
    (root / "link").unlink()
    assert outside.read_text() == "mine\n"
    assert not (root / ".git/hooks/pre-commit").exists()


async def everything_is_undone(client: Client) -> None:
    while not (result := await client.call_tool("undo_edit", {})).is_error:
        pass
    assert "no edit was made in this session" in said(result)
