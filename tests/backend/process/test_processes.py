"""The engine as a real process: as good as one in this process, and what happens when it or its ranks are killed."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backend.errors import EngineDown, EngineFailed, RequestTooLong
from backend.kv.pages import PagePool
from backend.process.client import EngineClient
from backend.process.options import Options
from backend.process.supervisor import EngineProcess, Pauses
from backend.request import Drafts, Request, SamplingParams, Splice
from backend.settings import EngineSettings
from support.engines import drain
from support.models import Saved, save, some_tokens
from support.processes import SECONDS, answer, begun, children, runs, talk, until
from support.service import wait_until
from support.vocabularies import byte_level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backend.process.messages import Done

PAGES = 48
CONTEXT = 4096
SUPERVISED = Path(__file__).parents[2] / "support" / "supervised.py"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """A model of a longer context than others here, so that answers are still going on when something is killed."""
    return save(tmp_path_factory.mktemp("long") / "llama", "llama", max_position_embeddings=CONTEXT)


@pytest.fixture(scope="module")
def folder(model: Saved) -> Path:
    """The model with a tokenizer beside it."""
    return byte_level(model.folder)


def options(folder: Path, **changes: object) -> Options:
    return Options(folder, **{"device": "cpu", "pages": PAGES, "threads": 1} | changes)


REQUESTS = [
    Request(some_tokens(100), 60),
    Request(some_tokens(70, seed=2), 50, SamplingParams(0.8, 0.95, seed=11)),
    Request(some_tokens(130, seed=3), 40, drafts=Drafts(given=some_tokens(40, seed=4), original=some_tokens(60))),
    Request(some_tokens(90, seed=7), 50, stop_ids=frozenset({3}), splice=Splice([[5, 6, 7], [5, 9], [11, 12]], [[8]])),
    Request(some_tokens(20, seed=5), 60, stop_ids=frozenset(range(0, 131, 7)), stop_sequences=((1, 2),)),
]
LONG = Request(some_tokens(40, seed=6), 2900, SamplingParams(1.0, seed=3))
"""Drawn, so that no repetition makes it short: some seconds."""


@pytest.fixture(scope="module")
def expected(model: Saved) -> list[tuple[list[int], str]]:
    """`REQUESTS` answered in this process, all at once."""
    from backend.engine import Engine

    engine = Engine(model.runner(PAGES), PagePool(PAGES), EngineSettings(vocab_size=131, context=CONTEXT))
    handles = [engine.add(request) for request in REQUESTS]
    outcomes = drain(engine)
    return [(outcomes[handle].tokens, outcomes[handle].reason) for handle in handles]


async def all_answers(client: EngineClient) -> list[tuple[list[int], str]]:
    found: list[tuple[list[int], Done]] = await asyncio.gather(*(answer(client, one) for one in REQUESTS))
    return [(tokens, done.reason) for tokens, done in found]


@pytest.fixture(scope="module")
def engine(folder: Path) -> Iterator[EngineProcess]:
    with EngineProcess(options(folder), pauses=Pauses(first=0.05)) as engine:
        assert engine.wait(lambda state: state.name != "starting", SECONDS).name == "ready"
        yield engine
        pid = engine.pid
    assert pid is not None
    assert not runs(pid)
    assert not Path(engine.address.removeprefix("ipc://")).parent.exists()


def test_answers_are_those_of_an_engine_in_this_process(
    engine: EngineProcess, expected: list[tuple[list[int], str]]
) -> None:
    async def talking(client: EngineClient) -> None:
        assert await all_answers(client) == expected

    talk(engine.address, talking)


def test_what_runs_is_told(engine: EngineProcess) -> None:
    async def talking(client: EngineClient) -> None:
        info = client.info
        assert info is not None
        assert (info.model, info.family, info.vocab_size, info.context) == ("llama", "llama", 131, CONTEXT)
        assert (info.device, info.dtype, info.ranks, info.pages, info.page_tokens) == ("cpu", "float32", 1, 48, 64)
        assert info.versions["torch"]

    talk(engine.address, talking)


def test_an_answer_comes_in_several_messages(engine: EngineProcess) -> None:
    async def talking(client: EngineClient) -> None:
        parts = [part async for part in client.ask(REQUESTS[0])]
        assert len(parts) > 5

    talk(engine.address, talking)


def test_32_at_once_are_as_one_at_a_time(engine: EngineProcess) -> None:
    shared = some_tokens(64)
    requests = [Request([*shared, *some_tokens(1 + i % 5, seed=i)], 20) for i in range(32)]

    async def talking(client: EngineClient) -> None:
        together = await asyncio.gather(*(answer(client, request) for request in requests))
        for request, (tokens, _) in zip(requests, together, strict=True):
            assert (await answer(client, request))[0] == tokens
        assert (await client.stats()).cached > 0

    talk(engine.address, talking)


def test_half_cancelled_midway_give_back_their_pages(engine: EngineProcess) -> None:
    async def talking(client: EngineClient) -> None:
        whole = [(await answer(client, request))[0] for request in REQUESTS]
        before = await client.stats()
        tasks = [await begun(client, LONG) for _ in range(4)]
        others = [asyncio.create_task(answer(client, request)) for request in REQUESTS]
        for task in tasks:
            task.cancel()
        assert [(await other)[0] for other in others] == whole
        gone = before.done.get("cancelled", 0) + 4
        after = await until(client, lambda stats: stats.done.get("cancelled") == gone)
        assert (after.live, after.available, after.pages) == (0, PAGES, PAGES)
        assert client.open == 0

    talk(engine.address, talking)


def test_a_client_that_is_killed_takes_its_requests_along(engine: EngineProcess) -> None:
    code = (
        "import asyncio, sys; from backend.process.client import EngineClient\n"
        "from backend.request import Request, SamplingParams\n"
        "async def main():\n"
        "    async with EngineClient(sys.argv[1]) as client:\n"
        "        await client.ready(60)\n"
        "        answers = [client.ask(Request([1, 2, i], 2500, SamplingParams(1.0))) for i in range(4)]\n"
        "        for answer in answers:\n"
        "            await anext(answer)\n"
        "        print('begun', flush=True)\n"
        "        await asyncio.sleep(1000)\n"
        "asyncio.run(main())\n"
    )

    async def talking(client: EngineClient) -> None:
        before = await client.stats()
        command = [sys.executable, "-c", code, engine.address]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
            assert other.stdout is not None
            assert await asyncio.to_thread(other.stdout.readline) == b"begun\n"
            assert (await client.stats()).live == 4
            other.kill()
        gone = before.done.get("cancelled", 0) + 4
        after = await until(client, lambda stats: stats.clients == 1 and stats.done.get("cancelled") == gone)
        assert after.available == PAGES

    talk(engine.address, talking)


def test_requests_that_can_not_be_are_refused(engine: EngineProcess) -> None:
    async def talking(client: EngineClient) -> None:
        with pytest.raises(RequestTooLong, match="3008"):
            await answer(client, Request([1] * 3000, 20))

    talk(engine.address, talking)


def test_an_engine_that_is_killed_is_started_again(
    engine: EngineProcess, expected: list[tuple[list[int], str]]
) -> None:
    async def talking(client: EngineClient) -> None:
        instance, pid = client.info, engine.pid
        assert pid is not None
        tasks = [await begun(client, LONG) for _ in range(3)]
        os.kill(pid, signal.SIGKILL)
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(end) for end in ends] == [EngineDown] * 3
        with pytest.raises(EngineDown):
            await answer(client, LONG)
        again = await client.ready(SECONDS)
        assert again != instance
        assert again.restarts == (await client.stats()).restarts == 1
        assert await all_answers(client) == expected
        state = engine.wait(lambda state: state.name == "ready", SECONDS)
        assert (state.name, state.restarts) == ("ready", 1)

    talk(engine.address, talking)


@dataclass
class Supervised:
    """A process that keeps an engine, and what it wrote."""

    process: subprocess.Popen[bytes]
    log: Path
    address: str

    def said(self) -> str:
        return self.log.read_text()

    def engine(self, restarts: int) -> int:
        """The engine's process id, once it is ready after so many restarts."""
        line = re.compile(rf"^state ready {restarts} (\d+)", re.MULTILINE)
        wait_until(lambda: line.search(self.said()) is not None, SECONDS)
        found = line.search(self.said())
        assert found is not None
        return int(found[1])


