"""The pool of workers, without HTTP."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fastapply import apply, errors
from fastapply.merge.values import ApplyResult
from fastapply.settings.model import GIB, MIB, PoolSettings
from fastapply.workers import wire
from fastapply.workers.lanes import Lanes
from fastapply.workers.pool import WorkerPool

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

ORIGINAL = "def one():\n    return 1\n\n\ndef two():\n    return 2\n"
JOB = wire.Job(ORIGINAL, "# ... existing code ...\ndef two():\n    return 22\n", path="numbers.py")


def with_pool(test: Callable[[WorkerPool], Awaitable[None]], **settings: object) -> None:
    async def run() -> None:
        async with WorkerPool(PoolSettings(**settings)) as pool:
            await test(pool)

    asyncio.run(run())


def children() -> set[int]:
    """The workers of this process, which may have other children."""
    tasks = Path("/proc/self/task").iterdir()
    pids = {int(child) for task in tasks for child in (task / "children").read_text().split()}
    return {pid for pid in pids if b"fastapply.workers.child" in Path(f"/proc/{pid}/cmdline").read_bytes()}


def test_a_worker_answers_as_the_function_does() -> None:
    async def check(pool: WorkerPool) -> None:
        there = await pool.apply(JOB)
        here = apply(JOB.original_code, JOB.edit_snippet, path=JOB.path)
        fields = set(here.__struct_fields__) - {"timings"}
        assert {name: getattr(there, name) for name in fields} == {name: getattr(here, name) for name in fields}

    with_pool(check, workers=1)


def test_errors_keep_their_types_and_what_they_carry() -> None:
    async def check(pool: WorkerPool) -> None:
        with pytest.raises(errors.UnknownLanguage) as unknown:
            await pool.apply(wire.Job("a", "b", language="klingon"))
        assert unknown.value.field == "language"
        with pytest.raises(errors.ModelUnavailable):
            await pool.apply(wire.Job("a", "b", on_doubt="model"))
        with pytest.raises(errors.EditRefused) as refused:
            await pool.apply(wire.Job("go()\nstop()\ngo()\n", "# ...\nrest()\n# ...\n", path="a.py"))
        assert refused.value.doubts

    with_pool(check, workers=1)


@pytest.mark.parametrize(
    "error",
    [
        errors.FastApplyError("a"),
        errors.InvalidRequest("b", "path"),
        errors.UnknownLanguage("c", "language"),
        errors.InputTooLarge("d", "original_code"),
        errors.ModelUnavailable("e"),
        errors.DeadlineExceeded(1.5),
        errors.WorkerDied("f"),
        errors.EditRefused(()),
    ],
)
def test_every_error_crosses_as_itself(error: errors.FastApplyError) -> None:
    with pytest.raises(type(error)) as raised:
        wire.open_answer(wire.encode_error(error), ApplyResult)
    assert type(raised.value) is type(error)
    assert str(raised.value) == str(error)
    assert vars(raised.value) == vars(error)


def test_no_error_of_the_package_is_left_out_of_that() -> None:
    """Those of a model, a service, a workspace, a batch and a full queue are raised on this side: no worker has one."""
    all_errors = {getattr(errors, name) for name in errors.__all__}
    ours = (
        errors.ModelError,
        errors.ServiceError,
        errors.WorkspaceError,
        errors.QueueFull,
        errors.BatchRefused,
        errors.EarlyEditWrong,
        errors.UnknownTool,
    )
    known = {error for error in all_errors if not issubclass(error, ours)}
    assert known - {errors.EditRefused, errors.FastApplyError, errors.DeadlineExceeded, errors.InvalidSetting} == {
        *wire._BY_FIELD.values(),
        *wire._BY_MESSAGE.values(),
    }


def test_a_lone_surrogate_is_an_error_of_the_request_and_costs_no_worker() -> None:
    async def check(pool: WorkerPool) -> None:
        before = children()
        with pytest.raises(errors.InvalidRequest, match="surrogate"):
            await pool.apply(wire.Job("\ud800", "b"))
        assert children() == before
        await pool.apply(JOB)

    with_pool(check, workers=1)


def test_a_stuck_worker_is_killed_at_the_deadline_and_replaced() -> None:
    async def check(pool: WorkerPool) -> None:
        [stuck] = children()
        os.kill(stuck, signal.SIGSTOP)
        start = time.monotonic()
        with pytest.raises(errors.DeadlineExceeded, match=r"within 0\.3 s"):
            await pool.apply(wire.Job("a", "a", deadline=0.3))
        assert time.monotonic() - start < 10  # a stopped worker never answers
        await pool.apply(JOB)
        assert stuck not in children()

    with_pool(check, workers=1)


def test_time_in_the_queue_counts() -> None:
    async def check(pool: WorkerPool) -> None:
        [stuck] = children()
        os.kill(stuck, signal.SIGSTOP)
        first = asyncio.create_task(pool.apply(wire.Job("a", "a", deadline=30)))
        await asyncio.sleep(0.1)
        with pytest.raises(errors.DeadlineExceeded):
            await pool.apply(wire.Job("a", "a", deadline=0.2))
        os.kill(stuck, signal.SIGCONT)
        await first
        assert children() == {stuck}

    with_pool(check, workers=1)


def test_cancelling_ends_the_worker_that_merges() -> None:
    async def check(pool: WorkerPool) -> None:
        [stuck] = children()
        os.kill(stuck, signal.SIGSTOP)
        task = asyncio.create_task(pool.apply(JOB))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await pool.apply(JOB)
        assert stuck not in children()

    with_pool(check, workers=1)


def test_a_full_queue_turns_away_at_once() -> None:
    async def check(pool: WorkerPool) -> None:
        [stuck] = children()
        os.kill(stuck, signal.SIGSTOP)
        waiting = [asyncio.create_task(pool.apply(JOB)) for _ in range(3)]
        await asyncio.sleep(0.1)
        with pytest.raises(errors.QueueFull):
            await pool.apply(JOB)
        os.kill(stuck, signal.SIGCONT)
        assert len({result.merged_code for result in await asyncio.gather(*waiting)}) == 1

    with_pool(check, workers=1, queue=2)


def test_who_waited_longest_is_next() -> None:
    """Nobody who comes at the moment in which a worker gets free goes before those who wait."""

    async def check(pool: WorkerPool) -> None:
        asked, answered = [], []

        async def user(name: int) -> None:
            for round_ in range(10):
                asked.append((name, round_))
                await pool.apply(JOB)
                answered.append((name, round_))

        await asyncio.gather(*map(user, range(12)))
        assert answered == asked

    with_pool(check, workers=1)


def test_memory_is_limited() -> None:
    async def check(_: WorkerPool) -> None:
        [worker] = children()
        limits = Path(f"/proc/{worker}/limits").read_text()
        assert f"Max address space         {GIB}" in limits

    with_pool(check, workers=1, memory=GIB)


def test_a_merge_that_needs_more_memory_than_there_is_fails_alone() -> None:
    async def check(pool: WorkerPool) -> None:
        text = "x = 1\n" * (16 * MIB // 6)
        with pytest.raises(errors.WorkerDied):
            await pool.apply(wire.Job(text, text + "y = 1\n", path="a.py", deadline=60))
        await pool.apply(JOB)

    with_pool(check, workers=1, memory=512 * MIB)


def test_nothing_is_left_when_the_pool_closes() -> None:
    async def check(pool: WorkerPool) -> None:
        await pool.apply(JOB)

    with_pool(check, workers=2)
    assert children() == set()


@pytest.mark.parametrize("pause", [0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3])
def test_nothing_is_left_when_the_pool_closes_while_a_worker_is_replaced(pause: float) -> None:
    async def check(_: WorkerPool) -> None:
        for child in children():
            os.kill(child, signal.SIGKILL)
        await asyncio.sleep(pause)

    with_pool(check, workers=2)
    gc.collect()  # what was not closed complains now
    assert children() == set()


def test_a_request_under_way_when_the_pool_closes_fails() -> None:
    async def run() -> None:
        pool = WorkerPool(PoolSettings(workers=1))
        await pool.start()
        [stuck] = children()
        os.kill(stuck, signal.SIGSTOP)
        task = asyncio.create_task(pool.apply(JOB))
        await asyncio.sleep(0.1)
        await pool.close()
        with pytest.raises(errors.WorkerDied):
            await task

    asyncio.run(run())


@pytest.mark.parametrize("wrong", [{"workers": 0}, {"queue": -1}, {"deadline": 0}, {"memory": 1}])
def test_settings_out_of_range_are_refused_by_name(wrong: dict[str, int]) -> None:
    with pytest.raises(errors.InvalidSetting) as refused:
        PoolSettings(**wrong)
    assert refused.value.field == next(iter(wrong))


def test_a_worker_holds_nothing_open_that_its_server_left_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.set_inheritable(True)  # as several server processes have theirs
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-P", "-m", "fastapply.workers.child", str(theirs.fileno()), "0"]
        with ours, theirs, subprocess.Popen(command, pass_fds=[theirs.fileno(), server.fileno()]) as worker:
            theirs.close()
            assert ours.recv(1 << 16).endswith(wire.READY)
            held = {os.readlink(file) for file in Path(f"/proc/{worker.pid}/fd").iterdir()}
            inode = f"socket:[{os.fstat(server.fileno()).st_ino}]"
            ours.close()
    assert held
    assert inode not in held


def test_streams_that_grow_in_one_moment_leave_a_worker_to_merges() -> None:
    """Who asks whether a worker is idle sees the searches that others have only just begun."""

    async def check() -> None:
        async with Lanes(PoolSettings(workers=3)) as lanes:
            begun = [lanes.early(wire.EarlyJob("a\n", "b\n", deadline=5.0)) for _ in range(9) if lanes.is_idle(4)]
            assert len(begun) == 2
            await asyncio.gather(*begun)
            assert lanes.is_idle(4)

    asyncio.run(check())
