"""Several server processes behind one port, keys that change under way, and the end of it all."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from fastapply.api.metrics import forget_the_dead
from support.service import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import ThreadPoolExecutor

    from support.service import Service

GOOD = {"original_code": "a = 1\n", "edit_snippet": "a = 2\n", "path": "a.py"}


def keys_file(file: Path, **secrets: str) -> None:
    """Write a configuration with a key for each name; a secret that begins with `-` is revoked."""
    tables = (
        f'[[keys]]\nname = "{name}"\nsha256 = "{hashlib.sha256(secret.lstrip("-").encode()).hexdigest()}"\n'
        f"revoked = {str(secret.startswith('-')).lower()}\n"
        for name, secret in secrets.items()
    )
    file.write_text("".join(tables))


def ask(service: Service, secret: str) -> int:
    headers = {"authorization": f"Bearer {secret}"}
    return httpx.post(f"{service.url}/v1/apply", json=GOOD, headers=headers).status_code


def test_a_key_is_revoked_and_another_added_while_the_service_runs(
    start_service: Callable[..., Service], tmp_path: Path
) -> None:
    file = tmp_path / "fastapply.toml"
    keys_file(file, ci="one")
    service = start_service("--pool-workers", "1", "--config", str(file))
    assert (ask(service, "one"), ask(service, "two"), service.apply(GOOD).status_code) == (200, 401, 401)
    keys_file(file, ci="-one", laptop="two")
    wait_until(lambda: (ask(service, "one"), ask(service, "two")) == (403, 200))
    file.write_text("no TOML at all [")
    time.sleep(1.2)
    assert (ask(service, "one"), ask(service, "two"), ask(service, "three")) == (403, 200, 401)
    assert "can't be read" in service.log.read_text()
    for secret in ("one", "two"):
        assert f" {secret}" not in service.log.read_text().replace("[info]", "")


def test_server_processes_share_port_and_metrics(
    start_service: Callable[..., Service], background: ThreadPoolExecutor
) -> None:
    service = start_service("--workers", "2", "--pool-workers", "1")
    replies = [background.submit(service.apply, GOOD) for _ in range(40)]
    assert {reply.result().status_code for reply in replies} == {200}
    wanted = 'fastapply_verdicts_total{verdict="merged"} 40.0'
    wait_until(lambda: wanted in httpx.get(f"{service.url}/metrics").text)
    wait_until(lambda: 'fastapply_workers{lane="small"} 2.0' in httpx.get(f"{service.url}/metrics").text)


def test_a_server_process_that_dies_is_replaced(start_service: Callable[..., Service]) -> None:
    service = start_service("--workers", "2", "--pool-workers", "1")
    servers = service.workers()
    gone = service.signal_workers(signal.SIGKILL)
    assert gone == servers
    wait_until(lambda: bool(service.workers()) and service.workers().isdisjoint(gone), 30)

    def answers() -> bool:
        try:
            return service.apply(GOOD).status_code == 200
        except httpx.TransportError:
            return False

    wait_until(answers, 30)


def test_server_processes_end_with_the_one_that_started_them(start_service: Callable[..., Service]) -> None:
    service = start_service("--workers", "2", "--pool-workers", "1")
    wait_until(lambda: service.apply(GOOD).status_code == 200)
    started = service.workers()
    assert len(started) >= 2
    service.process.kill()
    wait_until(lambda: not any(is_running(process) for process in started))


def is_running(process: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()[0]
    except FileNotFoundError:
        return False


def test_what_a_server_process_said_of_its_present_ends_with_it(tmp_path: Path) -> None:
    with subprocess.Popen(["true"]) as ended:
        pass
    kept = [f"gauge_livesum_{os.getpid()}.db", f"counter_{ended.pid}.db"]
    for name in (f"gauge_livesum_{ended.pid}.db", *kept):
        (tmp_path / name).touch()
    forget_the_dead(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == set(kept)
