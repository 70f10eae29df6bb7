"""Commands for extensions, through the real server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from support.editor import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    Editing = Callable[..., Any]

pytestmark = pytest.mark.asyncio

ONE = "def one():\n    return 1\n\n\ndef two():\n    return 2\n"
SNIPPET = "# ... existing code ...\ndef two():\n    return 22\n"
MERGED = ONE.replace("return 2\n", "return 22\n")
LOOPS = "def f(items):\n    for x in items:\n        go(x)\n\n\ndef g(items):\n    for x in items:\n        go(x)\n"
FLOATING = "    # ...\n    for x in items:\n        go(x)\n        stop(x)\n"


async def test_apply(editing: Editing, tmp_path: Path) -> None:
    async with editing(tmp_path) as editor:
        uri = editor.open("a.py", ONE, "python")
        answer = await editor.command("fastapply.apply", {"uri": uri, "snippet": SNIPPET, "version": 1})
        assert editor.documents[uri].text == MERGED
        assert answer["applied"] is True
        [file] = answer["files"]
        assert (file["uri"], file["code"], file["changes"]) == (uri, None, {"added": 1, "removed": 1})
        assert "+    return 22" in file["diff"]


async def test_preview_changes_nothing(editing: Editing, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(ONE)
    async with editing(tmp_path) as editor:
        file = await editor.command("fastapply.preview", {"path": "a.py", "snippet": SNIPPET})
        assert file["mergedCode"] == MERGED
        assert editor.applied == []
        assert (tmp_path / "a.py").read_text() == ONE


async def test_several_files_are_one_edit(editing: Editing, tmp_path: Path) -> None:
    """A file that is edited twice is edited once, by both."""
    (tmp_path / "closed.py").write_text(ONE)
    async with editing(tmp_path) as editor:
        uri = editor.open("open.py", ONE, "python")
        edits = [
            {"uri": uri, "snippet": SNIPPET},
            {"path": "closed.py", "snippet": SNIPPET},
            {"path": "new.py", "snippet": "x = 1\n"},
            {"uri": uri, "snippet": "def one():\n    return 11\n# ... existing code ...\n"},
        ]
        answer = await editor.command("fastapply.applyMany", edits)
        assert answer["applied"] is True
        assert len(editor.applied) == 1
        texts = {name: editor.documents[editor.uri(name)].text for name in ("open.py", "closed.py", "new.py")}
        assert texts == {
            "open.py": MERGED.replace("return 1\n", "return 11\n"),
            "closed.py": MERGED,
            "new.py": "x = 1\n",
        }


async def test_one_doubt_among_several_files_changes_none(editing: Editing, tmp_path: Path) -> None:
    async with editing(tmp_path) as editor:
        one, loops = editor.open("a.py", ONE, "python"), editor.open("b.py", LOOPS, "python")
        edits = [{"uri": one, "snippet": SNIPPET}, {"uri": loops, "snippet": FLOATING}]
        answer = await editor.command("fastapply.applyMany", [{**edit, "quiet": True} for edit in edits])
        assert answer["applied"] is False
        assert [file["code"] for file in answer["files"]] == [None, "edit_in_doubt"]
        assert editor.applied == []
        assert editor.messages == []
        assert editor.asked == []


async def test_a_choice_settles_a_doubt(editing: Editing, tmp_path: Path) -> None:
    async with editing(tmp_path) as editor:
        uri = editor.open("b.py", LOOPS, "python")
        edit = {"uri": uri, "snippet": FLOATING, "quiet": True}
        refused = await editor.command("fastapply.preview", edit)
        assert refused["mergedCode"] is None
        [doubt] = refused["doubts"]
        await editor.command("fastapply.apply", {**edit, "choices": [doubt["choices"][1]]})
        assert editor.documents[uri].text == LOOPS + "        stop(x)\n"


async def test_the_best_guess_is_to_be_confirmed(editing: Editing, tmp_path: Path) -> None:
    async with editing(tmp_path) as editor:
        uri = editor.open("b.py", LOOPS, "python")
        await editor.command("fastapply.apply", {"uri": uri, "snippet": FLOATING, "onDoubt": "best"})
        [applied] = editor.applied
        [note] = (applied.edit.change_annotations or {}).values()
        assert note.needs_confirmation


async def test_the_person_is_told_of_a_refusal_and_asked(editing: Editing, tmp_path: Path) -> None:
    async with editing(tmp_path) as editor:
        uri = editor.open("b.py", LOOPS, "python")
        answer = await editor.command("fastapply.apply", {"uri": uri, "snippet": FLOATING})
        assert answer["applied"] is False
        assert [item.title for item in editor.asked[0].actions or []] == [
            "Change lines 2 to 3: for x in items:",
            "Change lines 7 to 8: for x in items:",
        ]
        await until(lambda: editor.messages)
        editor.answer = "Change lines 7"
        answer = await editor.command("fastapply.apply", {"uri": uri, "snippet": FLOATING})
        assert answer["applied"] is True
        assert editor.documents[uri].text == LOOPS + "        stop(x)\n"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], lsp.ErrorCodes.InvalidParams, "arguments"),
        ([{"snippet": 1}], lsp.ErrorCodes.InvalidParams, "Expected `str`"),
        ([{"snippet": "x", "path": "../a.py"}], lsp.LSPErrorCodes.RequestFailed, "outside"),
        ([{"snippet": "x", "uri": "untitled:a"}], lsp.LSPErrorCodes.RequestFailed, "neither open nor a file"),
        ([{"snippet": SNIPPET, "path": "a.py", "version": 7}], lsp.LSPErrorCodes.ContentModified, "version"),
        (
            [{"snippet": SNIPPET, "path": "a.py", "language": "cobl"}],
            lsp.LSPErrorCodes.RequestFailed,
            "unknown language",
        ),
    ],
)
async def test_what_is_wrong_is_said(
    editing: Editing, tmp_path: Path, arguments: list[Any], code: Any, said: str
) -> None:
    async with editing(tmp_path) as editor:
        editor.open("a.py", ONE, "python")
        with pytest.raises(JsonRpcException, match=said) as caught:
            await editor.command("fastapply.apply", *arguments)
        assert caught.value.code == code.value


async def test_an_edit_that_the_editor_does_not_make_is_an_error(editing: Editing, tmp_path: Path) -> None:
    async with editing(tmp_path) as editor:
        uri = editor.open("a.py", ONE, "python")
        editor.apply = lambda _: "the buffer is locked"
        with pytest.raises(JsonRpcException, match="the buffer is locked"):
            await editor.command("fastapply.apply", {"uri": uri, "snippet": SNIPPET})
        assert editor.documents[uri].text == ONE


async def test_a_document_that_changes_during_the_merge_is_left_alone(editing: Editing, tmp_path: Path) -> None:
    async with editing(tmp_path) as editor:
        uri = editor.open("a.py", ONE, "python")
        params = lsp.ExecuteCommandParams("fastapply.apply", [{"uri": uri, "snippet": SNIPPET, "version": 1}])
        request = editor.client.protocol.send_request(lsp.WORKSPACE_EXECUTE_COMMAND, params)
        editor.type(uri, "# typed\n", lsp.Range(lsp.Position(0, 0), lsp.Position(0, 0)))
        with pytest.raises(JsonRpcException) as caught:
            await asyncio.wrap_future(request)
        assert caught.value.code == lsp.LSPErrorCodes.ContentModified.value
        assert editor.documents[uri].text == "# typed\n" + ONE


async def test_a_command_that_is_cancelled_ends_its_merge(editing: Editing, tmp_path: Path) -> None:
    """And the next one is answered at once, by another worker."""
    async with editing(tmp_path) as editor:
        large = "".join(f"def f{n}(a, b):\n    return a + b + {n}\n\n\n" for n in range(20_000))
        uri, small = editor.open("large.py", large, "python"), editor.open("a.py", ONE, "python")
        snippet = "# ... existing code ...\ndef f9999(a, b):\n    return a * b\n# ... existing code ...\n"
        params = lsp.ExecuteCommandParams("fastapply.apply", [{"uri": uri, "snippet": snippet}])
        request = editor.client.protocol.send_request(lsp.WORKSPACE_EXECUTE_COMMAND, params, msg_id="slow")
        editor.client.cancel_request(lsp.CancelParams("slow"))
        with pytest.raises(JsonRpcException) as caught:
            await asyncio.wrap_future(request)
        assert caught.value.code == lsp.LSPErrorCodes.RequestCancelled.value
        await editor.command("fastapply.apply", {"uri": small, "snippet": SNIPPET})
        assert editor.documents[small].text == MERGED
        assert editor.documents[uri].text == large


async def test_progress_is_shown_and_cancelled(editing: Editing, tmp_path: Path) -> None:
    """By the token that the editor gave with the command."""
    async with editing(tmp_path) as editor:
        large = "".join(f"def g{n}(a, b):\n    return a + b + {n}\n\n\n" for n in range(20_000))
        uri = editor.open("large.py", large, "python")
        snippet = "# ... existing code ...\ndef g9999(a, b):\n    return a * b\n# ... existing code ...\n"
        editor.client.progress_reports["token"] = reports = []
        params = lsp.ExecuteCommandParams("fastapply.apply", [{"uri": uri, "snippet": snippet}], "token")
        request = editor.client.protocol.send_request(lsp.WORKSPACE_EXECUTE_COMMAND, params)
        await until(lambda: reports)
        editor.client.window_work_done_progress_cancel(lsp.WorkDoneProgressCancelParams("token"))
        with pytest.raises(JsonRpcException) as caught:
            await asyncio.wrap_future(request)
        assert caught.value.code == lsp.LSPErrorCodes.RequestCancelled.value
        await until(lambda: len(reports) == 2)
        assert [report.kind for report in reports] == ["begin", "end"]
        assert editor.documents[uri].text == large
