"""A pool of worker processes for asyncio: bounded, with a hard deadline, losing one request when one worker is lost.

A worker does one merge at a time. A request that ends early, by its deadline or because its caller went away, kills the
worker it had: nothing else stops C code. Each worker has a keeper, which sees the process end, whatever ended it, and
starts the next one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import time
from collections import deque
from typing import TYPE_CHECKING, Self, TypeVar

import msgspec

from fastapply.errors import DeadlineExceeded, FastApplyError, QueueFull, WorkerDied
from fastapply.merge.values import ApplyResult
from fastapply.workers import wire

if TYPE_CHECKING:
    from fastapply.settings.model import PoolSettings

__all__ = ["WorkerPool"]

log = logging.getLogger(__name__)

T = TypeVar("T")

# A worker minds its deadline itself where it can; one that does not is killed this much later.
_KILL_GRACE_SECONDS = 0.25
_START_SECONDS = 60.0
_RESTART_PAUSE_SECONDS = 1.0


class WorkerPool:
    """`async with WorkerPool(settings) as pool: result = await pool.apply(job)`."""

    def __init__(self, settings: PoolSettings) -> None:
        self._settings = settings
        self._idle = _Idle()
        self._keepers: list[asyncio.Task[None]] = []
        self._workers: set[_Worker] = set()
        self._pending = 0
        self.restarts = 0
        """Workers that ended and were replaced, so far."""

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def alive(self) -> int:
        """Workers that are up."""
        return sum(worker.alive for worker in self._workers)

    @property
    def wanted(self) -> int:
        """Workers there should be."""
        return self._settings.workers

    @property
    def pending(self) -> int:
        """Requests that were taken and are not answered yet."""
        return self._pending

    async def start(self) -> None:
        """Start all workers; returns when each is ready. `WorkerDied` where one can't start."""
        starts = (self._start_worker() for _ in range(self._settings.workers))
        try:
            for started in await asyncio.gather(*starts, return_exceptions=True):
                if isinstance(started, BaseException):
                    raise started
                self._keepers.append(asyncio.create_task(self._keep(started)))
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """End all workers. Requests under way fail with `WorkerDied`."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        await asyncio.gather(*(worker.end() for worker in tuple(self._workers)))
        self._workers.clear()

    async def apply(self, job: wire.Job) -> ApplyResult:
        """`fastapply.apply` in a worker."""
        return await self.run(job, ApplyResult)

    async def run(self, job: wire.AnyJob, kind: type[T]) -> T:
        """What a worker makes of `job`, a `kind`.

        Raises what the worker's function raises, and `DeadlineExceeded` once `job.deadline` has passed, waiting
        included, `WorkerDied` where the worker ended, `QueueFull` at once where too many wait. Cancelling kills the
        worker that is at it.
        """
        if self._pending >= self._settings.workers + self._settings.queue:
            raise QueueFull
        self._pending += 1
        due = time.monotonic() + job.deadline
        try:
            async with asyncio.timeout(job.deadline + _KILL_GRACE_SECONDS):
                return await self._ask_idle_worker(job, due, kind)
        except (TimeoutError, DeadlineExceeded):
            raise DeadlineExceeded(job.deadline) from None
        finally:
            self._pending -= 1

    async def _ask_idle_worker(self, job: wire.AnyJob, due: float, kind: type[T]) -> T:
        worker = await self._idle.take()
        try:
            # Encoded only now, so that requests in the queue hold their texts once.
            payload = wire.encode(msgspec.structs.replace(job, deadline=_left_until(due)))
        except FastApplyError:
            self._idle.put(worker)
            raise
        try:
            answer = await worker.ask(payload)
        except BaseException:
            worker.kill()
            raise
        self._idle.put(worker)
        return wire.open_answer(answer, kind)

    async def _keep(self, worker: _Worker) -> None:
        """Put `worker` to work, and one after another in its place, until the pool closes."""
        while True:
            self._idle.put(worker)
            await worker.ended()
            self.restarts += 1
            log.warning("a worker ended (%s) and is replaced", worker.fate)
            worker = await self._replace(worker)

    async def _replace(self, worker: _Worker) -> _Worker:
        await self._drop(worker)
        while True:
            try:
                return await self._start_worker()
            except (WorkerDied, OSError) as error:
                log.error("a worker could not be started: %s", error)
                await asyncio.sleep(_RESTART_PAUSE_SECONDS)

    async def _start_worker(self) -> _Worker:
        spawning = asyncio.create_task(_Worker.spawn(self._settings.memory))
        try:
            # Not to be cut short, or the process would be nobody's.
            worker = await asyncio.shield(spawning)
        finally:
            self._workers.add(await spawning)
        try:
            await worker.wait_until_ready()
        except BaseException:
            await self._drop(worker)
            raise
        return worker

    async def _drop(self, worker: _Worker) -> None:
        await worker.end()
        self._workers.discard(worker)  # only now: cut short, `close` has it to end


def _left_until(due: float) -> float:
    left = due - time.monotonic()
    if left <= 0:
        raise DeadlineExceeded(0)
    return left


class _Idle:
    """Workers without work, and those who wait for one, in the order they came.

    A worker is handed to the one who waited longest. `asyncio.Queue` only wakes him, and whoever asks in that moment
    takes the worker and sends him to the end of the line: under load a few waited twice as long as all others.
    """

    def __init__(self) -> None:
        self._workers: list[_Worker] = []
        self._waiting: deque[asyncio.Future[_Worker]] = deque()

    def put(self, worker: _Worker) -> None:
        """`worker` is free. A dead one is dropped: its keeper has the successor on the way."""
        if not worker.alive:
            return
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(worker)
                return
        self._workers.append(worker)

    async def take(self) -> _Worker:
        """A free worker, as soon as there is one."""
        # Last in, first out: under little load the same worker answers, with its grammars loaded and its caches warm.
        while self._workers:
            worker = self._workers.pop()
            if worker.alive:
                return worker
        waiting: asyncio.Future[_Worker] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        try:
            return await waiting
        except asyncio.CancelledError:
            if waiting.done() and not waiting.cancelled():
                self.put(waiting.result())  # handed over too late to be used
            raise


class _Worker:
    """One process and the socket that leads to it."""

    def __init__(
        self, process: asyncio.subprocess.Process, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer

    @classmethod
    async def spawn(cls, memory: int) -> Self:
        """A new process, in a fresh interpreter: what has threads must not fork."""
        ours, theirs = socket.socketpair()
        with theirs:
            # -P: the directory we were started in is the user's, and its modules are not ours to import.
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", "fastapply.workers.child", str(theirs.fileno()), str(memory),
                stdin=asyncio.subprocess.DEVNULL, pass_fds=[theirs.fileno()],
            )  # fmt: skip
        ours.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=ours, limit=1 << 20)
        return cls(process, reader, writer)

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    @property
    def fate(self) -> str:
        """How the process ended, for people."""
        status = self._process.returncode
        if status is None:
            return "still running"
        if status >= 0:
            return f"exit status {status}"
        with contextlib.suppress(ValueError):
            return signal.Signals(-status).name
        return f"signal {-status}"

    async def wait_until_ready(self) -> None:
        try:
            async with asyncio.timeout(_START_SECONDS):
                await self._read_frame()
        except TimeoutError:
            raise WorkerDied(f"a worker was not ready after {_START_SECONDS:g} s") from None
        except WorkerDied:
            raise WorkerDied(f"a worker ended before it was ready ({self.fate})") from None

    async def ask(self, payload: bytes) -> bytes:
        """Send one frame and wait for the one that answers it."""
        try:
            self._writer.write(wire.HEADER.pack(len(payload)))
            self._writer.write(payload)
            await self._writer.drain()
        except ConnectionError:
            raise await self._death() from None
        return await self._read_frame()

    async def ended(self) -> None:
        """Wait until the process is gone."""
        await self._process.wait()

    def kill(self) -> None:
        """End the process now. Not by `Process.kill`, which may reap it and hide its exit status from asyncio."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)

    async def end(self) -> None:
        """Kill the process if need be, and give everything back."""
        self.kill()
        self._writer.close()
        await self._process.wait()
        with contextlib.suppress(ConnectionError):
            # Shielded: a keeper that is cancelled here would cancel it for `close`, which waits for the same.
            await asyncio.shield(self._writer.wait_closed())

    async def _read_frame(self) -> bytes:
        try:
            (length,) = wire.HEADER.unpack(await self._reader.readexactly(wire.HEADER.size))
            return await self._reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            raise await self._death() from None

    async def _death(self) -> WorkerDied:
        """What became of the process, which has closed its end."""
        self.kill()
        await self._process.wait()
        return WorkerDied(f"the worker process of this merge ended ({self.fate}); other requests are not affected")
