"""Code actions, through the real server: what is offered where, and what the document is afterwards."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pytest_lsp import client_capabilities

from support.editor import git, until
from support.store import EDIT, MERGED, STORE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from support.editor import Editor

    Editing = Callable[..., Any]

pytestmark = pytest.mark.asyncio

LOOPS = "def f(items):\n    for x in items:\n        go(x)\n\n\ndef g(items):\n    for x in items:\n        go(x)\n"
FLOATING = "    # ...\n    for x in items:\n        go(x)\n        stop(x)\n"
PASTED = "Apply this lazy edit to the rest of the file"


async def listed(editor: Editor, uri: str, lines: tuple[int, int], least: int = 1) -> list[lsp.CodeAction]:
    """The actions, once there are so many: on a busy machine a list does not wait for merges."""
    found: list[lsp.CodeAction] = []

    async def ask() -> bool:
        found[:] = await editor.actions(uri, lines)
        return len(found) >= least and all(action.edit or action.disabled or len(found) > 1 for action in found)

    for _ in range(200):
        if await ask():
            return found
    raise AssertionError([action.title for action in found])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
async def test_a_pasted_snippet_is_merged_into_the_rest(
    editing: Editing, tmp_path: Path, encoding: str, ending: str
) -> None:
    head = f"# '😀é\u2028\f' {ending}"
    async with editing(tmp_path, encodings=[encoding]) as editor:
        assert editor.encoding == encoding
        uri = editor.open("store.py", head + (STORE + "\n" + EDIT).replace("\n", ending), "python")
        [action] = await editor.actions(uri, (8, 13))
        assert action.title == PASTED
        await editor.take(action)
        assert editor.documents[uri].text == head + (MERGED + "\n").replace("\n", ending)


async def test_edits_are_small_versioned_and_annotated(editing: Editing, tmp_path: Path) -> None:
    async with editing(tmp_path) as editor:
        uri = editor.open("store.py", STORE + EDIT, "python")
        [action] = await listed(editor, uri, (6, 11))
        assert action.edit
        [change] = action.edit.document_changes or []
        assert isinstance(change, lsp.TextDocumentEdit)
        assert change.text_document.version == 1
        assert sum(len(edit.new_text) for edit in change.edits) <= len("        self.log(key)\n")
        assert all(isinstance(edit, lsp.AnnotatedTextEdit) for edit in change.edits)
        [note] = (action.edit.change_annotations or {}).values()
        assert (note.label, note.needs_confirmation) == ("FastApply", False)
        assert note.description == "store.py: 1 line added, 0 removed"


async def test_automatic_lists_are_made_without_merging_and_resolved_later(editing: Editing, tmp_path: Path) -> None:
    async with editing(tmp_path) as editor:
        uri = editor.open("untitled:Untitled-1", STORE + EDIT, "python")
        [action] = await editor.actions(uri, (6, 11), automatic=True)
        assert action.edit is None
        assert action.command is None
        await editor.take(action)
        assert editor.documents[uri].text == MERGED


async def test_a_client_that_resolves_nothing_gets_a_command(editing: Editing, tmp_path: Path) -> None:
    capabilities = lsp.ClientCapabilities(
        workspace=lsp.WorkspaceClientCapabilities(apply_edit=True),
        text_document=lsp.TextDocumentClientCapabilities(
            code_action=lsp.CodeActionClientCapabilities(
                code_action_literal_support=lsp.ClientCodeActionLiteralOptions(
                    lsp.ClientCodeActionKindOptions([lsp.CodeActionKind.RefactorRewrite])
                )
            )
        ),
    )
    async with editing(tmp_path, capabilities=capabilities) as editor:
        uri = editor.open("store.py", STORE + EDIT, "python")
        [action] = await editor.actions(uri, (6, 11), automatic=True)
        assert action.command
        await editor.command(action.command.command, *(action.command.arguments or []))
        assert editor.documents[uri].text == MERGED
        [applied] = editor.applied
        assert applied.edit.document_changes is None  # it knows no versions


async def test_selections_that_are_no_edit_are_left_alone(editing: Editing, tmp_path: Path) -> None:
    async with editing(tmp_path) as editor:
        uri = editor.open("store.py", STORE, "python")
        assert await editor.actions(uri, (1, 3)) == []
        assert await editor.actions(uri, (0, 6)) == []
        assert await editor.actions(uri, (3, 3)) == []
        uri = editor.open("empty.py", "", "python")
        assert await editor.actions(uri) == []


async def test_kinds_that_are_not_asked_for_are_left_out(editing: Editing, tmp_path: Path) -> None:
    async with editing(tmp_path) as editor:
        uri = editor.open("store.py", STORE + EDIT, "python")
        assert await editor.actions(uri, (6, 11), only=[lsp.CodeActionKind.Source]) == []
        assert len(await editor.actions(uri, (6, 11), only=[lsp.CodeActionKind.Refactor])) == 1


async def test_a_doubt_has_an_action_for_each_place(editing: Editing, tmp_path: Path) -> None:
    async with editing(tmp_path) as editor:
        uri = editor.open("loops.py", FLOATING + LOOPS, "python")
        first, second = await listed(editor, uri, (0, 4), least=2)
        assert first.title == f"{PASTED}: Change lines 6 to 7: for x in items:"
        assert second.title == f"{PASTED}: Change lines 11 to 12: for x in items:"
        await editor.take(second)
        assert editor.documents[uri].text == LOOPS + "        stop(x)\n"


async def test_the_person_is_asked_about_a_doubt_that_comes_late(editing: Editing, tmp_path: Path) -> None:
    async with editing(tmp_path) as editor:
        uri = editor.open("loops.py", LOOPS + FLOATING, "python")
        [action] = await editor.actions(uri, (8, 12), automatic=True)
        await editor.take(action)  # he chooses nothing
        assert editor.documents[uri].text == LOOPS + FLOATING
        assert "the edit can't be decided; nothing was changed" in editor.messages[0]
        editor.answer = "Change lines 2 to 3"
        await editor.take(action)
        assert len(editor.asked) == 2
        assert editor.documents[uri].text == LOOPS.replace("        go(x)\n", "        go(x)\n        stop(x)\n", 1)


async def test_a_doubt_without_choices_says_why_the_action_is_off(editing: Editing, tmp_path: Path) -> None:
    async with editing(tmp_path) as editor:
        diff = "@@ -1,1 +1,1 @@\n-not here\n+at all\n"
        uri = editor.open("store.py", STORE + diff, "python")
        [action] = await listed(editor, uri, (6, 9))
        assert action.disabled
        assert "is not in the original" in action.disabled.reason


async def test_a_document_that_moved_on_is_refused(editing: Editing, tmp_path: Path) -> None:
    async with editing(tmp_path) as editor:
        uri = editor.open("store.py", STORE + EDIT, "python")
        [action] = await editor.actions(uri, (6, 11), automatic=True)
        editor.type(uri, "# new\n", lsp.Range(lsp.Position(0, 0), lsp.Position(0, 0)))
        with pytest.raises(JsonRpcException) as caught:
            await editor.client.code_action_resolve_async(action)
        assert caught.value.code == lsp.LSPErrorCodes.ContentModified.value
        assert editor.documents[uri].text == "# new\n" + STORE + EDIT


async def test_an_overwritten_buffer_is_merged_with_the_saved_file(editing: Editing, tmp_path: Path) -> None:
    (tmp_path / "store.py").write_text(STORE)
    async with editing(tmp_path) as editor:
        uri = editor.open("store.py", EDIT, "python")
        [action] = await listed(editor, uri, (0, 0))
        assert action.title == "Merge with the saved file"
        await editor.take(action)
        assert editor.documents[uri].text == MERGED


async def test_an_overwritten_file_is_merged_with_the_committed_version(editing: Editing, tmp_path: Path) -> None:
    """From a folder below the root of the repository, with CRLF as the repository asks for."""
    folder = tmp_path / "src"
    folder.mkdir()
    git(tmp_path, "init", "-q")
    (tmp_path / ".gitattributes").write_text("*.py text eol=crlf\n")
    (folder / "store.py").write_bytes(STORE.replace("\n", "\r\n").encode())
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "One")
    assert b"\r" not in subprocess.check_output(["git", "show", "HEAD:src/store.py"], cwd=tmp_path)
    overwritten = EDIT.replace("\n", "\r\n")
    (folder / "store.py").write_bytes(overwritten.encode())
    async with editing(folder) as editor:
        uri = editor.open("store.py", None, "python")
        [action] = await listed(editor, uri, (0, 0))
        assert action.title == "Merge with the committed version"
        await editor.take(action)
        assert editor.documents[uri].text == MERGED.replace("\n", "\r\n")


async def test_a_file_without_a_commit_says_so(editing: Editing, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    async with editing(tmp_path) as editor:
        uri = editor.open("store.py", EDIT, "python")
        [action] = await listed(editor, uri, (0, 0))
        assert action.disabled
        assert action.disabled.reason == "store.py: git has no committed version of it"


async def test_a_block_of_a_chat_goes_to_a_file_on_disk(editing: Editing, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/store.py").write_bytes(STORE.encode())
    async with editing(tmp_path) as editor:
        chat = editor.open("untitled:chat", f"Do it so:\n```python title=src/store.py\n{EDIT}```\n", "markdown")
        [action] = await listed(editor, chat, (3, 3))
        assert action.title == "Apply to src/store.py"
        assert action.edit
        [change] = action.edit.document_changes or []
        assert isinstance(change, lsp.TextDocumentEdit)
        assert change.text_document.version is None
        await editor.take(action)
        assert editor.documents[editor.uri("src/store.py")].text == MERGED


async def test_a_block_of_a_chat_goes_to_an_open_buffer_or_makes_a_file(editing: Editing, tmp_path: Path) -> None:
    (tmp_path / "store.py").write_text("something else\n")
    async with editing(tmp_path) as editor:
        store = editor.open("store.py", STORE, "python")
        chat = editor.open("chat.md", f"store.py\n```python\n{EDIT}```\n\n```py\n# new/a.py\nx = 1\n```\n", "markdown")
        [action] = await listed(editor, chat, (4, 4))
        await editor.take(action)
        assert editor.documents[store].text == MERGED
        [action] = await listed(editor, chat, (10, 10))
        assert action.title == "Apply to new/a.py"
        assert action.edit
        assert isinstance((action.edit.document_changes or [])[0], lsp.CreateFile)
        await editor.take(action)
        assert editor.documents[editor.uri("new/a.py")].text == "x = 1\n"


@pytest.mark.parametrize("path", ["../out.py", "/etc/passwd.py", "link/out.py", ".git/hooks/a.sh"])
async def test_a_block_stays_within_the_folders(editing: Editing, tmp_path: Path, path: str) -> None:
    root, out = tmp_path / "root", tmp_path / "out"
    root.mkdir(), out.mkdir()
    (root / "link").symlink_to(out)
    async with editing(root) as editor:
        chat = editor.open("untitled:chat", f"```\n{path}\n```\n\n```py title={path}\nx = 1\n```\n", "markdown")
        [action] = await listed(editor, chat, (5, 5))
        assert action.disabled
        assert path in action.disabled.reason
        await editor.take(action)
        assert set(editor.documents) == {chat}


async def test_files_that_are_no_text_are_left_alone(editing: Editing, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"x = '\xff'\n")
    async with editing(tmp_path) as editor:
        chat = editor.open("untitled:chat", "```py title=a.py\nx = 1\n```\n", "markdown")
        [action] = await listed(editor, chat, (1, 1))
        assert action.disabled
        assert action.disabled.reason == "a.py: is not UTF-8 text"


async def test_a_left_marker_is_marked_and_fixed(editing: Editing, tmp_path: Path) -> None:
    (tmp_path / "store.py").write_text(STORE)
    async with editing(tmp_path) as editor:
        uri = editor.open("store.py", None, "python")
        editor.type(uri, EDIT)
        await until(lambda: editor.client.diagnostics.get(uri))
        [diagnostic] = editor.client.diagnostics[uri]
        assert (diagnostic.source, diagnostic.code) == ("fastapply", "lazy-marker")
        assert diagnostic.range == lsp.Range(lsp.Position(1, 4), lsp.Position(1, 27))
        found = await editor.actions(uri, (1, 1), diagnostics=[diagnostic], only=[lsp.CodeActionKind.QuickFix])
        assert [action.title for action in found] == ["Merge with the saved file"]
        await editor.take(found[0])
        assert editor.documents[uri].text == MERGED
        await until(lambda: not editor.client.diagnostics[uri])


async def test_diagnostics_can_be_turned_off(editing: Editing, tmp_path: Path) -> None:
    async with editing(tmp_path, settings={"diagnostics": False}) as editor:
        uri = editor.open("store.py", EDIT, "python")
        other = await editor.actions(uri, (0, 2))
        assert other is not None
        assert editor.client.diagnostics == {}


@pytest.mark.parametrize("name", ["neovim", "emacs", "visual_studio_code"])
async def test_the_abilities_of_known_editors_will_do(editing: Editing, tmp_path: Path, name: str) -> None:
    """As they were recorded: the action leads to the merged file with each."""
    assert client_capabilities(name)
    async with editing(tmp_path, like=name) as editor:
        uri = editor.open("store.py", STORE + EDIT, "python")
        [action] = await editor.actions(uri, (6, 11))
        await editor.take(action)
        assert editor.documents[uri].text == MERGED
