"""Looks at a server from outside: memory and processor time of its processes, and the lag of its event loop."""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
import urllib.request
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec

if TYPE_CHECKING:
    from loadtests.servers import Server

__all__ = ["Lag", "Sample", "Watch", "cpu_seconds", "lag_of"]

_MB = 1e6
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Lag(msgspec.Struct, frozen=True):
    """The histogram `fastapply_event_loop_lag_seconds`: how many probes were at most so late, by bucket."""

    count: int
    seconds: float
    buckets: dict[str, int]

    def since(self, before: Lag) -> Lag:
        """What came after `before`."""
        buckets = {most: number - before.buckets.get(most, 0) for most, number in self.buckets.items()}
        return Lag(self.count - before.count, self.seconds - before.seconds, buckets)

    def at_most(self, share: float) -> float | None:
        """Milliseconds that `share` of the probes do not exceed, rounded up to a bucket; `None` beyond the last."""
        for most, number in self.buckets.items():
            if number >= share * self.count and most != "+Inf":
                return float(most) * 1000
        return None

    @property
    def mean(self) -> float:
        """Milliseconds, on average."""
        return self.seconds / self.count * 1000 if self.count else 0.0


_BUCKET = re.compile(r'fastapply_event_loop_lag_seconds_bucket\{le="([^"]+)"\} (\S+)')


def lag_of(server: Server) -> Lag:
    """The lag that the server tells of, since its start."""
    with urllib.request.urlopen(f"{server.url}/metrics", timeout=30) as reply:
        text = reply.read().decode()
    sums = re.search(r"^fastapply_event_loop_lag_seconds_sum (\S+)", text, re.MULTILINE)
    buckets = {most: int(float(number)) for most, number in _BUCKET.findall(text)}
    return Lag(buckets.get("+Inf", 0), float(sums[1]) if sums else 0.0, buckets)


class Sample(msgspec.Struct, frozen=True):
    """A look at the processes: megabytes, of the server processes and of the workers that merge."""

    second: float
    server_rss: float
    server_pss: float
    workers_rss: float
    workers_pss: float
    workers: int
    engine_rss: float
    """Of the processes that run a model; 0 without one."""

    lag_ms: float
    """Mean lag of the event loop since the look before."""


class Watch:
    """`with Watch(server) as watch: …` looks each second; `watch.samples` has what it saw."""

    def __init__(self, server: Server, every: float = 1.0) -> None:
        self.samples: list[Sample] = []
        self._server = server
        self._every = every
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _look_on(self) -> None:
        start = time.monotonic()
        before = lag_of(self._server)
        while not self._end.wait(self._every):
            with contextlib.suppress(OSError):  # a busy server may be late; the next look will do
                lag = lag_of(self._server)
                self.samples.append(_look(self._server.pid, time.monotonic() - start, lag.since(before).mean))
                before = lag


def _look(pid: int, second: float, lag_ms: float) -> Sample:
    rss: dict[str, float] = defaultdict(float)
    pss: dict[str, float] = defaultdict(float)
    workers = 0
    for each in (pid, *_descendants(pid)):
        with contextlib.suppress(OSError):
            role = _role(each)
            rss[role] += int(Path(f"/proc/{each}/statm").read_text().split()[1]) * _PAGE / _MB
            pss[role] += _pss(each) / _MB
            workers += role == "workers"
    return Sample(
        second=round(second, 2),
        server_rss=round(rss["server"], 2),
        server_pss=round(pss["server"], 2),
        workers_rss=round(rss["workers"], 2),
        workers_pss=round(pss["workers"], 2),
        workers=workers,
        engine_rss=round(rss["engine"], 2),
        lag_ms=round(lag_ms, 3),
    )


def _role(pid: int) -> str:
    command = Path(f"/proc/{pid}/cmdline").read_bytes()
    if b"fastapply.workers.child" in command:
        return "workers"
    return "engine" if b"backend.process" in command else "server"


def _pss(pid: int) -> int:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:"))


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                found += [child, *_descendants(child)]
    return found


def cpu_seconds(pid: int) -> dict[str, float]:
    """Processor time so far of the process `pid` and those below it: of `server` processes, `workers` and `engine`."""
    seconds = {"server": 0.0, "workers": 0.0, "engine": 0.0}
    for each in (pid, *_descendants(pid)):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(") ")[2].split()
            seconds[_role(each)] += (int(fields[11]) + int(fields[12])) / _TICKS
    return seconds
