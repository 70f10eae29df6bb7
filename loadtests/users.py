"""The locust users. Each asks as soon as it has its answer: a closed loop without pauses.

They run in `loadtests.drive`, or under locust's own command against any server:

    LOADTEST_CASES='../shared/cases/*.jsonl.gz' locust -f loadtests/users.py --host http://127.0.0.1:8000
"""

from __future__ import annotations

import itertools
import os
import random
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from locust import FastHttpUser, task
from locust.exception import StopUser

sys.path.insert(0, str(Path(__file__).parents[1]))  # for locust's command, which knows this file alone

from loadtests.checks import Check, Merged
from loadtests.edits import Edit, cases_in, load_edits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["ApplyUser", "ReplayUser", "in_turn"]

KEY_VARIABLE = "LOADTEST_KEY"


def in_turn(edits: Sequence[Edit]) -> Iterator[Edit]:
    """All edits, again and again, in an order that is mixed and the same in each run."""
    mixed = list(edits)
    random.Random(20).shuffle(mixed)
    return itertools.cycle(mixed)


class ReplayUser(FastHttpUser):
    """Posts the next of `edits` to `path`, and lets `check` look at the answer. All users of a run share them."""

    abstract = True
    # Beyond the deadlines of the service: what is not answered until then is lost, and not only late.
    connection_timeout = network_timeout = 120.0
    path: str
    edits: Iterator[Edit]
    check: Check

    @task
    def ask(self) -> None:
        """One request; the end where all edits were asked."""
        edit = next(self.edits, None)
        if edit is None:
            raise StopUser
        headers = {"content-type": "application/json"}
        if key := os.environ.get(KEY_VARIABLE):
            headers["authorization"] = f"Bearer {key}"
        body: Any = edit.body  # as bytes, which its types don't know of
        with self.client.post(self.path, data=body, headers=headers, catch_response=True) as reply:
            fault = self.check.fault(edit, reply.status_code, reply.content or b"")
            if fault:
                reply.failure(f"{edit.name}: {fault}")
            else:
                reply.success()


class ApplyUser(ReplayUser):
    """The user for locust's own command."""

    path = "/v1/apply"
    check = Merged()

    def on_start(self) -> None:
        """Take the edits that the environment names."""
        self.edits = _shared()


@cache
def _shared() -> Iterator[Edit]:
    return in_turn(load_edits(cases_in(())))
