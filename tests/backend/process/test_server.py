"""The engine's loop behind its socket, over the hashing model: fast answers that tell a wrong page from a right one."""

from __future__ import annotations

import asyncio
import os
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import zmq

from backend.errors import BadRequest, EngineDown, EngineFault, QueueFull, RequestTooLong
from backend.process.codec import encode
from backend.process.messages import PROTOCOL, Ask, Bye, Cancel, Done, Hello, Query, Refused, Stats, Tokens, Welcome
from backend.process.wire import packed
from backend.request import Drafts, Request, SamplingParams
from support.engines import made
from support.hashing import HashingRunner, expected, plain
from support.processes import Raw, address_in, answer, begun, served, talk, until

if TYPE_CHECKING:
    from backend.batch import Batch, Scores
    from backend.process.client import EngineClient

LONG = Request([1, 2, 3], 3500)


def ask(number: int, prompt: list[int], count: int) -> Ask:
    return Ask(number, packed(prompt, "prompt"), count)


def test_requests_of_all_kinds_are_answered(tmp_path: Path) -> None:
    requests = [
        Request([1, 2, 3], 40),
        Request([4] * 30, 25, drafts=Drafts(given=plain([4] * 30, 25), original=[1, 2, 3], snippet=[5], unsure=[3, 9])),
        Request([5, 6], 30, SamplingParams(temperature=0.9, top_p=0.8, seed=5)),
        Request([7, 8], 60, stop_ids=frozenset({3}), stop_sequences=((1, 2), (5,))),
        Request([9], 10, salt=b"tenant"),
    ]

    async def talking(client: EngineClient) -> None:
        found = await asyncio.gather(*(answer(client, request) for request in requests))
        for request, (tokens, done) in zip(requests, found, strict=True):
            assert (tokens, done.reason) == expected(request)
            assert done.usage.completion == len(tokens)
            assert done.usage.prompt == len(request.prompt)
        assert found[1][1].usage.accepted > 20
        assert client.open == 0

    with served(made(), tmp_path):
        talk(address_in(tmp_path), talking)


def test_what_runs_there_is_told(tmp_path: Path) -> None:
    async def talking(client: EngineClient) -> None:
        assert client.info is not None
        assert (client.info.model, client.info.pages, client.why) == ("hashing", 64, "")
        await answer(client, Request([1] * 8, 5))
        stats = await client.stats()
        assert (stats.done, stats.answered, stats.prompt, stats.live, stats.restarts) == ({"length": 1}, 5, 8, 0, 3)
        assert (stats.pages, stats.available, stats.clients) == (64, 64, 1)
        assert stats.steps > 1
        assert stats.tokens_per_second > 0

    with served(made(), tmp_path):
        talk(address_in(tmp_path), talking)


def test_only_this_user_may_connect(tmp_path: Path) -> None:
    before = os.umask(0o022)
    os.umask(before)
    with served(made(), tmp_path):
        assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == 0o600
    after = os.umask(before)
    assert after == before


def test_refusals_are_typed_and_cost_nothing(tmp_path: Path) -> None:
    async def talking(client: EngineClient) -> None:
        for request, error in [
            (Request([], 5), BadRequest),
            (Request([11], 5), BadRequest),
            (Request([1], 5, drafts=Drafts(snippet=[-1])), BadRequest),
            (Request([1], 5000), RequestTooLong),
        ]:
            with pytest.raises(error):
                await answer(client, request)
        with pytest.raises(RequestTooLong) as caught:
            await answer(client, Request([1] * 96, 4001))
        assert (caught.value.needed, caught.value.limit) == (4097, 4096)
        stats = await client.stats()
        assert stats.refused == {"bad_request": 3, "request_too_long": 2}
        assert (await answer(client, Request([1, 2], 6)))[0] == plain([1, 2], 6)

    with served(made(pages=2000), tmp_path):
        talk(address_in(tmp_path), talking)


def test_more_requests_than_may_wait_are_refused_at_once(tmp_path: Path) -> None:
    async def talking(client: EngineClient) -> None:
        running = [await begun(client, LONG) for _ in range(2)]
        with pytest.raises(QueueFull):
            await answer(client, Request([1], 5))
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await until(client, lambda stats: stats.live == 0)
        assert (await answer(client, Request([1], 5)))[0] == plain([1], 5)

    with served(made(pages=2000, most_requests=2), tmp_path):
        talk(address_in(tmp_path), talking)


