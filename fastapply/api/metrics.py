"""What is counted and timed, under the names that `GET /metrics` gives in Prometheus' text format.

With several server processes each writes its figures to a file in `PROMETHEUS_MULTIPROC_DIR`, which `fastapply serve`
sets, and whichever is asked adds them up.
"""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
    multiprocess,
)

from fastapply.api.logs import request_fields
from fastapply.errors import EditRefused
from fastapply.merge.values import STRUCTURAL

if TYPE_CHECKING:
    from fastapply.agent.toolbox import Outcome
    from fastapply.errors import FastApplyError
    from fastapply.merge.values import ApplyResult
    from fastapply.resolve.configured import ConfiguredModel
    from fastapply.resolver import Warmed
    from fastapply.workers.lanes import Lanes
    from fastapply.workers.pool import WorkerPool

__all__ = [
    "TEXT_FORMAT",
    "MergeObserver",
    "forget_the_dead",
    "observe_model",
    "observe_request",
    "observe_tool",
    "observe_warmth",
    "render",
    "watch",
]

TEXT_FORMAT = "text/plain; version=1.0.0"
"""The media type of what `render` gives, without its charset."""

disable_created_metrics()  # type: ignore[no-untyped-call]

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_PROBE_SECONDS = 0.1

_REQUESTS = Counter("fastapply_requests", "Requests answered", ["route", "status"])
_REQUEST_SECONDS = Histogram("fastapply_request_seconds", "Time of a request", ["route"], buckets=_SECONDS)
_VERDICTS = Counter("fastapply_verdicts", "What became of merges: merged, best_guess, or an error's code", ["verdict"])
_DOUBTS = Counter("fastapply_doubts", "Doubts, by kind", ["kind"])
_TOKENS = Counter(
    "fastapply_model_tokens", "Tokens of the model: prompt, cached, completion, drafted, accepted, warmed", ["kind"]
)
_WARMED = Counter("fastapply_warmed", "Files that were to be read ahead: warmed, or why not", ["outcome"])
_EARLY = Counter(
    "fastapply_early_edits", "Edits told before the snippet was whole: kept, wrong, or refused with the rest", ["fate"]
)
_STAGE_SECONDS = Histogram("fastapply_stage_seconds", "Time of a stage of the merge", ["stage"], buckets=_SECONDS)
_WORKERS = Gauge("fastapply_workers", "Worker processes that are up", ["lane"], multiprocess_mode="livesum")
_PENDING = Gauge("fastapply_pending", "Requests taken and not answered", ["lane"], multiprocess_mode="livesum")
_RESTARTS = Counter("fastapply_worker_restarts", "Workers that ended and were replaced", ["lane"])
_MODEL = Gauge("fastapply_model_pending", "Questions to the model that are open", multiprocess_mode="livesum")
_ENGINE = Gauge(
    "fastapply_engine", "What the engine of the model says of itself", ["figure"], multiprocess_mode="mostrecent"
)
_TOOL_CALLS = Counter("fastapply_tool_calls", "Calls of agents' tools, by what became of them", ["tool", "outcome"])
_LAG = Histogram("fastapply_event_loop_lag_seconds", "How late the event loop wakes a sleeper", buckets=_SECONDS)


def observe_request(route: str, status: int, seconds: float) -> None:
    """Count one answered request. `route` is a pattern, never the path a client made up."""
    _REQUESTS.labels(route, str(status)).inc()
    _REQUEST_SECONDS.labels(route).observe(seconds)


def observe_tool(tool: str, outcome: Outcome) -> None:
    """Count one call of an agent's tool, and hand the request's log line what became of it."""
    _TOOL_CALLS.labels(tool, outcome.code).inc()
    request_fields().update(tool=tool, outcome=outcome.code)


class MergeObserver:
    """Counts merges, and hands the request's log line what became of its own."""

    def merged(self, result: ApplyResult) -> None:
        """Count `result` and its doubts, and the time of its stages."""
        verdict = "best_guess" if result.doubts else "merged"
        _VERDICTS.labels(verdict).inc()
        for stage, milliseconds in result.timings.items():
            _STAGE_SECONDS.labels(stage).observe(milliseconds / 1000)
        self._count_doubts([doubt.kind for doubt in result.doubts])
        request_fields().update(verdict=verdict, format=result.format, language=result.language)
        if result.engine != STRUCTURAL:
            request_fields()["engine"] = result.engine
            for kind in ("prompt", "cached", "completion", "drafted", "accepted"):
                _TOKENS.labels(kind).inc(getattr(result.usage, f"{kind}_tokens"))

    def failed(self, error: FastApplyError) -> None:
        """Count `error`, with the doubts of a refusal."""
        _VERDICTS.labels(error.code).inc()
        request_fields()["verdict"] = error.code
        if isinstance(error, EditRefused):
            self._count_doubts([doubt.kind for doubt in error.doubts])

    def early(self, edits: int, fate: Literal["kept", "wrong", "refused"]) -> None:
        """Count `edits` that were told before their snippet was whole."""
        _EARLY.labels(fate).inc(edits)

    def batch(self, files: int, failed: int) -> None:
        """Say in the log line that the merges before were a batch's, of so many files."""
        fields = request_fields()
        for name in ("format", "language", "engine"):
            fields.pop(name, None)  # of one file of many
        fields.update(verdict="batch", files=files, failed=failed)

    def _count_doubts(self, kinds: list[str]) -> None:
        for kind in kinds:
            _DOUBTS.labels(kind).inc()
        if kinds:
            request_fields()["doubts"] = sorted(set(kinds))


def observe_warmth(found: Warmed) -> None:
    """Count a file that was to be read ahead, and the tokens that were read for it."""
    _WARMED.labels(found.skipped or "warmed").inc()
    _TOKENS.labels("warmed").inc(found.warmth.tokens - found.warmth.cached)
    request_fields()["verdict"] = found.skipped or "warmed"


async def watch(lanes: Lanes) -> None:
    """Measure the event loop and the lanes, ten times a second, until cancelled."""
    seen = dict.fromkeys(lanes.pools, 0)
    while True:
        start = time.monotonic()
        await asyncio.sleep(_PROBE_SECONDS)
        _LAG.observe(max(0.0, time.monotonic() - start - _PROBE_SECONDS))
        for lane, pool in lanes.pools.items():
            _look_at(lane, pool, seen)


def _look_at(lane: str, pool: WorkerPool, seen: dict[str, int]) -> None:
    _WORKERS.labels(lane).set(pool.alive)
    _PENDING.labels(lane).set(pool.pending)
    _RESTARTS.labels(lane).inc(pool.restarts - seen[lane])
    seen[lane] = pool.restarts


def forget_the_dead(figures: Path) -> None:
    """Drop what server processes that have ended said of their present; what they counted stays."""
    for pid in {int(file.stem.rpartition("_")[2]) for file in figures.glob("gauge_live*_*.db")}:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            multiprocess.mark_process_dead(pid, str(figures))  # type: ignore[no-untyped-call]


async def observe_model(model: ConfiguredModel) -> None:
    """Ask the model how it does."""
    _MODEL.set(model.pending)
    for name, value in (await model.figures()).items():
        _ENGINE.labels(name).set(value)


def render() -> bytes:
    """All figures of all server processes."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    forget_the_dead(Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]))
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
