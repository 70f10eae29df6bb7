"""The document says what the service does."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import httpx
import jsonschema_rs
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31

from fastapply.api import handlers, warming, wire
from fastapply.api.chat import wire as chat
from fastapply.api.models import Models
from fastapply.api.openapi.document import build
from fastapply.api.openapi.routes import ROUTES, Route
from fastapply.api.warming import WarmRequest

if TYPE_CHECKING:
    from support.service import Service

WITH_BODIES = [pytest.param(route, id=route.name) for route in ROUTES if route.body and route.path != "/mcp"]


@pytest.fixture(scope="module")
def document(service: Service) -> dict[str, Any]:
    reply = httpx.get(f"{service.url}/schema/openapi.json")
    assert reply.headers["content-type"] == "application/json"
    return dict(reply.json())


def test_it_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert list(jsonschema_rs.validator_for(OPENAPI_31).iter_errors(document)) == []


def test_it_has_every_route_and_no_other(document: dict[str, Any]) -> None:
    served = {
        (method.lower(), re.sub(r"\{(\w+):\w+\}", r"{\1}", path))
        for handler in handlers.ROUTES
        for path in handler.paths
        for method in handler.http_methods
        if method != "OPTIONS"
    }
    assert {(method, path) for path, item in document["paths"].items() for method in item} == served


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    references = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert references
    assert references <= set(document["components"]["schemas"])


@pytest.mark.parametrize("route", WITH_BODIES)
def test_every_example_works(service: Service, route: Route) -> None:
    assert route.body
    text = route.body.example if isinstance(route.body.example, str) else json.dumps(route.body.example)
    headers = {"content-type": route.body.media_type}
    reply = httpx.request(route.method, service.url + route.path, content=text, headers=headers)
    assert reply.status_code == 200, reply.text
    assert "existing code" not in reply.text
    assert ("hi {name}" in reply.text) == (route.body.kind is not WarmRequest), "merged, but for a file read ahead"


@pytest.mark.parametrize(
    ("name", "field", "others"),
    [
        ("ApplyRequest", "original_code", ("initial_code", "code", "file", "initialCode", "originalCode")),
        ("ApplyRequest", "edit_snippet", ("code_edit", "update", "edit", "snippet", "codeEdit", "editSnippet")),
        ("CodeApplyRequest", "instruction", ("instructions",)),
        ("ChatRequest", "path", ("filename",)),
    ],
)
def test_every_name_of_a_field_is_in_it(
    document: dict[str, Any], name: str, field: str, others: tuple[str, ...]
) -> None:
    properties = document["components"]["schemas"][name]["properties"]
    assert set(properties[field]["x-other-names"]) == set(others)
    assert all(properties[other]["anyOf"] == properties[field]["anyOf"] for other in others)


@pytest.mark.parametrize(
    ("kind", "aliases"),
    [(wire.ApplyRequest, wire.ALIASES), (chat.ChatRequest, chat.ALIASES), (WarmRequest, warming.ALIASES)],
)
def test_no_field_of_a_request_is_forgotten(kind: Any, aliases: dict[str, tuple[str, ...]]) -> None:
    assert set(kind.__struct_fields__) == set(aliases)


@pytest.mark.parametrize(
    ("body", "valid"),
    [
        ({"original_code": "", "edit_snippet": ""}, True),
        ({"file": "", "codeEdit": "", "instructions": None, "stream": False, "whatever": 1}, True),
        ({"original_code": None, "code": "", "edit": ""}, True),
        ({"original_code": None, "edit": ""}, False),
        ({"original_code": ""}, False),
        ({"original_code": "", "edit_snippet": 1}, False),
        ({"original_code": "", "edit_snippet": "", "stream": 1}, False),
        ({"original_code": "", "edit_snippet": "", "model": "gpt-5"}, False),
    ],
)
def test_the_schema_of_a_request_agrees_with_the_service(service: Service, body: dict[str, Any], valid: bool) -> None:
    document = build(needs_key=False, models=Models())
    schema = {"$ref": "#/components/schemas/ApplyRequest", "components": document["components"]}
    assert jsonschema_rs.validator_for(schema).is_valid(body) == valid
    reply = service.apply(body)
    assert (reply.json().get("code") in ("invalid_request", "model_unavailable")) == (not valid)


def test_a_key_is_asked_for_where_there_are_keys() -> None:
    document = build(needs_key=True, models=Models())
    assert document["security"] == [{"key": []}]
    open_paths = [path for path, item in document["paths"].items() if item.get("get", {}).get("security") == []]
    assert open_paths == ["/health", "/ready", "/schema", "/schema/openapi.json"]
    assert build(needs_key=False, models=Models())["security"] == []
