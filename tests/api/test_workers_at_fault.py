"""What one request loses when its worker is stuck, dies, or is not free; and what the others keep.

A stopped worker (SIGSTOP) stands for one that is stuck: it answers nothing, and only SIGKILL ends it.
"""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from support.service import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import ThreadPoolExecutor

    from support.service import Service

GOOD = {"original_code": "a = 1\n", "edit_snippet": "a = 1\n", "path": "a.py"}


def test_a_worker_killed_in_the_midst_loses_its_request_alone(
    start_service: Callable[..., Service], background: ThreadPoolExecutor
) -> None:
    service = start_service("--pool-workers", "1", "--deadline", "30")
    stuck = service.signal_workers(signal.SIGSTOP)
    lost = background.submit(service.apply, GOOD)
    time.sleep(0.3)
    queued = background.submit(service.apply, GOOD)
    time.sleep(0.3)
    service.signal_workers(signal.SIGKILL)
    reply = lost.result()
    assert reply.status_code == 500
    assert reply.json()["code"] == "worker_died"
    assert "SIGKILL" in reply.json()["detail"]
    assert queued.result().status_code == 200
    assert service.workers().isdisjoint(stuck)


def test_an_idle_worker_that_dies_is_replaced(start_service: Callable[..., Service]) -> None:
    service = start_service("--pool-workers", "2")
    service.wait_for_other_workers_than(service.signal_workers(signal.SIGKILL))
    assert httpx.get(f"{service.url}/health").json()["workers"]["small"]["alive"] == 2


def test_a_deadline_is_kept_even_when_the_worker_is_stuck(start_service: Callable[..., Service]) -> None:
    service = start_service("--pool-workers", "1", "--deadline", "0.5")
    stuck = service.signal_workers(signal.SIGSTOP)
    start = time.monotonic()
    reply = service.apply(GOOD)
    assert reply.status_code == 504
    assert reply.json()["code"] == "deadline_exceeded"
    assert time.monotonic() - start < 10  # a stopped worker never answers
    service.wait_for_a_successor_of_one_of(stuck)


def test_one_request_too_many_is_told_to_come_back(
    start_service: Callable[..., Service], background: ThreadPoolExecutor
) -> None:
    service = start_service("--pool-workers", "1", "--queue", "1", "--deadline", "30")
    service.signal_workers(signal.SIGSTOP)
    waiting = [background.submit(service.apply, GOOD) for _ in range(2)]
    time.sleep(0.5)
    reply = service.apply(GOOD)
    assert reply.status_code == 503
    assert reply.json()["code"] == "queue_full"
    assert int(reply.headers["retry-after"]) >= 1
    service.signal_workers(signal.SIGCONT)
    assert [request.result().status_code for request in waiting] == [200, 200]


def test_large_merges_have_a_queue_of_their_own(
    start_service: Callable[..., Service], background: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTAPPLY_POOL_LARGE_FROM", "1000")
    monkeypatch.setenv("FASTAPPLY_POOL_LARGE_QUEUE", "0")
    service = start_service("--pool-workers", "1", "--deadline", "30")
    service.signal_workers(signal.SIGSTOP)
    large = {**GOOD, "original_code": "a = 1\n" * 200}
    waiting = [background.submit(service.apply, body) for body in (large, GOOD, GOOD)]
    time.sleep(0.5)
    assert service.apply(large).status_code == 503
    service.signal_workers(signal.SIGCONT)
    assert [request.result().status_code for request in waiting[1:]] == [200, 200]
    assert waiting[0].result().status_code in (200, 422)


def test_a_client_that_leaves_frees_its_worker(start_service: Callable[..., Service]) -> None:
    service = start_service("--pool-workers", "1", "--deadline", "60")
    stuck = service.signal_workers(signal.SIGSTOP)
    with pytest.raises(httpx.ReadTimeout):
        service.apply(GOOD, timeout=0.3)
    service.wait_for_a_successor_of_one_of(stuck)
    assert "Traceback" not in service.log.read_text()


def test_workers_end_with_the_service(start_service: Callable[..., Service]) -> None:
    service = start_service("--pool-workers", "2")
    workers = service.workers()
    service.process.kill()
    service.process.wait()
    wait_until(lambda: not any(_is_running(worker) for worker in workers))


def _is_running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as state:
            return state.read().rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False
