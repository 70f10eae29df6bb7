"""Recorded edits, merged and compared with what should come out.

Verdicts:

    exact    the merge is what should come out, but for white space at line ends and blank lines at the end of the file
    spacing  equal once blank lines are dropped
    refused  the merge says that it can't decide
    wrong    anything else that came back as merged: a silent bad merge
    error    no merge: a deadline, a worker lost, an argument that can't be used
"""

from __future__ import annotations

import asyncio
import gzip
import math
import statistics
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from fastapply.errors import EditRefused, FastApplyError, InvalidRequest
from fastapply.merge.values import Doubt
from fastapply.resolve.route import OnDoubt
from fastapply.workers.pool import WorkerPool
from fastapply.workers.wire import Job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from fastapply.settings.model import PoolSettings

__all__ = ["VERDICTS", "Case", "Outcome", "judge", "load_cases", "run_cases", "table"]

Verdict = Literal["exact", "spacing", "refused", "wrong", "error"]
VERDICTS: tuple[Verdict, ...] = ("exact", "spacing", "refused", "wrong", "error")


class Case(msgspec.Struct, frozen=True):
    """One recorded edit and the file that should come out."""

    id: str
    path: str
    language: str
    before: str
    snippet: str
    after: str
    style: str = ""
    instruction: str = ""


class Outcome(msgspec.Struct, frozen=True):
    """What came out of a case. `same` says that it is equal byte for byte, `ms` how long it took."""

    id: str
    kind: Verdict
    merged: str | None
    ms: float
    same: bool
    doubts: tuple[Doubt, ...] = ()
    error: str = ""


def load_cases(path: str, limit: int | None = None) -> list[Case]:
    """The first `limit` cases of a file of JSON lines, gzipped if its name ends so."""
    content = Path(path).read_bytes()
    if path.endswith(".gz"):
        try:
            content = gzip.decompress(content)
        except (EOFError, gzip.BadGzipFile) as error:
            raise InvalidRequest(f"{path}: {error}") from None
    lines = [(number, line) for number, line in enumerate(content.split(b"\n"), 1) if line.strip()]
    return [_decode_case(path, number, line) for number, line in lines[:limit]]


def _decode_case(path: str, number: int, line: bytes) -> Case:
    try:
        return msgspec.json.decode(line, type=Case)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"{path}, line {number}: {error}") from None


def judge(after: str, merged: str) -> Verdict:
    """How `merged` compares with what should come out."""
    if _trimmed(after) == _trimmed(merged):
        return "exact"
    return "spacing" if _dense(after) == _dense(merged) else "wrong"


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in _lines(text)).rstrip("\n")


def _dense(text: str) -> list[str]:
    return [line.rstrip() for line in _lines(text) if line.strip()]


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").split("\n")


async def run_cases(
    cases: Sequence[Case], settings: PoolSettings, on_doubt: OnDoubt, seen: Callable[[Outcome], None]
) -> list[Outcome]:
    """The outcome of each case, in the order of `cases`; `seen` is told of each as it comes."""
    outcomes: dict[int, Outcome] = {}
    todo = iter(enumerate(cases))

    async def work(pool: WorkerPool) -> None:
        for number, case in todo:  # shared: each case goes to whoever is free
            outcomes[number] = await _run_case(case, pool, settings.deadline, on_doubt)
            seen(outcomes[number])

    async with WorkerPool(settings) as pool:
        await asyncio.gather(*(work(pool) for _ in range(settings.workers)))
    return [outcomes[number] for number in range(len(cases))]


async def _run_case(case: Case, pool: WorkerPool, deadline: float, on_doubt: OnDoubt) -> Outcome:
    job = Job(
        original_code=case.before,
        edit_snippet=case.snippet,
        instruction=case.instruction,
        path=case.path,
        on_doubt=on_doubt,
        deadline=deadline,
    )
    start = time.perf_counter()
    try:
        merged = (await pool.apply(job)).merged_code
    except EditRefused as refusal:
        return Outcome(case.id, "refused", None, _ms_since(start), same=False, doubts=refusal.doubts)
    except FastApplyError as error:
        return Outcome(case.id, "error", None, _ms_since(start), same=False, error=f"{error.code}: {error}")
    ms = _ms_since(start)
    return Outcome(case.id, judge(case.after, merged), merged, ms, same=merged == case.after)


def _ms_since(start: float) -> float:
    return (time.perf_counter() - start) * 1e3


def table(cases: Sequence[Case], outcomes: Sequence[Outcome], jobs: int) -> str:
    """The verdicts by language, by style and in all, then byte fidelity and times."""
    groups: dict[str, Counter[Verdict]] = defaultdict(Counter)
    for case, outcome in zip(cases, outcomes, strict=True):
        for name in (f"language {case.language}", f"style {case.style or None}"):
            groups[name][outcome.kind] += 1
    total = Counter(outcome.kind for outcome in outcomes)
    rows = [_row(name, groups[name]) for name in sorted(groups)]
    return "\n".join([*rows, *_fidelity_and_times(outcomes, total, jobs), _row("all", total)])


def _fidelity_and_times(outcomes: Sequence[Outcome], total: Counter[Verdict], jobs: int) -> Iterator[str]:
    same = sum(outcome.same for outcome in outcomes)
    yield f"bytes: {same} of {total['exact']} exact merges are equal byte for byte"
    times = sorted(outcome.ms for outcome in outcomes)
    p50, p95 = statistics.median(times), times[math.ceil(len(times) * 0.95) - 1]
    yield f"time: p50 {p50:.1f} ms, p95 {p95:.1f} ms a merge, {jobs} at once"


def _row(name: str, kinds: Counter[Verdict]) -> str:
    shares = "".join(f"  {kind} {kinds[kind] / kinds.total():6.1%}" for kind in VERDICTS)
    return f"{name:24s} {kinds.total():5d}{shares}"
