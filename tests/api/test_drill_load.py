"""Under load: workers that are killed, merges that are huge, bodies at the limit. Who is not concerned notices nothing.

All against the real server process.
"""

from __future__ import annotations

import json
import os
import random
import signal
import statistics
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from fastapply.api.models import Models
from fastapply.api.problems import Problem
from fastapply.api.wire import decode_apply_request
from fastapply.bench.generate import generate
from support.load import Load
from support.service import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import ThreadPoolExecutor

    from support.service import Service


def test_workers_killed_under_load_lose_one_request_each(start_service: Callable[..., Service]) -> None:
    service = start_service("--pool-workers", "2", "--deadline", "30")
    killed = 0
    with Load(service, users=8) as load:
        wait_until(lambda: len(load.answers) > 20)
        for _ in range(4):
            os.kill(random.choice(sorted(service.workers())), signal.SIGKILL)
            killed += 1
            time.sleep(0.4)
        seen = len(load.answers)
        wait_until(lambda: len(load.answers) > seen + 20)
    assert set(load.whats) <= {"right", "worker_died"}, load.whats
    assert load.whats["worker_died"] <= killed
    assert max(answer.seconds for answer in load.answers) < 10
    wait_until(lambda: len(service.workers()) == 3)


def test_small_merges_do_not_wait_behind_huge_ones(
    start_service: Callable[..., Service], background: ThreadPoolExecutor
) -> None:
    service = start_service("--pool-workers", "1", "--deadline", "60")
    huge = generate("python", 10_000, 1)
    assert len(huge.original) > 256 * 1024
    fields = {"original_code": huge.original, "edit_snippet": huge.snippet, "path": huge.path}

    def merge_huge() -> float:
        start = time.perf_counter()
        assert service.apply(fields, timeout=60).status_code == 200
        return time.perf_counter() - start

    waiting = [background.submit(merge_huge) for _ in range(3)]
    wait_until(lambda: figure(service, 'fastapply_pending{lane="large"}') == 3)
    with Load(service, users=1) as load:
        took = [each.result() for each in waiting]
    assert set(load.whats) == {"right"}, load.whats
    assert len(load.answers) > 20
    assert statistics.median(answer.seconds for answer in load.answers) < min(took) / 5
    slow = sorted(answer.seconds for answer in load.answers)[-len(load.answers) // 10 :]
    assert slow[0] < min(took)  # of one worker, a tenth of them and more would wait


def test_the_event_loop_is_not_held_up_by_bodies_at_the_limit(
    start_service: Callable[..., Service], background: ThreadPoolExecutor
) -> None:
    service = start_service("--pool-workers", "1", "--deadline", "60")
    text = "x = 1\n" * 700_000
    body = json.dumps({"original_code": text, "edit_snippet": text, "path": "a.txt"}).encode()
    assert 9_000_000 < len(body) < 10_485_760

    def post() -> int:
        headers = {"content-type": "application/json"}
        return httpx.post(f"{service.url}/v1/apply", content=body, headers=headers, timeout=60).status_code

    bodies = 12
    with Load(service, users=2) as load:
        statuses = [each.result() for each in [background.submit(post) for _ in range(bodies)]]
    assert statuses == [200] * bodies
    load.assert_undisturbed()
    samples = figure(service, "fastapply_event_loop_lag_seconds_count")
    in_time = figure(service, 'fastapply_event_loop_lag_seconds_bucket{le="0.1"}')
    assert samples >= 10
    # If we held the loop, each body would; a busy machine delays anybody now and then.
    assert samples - in_time < bodies / 2


def test_what_nobody_reads_costs_no_time() -> None:
    """Ten million bytes of empty lists took two seconds to decode, and the event loop with them."""
    lists = b"[" + b"[]," * 3_300_000 + b"1]"
    start = time.thread_time()
    decode_apply_request(b'{"original_code": "", "edit_snippet": "", "unknown": %b}' % lists, Models())
    with pytest.raises(Problem, match="Expected `str`, got `array`"):
        decode_apply_request(b'{"original_code": %b, "edit_snippet": ""}' % lists, Models())
    assert time.thread_time() - start < 1


def figure(service: Service, name: str) -> float:
    lines = httpx.get(f"{service.url}/metrics").text.splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name} ")), 0.0)
