"""Every error answer, with a stable `code`; `envelopes` says how it looks on the route that was asked."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from fastapply import errors
from fastapply.api.envelopes import ErrorEnvelope, ProblemBody, family_of, openai_error
from fastapply.faults import describe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from litestar.types import ExceptionHandlersMap

__all__ = ["HANDLERS", "Problem"]

log = logging.getLogger(__name__)

_STATUS = {
    "invalid_request": HTTPStatus.UNPROCESSABLE_ENTITY,
    "unknown_language": HTTPStatus.UNPROCESSABLE_ENTITY,
    "input_too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "edit_in_doubt": HTTPStatus.UNPROCESSABLE_ENTITY,
    "model_unavailable": HTTPStatus.UNPROCESSABLE_ENTITY,
    "deadline_exceeded": HTTPStatus.GATEWAY_TIMEOUT,
    "queue_full": HTTPStatus.SERVICE_UNAVAILABLE,
    "early_edit_wrong": HTTPStatus.INTERNAL_SERVER_ERROR,
    "worker_died": HTTPStatus.INTERNAL_SERVER_ERROR,
    "model_down": HTTPStatus.SERVICE_UNAVAILABLE,
    "model_unusable": HTTPStatus.SERVICE_UNAVAILABLE,
    "model_busy": HTTPStatus.SERVICE_UNAVAILABLE,
    "model_failed": HTTPStatus.BAD_GATEWAY,
    "question_too_long": HTTPStatus.UNPROCESSABLE_ENTITY,
    "question_unfit": HTTPStatus.UNPROCESSABLE_ENTITY,
    "outside_workspace": HTTPStatus.FORBIDDEN,
    "not_text": HTTPStatus.UNPROCESSABLE_ENTITY,
    "edit_conflict": HTTPStatus.CONFLICT,
    "nothing_to_undo": HTTPStatus.NOT_FOUND,
    "workspace_busy": HTTPStatus.SERVICE_UNAVAILABLE,
}
_RETRY_AFTER = {"model_down": 5, "model_busy": 1, "workspace_busy": 1}
"""Seconds after which to try again, for errors that name none themselves."""

_TITLES = {
    "malformed": "The body can't be read",
    "invalid_request": "A field can't be used",
    "unknown_language": "The language is not known",
    "input_too_large": "The request is too large",
    "edit_in_doubt": "The edit can't be decided",
    "model_unavailable": "No such model is configured",
    "deadline_exceeded": "The merge took too long",
    "queue_full": "The service is busy",
    "early_edit_wrong": "An edit was told too early",
    "worker_died": "The merge was lost",
    "model_down": "The model does not run",
    "model_unusable": "The model can't be run",
    "model_busy": "The model is busy",
    "model_failed": "The model failed",
    "question_too_long": "The edit is too long for the model",
    "question_unfit": "The model can't be asked about this code",
    "workspace_error": "The workspace can't be read or written",
    "outside_workspace": "The path can't be edited",
    "not_text": "The file is not text",
    "edit_conflict": "The file has changed",
    "nothing_to_undo": "There is nothing to undo",
    "workspace_busy": "The files are being written",
    "batch_refused": "The batch is not merged",
    "client_closed_request": "The client went away",  # nobody reads it; 499 has no phrase of its own
}

_DETAILS = {
    HTTPStatus.NOT_FOUND: "there is nothing at this path; GET /schema shows what there is",
    HTTPStatus.METHOD_NOT_ALLOWED: "this path takes another method; the header Allow names it",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "the body has more bytes than the setting server.max_body allows",
}
"""What to do about errors of which Litestar only says the name."""


class Problem(Exception):
    """An error answer. `members` are further ones of `ProblemBody`; a `None` among them is left out."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})
        self.members = {name: value for name, value in members.items() if value is not None}

    @classmethod
    def malformed(cls, detail: str) -> Self:
        """400: the body is not what the route reads."""
        return cls(HTTPStatus.BAD_REQUEST, "malformed", detail)

    @classmethod
    def invalid_field(cls, field: str | None, why: str) -> Self:
        """422: `field` can't be used."""
        return cls(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", f"{field}: {why}" if field else why, field=field)

    @classmethod
    def model_unavailable(cls, field: str, why: str) -> Self:
        """422: `field` asks for a model."""
        return cls(HTTPStatus.UNPROCESSABLE_ENTITY, "model_unavailable", f"{field}: {why}", field=field)

    @classmethod
    def of(cls, error: errors.FastApplyError) -> Self:
        """What is said of an error of the merge, the workers or the model."""
        status = _STATUS.get(error.code, HTTPStatus.INTERNAL_SERVER_ERROR)
        if isinstance(error, errors.EditRefused):
            hint = next((doubt.hint for doubt in error.doubts if doubt.hint), None)
            return cls(status, error.code, str(error), doubts=error.doubts, hint=hint)
        retry_after = error.retry_after if isinstance(error, errors.QueueFull) else _RETRY_AFTER.get(error.code)
        headers = {"Retry-After": str(retry_after)} if retry_after else None
        doubts = error.doubts or None if isinstance(error, errors.ModelError) else None
        of_its_kind = {name: getattr(error, name, None) for name in ("field", "seconds", "count")}
        return cls(status, error.code, str(error), headers, doubts=doubts, **of_its_kind)

    @classmethod
    def unexpected(cls, error: Exception) -> Self:
        """500: a fault of ours, of which no more is said than its type."""
        detail = f"the request failed with {type(error).__name__}; the log of the service says where"
        return cls(HTTPStatus.INTERNAL_SERVER_ERROR, "error", detail)

    def to_response(self, path: str) -> Response[bytes]:
        """The answer in the envelope that the clients of `path` read."""
        headers, body, media_type = dict(self.headers), self._body(path), "application/problem+json"
        if family_of(path) == "openai":
            media_type = "application/json"
            if self.code == "deadline_exceeded":
                # OpenAI's clients send a 5xx again, twice or more, and this merge would run late each time.
                headers["X-Should-Retry"] = "false"
        return Response(body, status_code=self.status, headers=headers, media_type=media_type)

    def _body(self, path: str) -> bytes:
        if family_of(path) == "openai":
            return msgspec.json.encode(self.openai_body())
        return msgspec.json.encode(self.problem_body())

    def openai_body(self) -> ErrorEnvelope:
        """As OpenAI's clients read it."""
        return openai_error(self.status, self.code, self.detail, self.members)

    def problem_body(self) -> ProblemBody:
        """As RFC 9457 has it."""
        return ProblemBody(
            type=f"urn:fastapply:problem:{self.code}",
            title=_TITLES.get(self.code) or HTTPStatus(self.status).phrase,
            status=int(self.status),
            detail=self.detail,
            code=self.code,
            **self.members,
        )


def _of_http(error: HTTPException) -> Problem:
    status = HTTPStatus(error.status_code)
    code = "input_too_large" if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else status.name.lower()
    return Problem(status, code, _DETAILS.get(status) or error.detail, error.headers)


def _answer_problem(request: Request[Any, Any, Any], error: Problem) -> Response[bytes]:
    return error.to_response(request.scope["path"])


def _answer_error(request: Request[Any, Any, Any], error: errors.FastApplyError) -> Response[bytes]:
    return Problem.of(error).to_response(request.scope["path"])


def _answer_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    return _of_http(error).to_response(request.scope["path"])


def _answer_unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    log.error("a request failed: %s", describe(error))
    return Problem.unexpected(error).to_response(request.scope["path"])


HANDLERS: ExceptionHandlersMap = {
    Problem: _answer_problem,
    errors.FastApplyError: _answer_error,
    HTTPException: _answer_http,
    Exception: _answer_unexpected,
}
"""What Litestar calls for an exception that a handler lets through."""
