"""Every error answer of our own routes: RFC 9457 problems with a stable `type` and `code`."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from fastapply import errors
from fastapply.faults import describe
from fastapply.workers.pool import QueueFull

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
    "worker_died": HTTPStatus.INTERNAL_SERVER_ERROR,
}

_TITLES = {
    "malformed": "The body can't be read",
    "invalid_request": "A field can't be used",
    "unknown_language": "The language is not known",
    "input_too_large": "The request is too large",
    "edit_in_doubt": "The edit can't be decided",
    "model_unavailable": "No model is configured",
    "deadline_exceeded": "The merge took too long",
    "queue_full": "The service is busy",
    "worker_died": "The merge was lost",
    "client_closed_request": "The client went away",  # nobody reads it; 499 has no phrase of its own
}


class Problem(Exception):
    """An error answer. `members` are added to the standard ones; a `None` among them is left out."""

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

    def to_response(self) -> Response[bytes]:
        """The answer as RFC 9457 has it."""
        content = {
            "type": f"urn:fastapply:problem:{self.code}",
            "title": _TITLES.get(self.code) or HTTPStatus(self.status).phrase,
            "status": int(self.status),
            "detail": self.detail,
            "code": self.code,
            **self.members,
        }
        return Response(
            msgspec.json.encode(content),
            status_code=self.status,
            headers=self.headers,
            media_type="application/problem+json",
        )


def _of_error(error: errors.FastApplyError) -> Problem:
    status = _STATUS.get(error.code, HTTPStatus.INTERNAL_SERVER_ERROR)
    if isinstance(error, errors.EditRefused):
        hint = next((doubt.hint for doubt in error.doubts if doubt.hint), None)
        return Problem(status, error.code, str(error), doubts=error.doubts, hint=hint)
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, QueueFull) else None
    return Problem(status, error.code, str(error), headers, field=getattr(error, "field", None))


def _of_http(error: HTTPException) -> Problem:
    status = HTTPStatus(error.status_code)
    code = "input_too_large" if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else status.name.lower()
    return Problem(status, code, error.detail, error.headers)


def _answer_problem(_: Request[Any, Any, Any], error: Problem) -> Response[bytes]:
    return error.to_response()


def _answer_error(_: Request[Any, Any, Any], error: errors.FastApplyError) -> Response[bytes]:
    return _of_error(error).to_response()


def _answer_http(_: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    return _of_http(error).to_response()


def _answer_unexpected(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    log.error("a request failed: %s", describe(error))
    detail = f"the request failed with {type(error).__name__}; the log of the service says where"
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "error", detail).to_response()


HANDLERS: ExceptionHandlersMap = {
    Problem: _answer_problem,
    errors.FastApplyError: _answer_error,
    HTTPException: _answer_http,
    Exception: _answer_unexpected,
}
"""What Litestar calls for an exception that a handler lets through."""
