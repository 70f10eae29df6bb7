"""What the tools answer, as structured content. Lines are counted from 1, and ranges hold their last line."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from fastapply.merge.values import Changes

__all__ = [
    "EditAnswer",
    "EditsAnswer",
    "Fault",
    "FileAnswer",
    "FileStatus",
    "Lines",
    "RestoredFile",
    "ToldDoubt",
    "UndoAnswer",
    "as_json",
]

FileStatus = Literal["written", "previewed", "unchanged", "not_written", "skipped", "refused", "failed"]


class Lines(msgspec.Struct, frozen=True):
    """Some lines of the edit or of the file."""

    place: Annotated[str, Meta(description="In words. A place between two lines is `before line N`.")]
    first_line: Annotated[int, Meta(description="Number of the first line of `text`, from 1.")]
    text: Annotated[str, Meta(description="The lines; of a place between two lines, the one on each side.")]
    more_lines: Annotated[int, Meta(description="How many more the place has.")] = 0


class ToldDoubt(msgspec.Struct, frozen=True):
    """One thing that could not be decided."""

    kind: str
    message: str
    hint: Annotated[str, Meta(description="What the next edit should show.")]
    edit: Annotated[Lines | None, Meta(description="Where in the edit.")]
    candidates: Annotated[tuple[Lines, ...], Meta(description="Places in the file that would do, at most 5.")]
    more_candidates: Annotated[int, Meta(description="How many more there are.")] = 0


class Fault(msgspec.Struct, frozen=True):
    """Why an edit was not made."""

    code: Annotated[str, Meta(description="Stable, for programs.")]
    message: str


class FileAnswer(msgspec.Struct, frozen=True):
    """What became of one file."""

    path: str
    status: Annotated[
        FileStatus,
        Meta(
            description="`not_written`: this edit would do, and another of the same call does not. `skipped`: one "
            "before it of the same file was not made. `refused`: it can't be decided, see `doubts`. `failed`: see "
            "`error`."
        ),
    ]
    created: Annotated[bool, Meta(description="The file did not exist before.")] = False
    diff: Annotated[str, Meta(description="Unified diff of the change.")] = ""
    changes: Changes = Changes(0, 0)
    sha256_before: Annotated[str | None, Meta(description="SHA-256 of the file as it was read.")] = None
    sha256_after: Annotated[str | None, Meta(description="SHA-256 of the file after the change.")] = None
    engine: Annotated[str, Meta(description="Who decided: `structural`, or the name of a model.")] = ""
    doubts: tuple[ToldDoubt, ...] = ()
    notes: Annotated[tuple[str, ...], Meta(description="What the merge made of comments that may be messages.")] = ()
    error: Fault | None = None


class EditAnswer(FileAnswer, frozen=True):
    """The answer of `edit_file` and `preview_edit`."""

    edit_id: Annotated[str | None, Meta(description="What undo_edit takes.")] = None


class EditsAnswer(msgspec.Struct, frozen=True):
    """The answer of `edit_files`."""

    status: FileStatus
    files: Annotated[tuple[FileAnswer, ...], Meta(description="One for each edit, in their order.")]
    edit_id: Annotated[str | None, Meta(description="What undo_edit takes.")] = None
    error: Fault | None = None


class RestoredFile(msgspec.Struct, frozen=True):
    """One file that is as it was before."""

    path: str
    status: Literal["restored", "removed"]
    sha256: str | None


class UndoAnswer(msgspec.Struct, frozen=True):
    """The answer of `undo_edit`."""

    status: Literal["undone", "failed"]
    edit_id: str | None
    files: tuple[RestoredFile, ...] = ()
    error: Fault | None = None


def as_json(answer: msgspec.Struct) -> dict[str, Any]:
    """`answer` as the objects and lists of JSON."""
    plain: dict[str, Any] = msgspec.to_builtins(answer)
    return plain
