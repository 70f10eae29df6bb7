"""The tools, each defined once: MCP, the formats of function calling and `GET /v1/tools` are all made from `TOOLS`.

A tool's arguments are a struct: its fields are what the schema shows, with `ALIASES` for what is accepted besides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from fastapply.agent.answers import EditAnswer, EditsAnswer, UndoAnswer

__all__ = [
    "ADVICE",
    "ALIASES",
    "INSTRUCTIONS",
    "MOST_EDITS",
    "TOOLS",
    "EditFile",
    "EditFiles",
    "FileEdit",
    "OnDoubt",
    "PreviewEdit",
    "Tool",
    "UndoEdit",
]

Schema = dict[str, Any]
OnDoubt = Literal["refuse", "best"]

ADVICE = {
    "marker": "Between the parts that you show, put a comment such as `// ... existing code ...`, in the comment "
    "syntax of the file, for the unchanged lines that you leave out.",
    "neighbours": "Above and below each change, copy two unchanged lines from the file, letter by letter, "
    "indentation included; lines of brackets alone don't count.",
    "head": "Inside a function or class, show its first line, too.",
    "deletion": "To delete lines, show the line that stood before them and the line that stood behind them next to "
    "each other, with no marker between.",
}
"""How to write an edit that merges. What each sentence is worth is measured: docs/agents.md."""

_HOW = " ".join(ADVICE.values())
_NEW_FILE = "A file that does not exist is created: send all of it, without such comments."
_REFUSAL = "If the edit can't be decided, nothing is written, and the answer says what the next one should show."

INSTRUCTIONS = (
    "Edits files in the folders that this server was started for. Show only the lines that change, with their "
    f"neighbours, and a marker comment for what you leave out. {_REFUSAL}"
)
"""What an MCP server says of itself."""

_Path = Annotated[str, Meta(description="The file: absolute, or relative to the project's folder.", min_length=1)]
_CodeEdit = Annotated[
    str,
    Meta(
        description="The changed lines in the order of the file, each change with its neighbours, and a comment such "
        "as `// ... existing code ...` for each stretch of unchanged lines that is left out.",
        min_length=1,
    ),
]
_Instruction = Annotated[str, Meta(description="One sentence: what the edit does; what it deletes, by name.")]
_OnDoubt = Annotated[
    OnDoubt,
    Meta(
        description="Where the edit is in doubt: `refuse` writes nothing and says why; `best` takes the best guess, "
        "which may be wrong. Look at it with preview_edit first."
    ),
]
_Expected = Annotated[
    str | None,
    Meta(
        description="SHA-256 of the file that the edit was written for, as an earlier answer gave it; if the file has "
        "changed since, nothing is written."
    ),
]
_DryRun = Annotated[bool, Meta(description="Show what would change and write nothing.")]


class FileEdit(msgspec.Struct, frozen=True):
    """One edit of one file."""

    path: _Path
    code_edit: _CodeEdit
    instruction: _Instruction = ""
    expected_sha256: _Expected = None


class PreviewEdit(FileEdit, frozen=True):
    """The arguments of `preview_edit`."""

    on_doubt: _OnDoubt = "refuse"


class EditFile(PreviewEdit, frozen=True):
    """The arguments of `edit_file`."""

    dry_run: _DryRun = False


MOST_EDITS = 200
"""That one call may have: its files are kept from all others until the last one is merged."""


class EditFiles(msgspec.Struct, frozen=True):
    """The arguments of `edit_files`."""

    edits: Annotated[
        tuple[FileEdit, ...],
        Meta(
            description="The edits. Several of one file are made one after the other.",
            min_length=1,
            max_length=MOST_EDITS,
        ),
    ]
    on_doubt: _OnDoubt = "refuse"
    dry_run: _DryRun = False


class UndoEdit(msgspec.Struct, frozen=True):
    """The arguments of `undo_edit`."""

    edit_id: Annotated[str | None, Meta(description="The edit, by the id its answer gave; left out, the last.")] = None


ALIASES: dict[str, tuple[str, ...]] = {
    "path": ("target_file", "target_filepath", "file_path", "file", "filename"),
    "code_edit": ("edit", "edit_snippet", "snippet", "update", "code", "content", "new_string"),
    "instruction": ("instructions",),
    "expected_sha256": ("sha256",),
    "on_doubt": (),
    "dry_run": (),
    "edits": ("files", "changes"),
    "edit_id": ("id",),
}
"""Other names under which clients send each argument; the camelCase of each is accepted, too."""


@dataclass(frozen=True)
class Tool:
    """One tool. The hints are those of MCP: what a client may tell its user before it calls."""

    name: str
    title: str
    description: str
    arguments: type[msgspec.Struct]
    answer: type[msgspec.Struct]
    read_only: bool = False
    destructive: bool = True
    idempotent: bool = False
    open_world: bool = field(default=False, init=False)  # the folders that the server was started for, and no more

    @property
    def input_schema(self) -> Schema:
        """JSON Schema of the arguments, by their first names."""
        return _schema_of(self.arguments, closed=True)

    @property
    def output_schema(self) -> Schema:
        """JSON Schema of the structured answer."""
        return _schema_of(self.answer, closed=False)


TOOLS = (
    Tool(
        "edit_file",
        "Edit a file",
        f"Change one file by showing only what changes, in the order of the file. {_HOW} {_NEW_FILE} {_REFUSAL}",
        EditFile,
        EditAnswer,
    ),
    Tool(
        "edit_files",
        "Edit several files",
        "Change several files, all or none: if one edit can't be decided, no file is written, and the answer says how "
        "each of them stands. Each edit is written as for edit_file.",
        EditFiles,
        EditsAnswer,
    ),
    Tool(
        "preview_edit",
        "Preview an edit",
        "Show as a diff what edit_file would write for the same arguments. Writes nothing.",
        PreviewEdit,
        EditAnswer,
        read_only=True,
        destructive=False,
        idempotent=True,
    ),
    Tool(
        "undo_edit",
        "Undo an edit",
        "Bring the files of an earlier edit back as they were before it: the last edit, or the one whose id is given. "
        "A file that was changed since by anybody else is left alone, and the answer says so.",
        UndoEdit,
        UndoAnswer,
    ),
)
"""All tools, in the order in which they are listed."""


def _schema_of(kind: type, closed: bool) -> Schema:
    """The JSON Schema of `kind` in one piece: clients and models do badly with references.

    `closed`: says of every object that it has no further properties.
    """
    (schema,), definitions = msgspec.json.schema_components([kind])
    inlined: Schema = _inlined(schema, definitions, closed)
    del inlined["description"]  # the tool's own is beside it
    return inlined


def _inlined(schema: Any, definitions: dict[str, Schema], closed: bool) -> Any:
    if isinstance(schema, list):
        return [_inlined(one, definitions, closed) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        return {**_inlined(definitions[name], definitions, closed), **beside}
    left_out = ("title",) if closed else ("title", "default")  # in an answer every field is there
    inlined = {key: _inlined(value, definitions, closed) for key, value in schema.items() if key not in left_out}
    if "enum" in schema:
        inlined["type"] = "string"  # all of ours are; some readers can't tell it from the values
    if closed and "properties" in schema:
        inlined["additionalProperties"] = False
    return inlined
