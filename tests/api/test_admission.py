"""Who is kept out is told so in the envelope that the client of the route reads."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import httpx
import pytest

from support.service import Service, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROUTES = ["/v1/apply", "/v1/code/apply", "/v1/chat/completions"]


def keys(**more: str) -> str:
    table = '[[keys]]\nname = "{0}"\nsha256 = "{1}"\n{2}\n'
    return "".join(table.format(name, hashlib.sha256(name.encode()).hexdigest(), line) for name, line in more.items())


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("guarded")
    file = folder / "fastapply.toml"
    file.write_text(keys(good="", gone="revoked = true", busy="requests_per_minute = 1"))
    with running(folder / "log", "--pool-workers", "1", "--config", str(file)) as started:
        yield started


def ask(service: Service, route: str, secret: str | None) -> httpx.Response:
    headers = {"authorization": f"Bearer {secret}"} if secret else {}
    return httpx.post(service.url + route, json={}, headers=headers)


def code(reply: httpx.Response, route: str) -> str:
    if route == "/v1/apply":
        assert reply.headers["content-type"] == "application/problem+json"
        return str(reply.json()["code"])
    assert reply.headers["content-type"] == "application/json"
    assert reply.json()["error"]["type"] in ("authentication_error", "permission_error", "rate_limit_error")
    return str(reply.json()["error"]["code"])


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("secret", [None, "unknown"])
def test_401_without_a_key_that_is_known(guarded: Service, route: str, secret: str | None) -> None:
    reply = ask(guarded, route, secret)
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"] == "Bearer"
    assert code(reply, route) == ("unauthorized" if route == "/v1/apply" else "invalid_api_key")


@pytest.mark.parametrize("route", ROUTES)
def test_403_with_a_key_that_was_revoked(guarded: Service, route: str) -> None:
    reply = ask(guarded, route, "gone")
    assert reply.status_code == 403
    assert code(reply, route) == "key_revoked"


def test_429_one_request_too_many(guarded: Service) -> None:
    assert ask(guarded, "/v1/apply", "busy").status_code == 422
    for route in ROUTES:
        reply = ask(guarded, route, "busy")
        assert reply.status_code == 429
        assert code(reply, route) == ("rate_limited" if route == "/v1/apply" else "rate_limit_exceeded")
        assert 1 <= int(reply.headers["retry-after"]) <= 60
        assert (reply.headers["ratelimit-limit"], reply.headers["ratelimit-remaining"]) == ("1", "0")


@pytest.mark.parametrize("route", ROUTES)
def test_a_key_that_is_known_is_let_in(guarded: Service, route: str) -> None:
    assert ask(guarded, route, "good").status_code == 422


def test_an_address_that_a_client_claims_is_not_the_one_it_is_counted_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTAPPLY_LIMITS_REQUESTS_PER_MINUTE", "2")
    with running(tmp_path / "log", "--pool-workers", "1") as service:
        claims = [{"x-forwarded-for": f"192.0.2.{number}"} for number in range(3)]
        statuses = [httpx.get(f"{service.url}/v1/models", headers=claim).status_code for claim in claims]
    assert statuses == [200, 200, 429]
