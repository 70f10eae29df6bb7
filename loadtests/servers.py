"""Starts what is asked, each as a process of its own."""

from __future__ import annotations

import contextlib
import http.client
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["Server", "apply_server", "echo_server"]

_START_SECONDS = 60
_STOP_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    port: int
    pid: int
    log: Path

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"


def apply_server(options: Sequence[str], log: Path) -> contextlib.AbstractContextManager[Server]:
    """`fastapply serve` with `options`; ends with the block."""
    port = _free_port()
    return _running(["-m", "fastapply", "serve", "--port", str(port), *options], port, log)


def echo_server(kind: str, log: Path) -> contextlib.AbstractContextManager[Server]:
    """The echo, `bare` or with our `edge`; ends with the block."""
    port = _free_port()
    return _running(["-m", "loadtests.echo", str(port), kind], port, log)


@contextlib.contextmanager
def _running(arguments: Sequence[str], port: int, log: Path) -> Iterator[Server]:
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, *arguments], stdout=output, stderr=output)
        try:
            _wait_until_up(process, port, log)
            yield Server(port, process.pid, log)
        finally:
            process.terminate()
            try:
                status = process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
    if "-m fastapply" in " ".join(arguments) and status:
        raise RuntimeError(f"the server ended with status {status}; see {log}")


def _wait_until_up(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    due = time.monotonic() + _START_SECONDS
    while not _is_up(port):
        if process.poll() is not None or time.monotonic() > due:
            raise RuntimeError(f"a server did not start:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)


def _is_up(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
