"""Commands for edits that the open document itself holds, and for the answers of a chat."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest
from pygls.exceptions import JsonRpcException

from support.editor import editing, git

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


@pytest.mark.parametrize(("kept", "shown"), [("\n", "\n"), ("\n", "\r\n"), ("\r\n", "\n"), ("\r\n", "\r\n")], ids=repr)
async def test_the_committed_version_has_the_line_endings_of_the_document(
    kept: str, shown: str, tmp_path: Path
) -> None:
    commit(tmp_path, FILE.replace("\n", kept))
    async with editing(tmp_path) as editor:
        uri = editor.open("a.py", EDIT.replace("\n", shown))
        answer = await editor.command("fastapply.apply", {"uri": uri, "source": "committed", "quiet": True})
        assert answer["applied"]
        assert editor.documents[uri].text == MERGED.replace("\n", shown)


async def test_no_command_that_a_repository_names_is_run(tmp_path: Path) -> None:
    """A folder that came as an archive brings its configuration along."""
    run = tmp_path / "run"
    (tmp_path / ".gitattributes").write_text("*.py filter=x diff=x\n")
    commit(tmp_path, FILE)
    for name in ("filter.x.smudge", "filter.x.process", "diff.x.textconv", "core.fsmonitor", "core.pager"):
        git(tmp_path, "config", name, f"touch {run}; cat")
    async with editing(tmp_path) as editor:
        uri = editor.open("a.py", EDIT)
        assert "Merge with the committed version" in [action.title for action in await editor.actions(uri)]
        shown = await editor.command("fastapply.preview", {"uri": uri, "source": "committed", "quiet": True})
        assert shown["mergedCode"] == MERGED
    assert not run.exists()


async def test_nothing_is_fetched_from_a_remote_that_is_a_command(tmp_path: Path) -> None:
    """Where the object is missing, git asks the remote that promised it."""
    run = tmp_path / "run"
    commit(tmp_path, FILE)
    [*objects] = (tmp_path / ".git" / "objects").glob("??/*")
    git(tmp_path, "config", "core.repositoryformatversion", "1")
    for name, value in {
        "extensions.partialclone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.url": str(tmp_path),
        "remote.origin.uploadpack": f"touch {run}; false",
    }.items():
        git(tmp_path, "config", name, value)
    blob = git_hash(FILE)
    [missing] = [path for path in objects if path.parent.name + path.name == blob]
    missing.unlink()
    async with editing(tmp_path) as editor:
        uri = editor.open("a.py", EDIT)
        with pytest.raises(JsonRpcException, match="no committed version"):
            await editor.command("fastapply.preview", {"uri": uri, "source": "committed", "quiet": True})
    assert not run.exists()


def commit(folder: Path, text: str) -> None:
    (folder / "a.py").write_bytes(text.encode())
    git(folder, "init", "--quiet")
    git(folder, "-c", "core.autocrlf=false", "add", "--all")
    git(folder, "commit", "--quiet", "--message", "a")


def git_hash(text: str) -> str:
    content = text.encode()
    return hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()
