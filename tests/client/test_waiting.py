"""What the client does about a service, or what stands in its place, that does not answer as it should."""

from __future__ import annotations

import asyncio
import email.utils
import json
import time
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

import fastapply
from fastapply import errors
from fastapply.client import AsyncClient, Client
from support.model_server import Exchange, ScriptedServer, hangs_up, refuses, serving, stays_silent
from support.service import free_port

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Act = Callable[[Exchange], Awaitable[None]]

SECRET = "wholly_private_name"
ARGUMENTS = {"original_code": f"{SECRET} = 1\n", "edit_snippet": f"{SECRET} = 2\n", "path": "a.py"}
PROBLEM = "application/problem+json"


def problem(status: int, code: str, **headers: str) -> Act:
    return refuses(status, {"code": code, "detail": f"this is {code}"}, content_type=PROBLEM, **headers)


async def answers(exchange: Exchange) -> None:
    """As the service does."""
    result = fastapply.apply(exchange.body["original_code"], exchange.body["edit_snippet"], path="a.py")
    await refuses(200, msgspec.json.encode(result).decode(), content_type="application/json")(exchange)


async def drips(exchange: Exchange) -> None:
    """Answers one byte at a time, without an end."""
    await exchange.begin_events()
    while True:
        await exchange.chunk(b" ")
        await asyncio.sleep(0.02)


async def floods(exchange: Exchange) -> None:
    """Answers faster than anybody needs, without an end."""
    await exchange.begin_events()
    while True:
        await exchange.chunk(b" " * (4 << 20))


async def breaks_off(exchange: Exchange) -> None:
    await exchange.begin_events()
    await exchange.chunk(b'{"merged_code": "')
    exchange.writer.close()


def ask(*script: Act, **options: Any) -> tuple[object, ScriptedServer, float]:
    """What an apply gives or raises, the server with what it was asked, and the seconds it took."""

    async def talk() -> tuple[object, ScriptedServer, float]:
        async with serving(*script) as server, AsyncClient(server.address, "", **options) as client:
            start = time.monotonic()
            try:
                said: object = (await client.apply(**ARGUMENTS)).merged_code
            except errors.FastApplyError as error:
                said = error
            return said, server, time.monotonic() - start

    return asyncio.run(talk())


@pytest.mark.parametrize(
    "first",
    [
        problem(503, "queue_full", retry_after="0"),
        problem(503, "model_busy", retry_after="0"),
        problem(429, "rate_limited", retry_after="0"),
        refuses(503, "<html>busy</html>", content_type="text/html"),
        refuses(502, "", content_type="text/html"),
        hangs_up,
        breaks_off,
    ],
    ids=["queue", "model", "rate", "proxy 503", "proxy 502", "hangs up", "breaks off"],
)
def test_what_fails_in_passing_is_sent_again(first: Act) -> None:
    said, server, _ = ask(first, answers)
    assert said == f"{SECRET} = 2\n"
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        (problem(504, "deadline_exceeded"), errors.DeadlineExceeded),
        (problem(500, "worker_died"), errors.WorkerDied),
        (problem(502, "model_failed"), errors.ModelFailed),
        (problem(500, "error"), errors.ServiceError),
        (problem(422, "invalid_request"), errors.InvalidRequest),
        (problem(403, "key_revoked"), errors.KeyRefused),
        (refuses(404, "<html>not here</html>", content_type="text/html"), errors.UnexpectedAnswer),
        (refuses(302, "", location="http://127.0.0.1:9/"), errors.UnexpectedAnswer),
        (refuses(200, "<html>login</html>", content_type="text/html"), errors.UnexpectedAnswer),
        (refuses(200, "[]", content_type="application/json"), errors.UnexpectedAnswer),
        (refuses(401, "who?", content_type="text/plain"), errors.KeyRefused),
        (floods, errors.UnexpectedAnswer),
    ],
)
def test_what_will_not_pass_is_told_at_once(act: Act, kind: type[errors.FastApplyError]) -> None:
    said, server, _ = ask(act, retries=1 if kind is errors.ModelFailed else 5)
    assert type(said) is kind
    assert SECRET not in str(said)
    assert "html" not in str(said).replace("text/html", "")
    assert len(server.requests) == (2 if kind is errors.ModelFailed else 1)


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        (problem(503, "queue_full", retry_after="0"), errors.QueueFull),
        (problem(503, "model_down", retry_after="0"), errors.ModelDown),
        (problem(429, "rate_limited", retry_after="0"), errors.RateLimited),
        (refuses(503, "", retry_after="0"), errors.ServiceUnreachable),
        (hangs_up, errors.ServiceUnreachable),
    ],
)
def test_it_gives_up_after_the_retries_it_was_given(act: Act, kind: type[errors.FastApplyError]) -> None:
    said, server, _ = ask(act, retries=2)
    assert type(said) is kind
    assert len(server.requests) == 3
    said, server, _ = ask(act, retries=0)
    assert type(said) is kind
    assert len(server.requests) == 1


