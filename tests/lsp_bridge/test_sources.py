"""Commands for edits that the open document itself holds, and for the answers of a chat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pygls.exceptions import JsonRpcException

from support.editor import editing

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.asyncio

FILE = "def one():\n    return 1\n\n\ndef two():\n    return 2\n"
EDIT = "# ... existing code ...\ndef two():\n    return 22\n"
MERGED = FILE.replace("return 2\n", "return 22\n")
FLOATING = "# ... existing code ...\ndef three():\n    return 3\n# ... existing code ...\n"


def lines(first: int, last: int) -> dict[str, Any]:
    return {"start": {"line": first, "character": 0}, "end": {"line": last, "character": 0}}


async def test_a_selection_is_an_edit_of_the_rest(tmp_path: Path) -> None:
    async with editing(tmp_path) as editor:
        uri = editor.open("a.py", FILE + EDIT)
        edit = {"uri": uri, "version": 1, "source": "selection", "range": lines(6, 9), "quiet": True}
        shown = await editor.command("fastapply.preview", edit)
        assert shown["mergedCode"] == MERGED
        assert editor.documents[uri].text == FILE + EDIT
        answer = await editor.command("fastapply.apply", edit)
        assert answer["applied"]
        assert editor.documents[uri].text == MERGED


async def test_the_choices_of_a_doubt_say_in_words_which_lines_they_are_about(tmp_path: Path) -> None:
    """Counted in the document, which holds the pasted edit above them."""
    async with editing(tmp_path) as editor:
        uri = editor.open("a.py", FLOATING + FILE)
        edit = {"uri": uri, "source": "selection", "range": lines(0, 4), "quiet": True}
        refused = await editor.command("fastapply.apply", edit)
        [file] = refused["files"]
        assert not refused["applied"]
        assert file["code"] == "edit_in_doubt"
        before_two = next(one for one in file["choices"] if one["title"] == "Insert before line 9: def two():")
        assert (before_two["start"], before_two["end"]) == (8, 8)
        answer = await editor.command("fastapply.apply", {**edit, "choices": [before_two["choice"]]})
        assert answer["applied"]
        assert "return 1\n\n\ndef three():\n    return 3\n" in editor.documents[uri].text
        assert not editor.asked


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        ({"source": "selection"}, "needs its range"),
        ({"source": "selection", "range": lines(0, 1), "snippet": "x"}, "not both"),
        ({"source": "saved"}, "no saved file"),
        ({"source": "committed"}, "no committed version"),
        ({"source": "pasted"}, "pasted"),
    ],
)
async def test_an_edit_that_can_not_be_found_is_an_error(edit: dict[str, Any], why: str, tmp_path: Path) -> None:
    async with editing(tmp_path) as editor:
        uri = editor.open("new.py", FILE)
        with pytest.raises(JsonRpcException, match=why):
            await editor.command("fastapply.apply", {"uri": uri, **edit})
        assert editor.documents[uri].text == FILE


async def test_a_document_that_is_not_open_holds_no_edit(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FILE)
    async with editing(tmp_path) as editor:
        with pytest.raises(JsonRpcException, match="is not open"):
            await editor.command("fastapply.apply", {"uri": editor.uri("a.py"), "source": "saved"})


async def test_the_blocks_of_an_answer_are_applied_to_the_files_that_they_name(tmp_path: Path) -> None:
    (tmp_path / "b.py").write_text("b = 1\nc = 2\n")
    answer = f"First:\n\n```python title=a.py\n{EDIT}```\n\nThen `b.py`:\n\nb.py\n```python\nb = 3\nc = 2\n```\n"
    async with editing(tmp_path) as editor:
        uri = editor.open("a.py", FILE)
        told = await editor.command("fastapply.applyMany", {"text": answer, "quiet": True})
        assert told["applied"]
        assert editor.documents[uri].text == MERGED
        assert editor.documents[editor.uri("b.py")].text == "b = 3\nc = 2\n"


async def test_an_answer_that_names_no_file_is_an_error(tmp_path: Path) -> None:
    async with editing(tmp_path) as editor:
        with pytest.raises(JsonRpcException, match="no fenced block names a file"):
            await editor.command("fastapply.applyMany", {"text": "```python\nx = 1\n```\n"})