@contextmanager
def supervised(folder: Path, tmp_path: Path, ranks: int, **changes: object) -> Iterator[Supervised]:
    log, address = tmp_path / "log", f"ipc://{tmp_path / 'socket'}"
    chosen = options(folder, tensor_parallel=ranks, socket=address, **changes)
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, SUPERVISED, *chosen.arguments()], stdout=output, stderr=output)
    with process:
        try:
            yield Supervised(process, log, address)
        finally:
            process.kill()


def test_two_ranks(folder: Path, expected: list[tuple[list[int], str]], tmp_path: Path) -> None:
    """They answer as one; one that is killed takes the engine down, which is started again; none is left behind."""
    with supervised(folder, tmp_path, 2) as keeper:
        first = keeper.engine(0)
        ranks = children(first)
        assert len(ranks) == 1

        async def talking(client: EngineClient) -> None:
            assert await all_answers(client) == expected
            tasks = [await begun(client, LONG) for _ in range(3)]
            os.kill(*ranks, signal.SIGKILL)
            ends = await asyncio.gather(*tasks, return_exceptions=True)
            assert [type(end) for end in ends] == [EngineDown] * 3
            assert (await client.ready(SECONDS)).restarts == 1
            assert await all_answers(client) == expected
            assert client.info is not None
            assert client.info.ranks == 2

        talk(keeper.address, talking)
        assert "error: rank 1 of 2 was ended by SIGKILL, and the engine ends with it\n" in keeper.said()
        assert "state down 0" in keeper.said()
        second = keeper.engine(1)
        assert second != first
        family = {second, *children(second)}
        assert len(family) == 2
        keeper.process.kill()
        keeper.process.wait()
        wait_until(lambda: not any(map(runs, family)), SECONDS)


