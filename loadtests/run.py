"""All of a run: servers, users, watching, figures."""

from __future__ import annotations

import datetime
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from loadtests.edits import cases_in, load_edits
from loadtests.orders import Order, Saw, decode_saw, encode
from loadtests.results import Results, Rung, Soak, bins_of, commit, machine_and_versions, rung_of, slope
from loadtests.servers import Server, apply_server, echo_server
from loadtests.watch import Watch, cpu_seconds, lag_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["APPLY", "ECHOES", "Plan", "drive", "run"]

APPLY = "/v1/apply"
ECHOES = {
    "echo": ("bare", True),
    "echo of the edits": ("bare", False),
    "echo of the edits behind our edge": ("edge", False),
}
"""What else is measured: by name, the kind of server, and whether its bodies are a few bytes only."""

_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Plan:
    """What is to be run."""

    users: tuple[int, ...] = (2, 32, 256)
    seconds: float = 30.0
    warm_up: float = 5.0
    soak_seconds: float = 600.0
    soak_users: int = 32
    cases: tuple[str, ...] = ()
    server: dict[str, str] = field(default_factory=dict)
    """Options of `fastapply serve`, without their dashes."""

    def server_options(self) -> list[str]:
        """The options as the command has them."""
        return [part for name, value in self.server.items() for part in (f"--{name}", value)]


def run(plan: Plan, say: Callable[[str], None]) -> Results:
    """Run all of it; `say` is told of each step."""
    cases = [str(Path(case).resolve()) for case in cases_in(plan.cases)]
    edits = load_edits(cases)
    if not cases:
        say("NO RECORDED EDITS were found (see --cases): generated ones are used, and the figures are of those.")
    say(f"{len(edits)} edits from {', '.join(Path(case).name for case in cases) or 'the generator'}")
    with tempfile.TemporaryDirectory(prefix="fastapply-load-") as folder:
        runner = _Runner(plan, cases, Path(folder), say)
        alone, ladder = runner.climb()
        soak = runner.soak() if plan.soak_seconds else None
    return Results(
        date=datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        commit=commit(),
        machine=runner.machine,
        settings={f"--{name}": value for name, value in plan.server.items()},
        edits={
            "from": ", ".join(Path(case).name for case in cases) or "generated",
            "number": len(edits),
            "median bytes of a request": sorted(len(edit.body) for edit in edits)[len(edits) // 2],
        },
        alone=alone,
        ladder=ladder,
        soak=soak,
    )


class _Runner:
    def __init__(self, plan: Plan, cases: list[str], folder: Path, say: Callable[[str], None]) -> None:
        self._plan = plan
        self._cases = cases
        self._folder = folder
        self._say = say
        self._known: dict[str, str] = {}
        self.machine = machine_and_versions()

    def climb(self) -> tuple[Rung, list[Rung]]:
        """One user with each edit once, then more and more, the service and the echoes in turn."""
        ladder = []
        with apply_server(self._plan.server_options(), self._folder / "apply.log") as server:
            alone = self._alone(server)
            for users in self._plan.users:
                ladder.append(self._rung(server, APPLY, users, self._plan.seconds)[0])
                for what, (kind, small) in ECHOES.items():
                    with echo_server(kind, self._folder / "echo.log") as echo:
                        ladder.append(self._rung(echo, what, users, self._plan.seconds, small)[0])
        return alone, ladder

    def soak(self) -> Soak:
        """A long run, of a server that has done nothing before."""
        plan = self._plan
        with (
            apply_server(plan.server_options(), self._folder / "soak.log") as server,
            Watch(server) as watch,
        ):
            rung, saw = self._rung(server, "soak", plan.soak_users, plan.soak_seconds)
            samples = list(watch.samples)
        settled, slopes = slope(samples)
        return Soak(rung, settled, slopes, bins_of(saw), samples)

    def _alone(self, server: Server) -> Rung:
        rung, saw = self._told(server, APPLY, Order(url=server.url, path=APPLY, cases=self._cases, once=True))
        self._known = saw.known
        return rung

    def _rung(self, server: Server, what: str, users: int, seconds: float, small: bool = False) -> tuple[Rung, Saw]:
        order = Order(
            url=server.url,
            path="/echo" if what in ECHOES else APPLY,
            cases=self._cases,
            users=users,
            warm_up=self._plan.warm_up,
            seconds=seconds,
            small=small,
            known={} if what in ECHOES else self._known,
        )
        return self._told(server, what, order)

    def _told(self, server: Server, what: str, order: Order) -> tuple[Rung, Saw]:
        is_ours = order.path == APPLY
        lag = lag_of(server) if is_ours else None
        cpu, users_cpu, start = cpu_seconds(server.pid), _children_seconds(), time.monotonic()
        saw = drive(order, self._folder)
        took = time.monotonic() - start
        cores = {who: (seconds - cpu[who]) / took for who, seconds in cpu_seconds(server.pid).items()}
        cores["users"] = (_children_seconds() - users_cpu) / took
        rung = rung_of(what, order.users, saw, cores, lag_of(server).since(lag) if lag else None)
        self._say(
            f"{what}, {rung.users} users: {rung.per_second:.1f} requests/s, p50 {rung.p50:.1f} ms, "
            f"p95 {rung.p95:.1f}, p99 {rung.p99:.1f}, {rung.errors} errors"
        )
        for fault, number in rung.faults.items():
            self._say(f"  {number} x {fault}")
        return rung, saw


def drive(order: Order, folder: Path) -> Saw:
    """What users who do as `order` says see; `folder` is for what passes between the processes."""
    ordered, seen = folder / "order.json", folder / "saw.json"
    ordered.write_bytes(encode(order))
    path = os.pathsep.join([str(_ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    command = [sys.executable, "-m", "loadtests.drive", str(ordered), str(seen)]
    subprocess.run(command, check=True, env=os.environ | {"PYTHONPATH": path}, stdout=subprocess.DEVNULL)
    return decode_saw(seen.read_bytes())


def _children_seconds() -> float:
    """Processor time of the processes that ran and ended: of the users, since a server outlives its measurement."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