def test_it_waits_as_long_as_it_is_told() -> None:
    said, _, seconds = ask(problem(503, "queue_full", retry_after="1"), answers)
    assert said == f"{SECRET} = 2\n"
    assert seconds >= 1


def test_it_waits_until_the_date_it_is_told() -> None:
    then = email.utils.formatdate(time.time() + 2, usegmt=True)
    said, _, seconds = ask(problem(429, "rate_limited", retry_after=then), answers)
    assert said == f"{SECRET} = 2\n"
    assert seconds >= 0.9  # dates have whole seconds


def test_a_pause_longer_than_its_time_is_not_waited_for() -> None:
    said, server, seconds = ask(problem(429, "rate_limited", retry_after="3600"), timeout=20)
    assert isinstance(said, errors.RateLimited)
    assert said.retry_after == 3600
    assert len(server.requests) == 1
    assert seconds < 10


@pytest.mark.parametrize("act", [stays_silent, drips])
def test_a_call_ends_in_time_whatever_comes(act: Act) -> None:
    said, server, seconds = ask(act, timeout=0.3)
    assert isinstance(said, errors.DeadlineExceeded)
    assert said.seconds == 0.3
    assert len(server.requests) == 1
    assert 0.3 <= seconds < 10


def test_where_nobody_listens_the_service_can_not_be_reached() -> None:
    with (
        Client(f"http://127.0.0.1:{free_port()}", "", retries=1) as client,
        pytest.raises(errors.ServiceUnreachable, match="can't be reached"),
    ):
        client.apply(**ARGUMENTS)


def test_the_key_is_sent_as_a_bearer_token_and_with_each_attempt() -> None:
    async def talk() -> list[str]:
        async with serving(hangs_up, answers) as server, AsyncClient(server.address, "fa_key") as client:
            await client.apply(**ARGUMENTS)
            return [request.headers["authorization"] for request in server.requests]

    assert asyncio.run(talk()) == ["Bearer fa_key"] * 2


@pytest.mark.parametrize("url", ["http://10.0.0.5:8000", "ftp://localhost", "localhost:8000", "http://u:p@localhost"])
def test_code_is_sent_where_nobody_can_read_it_on_the_way(url: str) -> None:
    with pytest.raises(errors.InvalidSetting) as refused:
        Client(url, "fa_key")
    assert "fa_key" not in str(refused.value)


def test_plain_http_to_another_machine_must_be_allowed() -> None:
    assert "10.0.0.5" in repr(Client("http://10.0.0.5:8000", "fa_key", allow_http=True))
    assert "fa_key" not in repr(Client("https://10.0.0.5", "fa_key"))


@pytest.mark.parametrize("options", [{"timeout": 0}, {"retries": -1}, {"key": "two words"}, {"key": "ключ"}])
def test_arguments_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(errors.InvalidSetting):
        Client(**{"url": "http://localhost:1", "key": "", **options})


def test_an_interrupted_call_ends_its_request() -> None:
    async def talk() -> None:
        asked, gone = asyncio.Event(), asyncio.Event()

        async def waits(exchange: Exchange) -> None:
            asked.set()
            await exchange.until_client_is_gone()
            gone.set()

        async with serving(waits) as server, AsyncClient(server.address, "") as client:
            call = asyncio.create_task(client.apply(**ARGUMENTS))
            await asked.wait()
            call.cancel()
            await asyncio.wait_for(gone.wait(), 20)

    asyncio.run(talk())


def test_refusals_carry_all_that_was_said() -> None:
    doubts = [{"kind": "no_anchor", "message": "m", "hint": "h", "snippet": {"start": 1, "end": 2}, "candidates": []}]
    body = json.dumps({"code": "edit_in_doubt", "detail": "m", "doubts": doubts})
    said, _, _ = ask(refuses(422, body, content_type=PROBLEM))
    assert isinstance(said, errors.EditRefused)
    assert (said.doubts[0].kind, said.doubts[0].hint, said.doubts[0].snippet.end) == ("no_anchor", "h", 2)  # type: ignore[union-attr]
