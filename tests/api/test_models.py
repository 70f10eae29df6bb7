"""The names under which models are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from fastapply.api.models import Models

if TYPE_CHECKING:
    from support.service import Service

NAMES = Models().names
ONE = {"original_code": "a = 1\n", "edit_snippet": "a = 2\n", "path": "a.py"}
CHAT = {"messages": [{"role": "user", "content": "<code>a = 1\n</code>\n<update>a = 2\n</update>"}]}


def test_the_contracts_names_are_there() -> None:
    named = {"auto", "structural", "fastapply-structural", "morph-v3-fast", "morph-v3-large", "relace-apply-3"}
    assert named <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_accepted_on_every_route(service: Service, name: str) -> None:
    for route, body in (("apply", ONE), ("code/apply", ONE), ("chat/completions", CHAT)):
        reply = httpx.post(f"{service.url}/v1/{route}", json={**body, "model": name})
        assert reply.status_code == 200, reply.text
    assert httpx.get(f"{service.url}/v1/models/{name}").json()["id"] == name


def test_all_are_listed(service: Service) -> None:
    answer = httpx.get(f"{service.url}/v1/models").json()
    assert answer["object"] == "list"
    assert [model["id"] for model in answer["data"]] == list(NAMES)
    assert {(model["object"], model["owned_by"]) for model in answer["data"]} == {("model", "fastapply")}
    assert all(isinstance(model["created"], int) for model in answer["data"])


@pytest.mark.parametrize("name", ["gpt-5", "AUTO", "a/b"])
def test_another_name_is_not_found(service: Service, name: str) -> None:
    reply = httpx.get(f"{service.url}/v1/models/{name}")
    assert reply.status_code == 404
    assert reply.json()["error"]["code"] == "model_not_found"
