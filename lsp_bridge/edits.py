"""From a new text to what an editor is to do: small edits, versions, notes for a person."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from fastapply.merge.text import split_lines
from fastapply.merge.values import Edit
from fastapply.resolve.difference import blocks
from lsp_bridge.positions import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Change", "Skills", "differences", "workspace_edit"]

_ANNOTATION = "fastapply"


@dataclass(frozen=True)
class Change:
    """`text` in the place of what a document holds (`before`; None for a file that is to be made).

    `version` is that of an open document; a file that is not open has none.
    """

    uri: str
    version: int | None
    before: Text | None = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True)
class Skills:
    """What a client can do with edits."""

    versions: bool = False
    creation: bool = False
    annotations: bool = False

    @classmethod
    def of(cls, capabilities: lsp.ClientCapabilities) -> Skills:
        """Those that it has told of."""
        workspace = capabilities.workspace
        edit = workspace.workspace_edit if workspace else None
        if edit is None:
            return cls()
        return cls(
            versions=bool(edit.document_changes),
            creation=lsp.ResourceOperationKind.Create in (edit.resource_operations or ()),
            annotations=edit.change_annotation_support is not None,
        )


def differences(before: str, after: str) -> list[Edit]:
    """The lines to change in `before`, as few as make it `after`."""
    old, new = split_lines(before), split_lines(after)
    starts = list(accumulate(map(len, old), initial=0))
    return [
        Edit(starts[block.start], starts[block.end], "".join(new[block.new_start : block.new_end]))
        for block in blocks(old, new)
    ]


def workspace_edit(changes: Sequence[Change], skills: Skills, label: str, confirm: bool) -> lsp.WorkspaceEdit:
    """One edit for all `changes`. `label` tells a person what it is for, and `confirm` asks whether he wants it, both
    where the client can do that."""
    if not skills.versions:
        return lsp.WorkspaceEdit(changes={change.uri: _text_edits(change) for change in changes})
    steps: list[lsp.TextDocumentEdit | lsp.CreateFile | lsp.RenameFile | lsp.DeleteFile] = []
    for change in changes:
        if change.before is None:
            steps.append(lsp.CreateFile(uri=change.uri, options=lsp.CreateFileOptions(overwrite=False)))
        name = lsp.OptionalVersionedTextDocumentIdentifier(uri=change.uri, version=change.version)
        edits: list[lsp.TextEdit | lsp.AnnotatedTextEdit | lsp.SnippetTextEdit] = [
            lsp.AnnotatedTextEdit(_ANNOTATION, edit.range, edit.new_text) if skills.annotations else edit
            for edit in _text_edits(change)
        ]
        steps.append(lsp.TextDocumentEdit(name, edits))
    note = {_ANNOTATION: lsp.ChangeAnnotation("FastApply", confirm, label)} if skills.annotations else None
    return lsp.WorkspaceEdit(document_changes=steps, change_annotations=note)


def _text_edits(change: Change) -> list[lsp.TextEdit]:
    before = change.before or Text("")
    return before.text_edits(differences(before.text, change.text))
