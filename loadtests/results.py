"""The figures of a run, as they stand in results.json."""

from __future__ import annotations

import math
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from fastapply.bench.report import machine
from loadtests.watch import Lag, Sample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loadtests.orders import Saw

__all__ = ["Bin", "Results", "Rung", "Soak", "bins_of", "commit", "machine_and_versions", "rung_of", "slope"]

_BIN_SECONDS = 5.0
_SETTLING = 0.2
_PACKAGES = ("litestar", "uvicorn", "uvloop", "httptools", "msgspec", "locust", "gevent")


class Rung(msgspec.Struct, frozen=True):
    """Some users for some time, against one server. Times in milliseconds, of right answers only."""

    what: str
    users: int
    seconds: float
    requests: int
    errors: int
    per_second: float
    p50: float
    p95: float
    p99: float
    longest: float
    cores: dict[str, float]
    """Processor cores that were kept busy, by whom."""

    faults: dict[str, int]
    lag: Lag | None = None


class Bin(msgspec.Struct, frozen=True):
    """Some seconds of a run."""

    second: float
    per_second: float
    p50: float
    p95: float


class Soak(msgspec.Struct, frozen=True):
    """The long run. Slopes in MB a minute, by least squares over all but the first fifth."""

    rung: Rung
    settled_after: float
    slope: dict[str, float]
    bins: list[Bin]
    samples: list[Sample]


class Results(msgspec.Struct, frozen=True):
    """All of it."""

    date: str
    commit: str
    machine: dict[str, str]
    settings: dict[str, str]
    edits: dict[str, int | str]
    alone: Rung
    ladder: list[Rung]
    soak: Soak | None

    @property
    def errors(self) -> int:
        """All errors of all runs."""
        rungs = [self.alone, *self.ladder, *([self.soak.rung] if self.soak else [])]
        return sum(rung.errors for rung in rungs)


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The smallest of the values that at least `percent` in a hundred do not exceed; 0 where there are none."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)] if ordered else 0.0


def rung_of(what: str, users: int, saw: Saw, cpu: dict[str, float], lag: Lag | None) -> Rung:
    """The figures of what the users saw; `cpu` has processor seconds."""
    ordered = sorted(milliseconds for _, milliseconds in saw.times)
    p50, p95, p99, longest = (round(percentile(ordered, percent), 2) for percent in (50, 95, 99, 100))
    return Rung(
        what=what,
        users=users,
        seconds=round(saw.seconds, 2),
        requests=len(ordered),
        errors=saw.errors,
        per_second=round(len(ordered) / saw.seconds, 2),
        p50=p50,
        p95=p95,
        p99=p99,
        longest=longest,
        cores={who: round(seconds, 3) for who, seconds in cpu.items()},
        faults=saw.faults,
        lag=lag,
    )


def bins_of(saw: Saw) -> list[Bin]:
    """What the users saw, by pieces of five seconds; a last one that is cut off is left out."""
    pieces: dict[int, list[float]] = {}
    for second, milliseconds in saw.times:
        pieces.setdefault(int(second // _BIN_SECONDS), []).append(milliseconds)
    return [
        Bin(
            second=(number + 0.5) * _BIN_SECONDS,
            per_second=len(times) / _BIN_SECONDS,
            p50=round(percentile(sorted(times), 50), 2),
            p95=round(percentile(sorted(times), 95), 2),
        )
        for number, times in sorted(pieces.items())
        if (number + 1) * _BIN_SECONDS <= saw.seconds
    ]


def slope(samples: Sequence[Sample]) -> tuple[float, dict[str, float]]:
    """When the memory may be taken to have settled, and by how many MB a minute it grew from there on, by whom."""
    if len(samples) < 5:
        return 0.0, {}
    settled = samples[0].second + _SETTLING * (samples[-1].second - samples[0].second)
    later = [sample for sample in samples if sample.second >= settled]
    names = ("server_rss", "server_pss", "workers_rss", "workers_pss", "engine_rss")
    minutes = [sample.second / 60 for sample in later]
    return round(settled, 1), {
        name: round(_least_squares(minutes, [getattr(sample, name) for sample in later]), 4) for name in names
    }


def _least_squares(xs: Sequence[float], ys: Sequence[float]) -> float:
    middle_x, middle_y = sum(xs) / len(xs), sum(ys) / len(ys)
    below = sum((x - middle_x) ** 2 for x in xs)
    return sum((x - middle_x) * (y - middle_y) for x, y in zip(xs, ys, strict=True)) / below if below else 0.0


def commit() -> str:
    """The commit that runs, with `-dirty` where files differ from it."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=10", "--exclude=*"]
    done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def machine_and_versions() -> dict[str, str]:
    """What the figures depend on."""
    load = " ".join(f"{each:.2f}" for each in os.getloadavg())
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    more = {"kernel": platform.release(), "memory": f"{memory:.0f} GiB", "load averages at the start": load}
    return machine() | more | {package: version(package) for package in _PACKAGES}
