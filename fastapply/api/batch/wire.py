"""Requests and answers of the batch route as they look on the wire."""

from __future__ import annotations

import posixpath
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from fastapply.api.envelopes import FileProblem, ProblemBody
from fastapply.api.fields import read
from fastapply.api.models import Models
from fastapply.api.problems import Problem
from fastapply.api.wire import ALIASES, CHOICES, ON_DOUBT, REQUIRED, ApplyAnswer, require_on_doubt
from fastapply.merge.values import Choice
from fastapply.resolve.route import OnDoubt
from fastapply.resolver import Who

__all__ = [
    "ALIASES_OF_BATCH",
    "ALIASES_OF_FILE",
    "MOST_FILES",
    "REQUIRED_OF_BATCH",
    "BatchAnswer",
    "BatchFile",
    "BatchRequest",
    "FileAnswer",
    "FileProblem",
    "decode_batch_request",
]

MOST_FILES = 256
"""Files that a batch may have."""

ALIASES_OF_FILE = {name: others for name, others in ALIASES.items() if name not in ("model", "on_doubt", "stream")}
ALIASES_OF_BATCH: dict[str, tuple[str, ...]] = {"files": (), "atomic": (), "model": (), "on_doubt": ()}
REQUIRED_OF_BATCH = ("files",)


class BatchFile(msgspec.Struct, frozen=True):
    """One file of a batch, under the first names of the fields."""

    original_code: Annotated[str, Meta(description="The file as it is; empty for a new one.")]
    edit_snippet: Annotated[str, Meta(description="The lazy edit, or a diff, search/replace block, patch or file.")]
    instruction: Annotated[str, Meta(description="What the edit does. Evidence for deletions, nothing else.")] = ""
    path: Annotated[
        str | None, Meta(description="Gives the language, and may stand in a batch once. Nothing is read from it.")
    ] = None
    language: Annotated[str | None, Meta(description="The language; wins over the path.")] = None
    choices: Annotated[tuple[Choice, ...], Meta(description=CHOICES)] = ()


class BatchRequest(msgspec.Struct, frozen=True):
    """What is to be merged, each file by itself."""

    files: Annotated[tuple[BatchFile, ...], Meta(min_length=1, max_length=MOST_FILES, description="The files.")]
    atomic: Annotated[
        bool, Meta(description="All files or none: where one can't be merged, the answer is a problem and no file.")
    ] = False
    model: Annotated[str, Meta(description="Who is to merge.")] = "auto"
    on_doubt: Annotated[OnDoubt | None, Meta(description=ON_DOUBT)] = None


class FileAnswer(msgspec.Struct, frozen=True):
    """What became of one file: `result` or `problem`. `index` is its place in the request, counted from 0."""

    index: int
    path: str | None
    result: ApplyAnswer | None = None
    problem: ProblemBody | None = None


class BatchAnswer(msgspec.Struct, frozen=True):
    """The answer of `POST /v1/apply/batch`: all files in the order of the request, and how many were merged."""

    id: str
    merged: int
    failed: int
    files: tuple[FileAnswer, ...]


class _Sent(msgspec.Struct, frozen=True):
    """A batch whose files are not read yet: the fields of each have names of their own."""

    files: tuple[msgspec.Raw, ...]
    atomic: bool = False
    model: str = "auto"
    on_doubt: OnDoubt | None = None


def decode_batch_request(body: bytes, models: Models) -> tuple[BatchRequest, Who]:
    """The request in `body`, and who is to merge; a `Problem` with the field's path where it can't be used."""
    sent = read(body, _Sent, ALIASES_OF_BATCH, REQUIRED_OF_BATCH)
    who = models.who(sent.model)
    require_on_doubt(sent.on_doubt, who, models)
    if not 1 <= len(sent.files) <= MOST_FILES:
        raise Problem.invalid_field("files", f"must be 1 to {MOST_FILES}, and are {len(sent.files)}")
    files = tuple(_file(number, raw) for number, raw in enumerate(sent.files))
    _require_paths_once(files)
    return BatchRequest(files, sent.atomic, sent.model, sent.on_doubt), who


def _file(number: int, raw: Any) -> BatchFile:
    try:
        return read(bytes(raw), BatchFile, ALIASES_OF_FILE, REQUIRED)
    except Problem as problem:
        if not bytes(raw).startswith(b"{"):
            raise Problem.invalid_field(f"files[{number}]", "must be an object") from None
        if problem.code == "malformed":
            raise
        field = f"files[{number}].{problem.members['field']}"
        why = problem.detail.partition(": ")[2]
        raise Problem(problem.status, problem.code, f"{field}: {why}", field=field) from None


def _require_paths_once(files: tuple[BatchFile, ...]) -> None:
    """A 422 problem where two files have one path: which of the two originals holds, nobody could say."""
    seen: dict[str, int] = {}
    for number, file in enumerate(files):
        if file.path is None:
            continue
        first = seen.setdefault(posixpath.normpath(file.path), number)
        if first != number:
            why = f"is that of files[{first}], too; send one edit for each file"
            raise Problem.invalid_field(f"files[{number}].path", why)