def test_a_rank_that_hangs_ends_the_engine(folder: Path, tmp_path: Path) -> None:
    """It does not end, so nobody would notice; requests would wait for ever."""
    with supervised(folder, tmp_path, 2, step_seconds=5.0) as keeper:
        first = keeper.engine(0)
        [rank] = children(first)

        async def talking(client: EngineClient) -> None:
            task = await begun(client, LONG)
            os.kill(rank, signal.SIGSTOP)
            with pytest.raises(EngineDown):
                await task
            assert (await client.ready(SECONDS)).restarts == 1

        talk(keeper.address, talking)
        assert "s and no end is in sight, so the engine ends\n" in keeper.said()
        wait_until(lambda: not runs(rank), SECONDS)


def test_four_ranks_answer_as_one_and_end_when_told(
    folder: Path, expected: list[tuple[list[int], str]], tmp_path: Path
) -> None:
    """Started as a person would."""
    address = f"ipc://{tmp_path / 'socket'}"
    chosen = options(folder, tensor_parallel=4, socket=address)
    command = [sys.executable, "-P", "-m", "backend.process", *chosen.arguments()]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        ranks: set[int] = set()

        async def talking(client: EngineClient) -> None:
            ranks.update(children(process.pid))
            assert await all_answers(client) == expected
            task = await begun(client, LONG)
            process.terminate()
            with pytest.raises(EngineDown, match="closed"):
                await task

        try:
            talk(address, talking)
            assert process.wait(SECONDS) == 0
        finally:
            process.kill()
        assert len(ranks) == 3
        assert not any(map(runs, ranks))
        assert process.stderr is not None
        said = process.stderr.read()
        assert re.fullmatch(r"ready llama: llama in float32 on cpu, 4 ranks, 48 pages of 64 tokens, .*\n", said)
        assert not list(tmp_path.glob("ranks-*"))


async def asked_in_vain(address: str) -> str:
    """What a client is told of an engine that will never answer."""
    async with EngineClient(address) as client:
        with pytest.raises(EngineFailed) as caught:
            await answer(client, Request([1], 1))
    return str(caught.value)


def test_what_can_not_be_started_is_not_started_again(tmp_path: Path) -> None:
    lines: list[str] = []
    with EngineProcess(options(tmp_path), on_line=lines.append, pauses=Pauses(first=0.01)) as engine:
        state = engine.wait(lambda state: state.name in ("failed", "ready"), SECONDS)
        why_not = asyncio.run(asked_in_vain(engine.address))
    assert (state.name, state.restarts) == ("failed", 0)
    assert why_not == f"the engine can't be started: {state.why}"
    assert state.why == f"{tmp_path / 'config.json'} is not there"
    assert lines == [f"error: {state.why}"]
    assert engine.state.name == "closed"
