"""Clients that stall, never end or come in masses: each is let go or served, and nobody else notices.

All against the real server process, with users who ask all the while and check each answer.
"""

from __future__ import annotations

import contextlib
import json
import resource
import socket
import time
import warnings
from typing import TYPE_CHECKING

import pytest

from support.load import Load
from support.service import Service, running, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CLIENT_TIMEOUT = 1.0
HEAD = "POST /v1/apply HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
CHUNKED = f"{HEAD}transfer-encoding: chunked\r\n\r\n".encode()


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that gives a client one second."""
    with contextlib.ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("FASTAPPLY_SERVER_CLIENT_TIMEOUT", str(CLIENT_TIMEOUT))
            service = running(tmp_path_factory.mktemp("impatient") / "log", "--pool-workers", "2")
            started = stack.enter_context(service)
        yield started


def connect(service: Service, window: int | None = None) -> socket.socket:
    """A connection, with a receive buffer of `window` bytes."""
    client = socket.socket()
    if window is not None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
    client.settimeout(20)
    client.connect(("127.0.0.1", int(service.url.rpartition(":")[2])))
    return client


def is_open(client: socket.socket) -> bool:
    """Whether the service still has `client`; eats what it sends."""
    client.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        try:
            while client.recv(1 << 16):
                pass
        except ConnectionError:
            pass
        return False
    return True


def held(service: Service) -> set[int]:
    """The ports of the clients whose connections the service has not given up, from the kernel's table."""
    port = int(service.url.rpartition(":")[2])
    with open("/proc/net/tcp") as table:
        rows = [line.split()[1:4] for line in list(table)[1:]]
    return {
        int(remote[-4:], 16)
        for local, remote, state in rows
        if local.endswith(f":{port:04X}") and state in ("01", "08")  # established, or closed by the client alone
    }


def test_a_client_that_does_not_read_its_answer_is_let_go(impatient: Service) -> None:
    text = "x = 1\n" * 700_000
    body = json.dumps({"original_code": text, "edit_snippet": text, "path": "a.txt"}).encode()
    head = f"{HEAD}content-length: {len(body)}\r\n\r\n".encode()
    with Load(impatient) as load, connect(impatient, window=4096) as client:
        port = client.getsockname()[1]
        client.sendall(head + body)
        wait_until(lambda: f"bytes_in={len(body)}" in impatient.log.read_text())
        assert port in held(impatient)
        wait_until(lambda: port not in held(impatient), 3 * CLIENT_TIMEOUT)
    load.assert_undisturbed()


def test_a_client_that_reads_slowly_gets_all(impatient: Service) -> None:
    text = "x = 1\n" * 100_000
    body = json.dumps({"original_code": text, "edit_snippet": text, "path": "a.txt"}).encode()
    with Load(impatient) as load, connect(impatient, window=4096) as client:
        client.sendall(f"{HEAD}connection: close\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
        received = b""
        start = time.monotonic()
        while piece := client.recv(1 << 16 if time.monotonic() - start > 2.5 * CLIENT_TIMEOUT else 512):
            received += piece
            if time.monotonic() - start < 2.5 * CLIENT_TIMEOUT:
                time.sleep(0.1)
    head, _, answer = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert json.loads(answer)["merged_code"] == text
    load.assert_undisturbed()


def test_a_body_that_never_ends_is_refused_and_no_longer_read(impatient: Service) -> None:
    piece = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    sent = 0
    with Load(impatient) as load, connect(impatient) as client:
        client.sendall(CHUNKED)
        start = time.monotonic()
        with contextlib.suppress(ConnectionError, TimeoutError):
            while time.monotonic() - start < 15:
                client.sendall(piece)
                sent += 1
        assert time.monotonic() - start < 10, f"still reading after {sent} MiB"
    load.assert_undisturbed()
    assert "status=413" in impatient.log.read_text()


def test_a_body_that_trickles_is_let_go(impatient: Service) -> None:
    with Load(impatient) as load, connect(impatient) as client:
        client.sendall(CHUNKED)
        start = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while time.monotonic() - start < 8 and is_open(client):
                client.setblocking(True)
                client.sendall(b"1\r\n[\r\n")
                time.sleep(CLIENT_TIMEOUT / 4)
        assert time.monotonic() - start < 4 * CLIENT_TIMEOUT
    load.assert_undisturbed()


@pytest.mark.parametrize("sent", [b"", b"GET /health HT", b"POST /v1/apply HTTP/1.1\r\nhost: localhost\r\n"])
def test_a_connection_that_does_not_ask_is_let_go(impatient: Service, sent: bytes) -> None:
    with connect(impatient) as client:
        client.sendall(sent)
        start = time.monotonic()
        wait_until(lambda: not is_open(client), 4 * CLIENT_TIMEOUT)
        assert time.monotonic() - start > CLIENT_TIMEOUT / 2


@pytest.fixture
def many_files() -> Iterator[int]:
    """As many open files as the machine allows, for us and for what we start."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.filterwarnings("default")
def test_ten_thousand_connections(many_files: int, start_service: Callable[..., Service]) -> None:
    wanted = min(10_000, many_files - 500)
    if wanted < 10_000:
        warnings.warn(f"this machine allows {many_files} open files, so only {wanted} connections", stacklevel=1)
    service = start_service("--pool-workers", "2")
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connect(service)) for _ in range(wanted)]
        asking = clients[::20]
        with Load(service, users=8) as load:
            for client in asking:
                client.sendall(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n")
            for client in asking:
                assert client.recv(100).startswith(b"HTTP/1.1 200")
            assert held(service) >= {client.getsockname()[1] for client in clients}
            time.sleep(1)
    load.assert_undisturbed()
    assert service.apply(original_code="a = 1\n", edit_snippet="a = 2\n", path="a.py").status_code == 200


def test_a_head_that_never_ends_is_let_go_long_before_its_time(service: Service) -> None:
    with connect(service) as client:
        client.sendall(b"GET /health HTTP/1.1\r\nhost: localhost\r\nx: ")
        with pytest.raises(ConnectionError):
            client.sendall(b"a" * (64 << 20))


@pytest.mark.parametrize("pieces", [1, 2, 7])
@pytest.mark.parametrize("protocol", ["h2c", "websocket"])
def test_an_offer_to_speak_another_protocol_is_ignored(impatient: Service, protocol: str, pieces: int) -> None:
    """Java's client makes it with each first request, and sends the body all the same."""
    body = json.dumps({"original_code": "a = 1\n", "edit_snippet": "a = 2\n", "path": "a.py"})
    offer = f"connection: Upgrade, HTTP2-Settings\r\nupgrade: {protocol}\r\nhttp2-settings: AAMAAABk\r\n"
    one = f"{HEAD}{offer}content-length: {len(body)}\r\n\r\n{body}".encode()
    sent = one * 2
    with connect(impatient) as client:
        for piece in range(pieces):
            client.sendall(sent[len(sent) * piece // pieces : len(sent) * (piece + 1) // pieces])
            time.sleep(0.05)
        answers = bytearray()

        def both_are_there() -> bool:
            answers.extend(client.recv(1 << 16))
            return answers.count(b"HTTP/1.1 200 OK") == 2

        wait_until(both_are_there, 5)
