"""How clients reach the server: over stdin and stdout, a TCP port, or a websocket. A port has many clients, one server
each; they share who merges."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING, Any

from pygls.io_ import StdinAsyncReader, StdoutWriter, run_async, run_websocket

from fastapply.errors import InvalidSetting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from websockets.asyncio.server import ServerConnection
    from websockets.typing import Origin

    from lsp_bridge.server import Server

__all__ = ["address_of", "serve_stdio", "serve_tcp", "serve_websocket"]

# What reads messages tells it of those that it can't read, with what they hold: as silent as pygls, which is below the
# same name. The server says that one failed, and where.
log = logging.getLogger("pygls.messages")
_LARGEST = 64 * 1024 * 1024  # bytes of one message over a websocket


async def serve_stdio(make: Callable[[], Server]) -> int:
    """Serve one client; returns the exit code when it is done. Nothing else may be printed to stdout meanwhile."""
    stdout, sys.stdout = sys.stdout.buffer, sys.stderr
    reads = ThreadPoolExecutor(1, "stdin")
    try:
        async with _serving(make()) as server:
            reader = StdinAsyncReader(sys.stdin.buffer, reads)
            server.protocol.set_writer(StdoutWriter(stdout))
            await _run(server, reader)
            return server.exit_code
    finally:
        reads.shutdown(wait=False)


async def serve_tcp(make: Callable[[], Server], host: str, port: int, ready: Callable[[int], None]) -> None:
    """Serve all who connect, until cancelled; `ready` is told the port."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with _serving(make()) as server:
            server.protocol.set_writer(writer)
            await _run(server, reader)
        writer.close()

    async with await asyncio.start_server(connected, host, port) as listening:
        ready(listening.sockets[0].getsockname()[1])
        await listening.serve_forever()


async def serve_websocket(
    make: Callable[[], Server], host: str, port: int, origins: Sequence[str], ready: Callable[[int], None]
) -> None:
    """Serve all who connect, until cancelled. Pages in a browser may connect only from one of `origins`."""
    from websockets.asyncio.server import serve

    async def connected(socket: ServerConnection) -> None:
        async with _serving(make()) as server:
            with contextlib.suppress(asyncio.IncompleteReadError):
                await run_websocket(socket, _stop_event(server), server.protocol, log, server.report_server_error)

    known: list[Any] = [None, *(_origin(origin) for origin in origins)]
    async with serve(connected, host, port, origins=known, max_size=_LARGEST) as listening:
        ready(next(iter(listening.sockets)).getsockname()[1])
        await listening.serve_forever()


def _origin(origin: str) -> Origin:
    from websockets.typing import Origin

    return Origin(origin)


def address_of(text: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT`, `:PORT` or `PORT`. Raises `InvalidSetting` where that is none, or lies beyond this
    machine: whoever connects may read the files of the workspace, and nobody is asked for a key."""
    host, _, port = text.rpartition(":")
    host = host.strip("[]") or "127.0.0.1"
    try:
        local = host == "localhost" or ipaddress.ip_address(host).is_loopback
        number = int(port)
    except ValueError:
        raise InvalidSetting(f"{text!r} is no address: give HOST:PORT", field="address") from None
    if not local or not 0 <= number < 1 << 16:
        raise InvalidSetting(
            f"{text!r}: must be an address of this machine, such as 127.0.0.1:9257; use ssh -L for another one",
            field="address",
        )
    return host, number


@contextlib.asynccontextmanager
async def _serving(server: Server) -> AsyncIterator[Server]:
    try:
        yield server
    finally:
        await server.close()


def _stop_event(server: Server) -> Event:
    event = server._stop_event = Event()
    return event


def _run(server: Server, reader: Any) -> Awaitable[None]:
    return run_async(_stop_event(server), reader, server.protocol, log, server.report_server_error)
