"""The OpenAPI 3.1 document, made from the routes and their types."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapply import __version__
from fastapply.api.chat.wire import Chunk
from fastapply.api.envelopes import family_of
from fastapply.api.events import TextDelta
from fastapply.api.live.lines import MEDIA_TYPE
from fastapply.api.models import Models
from fastapply.api.openapi.routes import ENVELOPES, ERRORS, ROUTES, Answer, Body, Route
from fastapply.api.openapi.schemas import components, reference, request_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["build"]

Json = dict[str, Any]

_DESCRIPTION = """\
FastApply merges a coding model's lazy edit into a file. Clients of hosted apply services need a new base URL.

Bytes outside the edit stay as they are. What can't be decided is refused with status 422, saying why, where, and what
edit would settle it. Bodies are JSON in UTF-8, not compressed. Every answer has an `X-Request-Id`."""

_SECONDS = {"schema": {"type": "integer", "minimum": 0}}
_COUNT = {"schema": {"type": "integer", "minimum": 0}}
_RATE = {"RateLimit-Limit": _COUNT, "RateLimit-Remaining": _COUNT, "RateLimit-Reset": _SECONDS}
_HEADERS: dict[int, Json] = {
    401: {"WWW-Authenticate": {"schema": {"const": "Bearer"}, "required": True}},
    429: {
        "Retry-After": {**_SECONDS, "required": True},
        **{name: {**header, "required": True} for name, header in _RATE.items()},
    },
    503: {"Retry-After": _SECONDS},
}


def build(needs_key: bool, models: Models) -> Json:
    """The document of a service that asks for keys, or of one that does not, with its `models`."""
    schemas = components([*_kinds(), Chunk, TextDelta])
    bodies = [one for route in ROUTES if route.body for one in (route.body, *route.body.parts)]
    narrowed: dict[str, list[Any]] = {"model": list(models.names), "n": [1]}
    requests = {body.name: request_schema(body, schemas[body.kind.__name__], narrowed) for body in bodies}
    paths: Json = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "FastApply",
            "version": __version__,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": {**schemas, **requests},
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "A key of this service."},
            },
        },
        "security": [{"key": []}] if needs_key else [],
    }


def _kinds() -> Iterator[type]:
    for route in ROUTES:
        if route.body:
            yield from (route.body.kind, *route.body.lines)
        yield from (answer.kind for answer in route.answers if answer.kind not in (None, dict))
    yield from (kind for kind, _ in ENVELOPES.values())


def _operation(route: Route) -> Json:
    operation: Json = {"operationId": route.name, "summary": route.summary}
    if route.description:
        operation["description"] = route.description
    if not route.needs_key:
        operation["security"] = []
    parameters = [_parameter(name, example) for name, example in route.parameters.items()]
    if parameters := [*parameters, *(_query(name, choices) for name, choices in route.queries.items())]:
        operation["parameters"] = parameters
    if route.body:
        operation["requestBody"] = _request_body(route.body)
    operation["responses"] = _responses(route)
    return operation


def _parameter(name: str, example: str) -> Json:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "schema": {"type": "string", "minLength": 1},
        "example": example,
    }


def _query(name: str, choices: tuple[str, ...]) -> Json:
    return {"name": name, "in": "query", "schema": {"enum": list(choices), "default": "mcp"}}


def _request_body(body: Body) -> Json:
    # Of lines OpenAPI 3.1 can't say what each one is.
    schema = {"type": "string", "description": f"Lines, the first a `{body.name}`."} if body.lines else None
    content = {"schema": schema or reference(body.name), "example": body.example}
    return {"required": True, "content": {body.media_type: content}}


def _responses(route: Route) -> Json:
    responses: Json = {}
    for answer in route.answers:
        said = responses.setdefault(str(answer.status), {"description": "", "content": {}})
        said["description"] = " ".join(filter(None, (said["description"], answer.description)))
        said["content"][answer.media_type] = {"schema": _schema(answer)}
    kind, media_type = ENVELOPES[family_of(route.path)]
    for status in sorted(route.errors):
        responses[str(status)] = {
            "description": ERRORS[status] or HTTPStatus(status).phrase,
            **({"headers": _HEADERS[status]} if status in _HEADERS else {}),
            "content": {media_type: {"schema": reference(kind.__name__)}},
        }
    return responses


def _schema(answer: Answer) -> Json:
    if answer.media_type == "text/event-stream":
        # Of one event: OpenAPI 3.1 has no way to say that its `data` is JSON in turn.
        return {"type": "object", "properties": {"data": {"type": "string"}}, "required": ["data"]}
    if answer.kind and answer.media_type == MEDIA_TYPE:
        return {"type": "string", "description": f"Lines, each a `{answer.kind.__name__}`."}
    if answer.kind is None:
        return {"type": "string"}
    return {"type": "object"} if answer.kind is dict else reference(answer.kind.__name__)
