"""The real service as a process, and what a test wants to know and do to it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass
class Service:
    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def apply(self, body: object = None, timeout: float = 30, **fields: object) -> httpx.Response:
        return httpx.post(f"{self.url}/v1/apply", json=fields if body is None else body, timeout=timeout)

    def workers(self) -> set[int]:
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return {int(child) for task in tasks for child in (task / "children").read_text().split()}

    def signal_workers(self, number: signal.Signals) -> set[int]:
        workers = self.workers()
        for worker in workers:
            os.kill(worker, number)
        return workers

    def wait_for_other_workers_than(self, gone: set[int]) -> None:
        wait_until(lambda: len(self.workers() - gone) >= len(gone) and self.workers().isdisjoint(gone))
        self.wait_for_a_merge()

    def wait_for_a_successor_of_one_of(self, stuck: set[int]) -> None:
        """Of workers that were all stopped, only the one that had a merge is ended."""
        wait_until(lambda: len(stuck - self.workers()) == 1)
        self.wait_for_a_merge()

    def wait_for_a_merge(self) -> None:
        wait_until(lambda: self.apply(original_code="a = 1\n", edit_snippet="a = 1\n", path="a.py").status_code == 200)


def wait_until(holds: Callable[[], bool], seconds: float = 20) -> None:
    due = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < due, "waited in vain"
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_up(url: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"{url}/health").status_code == 200
    return False


@contextlib.contextmanager
def running(log: Path, *options: str, own_group: bool = False, port: int = 0) -> Iterator[Service]:
    port = port or free_port()
    command = [str(Path(sys.executable).with_name("fastapply")), "serve", "--port", str(port), *options]
    with (
        log.open("wb") as output,
        subprocess.Popen(command, stdout=output, stderr=output, start_new_session=own_group) as process,
    ):
        service = Service(f"http://127.0.0.1:{port}", process, log)
        try:
            wait_until(lambda: process.poll() is not None or is_up(service.url), 60)
            assert process.poll() is None, log.read_text()
            yield service
        finally:
            process.terminate()
            assert process.wait(20) in (0, -signal.SIGKILL), log.read_text()
