"""Code actions, through the real server: what is offered where, and what the document is afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.editor import editing

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.asyncio

STORE = """\
class Store:
    def get(self, key):
        return self.items[key]

    def put(self, key, value):
        self.items[key] = value
"""
EDIT = """\
class Store:
    # ... existing code ...
    def put(self, key, value):
        self.log(key)
        self.items[key] = value
"""
MERGED = STORE.replace("        self.items[key] = value\n", "        self.log(key)\n        self.items[key] = value\n")


async def test_a_pasted_snippet_is_merged_into_the_rest(tmp_path: Path) -> None:
    (tmp_path / "store.py").write_text(STORE)
    async with editing(tmp_path) as editor:
        uri = editor.open("store.py", STORE + "\n" + EDIT, "python")
        [action] = await editor.actions(uri, (7, 12))
        assert action.title == "Apply this lazy edit to the rest of the file"
        await editor.take(action)
        assert editor.documents[uri].text == MERGED + "\n"
