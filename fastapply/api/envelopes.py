"""How an error looks to whom it is sent: RFC 9457 on our own routes, `{"error": …}` on those that others made known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from fastapply.merge.values import Doubt
from fastapply.wording import place

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ErrorBody", "ErrorEnvelope", "FileProblem", "ProblemBody", "family_of"]

Family = Literal["problem", "openai"]

_OPENAI_ROUTES = ("/v1/chat/", "/v1/models", "/v1/code/", "/chat/", "/models")
"""The last two are asked by clients whose base URL lacks `/v1`."""


def family_of(path: str) -> Family:
    """Which envelope the clients of `path` read. Morph's reads `error.message` on `/v1/code/apply`, too."""
    return "openai" if path.startswith(_OPENAI_ROUTES) else "problem"


class ProblemBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """A problem as in RFC 9457. `code` is stable; `field` names what is at fault in the request, `seconds` is the
    deadline that has passed, `count` how many edits were told too early, `files` are those that stand in the way of a
    whole batch."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    field: str | None = None
    seconds: float | None = None
    count: int | None = None
    doubts: tuple[Doubt, ...] | None = None
    hint: str | None = None
    files: tuple[FileProblem, ...] | None = None


class FileProblem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a file of a batch can't be merged. `index` is its place in the request, counted from 0."""

    index: int
    path: str | None
    problem: ProblemBody


class ErrorBody(msgspec.Struct, frozen=True):
    """What is wrong, as OpenAI's clients read it; the last two are there of an edit in doubt."""

    message: str
    type: str
    code: str
    param: str | None
    doubts: tuple[Doubt, ...] | msgspec.UnsetType = msgspec.UNSET
    hint: str | msgspec.UnsetType = msgspec.UNSET


class ErrorEnvelope(msgspec.Struct, frozen=True):
    """The error answer of the routes that OpenAI, Morph and Relace made known."""

    error: ErrorBody


_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
_CODES = {"unauthorized": "invalid_api_key", "rate_limited": "rate_limit_exceeded"}


def openai_error(status: int, code: str, detail: str, members: dict[str, Any]) -> ErrorEnvelope:
    """The envelope for a problem with these parts."""
    kind = _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    param = members.get("field")
    code = _CODES.get(code, code)
    doubts = members.get("doubts", msgspec.UNSET)
    message = _advice("nothing was changed" if code == "edit_in_doubt" else detail, doubts) if doubts else detail
    return ErrorEnvelope(ErrorBody(message, kind, code, param, doubts, members.get("hint", msgspec.UNSET)))


def _advice(outcome: str, doubts: Sequence[Doubt]) -> str:
    """All of it in one text: most clients show an agent the message and nothing else."""
    told = (f"- {_told(doubt)}" for doubt in doubts)
    return "\n".join([f"The edit can't be decided, and {outcome}:", *told])


def _told(doubt: Doubt) -> str:
    where = f" (the edit, {place(doubt.snippet)})" if doubt.snippet else ""
    places = f" It may belong to: {'; '.join(map(place, doubt.candidates))} of the file." if doubt.candidates else ""
    hint = f" Hint: {doubt.hint}." if doubt.hint else ""
    return f"{doubt.kind}: {doubt.message}{where}.{places}{hint}"
