"""What commands take and give, and what a client may say at its start. All of it is JSON in camelCase."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

import msgspec

from fastapply.errors import InvalidRequest
from fastapply.merge.values import Changes, Choice, Doubt
from fastapply.resolve.route import OnDoubt

__all__ = ["Answer", "Arguments", "Blocks", "FileAnswer", "Offered", "Place", "Selected", "Settings", "read"]

T = TypeVar("T")


class Settings(msgspec.Struct, frozen=True, rename="camel"):
    """`initializationOptions`. `on_doubt`: as for a merge, left out the server's way. `ask`: let a person choose among
    the places of a doubt. `diagnostics`: mark lazy markers left in files. `warm_up`: have a service's model read files
    ahead."""

    on_doubt: OnDoubt | None = None
    ask: bool = True
    diagnostics: bool = True
    warm_up: bool = False


class Place(msgspec.Struct, frozen=True):
    """A position, in the units that client and server agreed on."""

    line: int
    character: int


class Selected(msgspec.Struct, frozen=True):
    """A range."""

    start: Place
    end: Place


class Arguments(msgspec.Struct, frozen=True, rename="camel"):
    """One edit: `snippet` for the document `uri`, or the file at `path`. `version`, where given, must be the
    document's. `quiet`: show no messages and ask nothing, the caller does.

    In place of a snippet, `source` says where it is in the open document `uri`: the lines at `range` are an edit of all
    the others (`selection`), or all of it is one of the file as it is `saved` or was `committed`.
    """

    snippet: str = ""
    source: Literal["selection", "saved", "committed"] | None = None
    range: Selected | None = None
    uri: str | None = None
    path: str | None = None
    version: int | None = None
    instruction: str = ""
    language: str | None = None
    on_doubt: OnDoubt | None = None
    choices: tuple[Choice, ...] = ()
    quiet: bool = False


class Blocks(msgspec.Struct, frozen=True, rename="camel"):
    """An answer of a chat: each fenced block in `text` that names a file is an edit of it. `quiet` as for one edit."""

    text: str
    quiet: bool = False


class Offered(msgspec.Struct, frozen=True, rename="camel"):
    """A choice that settles a doubt, in words; it is about the lines `start` to `end` of the document."""

    title: str
    choice: Choice
    start: int
    end: int


class FileAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """What became of one edit. `code` and `message` say why where it is not merged, and `choices` what can be chosen of
    the first doubt that offers something. `merged_code` is given by a preview alone."""

    uri: str
    message: str
    code: str | None = None
    diff: str = ""
    changes: Changes = Changes(0, 0)
    doubts: tuple[Doubt, ...] = ()
    choices: tuple[Offered, ...] = ()
    merged_code: str | None = None


class Answer(msgspec.Struct, frozen=True, rename="camel"):
    """What became of a command: applied all of it, or nothing."""

    applied: bool
    message: str
    files: tuple[FileAnswer, ...]


def read(value: Any, kind: type[T], what: str) -> T:
    """`value` as a `kind`; raises `InvalidRequest` that says what is wrong with `what`."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"{what}: {error}", field=what) from None