def test_an_iterator_that_is_closed_cancels(tmp_path: Path) -> None:
    async def talking(client: EngineClient) -> None:
        parts = client.ask(LONG)
        first = await anext(parts)
        assert isinstance(first, Tokens)
        await parts.aclose()
        stats = await until(client, lambda stats: stats.done == {"cancelled": 1})
        assert (stats.live, stats.available) == (0, stats.pages)

    with served(made(pages=2000), tmp_path):
        talk(address_in(tmp_path), talking)


def test_a_deadline_ends_an_answer(tmp_path: Path) -> None:
    async def talking(client: EngineClient) -> None:
        late = Request(LONG.prompt, LONG.max_tokens, deadline=time.monotonic() + 0.05)
        tokens, done = await answer(client, late)
        assert done.reason == "deadline"
        assert tokens == plain(LONG.prompt, len(tokens))

    with served(made(pages=2000), tmp_path):
        talk(address_in(tmp_path), talking)


def test_a_client_that_goes_away_takes_its_requests_along(tmp_path: Path) -> None:
    async def talking(client: EngineClient) -> None:
        with Raw(address_in(tmp_path)) as other:
            for number in range(3):
                other.send(ask(number, [number], 3000))
            await until(client, lambda stats: stats.live == 3)
        stats = await until(client, lambda stats: stats.clients == 1 and stats.done == {"cancelled": 3})
        assert (stats.live, stats.available) == (0, stats.pages)

    with served(made(pages=4000), tmp_path):
        talk(address_in(tmp_path), talking)


def test_one_id_is_one_request_for_each_client(tmp_path: Path) -> None:
    with served(made(pages=4000), tmp_path), Raw(address_in(tmp_path)) as one, Raw(address_in(tmp_path)) as two:
        one.send(ask(5, [1], 3000))
        assert isinstance(one.read(), Tokens)
        one.send(ask(5, [2], 3))
        two.send(ask(5, [3], 4))
        seen: list[int] = []
        while isinstance(message := two.read(), Tokens):
            seen += message.ids
        assert isinstance(message, Done)
        assert seen == plain([3], 4)
        while isinstance(message := one.read(), Tokens):
            pass
        assert isinstance(message, Refused)
        assert (message.code, message.field) == ("bad_request", "id")
        one.send(Cancel(5))
        one.send(Cancel(6))  # of nothing
        while isinstance(message := one.read(), Tokens):
            pass
        assert isinstance(message, Done)
        assert message.reason == "cancelled"


def test_garbage_is_survived(tmp_path: Path) -> None:
    with served(made(), tmp_path), Raw(address_in(tmp_path)) as client, Raw(address_in(tmp_path), hello=False) as rude:
        for frame in (b"", b"\xff" * 100, b"\x91" * 10_000, encode(Welcome("", "", "", 1, 1, 1, 1, 1, "", "", 1))):
            client.socket.send(frame)
            rude.socket.send(frame)
        client.socket.send_multipart([b"two", b"frames"])
        client.socket.send(encode(ask(4, [1], 2)).replace(b"prompt", b"prompy"))
        answered = client.read()
        assert isinstance(answered, Refused)
        assert (answered.id, answered.code) == (4, "bad_message")
        client.send(Query())
        stats = client.read()
        assert isinstance(stats, Stats)
        assert stats.dropped >= 6
        client.send(ask(1, [1], 3))
        assert isinstance(client.read(), Tokens)


def test_who_did_not_say_hello_or_speaks_otherwise_is_told(tmp_path: Path) -> None:
    with served(made(), tmp_path), Raw(address_in(tmp_path), hello=False) as client:
        client.send(ask(1, [1], 3))
        assert client.read() == Bye("unknown", "the engine does not know this client any more")
        client.send(Hello(PROTOCOL + 1))
        said = client.read()
        assert isinstance(said, Bye)
        assert (said.code, str(PROTOCOL + 1) in said.message) == ("protocol", True)
        client.send(Hello(PROTOCOL))
        assert isinstance(client.read(), Welcome)


def test_a_client_that_does_not_read_is_given_up_and_the_others_go_on(tmp_path: Path) -> None:
    async def talking(client: EngineClient) -> None:
        with Raw(address_in(tmp_path)) as slow:
            slow.send(ask(1, [1], 3900))
            for _ in range(10_000):
                slow.send(Query())
            await until(client, lambda stats: stats.done == {"cancelled": 1})
            assert (await answer(client, Request([1, 2], 6)))[0] == plain([1, 2], 6)
            count = 0
            while not isinstance(message := await asyncio.to_thread(slow.read), Bye):
                count += 1
            assert message.code == "too_slow"
            assert count < 10_000
        await until(client, lambda stats: stats.clients == 1)

    with served(made(pages=4000), tmp_path, queue=10, most=200_000):
        talk(address_in(tmp_path), talking)


