"""Runs users against a server and writes what they saw: `python -m loadtests.drive ORDER OUT`, both files of JSON.

It is a process of its own, since locust changes the standard library under everything else: `time.sleep` lets others
run.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from locust.env import Environment

from loadtests.checks import Check, Echoed, Merged
from loadtests.edits import Edit, load_edits
from loadtests.orders import Order, Saw, decode_order, encode
from loadtests.users import ReplayUser, in_turn

__all__ = ["main"]

_MOST_KINDS_OF_FAULT = 20
_STOP_SECONDS = 60


def main(order: Order) -> Saw:
    """Do as `order` says."""
    edits = [Edit("small", b'{"message":"hello"}')] if order.small else load_edits(order.cases, order.model)
    known = dict(order.known)
    check: Check = Echoed() if order.path == "/echo" else Merged(known)
    watch = _Watch()
    turns = iter(sorted(edits, key=lambda edit: edit.name)) if order.once else in_turn(edits)
    user = type("User", (ReplayUser,), {"path": order.path, "edits": turns, "check": check})
    environment = Environment(user_classes=[user], host=order.url, stop_timeout=_STOP_SECONDS)
    environment.events.request.add_listener(watch.saw)  # type: ignore[no-untyped-call]
    runner = environment.create_local_runner()
    runner.start(order.users, spawn_rate=order.users)
    if order.once:
        while runner.user_count or not watch.all:
            time.sleep(0.05)
        seconds = watch.end()
    else:
        time.sleep(order.warm_up)
        watch.begin()
        time.sleep(order.seconds)
        seconds = watch.end()
    runner.quit()  # each user waits for the answer it has asked for
    return watch.told(seconds, known)


class _Watch:
    """Keeps the time of each answer that comes between `begin` and `end`, and every fault, whenever it comes."""

    def __init__(self) -> None:
        self.all = 0
        self._start = time.perf_counter()
        self._began = self._start
        self._watching = True
        self._times: list[tuple[float, float]] = []
        self._faults: Counter[str] = Counter()

    def begin(self) -> None:
        """Forget what was before."""
        self._began = time.perf_counter()
        self._times.clear()

    def end(self) -> float:
        """Look away; the seconds that were watched."""
        self._watching = False
        return time.perf_counter() - self._began

    def saw(self, response_time: float, exception: BaseException | None, **_: Any) -> None:
        """Locust's event."""
        self.all += 1
        if exception is not None:
            self._faults[str(exception)] += 1
        elif self._watching:
            self._times.append((time.perf_counter() - self._began, response_time))

    def told(self, seconds: float, known: dict[str, str]) -> Saw:
        """All of it."""
        return Saw(
            requests=self.all,
            seconds=seconds,
            times=self._times,
            errors=self._faults.total(),
            faults=dict(self._faults.most_common(_MOST_KINDS_OF_FAULT)),
            known=known,
        )


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(encode(main(decode_order(Path(sys.argv[1]).read_bytes()))))
