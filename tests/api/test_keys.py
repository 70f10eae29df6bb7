"""Who is let in: keys, the rate of each, and the names a keyless service answers to."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import httpx
import pytest

from fastapply.api.app import create_app
from fastapply.api.keys import KeyRing
from fastapply.errors import InvalidSetting
from fastapply.settings.model import Key, LimitSettings, ServerSettings, Settings

SECRET = "fa_the-secret-of-ci"
APPLY = "/v1/apply"


def key(name: str = "ci", secret: str = SECRET, **more: Any) -> Key:
    return Key(name=name, sha256=hashlib.sha256(secret.encode()).hexdigest(), **more)


def ask(settings: Settings, *requests: dict[str, Any], ring: KeyRing | None = None) -> list[httpx.Response]:
    """The answers to `requests`, sent one after another to an app that has no workers: none gets as far as a merge."""

    async def send() -> list[httpx.Response]:
        transport = httpx.ASGITransport(create_app(settings, ring))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
            return [await client.request(**{"method": "GET", "url": "/metrics", **request}) for request in requests]

    return asyncio.run(send())


def bearer(secret: str) -> dict[str, Any]:
    return {"headers": {"authorization": f"Bearer {secret}"}}


@pytest.mark.parametrize("headers", [{}, {"authorization": "Basic eDp5"}, {"authorization": "Bearer"}])
def test_without_a_key_a_request_is_told_to_send_one(headers: dict[str, str]) -> None:
    (reply,) = ask(Settings(keys=(key(),)), {"headers": headers})
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"] == "Bearer"
    assert reply.json()["code"] == "unauthorized"


def test_an_unknown_key_is_refused_and_not_repeated() -> None:
    (reply,) = ask(Settings(keys=(key(),)), bearer("fa_other"))
    assert reply.status_code == 401
    assert "fa_other" not in reply.text


def test_each_of_several_keys_is_let_in() -> None:
    settings = Settings(keys=(key(), key("laptop", "fa_second")))
    assert [reply.status_code for reply in ask(settings, bearer(SECRET), bearer("fa_second"))] == [200, 200]


def test_a_revoked_key_is_told_so() -> None:
    (reply,) = ask(Settings(keys=(key(revoked=True),)), bearer(SECRET))
    assert reply.status_code == 403
    assert reply.json()["code"] == "key_revoked"


def test_health_and_the_documentation_need_no_key() -> None:
    settings = Settings(keys=(key(),))
    codes = [reply.status_code for reply in ask(settings, {"url": "/health"}, {"url": "/schema"})]
    assert 401 not in codes


def test_a_path_that_only_begins_like_an_open_one_needs_a_key() -> None:
    (reply,) = ask(Settings(keys=(key(),)), {"url": "/healthy"})
    assert reply.status_code in (401, 404)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:9", "[::1]:8000", "LOCALHOST:1"])
def test_a_keyless_service_answers_to_its_local_names(host: str) -> None:
    (reply,) = ask(Settings(), {"headers": {"host": host}})
    assert reply.status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example:80", "127.0.0.1.nip.example", "localhost:80@evil", ""]
)
def test_a_page_from_elsewhere_that_leads_its_name_here_is_kept_out(host: str) -> None:
    (reply,) = ask(Settings(), {"headers": {"host": host}})
    assert reply.status_code == 403
    assert reply.json()["code"] == "host_not_allowed"


def test_one_request_too_many_in_a_minute_is_told_when_to_come_back() -> None:
    settings = Settings(limits=LimitSettings(requests_per_minute=2))
    first, second, third = ask(settings, {}, {}, {})
    assert [reply.status_code for reply in (first, second, third)] == [200, 200, 429]
    assert (first.headers["ratelimit-remaining"], second.headers["ratelimit-remaining"]) == ("1", "0")
    assert third.headers["ratelimit-limit"] == "2"
    assert 1 <= int(third.headers["retry-after"]) <= 60
    assert third.json()["code"] == "rate_limited"


def test_warm_ups_do_not_use_up_what_edits_may_take() -> None:
    settings = Settings(limits=LimitSettings(requests_per_minute=2))
    warm = {"method": "POST", "url": "/v1/warm", "json": {"original_code": ""}}
    replies = ask(settings, warm, warm, warm, {}, {}, {})
    assert [reply.status_code for reply in replies] == [200, 200, 429, 200, 200, 429]


def test_each_key_has_a_rate_of_its_own() -> None:
    settings = Settings(
        limits=LimitSettings(requests_per_minute=1),
        keys=(key(), key("laptop", "fa_second"), key("robot", "fa_third", requests_per_minute=0)),
    )
    sent = [SECRET, "fa_second", "fa_third", "fa_third", SECRET]
    assert [reply.status_code for reply in ask(settings, *map(bearer, sent))] == [200, 200, 200, 200, 429]


def test_a_wrong_key_does_not_use_up_the_rate_of_a_right_one() -> None:
    settings = Settings(limits=LimitSettings(requests_per_minute=1), keys=(key(),))
    sent = ["fa_wrong", "fa_wrong", SECRET]
    assert [reply.status_code for reply in ask(settings, *map(bearer, sent))] == [401, 401, 200]


def test_without_a_rate_no_header_speaks_of_one() -> None:
    (reply,) = ask(Settings(), {})
    assert not [name for name in reply.headers if "ratelimit" in name]


def test_a_host_that_others_reach_needs_a_key() -> None:
    with pytest.raises(InvalidSetting, match="needs a key"):
        Settings(server=ServerSettings(host="0.0.0.0"))
    assert Settings(server=ServerSettings(host="0.0.0.0"), keys=(key(),)).keys


class Changing:
    """A configuration whose keys a test changes."""

    def __init__(self, *keys: Key) -> None:
        self.keys: tuple[Key, ...] | Exception = keys
        self.version = 0

    def put(self, keys: tuple[Key, ...] | Exception) -> None:
        self.keys, self.version = keys, self.version + 1

    def read(self) -> tuple[Key, ...]:
        if isinstance(self.keys, Exception):
            raise self.keys
        return self.keys


@pytest.fixture
def changing(monkeypatch: pytest.MonkeyPatch) -> tuple[Changing, KeyRing]:
    monkeypatch.setattr("fastapply.api.keys._LOOK_AGAIN_SECONDS", 0)
    file = Changing(key())
    return file, KeyRing((key(),), lambda: file.version, file.read)


def test_a_key_revoked_in_the_configuration_ends_without_a_restart(changing: tuple[Changing, KeyRing]) -> None:
    file, ring = changing
    assert ring.owner(SECRET) == key()
    file.put((key(revoked=True), key("laptop", "fa_second")))
    owner = ring.owner(SECRET)
    assert owner is not None
    assert owner.revoked
    assert ring.owner("fa_second") == key("laptop", "fa_second")


@pytest.mark.parametrize("broken", [InvalidSetting("broken"), OSError("gone"), ()])
def test_a_configuration_that_broke_or_lost_its_keys_opens_nothing(
    changing: tuple[Changing, KeyRing], broken: Exception | tuple[Key, ...]
) -> None:
    file, ring = changing
    file.put(broken)
    assert ring.owner("fa_other") is None
    assert ring.owner(SECRET) == key()
    assert ring.asks_for_key
