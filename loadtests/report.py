"""report.md and results.json."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from loadtests.run import APPLY, ECHOES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from loadtests.results import Results, Rung, Soak

__all__ = ["write"]

_ROW = "| {what} | {users} | {rate} | {p50} | {p95} | {p99} | {longest} | {errors} | {server} | {workers} | {drive} |"
_HEAD = """\
| | users | requests/s | p50 ms | p95 ms | p99 ms | longest ms | errors | cores: server | workers | users |
|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"""


def write(results: Results, folder: Path) -> None:
    """Write both into `folder`."""
    content = msgspec.json.format(msgspec.json.encode(results), indent=1)
    (folder / "results.json").write_bytes(content + b"\n")
    (folder / "report.md").write_text("\n".join(_report(results)) + "\n", encoding="utf-8")


def _report(results: Results) -> Iterator[str]:
    yield "# The service under load"
    yield ""
    yield f"{results.date}, commit `{results.commit}`; made by `python -m loadtests` (`make load`), not by hand."
    yield ""
    yield "; ".join(f"{name} {value}" for name, value in results.machine.items()) + "."
    yield ""
    yield from _conditions(results)
    yield ""
    yield "## Users and answers"
    yield ""
    yield _HEAD
    yield _row(results.alone, f"{APPLY}, each edit once")
    for rung in results.ladder:
        yield _row(rung, rung.what)
    yield ""
    yield f"Errors in all runs together: **{results.errors}**."
    yield from _faults([results.alone, *results.ladder, *([results.soak.rung] if results.soak else [])])
    yield ""
    yield "![Latency against users](latency.svg)"
    yield ""
    yield "![Throughput against users](throughput.svg)"
    yield ""
    yield from _ratios(results)
    yield ""
    yield from _lags(results)
    if results.soak:
        yield ""
        yield from _soak(results.soak)


def _conditions(results: Results) -> Iterator[str]:
    edits = results.edits
    if edits["from"] == "generated":
        yield "**No recorded edits were there: all figures are of generated ones.**"
        yield ""
    options = " ".join(f"{name} {value}" for name, value in results.settings.items())
    number, size = edits["number"], edits["median bytes of a request"]
    yield _CONDITIONS.format(options=options, number=number, source=edits["from"], size=size)


_CONDITIONS = """\
- Server: `fastapply serve {options}`, all else as it is by default. In a closed loop all users but the few
  that are served wait at once, so the queue must hold as many as there are users: with a shorter one some would be
  turned away (503 with `Retry-After`), which is right, but measures something else. Waiting counts for the deadline,
  so that is longer, too.
- {number} edits ({source}), {size} bytes a request in the median, in a mixed order that is the same in each run.
  Each user asks again as soon as it has its answer.
- Every answer is checked: 200 with a merge, or 422 with doubts, and but for `id` and `timings` the same bytes as when
  the same edit was asked alone. Anything else is an error; times are of right answers.
- The users run on the same machine as what they ask and take their part of its cores (last columns; warm-up and start
  of the users included). What they take is missing to the server, so clients elsewhere would see more requests a
  second. The echoes cost little themselves: the speed of the users, who are one process, bounds them, too.
- Edits recur, so what a worker has seen is in its small caches; edits that are all different take longer by what
  these save."""


def _row(rung: Rung, what: str) -> str:
    return _ROW.format(
        what=what,
        users=rung.users,
        rate=_short(rung.per_second),
        p50=_short(rung.p50),
        p95=_short(rung.p95),
        p99=_short(rung.p99),
        longest=_short(rung.longest),
        errors=rung.errors,
        server=f"{rung.cores['server']:.2f}",
        workers=f"{rung.cores['workers']:.2f}" if rung.cores["workers"] else "",
        drive=f"{rung.cores['users']:.2f}",
    )


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.1f}"


def _faults(rungs: list[Rung]) -> Iterator[str]:
    for rung in rungs:
        for fault, number in rung.faults.items():
            yield f"- {rung.what}, {rung.users} users: {number} x {fault}"


def _ratios(results: Results) -> Iterator[str]:
    yield "Requests a second of the service in a hundred of the echo's, at the same number of users:"
    yield ""
    users = sorted({rung.users for rung in results.ladder})
    rates = {(rung.what, rung.users): rung.per_second for rung in results.ladder}
    yield f"| compared with | {' | '.join(f'{each} users' for each in users)} |"
    yield f"|---|{'---:|' * len(users)}"
    for what in ECHOES:
        shares = (rates[APPLY, each] / (rates[what, each] or 1) for each in users)
        yield f"| {what} | {' | '.join(f'{share:.1%}' for share in shares)} |"
    yield ""
    yield (
        "*echo* posts a few bytes to a route that decodes and encodes JSON (Litestar on uvicorn, no middleware); "
        "*of the edits*: the same bodies as the service gets; *behind our edge*: with ids, log lines, metrics and "
        "limits around it."
    )


def _lags(results: Results) -> Iterator[str]:
    yield "## Lag of the event loop"
    yield ""
    yield (
        "How late the server's loop wakes a task that sleeps 100 ms, from `/metrics`; percentiles are upper ends of "
        "the histogram's buckets. On cores that others keep busy, waiting for a core counts as lag."
    )
    yield ""
    yield "| | users | probes | mean ms | p50 at most | p99 at most | all at most |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for rung in [*results.ladder, *([results.soak.rung] if results.soak else [])]:
        if rung.lag:
            shares = (rung.lag.at_most(share) for share in (0.5, 0.99, 1.0))
            cells = " | ".join("more than 10 s" if most is None else f"{most:g}" for most in shares)
            yield f"| {rung.what} | {rung.users} | {rung.lag.count} | {rung.lag.mean:.2f} | {cells} |"


def _soak(soak: Soak) -> Iterator[str]:
    yield f"## {soak.rung.seconds / 60:.3g} minutes at {soak.rung.users} users"
    yield ""
    yield _HEAD
    yield _row(soak.rung, "soak")
    yield ""
    if soak.samples and soak.slope:
        settled = next(sample for sample in soak.samples if sample.second >= soak.settled_after)
        last = soak.samples[-1]
        yield "| memory | MB at the start | MB when settled | MB at the end | MB a minute |"
        yield "|---|---:|---:|---:|---:|"
        for name, label in _MEMORY.items():
            first, middle, end = (getattr(sample, name) for sample in (soak.samples[0], settled, last))
            yield f"| {label} | {first:.1f} | {middle:.1f} | {end:.1f} | {soak.slope[name]:+.3f} |"
        yield ""
        yield (
            f"A server started for this, looked at each second ({len(soak.samples)} times) while {last.workers} "
            "workers were up; MB are millions of bytes. Settled: after "
            f"{soak.settled_after:.0f} s (a fifth of the time, grey in the plot), in which caches fill; the slope is "
            "the least-squares line through all that follows."
        )
        yield ""
        yield "![Memory over time](memory.svg)"
        yield ""
    yield "![Throughput, latency and lag over time](soak.svg)"


_MEMORY = {
    "server_rss": "server, RSS",
    "server_pss": "server, PSS",
    "workers_rss": "workers, RSS",
    "workers_pss": "workers, PSS",
}
