"""A server of OpenAI's API that does what a test tells it: whole answers, refusals, broken streams, silence."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from fastapply.resolve.completer import Completion, Question
from fastapply.resolve.profile import Answer, Decoding, Profile, Sampling, Turns
from fastapply.resolve.remote import RemoteCompleter
from fastapply.resolve.remote.server import Patience

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    Act = Callable[["Exchange"], Awaitable[None]]

PROFILE = Profile(
    name="tiny",
    description="for tests",
    system="You merge.",
    user="<code>{code}</code>\n<update>{update}</update>\n{instruction}",
    turns=Turns("<s>{text}</s>", "<u>{text}</u>", "<a>"),
    answer=Answer("<new>\n", "</new>", ("</a>",)),
    decoding=Decoding(context=2000, whole_file=True),
    sampling=Sampling(temperature=0.0, top_p=0.9, seed=7),
)
SECRET = "wholly_private_name"
QUESTION = Question(f"{SECRET} = 1\n", f"{SECRET} = 2\n", f"{SECRET} = 2\n", instruction=f"set {SECRET}")
KEY = "a-key-of-theirs"
USAGE = {"prompt_tokens": 30, "completion_tokens": 9}
EVENT = b'data: {"choices": [{"delta": {"content": "<new>\\nhalf of"}}]}\n\n'
ONCE = Patience(attempts=1)


@dataclass
class Exchange:
    """One request, and the connection to answer it on."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def begin_events(self) -> None:
        head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        await self.send(head.encode())

    async def event(self, data: object) -> None:
        text = data if isinstance(data, str) else json.dumps(data)
        await self.chunk(f"data: {text}\n\n".encode())

    async def chunk(self, data: bytes) -> None:
        await self.send(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    async def piece(self, text: str) -> None:
        choice = {"text": text} if self.path.endswith("/completions") and "prompt" in self.body else {}
        await self.event({"choices": [choice or {"delta": {"content": text}}]})

    async def until_client_is_gone(self) -> None:
        # Nothing is sent after a request's body, so what comes is the end.
        with contextlib.suppress(ConnectionError):
            assert await self.reader.read(1) == b""


@dataclass
class ScriptedServer:
    """Acts by `script`, one act a request, the last again and again."""

    script: list[Act]
    requests: list[Exchange] = field(default_factory=list)
    connections: int = 0
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by `serve_until_gone` once its client has ended the connection."""
    address: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
                body = json.loads(await reader.readexactly(int(headers.get("content-length", 0))) or b"{}")
                exchange = Exchange(head[0].split()[1], headers, body, reader, writer)
                self.requests.append(exchange)
                await self.script[min(len(self.requests), len(self.script)) - 1](exchange)
                if writer.is_closing():
                    break
        writer.close()

    def sent(self, name: str) -> list[Any]:
        """What each request had in this field."""
        return [request.body.get(name) for request in self.requests]


@contextlib.asynccontextmanager
async def serving(*script: Act) -> AsyncIterator[ScriptedServer]:
    scripted = ScriptedServer(list(script))
    server = await asyncio.start_server(scripted.serve, "127.0.0.1", 0)
    scripted.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield scripted
    finally:
        server.close()
        for exchange in scripted.requests:
            exchange.writer.close()
        await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def asking(address: str, profile: Profile = PROFILE, **options: Any) -> AsyncIterator[RemoteCompleter]:
    completer = RemoteCompleter(profile, address, "their-model", **options)
    try:
        yield completer
    finally:
        await completer.close()


async def answer_of(
    completer: RemoteCompleter, question: Question = QUESTION, seconds: float = 20
) -> tuple[list[str], Completion]:
    """The pieces, and the completion that follows them."""
    *pieces, end = [part async for part in completer.complete(question, seconds)]
    assert isinstance(end, Completion)
    assert all(isinstance(piece, str) and piece for piece in pieces)
    assert "".join(map(str, pieces)) == end.text
    return list(map(str, pieces)), end


def answers(*pieces: str, finish: str = "stop", usage: dict[str, Any] | None = None) -> Act:
    """A whole answer in these pieces, with its usage in an event of its own, as vLLM sends it."""

    async def act(exchange: Exchange) -> None:
        await exchange.begin_events()
        await exchange.event({"choices": [{"delta": {"role": "assistant", "content": ""}}]})
        for piece in pieces:
            await exchange.piece(piece)
        await exchange.event({"choices": [{"delta": {}, "finish_reason": finish}]})
        await exchange.event({"choices": [], "usage": USAGE if usage is None else usage})
        await exchange.event("[DONE]")
        await exchange.send(b"0\r\n\r\n")

    return act


ANSWER = answers("<new>\n", f"{SECRET} = 2\n", "</new>")


def refuses(status: int, error: object = None, **headers: str) -> Act:
    """A status with an error in JSON, or with `error` itself where that is a text."""

    async def act(exchange: Exchange) -> None:
        body = (error if isinstance(error, str) else json.dumps(error)).encode()
        lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items()]
        head = f"HTTP/1.1 {status} No\r\ncontent-length: {len(body)}\r\n{''.join(lines)}\r\n"
        await exchange.send(head.encode() + body)

    return act


def refuses_field(name: str, status: int = 400, error: object = None) -> Act:
    """Refuses requests that have a field, and answers others."""

    async def act(exchange: Exchange) -> None:
        await (refuses(status, error) if name in exchange.body else ANSWER)(exchange)

    return act


def streams(data: bytes) -> Act:
    """A body of events as it is, then the connection's end without the body's."""

    async def act(exchange: Exchange) -> None:
        await exchange.begin_events()
        await exchange.chunk(data)
        exchange.writer.close()

    return act


async def hangs_up(exchange: Exchange) -> None:
    """Ends the connection without a word."""
    exchange.writer.close()


async def stays_silent(exchange: Exchange) -> None:
    await exchange.until_client_is_gone()


async def streams_on(exchange: Exchange) -> None:
    """Begins an answer with more text than is held back, and does not end it."""
    await exchange.begin_events()
    await exchange.piece("<new>\n" + "x" * 500)
    await exchange.until_client_is_gone()


def fails(error: type[Exception], *script: Act, patience: Patience = ONCE, seconds: float = 20) -> tuple[str, int]:
    """The message of the error that a question ends in, and how many requests that took."""

    async def run() -> tuple[str, int]:
        async with serving(*script) as server, asking(server.address, api_key=KEY, patience=patience) as completer:
            with pytest.raises(error) as caught:
                await answer_of(completer, seconds=seconds)
            assert type(caught.value) is error
            return str(caught.value), len(server.requests)

    message, requests = asyncio.run(run())
    assert SECRET not in message
    return message, requests
