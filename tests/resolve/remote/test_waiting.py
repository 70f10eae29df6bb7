"""A model server that is slow or not there: how long it is waited for, and how often it is asked."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from typing import TYPE_CHECKING

import pytest

from fastapply.errors import DeadlineExceeded, InvalidSetting, ModelBusy, ModelDown, ModelFailed, QuestionTooLong
from fastapply.resolve.remote import server as server_module
from fastapply.resolve.remote.breaker import Breaker
from fastapply.resolve.remote.server import Patience
from support.model_server import (
    ANSWER,
    EVENT,
    PROFILE,
    QUESTION,
    Exchange,
    answer_of,
    answers,
    asking,
    fails,
    hangs_up,
    refuses,
    serving,
    stays_silent,
    streams,
    streams_on,
)
from support.service import free_port

if TYPE_CHECKING:
    from support.model_server import Act


class TestTime:
    def test_nobody_listens(self) -> None:
        async def run() -> None:
            address = f"http://127.0.0.1:{free_port()}/v1"
            async with asking(address, patience=Patience(attempts=2)) as completer:
                with pytest.raises(ModelDown, match="can't be reached"):
                    await answer_of(completer)

        asyncio.run(run())

    def test_the_other_end_speaks_no_tls(self) -> None:
        async def run() -> None:
            async with serving(ANSWER) as server:
                address = server.address.replace("http:", "https:")
                async with asking(address, patience=Patience(attempts=1, connect=0.3)) as completer:
                    with pytest.raises(ModelDown, match="can't be reached"):
                        await answer_of(completer)
            assert server.requests == []

        asyncio.run(run())

    def test_the_first_token_is_late(self) -> None:
        """Whether nothing comes, or a head and an event that says nothing. Then it is not asked again."""

        async def role_only(exchange: Exchange) -> None:
            await exchange.begin_events()
            await exchange.event({"choices": [{"delta": {"role": "assistant", "content": ""}}]})
            await exchange.until_client_is_gone()

        for act in (stays_silent, role_only):
            message, requests = fails(ModelDown, act, patience=Patience(first_token=0.5))
            assert message == "the model server did not begin to answer within 0.5 s"
            assert requests == 1

    def test_thinking_is_a_sign_of_life_and_no_part_of_the_answer(self) -> None:
        async def act(exchange: Exchange) -> None:
            await exchange.begin_events()
            await exchange.event({"choices": [{"delta": {"reasoning_content": "<new>hm</new>"}}]})
            await asyncio.sleep(1.6)
            await exchange.piece("<new>\nx\n</new>")
            await exchange.event({"choices": [{"delta": {}, "finish_reason": "stop"}]})
            await exchange.send(b"0\r\n\r\n")

        async def run() -> None:
            patience = Patience(first_token=1.5)
            async with serving(act) as server, asking(server.address, patience=patience) as completer:
                _, end = await answer_of(completer)
            assert end.text == "x\n"

        asyncio.run(run())

    @pytest.mark.parametrize("after", [b"", EVENT])
    def test_the_deadline(self, after: bytes) -> None:
        async def act(exchange: Exchange) -> None:
            await exchange.begin_events()
            if after:
                await exchange.chunk(after)
            await exchange.until_client_is_gone()

        assert "0.3 s" in fails(DeadlineExceeded, act, seconds=0.3)[0]

    def test_the_server_sees_that_nobody_waits_any_more(self) -> None:
        """At the deadline, when the iterator is closed, and when the task is cancelled: it can stop."""

        async def act(exchange: Exchange) -> None:
            await streams_on(exchange)
            gone.set()

        gone = asyncio.Event()

        async def at_the_deadline(completer) -> None:  # type: ignore[no-untyped-def]
            with pytest.raises(DeadlineExceeded):
                await answer_of(completer, seconds=1)

        async def closed(completer) -> None:  # type: ignore[no-untyped-def]
            parts = completer.complete(QUESTION, 20)
            assert await anext(parts)
            assert not gone.is_set()
            await parts.aclose()

        async def cancelled(completer) -> None:  # type: ignore[no-untyped-def]
            begun = asyncio.Event()

            async def read() -> None:
                async for _ in completer.complete(QUESTION, 20):
                    begun.set()

            task = asyncio.create_task(read())
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        async def run() -> None:
            async with serving(act) as server, asking(server.address) as completer:
                for leave in (at_the_deadline, closed, cancelled):
                    gone.clear()
                    await leave(completer)
                    await asyncio.wait_for(gone.wait(), 20)

        asyncio.run(run())


class TestConnections:
    def test_closing_ends_open_questions(self) -> None:
        async def run() -> None:
            async with serving(streams_on) as server, asking(server.address) as completer:
                parts = completer.complete(QUESTION, 20)
                assert await anext(parts)
                await completer.close()
                with pytest.raises(ModelDown):
                    await anext(parts)

        asyncio.run(run())

    def test_one_is_used_again(self) -> None:
        async def run() -> None:
            async with serving(ANSWER) as server, asking(server.address) as completer:
                for _ in range(3):
                    await answer_of(completer)
            assert server.connections == 1

        asyncio.run(run())

    def test_one_that_the_server_has_closed_is_not_missed(self) -> None:
        async def act(exchange: Exchange) -> None:
            await ANSWER(exchange)
            exchange.writer.close()

        async def run() -> None:
            async with serving(act) as server, asking(server.address, patience=Patience(failures=1)) as completer:
                for _ in range(5):
                    _, end = await answer_of(completer)
                    assert end.finished == "stop"
            assert server.connections == 5

        asyncio.run(run())

    def test_proxies_of_the_environment_see_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")

        async def run() -> None:
            async with serving(ANSWER) as server, asking(server.address) as completer:
                await answer_of(completer)

        asyncio.run(run())


class TestBreaker:
    def test_a_server_that_fails_is_left_alone_until_it_was_tried_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        now = 0.0
        monkeypatch.setattr(server_module, "Breaker", partial(Breaker, clock=lambda: now))
        script = [refuses(503)] * 6 + [ANSWER]

        async def run() -> None:
            nonlocal now
            async with serving(*script) as server, asking(server.address) as completer:
                with pytest.raises(ModelDown, match="503"):
                    await answer_of(completer)
                for _ in range(3):
                    with pytest.raises(ModelDown, match="5 times in a row; it is asked again in 30 s"):
                        await answer_of(completer)
                assert len(server.requests) == 5
                now = 30.0
                with pytest.raises(ModelDown, match="6 times in a row; it is asked again in 30 s"):
                    await answer_of(completer)
                assert len(server.requests) == 6
                now = 60.0
                both = await asyncio.gather(answer_of(completer), answer_of(completer), return_exceptions=True)
                assert sorted(type(each).__name__ for each in both) == ["ModelDown", "tuple"]
                assert len(server.requests) == 7
                await asyncio.gather(*(answer_of(completer) for _ in range(5)))

        asyncio.run(run())

    def test_a_whole_answer_between_failures_closes_it(self) -> None:
        patience = Patience(attempts=1, failures=2)

        async def run() -> None:
            script = (refuses(500), ANSWER, refuses(500), ANSWER)
            async with serving(*script) as server, asking(server.address, patience=patience) as completer:
                for act in script:
                    with contextlib.nullcontext() if act is ANSWER else pytest.raises(ModelFailed):
                        await answer_of(completer)

        asyncio.run(run())

    def test_others_are_let_in_as_soon_as_the_probe_is_answered(self, monkeypatch: pytest.MonkeyPatch) -> None:
        now = 0.0
        monkeypatch.setattr(server_module, "Breaker", partial(Breaker, clock=lambda: now))
        patience = Patience(attempts=1, failures=1)

        async def run() -> None:
            nonlocal now
            async with (
                serving(refuses(500), streams_on, ANSWER) as server,
                asking(server.address, patience=patience) as completer,
            ):
                with pytest.raises(ModelFailed):
                    await answer_of(completer)
                now = 30.0
                probe = completer.complete(QUESTION, 20)
                assert await anext(probe)
                await answer_of(completer)
                await probe.aclose()

        asyncio.run(run())

    @pytest.mark.parametrize(
        "act", [refuses(500), hangs_up, streams(EVENT), streams(b"data: {]\n\n"), streams(b'data: {"error": "x"}\n\n')]
    )
    def test_what_counts_as_a_failure(self, act: Act) -> None:
        assert self.is_open_after(act)

    @pytest.mark.parametrize(
        "act",
        [
            ANSWER,
            answers("<new>\nhalf", finish="length"),
            refuses(400),
            refuses(404),
            refuses(413),
            refuses(429),
            refuses(500, {"error": {"message": "exceeds context size"}}),
            streams(b'data: {"error": {"code": "context_length_exceeded"}}\n\n'),
        ],
    )
    def test_what_does_not(self, act: Act) -> None:
        assert not self.is_open_after(act)

    def test_a_short_deadline_is_no_failure(self) -> None:
        assert not self.is_open_after(stays_silent, seconds=0.7)

    def test_a_late_first_token_is(self) -> None:
        assert self.is_open_after(stays_silent, first_token=0.5)

    def is_open_after(self, act: Act, seconds: float = 20, first_token: float = 30) -> bool:
        """Whether the second question is still sent after one attempt that ended so."""
        patience = Patience(attempts=1, failures=1, first_token=first_token)

        async def run() -> bool:
            async with (
                serving(act) as server,
                asking(server.address, PROFILE, patience=patience, predict="off") as completer,
            ):
                asked = 0
                for _ in range(2):
                    asked = len(server.requests)
                    with contextlib.suppress(ModelDown, ModelFailed, ModelBusy, QuestionTooLong, DeadlineExceeded):
                        await answer_of(completer, seconds=seconds)
                return len(server.requests) == asked

        return asyncio.run(run())


@pytest.mark.parametrize("name", ["connect", "first_token", "attempts", "failures"])
def test_patience_must_be_some(name: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        Patience(**{name: 0})
    assert caught.value.field == name
