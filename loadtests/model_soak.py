"""`python -m loadtests.model_soak`: the service with a model, asked for a long time.

Edits of small files go to the model, which is of random weights unless one is named, so that most of its answers are
refused; all others to the structural merge. An error is any answer but a merge or a refusal with doubts, another answer
than before to the same edit, and pages of the engine that are held when nobody asks.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from loadtests.edits import cases_in, load_edits
from loadtests.orders import Order
from loadtests.results import Bin, Rung, bins_of, commit, machine_and_versions, rung_of, slope
from loadtests.run import APPLY, drive
from loadtests.servers import Server, apply_server
from loadtests.watch import Sample, Watch, cpu_seconds, lag_of

if TYPE_CHECKING:
    from collections.abc import Callable

_REPORT = Path(__file__).parent / "report" / "model.json"
_PROFILE = "generic-chatml"
_ENGINE = re.compile(r'fastapply_engine\{figure="(\w+)"\} (\S+)')
_IDLE_SECONDS = 60


class Results(msgspec.Struct, frozen=True):
    """The figures of a soak, as they stand in model.json. Slopes as in `loadtests.results.Soak`."""

    command: str
    commit: str
    machine: dict[str, str]
    model: str
    edits: int
    rung: Rung
    pages_held_at_the_end: float
    engine_before: dict[str, float]
    engine_after: dict[str, float]
    settled_after: float
    slope: dict[str, float]
    bins: list[Bin]
    samples: list[Sample]


def main() -> int:
    """0 where every answer was right and every page came back."""
    args = _parser().parse_args()
    cases = [str(Path(case).resolve()) for case in cases_in(args.cases)]
    with tempfile.TemporaryDirectory(prefix="fastapply-soak-") as folder:
        model = args.model or _babbler(Path(folder) / "babbler", cases)
        results = _soak(args, cases, model, Path(folder))
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")
    print(_told(results))
    print(f"written: {args.out}")
    return 1 if results.rung.errors or results.pages_held_at_the_end else 0


def _babbler(folder: Path, cases: list[str]) -> Path:
    from backend.bench.checkpoints import write_babbler

    folder.mkdir()
    write_babbler(folder, [edit.body.decode() for edit in load_edits(cases)])
    return folder


def _soak(args: argparse.Namespace, cases: list[str], model: Path, folder: Path) -> Results:
    options = ["--model", str(model), "--profile", args.profile, "--device", args.device, "--deadline", "30"]
    machine = machine_and_versions()
    with apply_server([*options, "--queue", str(args.users)], folder / "serve.log") as server:
        before = _engine_when(server, lambda engine: bool(engine))
        order = Order(
            url=server.url, path=APPLY, cases=cases, users=args.users, seconds=args.minutes * 60, model=args.profile
        )
        with Watch(server, every=5.0) as watch:
            cpu, lag, start = cpu_seconds(server.pid), lag_of(server), time.monotonic()
            saw = drive(order, folder)
            took = time.monotonic() - start
            cores = {who: (seconds - cpu[who]) / took for who, seconds in cpu_seconds(server.pid).items()}
            rung = rung_of("model soak", args.users, saw, cores, lag_of(server).since(lag))
        after = _engine_when(server, lambda engine: engine.get("live") == 0)
    settled, slopes = slope(watch.samples)
    return Results(
        command="python -m loadtests.model_soak " + " ".join(sys.argv[1:]),
        commit=commit(),
        machine=machine,
        model=str(args.model or "random weights, 2 layers of 128"),
        edits=len(load_edits(cases)),
        rung=rung,
        pages_held_at_the_end=after["pages"] - after["available"],
        engine_before=before,
        engine_after=after,
        settled_after=settled,
        slope=slopes,
        bins=bins_of(saw),
        samples=watch.samples,
    )


def _engine_when(server: Server, holds: Callable[[dict[str, float]], bool]) -> dict[str, float]:
    """The figures of the engine as soon as they are so; `TimeoutError` where they are not within a minute."""
    due = time.monotonic() + _IDLE_SECONDS
    while time.monotonic() < due:
        with urllib.request.urlopen(f"{server.url}/metrics", timeout=30) as reply:
            figures = {name: float(value) for name, value in _ENGINE.findall(reply.read().decode())}
        if holds(figures):
            return figures
        time.sleep(0.2)
    raise TimeoutError(f"the engine: {figures}; see {server.log}")


def _told(results: Results) -> str:
    rung, engine = results.rung, results.engine_after
    lines = [
        f"{rung.requests} right answers in {rung.seconds:.0f} s, {rung.per_second:.1f} a second; {rung.errors} errors",
        f"p50 {rung.p50:.0f} ms, p95 {rung.p95:.0f}, p99 {rung.p99:.0f}, longest {rung.longest:.0f}",
        f"the model: {engine['steps']:.0f} steps, {engine['answered']:.0f} tokens, "
        f"{engine['accepted']:.0f} of {engine['drafted']:.0f} drafted ones accepted, "
        f"{engine['preemptions']:.0f} preemptions, {engine['restarts']:.0f} restarts",
        f"pages held at the end: {results.pages_held_at_the_end:.0f} of {engine['pages']:.0f}",
        "memory, MB a minute: " + ", ".join(f"{name} {value:+.2f}" for name, value in results.slope.items()),
        *(f"{number} x {fault}" for fault, number in rung.faults.items()),
    ]
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m loadtests.model_soak", description="Soak the service with a model.")
    parser.add_argument("--minutes", type=float, default=30, help="length (30)")
    parser.add_argument("--users", type=int, default=4, metavar="N", help="users (4)")
    parser.add_argument("--model", type=Path, metavar="FOLDER", help="a checkpoint (one of random weights)")
    parser.add_argument("--profile", default=_PROFILE, metavar="NAME", help=f"its profile ({_PROFILE})")
    parser.add_argument("--device", default="auto", help="of the engine (auto)")
    parser.add_argument("--cases", action="append", default=[], metavar="FILES", help="as for `python -m loadtests`")
    parser.add_argument("--out", type=Path, default=_REPORT, metavar="FILE", help="for the figures, as JSON")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
