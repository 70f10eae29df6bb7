"""Engines behind a socket: in a thread over the hashing model, or as real processes; and clients of all kinds."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import zmq

from backend.process.client import EngineClient
from backend.process.codec import encode, read_from_engine
from backend.process.messages import PROTOCOL, Beat, Done, Hello, Tokens, Welcome
from backend.process.server import Server
from support.engines import pool_of
from support.hashing import VOCAB

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from backend.engine import Engine
    from backend.process.messages import FromClient, FromEngine, Stats
    from backend.request import Request

SECONDS = 60.0
"""After which a test gives up waiting."""


@contextlib.contextmanager
def served(engine: Engine, folder: Path, **limits: int) -> Iterator[Server]:
    """`engine` at `address_in(folder)`, in a thread; what its loop raises is raised here."""
    pool = pool_of(engine)
    welcome = Welcome(
        "one", "hashing", "none", VOCAB, 4096, 1024, pool.total, pool.page_tokens, "cpu", "none", ranks=1, restarts=3
    )
    server = Server(engine, pool, welcome, address_in(folder), **limits)
    raised: list[BaseException] = []

    def serve() -> None:
        try:
            server.serve()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(SECONDS)
        assert not thread.is_alive()
    if raised:
        raise raised[0]


def address_in(folder: Path) -> str:
    return f"ipc://{folder / 's'}"


class Raw:
    """A client that sends what it likes and reads when it likes."""

    def __init__(self, address: str, hello: bool = True) -> None:
        self._context = zmq.Context()
        self.socket = self._context.socket(zmq.DEALER)
        self.socket.setsockopt(zmq.SNDHWM, 0)
        self.socket.setsockopt(zmq.RCVHWM, 1)
        self.socket.connect(address)
        if hello:
            self.send(Hello(PROTOCOL))
            assert isinstance(self.read(), Welcome)

    def __enter__(self) -> Raw:
        return self

    def __exit__(self, *_: object) -> None:
        self._context.destroy(linger=0)

    def send(self, message: FromClient) -> None:
        self.socket.send(encode(message))

    def read(self) -> FromEngine:
        """The next message that means something."""
        while True:
            assert self.socket.poll(SECONDS * 1000), "no message came"
            message = read_from_engine(self.socket.recv())
            if not isinstance(message, Beat):
                return message


def talk(address: str, talking: Callable[[EngineClient], Awaitable[None]]) -> None:
    """Run `talking` with a client that an engine has answered."""

    async def run() -> None:
        async with asyncio.timeout(SECONDS * 2), EngineClient(address) as client:
            await client.ready(SECONDS)
            await talking(client)

    asyncio.run(run())


async def answer(client: EngineClient, request: Request) -> tuple[list[int], Done]:
    """All tokens and the end."""
    tokens: list[int] = []
    async for part in client.ask(request):
        if isinstance(part, Done):
            return tokens, part
        tokens += part.ids
    raise AssertionError("the answer has no end")


async def begun(client: EngineClient, request: Request) -> asyncio.Task[tuple[list[int], Done]]:
    """A task that has its first tokens and goes on reading."""
    first = asyncio.Event()

    async def read() -> tuple[list[int], Done]:
        tokens: list[int] = []
        async for part in client.ask(request):
            first.set()
            if isinstance(part, Done):
                return tokens, part
            assert isinstance(part, Tokens)
            tokens += part.ids
        raise AssertionError("the answer has no end")

    task = asyncio.create_task(read())
    waiting = asyncio.create_task(first.wait())
    await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    return task


async def until(client: EngineClient, holds: Callable[[Stats], bool]) -> Stats:
    """The engine's numbers, once they are as wanted."""
    due = time.monotonic() + SECONDS
    while not holds(stats := await client.stats()):
        assert time.monotonic() < due, stats
        await asyncio.sleep(0.02)
    return stats


def children(pid: int) -> set[int]:
    """Processes that `pid` started."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return {int(child) for task in tasks for child in (task / "children").read_text().split()}


def runs(pid: int) -> bool:
    """Whether there is such a process that has not ended; who has to wait for it may not have done so."""
    with contextlib.suppress(OSError):
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False