def test_when_the_engine_is_told_to_end_all_are_told(tmp_path: Path) -> None:
    async def run() -> None:
        with served(made(pages=4000), tmp_path) as server:
            async with asyncio.timeout(60), client_of(tmp_path) as client:
                await client.ready(30)
                tasks = [await begun(client, LONG) for _ in range(3)]
                server.stop()
                ends = await asyncio.gather(*tasks, return_exceptions=True)
                assert [str(end) for end in ends] == ["the engine was closed before the answer's end"] * 3
                assert {type(end) for end in ends} == {EngineDown}
                while client.info is not None:
                    await asyncio.sleep(0.01)
                assert client.why == "the engine was closed"
                with pytest.raises(EngineDown, match="the engine was closed"):
                    await answer(client, LONG)

    asyncio.run(run())


def client_of(folder: Path) -> EngineClient:
    from backend.process.client import EngineClient

    return EngineClient(address_in(folder))


class Failing(HashingRunner):
    """Fails at a step of its own choice."""

    left = 5

    def run(self, batch: Batch) -> Scores:
        self.left -= 1
        if not self.left:
            raise RuntimeError("the device is gone")
        return super().run(batch)


def test_a_step_that_fails_ends_the_loop_and_every_request(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        async with asyncio.timeout(60), client_of(tmp_path) as client:
            failed = served(made(pages=4000, runner=Failing(4000, 4)), tmp_path)
            failed.__enter__()
            await client.ready(30)
            ends = await asyncio.gather(*(answer(client, LONG) for _ in range(3)), return_exceptions=True)
            assert [type(end) for end in ends] == [EngineDown] * 3
            assert "does not answer any more; requests under way: 3" in caplog.text
            with pytest.raises(RuntimeError, match="the device is gone"):
                failed.__exit__(None, None, None)
            with pytest.raises(EngineDown):
                await answer(client, LONG)
            with served(made(), tmp_path):  # another at the same place
                await client.ready(30)
                assert (await answer(client, Request([1, 2], 6)))[0] == plain([1, 2], 6)

    asyncio.run(run())


def test_a_fault_while_a_request_is_taken_refuses_that_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = made()
    add = engine.add

    def faulty(request: Request) -> object:
        if request.max_tokens == 13:
            raise IndexError("private text")
        return add(request)

    monkeypatch.setattr(engine, "add", faulty)

    async def talking(client: EngineClient) -> None:
        with pytest.raises(EngineFault, match=r"IndexError$"):
            await answer(client, Request([1], 13))
        assert (await answer(client, Request([1], 12)))[0] == plain([1], 12)

    with served(engine, tmp_path):
        talk(address_in(tmp_path), talking)


def test_a_client_waits_for_an_engine_that_comes_later(tmp_path: Path) -> None:
    async def run() -> None:
        async with asyncio.timeout(60), client_of(tmp_path) as client:
            with pytest.raises(EngineDown, match="no engine has answered yet"):
                await answer(client, LONG)
            with pytest.raises(EngineDown):
                await client.stats()
            with pytest.raises(EngineDown):
                await client.ready(0.01)
            with served(made(), tmp_path):
                await client.ready(30)
                assert (await answer(client, Request([1, 2], 6)))[0] == plain([1, 2], 6)

    asyncio.run(run())


def test_a_closed_client_ends_what_it_asked(tmp_path: Path) -> None:
    async def run() -> None:
        async with client_of(tmp_path) as client:
            await client.ready(30)
            task = await begun(client, LONG)
        with pytest.raises(EngineDown, match="the client is closed"):
            await task

    with served(made(pages=4000), tmp_path):
        asyncio.run(run())


def test_an_address_that_is_none_is_said(tmp_path: Path) -> None:
    async def run() -> None:
        from backend.process.client import EngineClient

        async with EngineClient("nonsense://x") as client:
            with pytest.raises(EngineDown, match="rotocol"):
                await client.ready(0.2)

    asyncio.run(run())


def test_a_place_that_can_not_be_bound_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(zmq.ZMQError), served(made(), tmp_path / "missing"):
        pass
