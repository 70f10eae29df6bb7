"""A merge ends within its deadline, with a result or one of our errors, whatever the input."""

from __future__ import annotations

import asyncio
import json
import os
import select
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from fastapply.errors import DeadlineExceeded, FastApplyError
from fastapply.settings.model import PoolSettings
from fastapply.workers import wire
from fastapply.workers.pool import WorkerPool
from properties.survivor import HOSTILE, ORDINARY

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTS = Path(__file__).parents[1]
DEADLINE = 5.0
GRACE = 1.0  # seconds of the processor that reading 10 MB may add to a deadline in process; the pool adds 0.25
UNSTOPPABLE = {"1 MB line of words": 4.0}  # the same where Python's own parser has a large result to check
LONG_DEADLINE = 20.0  # for inputs that must have an answer, on a busy machine too
_BUILDING = 60.0  # seconds to start and to make the input

# Hostile inputs are given less time in a short run: that they end when they must is the same question.
SHORT_DEADLINE = 0.5


class Survivor:
    """The process that merges; a new one where the last one had to be killed."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self._process: subprocess.Popen[bytes] | None = None

    def attempt(self, name: str) -> tuple[str, float]:
        """What became of the input `name`, and the seconds of processor time that it took."""
        if self._process is None:
            command = [sys.executable, "-m", "properties.survivor", str(self.deadline)]
            env = {**os.environ, "PYTHONPATH": os.pathsep.join((str(TESTS), str(TESTS.parent)))}
            self._process = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        process = self._process
        assert process.stdin
        assert process.stdout
        process.stdin.write(name.encode() + b"\n")
        limit = self.deadline + 2 * GRACE + _BUILDING
        line = process.stdout.readline() if select.select([process.stdout], [], [], limit)[0] else b""
        if not line:
            self.end()
            return "no answer", limit
        answer = json.loads(line)
        return answer["outcome"], answer["seconds"]

    def end(self) -> None:
        """Kill the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


@pytest.fixture(scope="module")
def survivors() -> Iterator[dict[float, Survivor]]:
    """One process for each deadline."""
    found = {deadline: Survivor(deadline) for deadline in (DEADLINE, SHORT_DEADLINE, LONG_DEADLINE)}
    yield found
    for survivor in found.values():
        survivor.end()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_input_ends_in_time(survivors: dict[float, Survivor], name: str) -> None:
    """A result or an error of ours, no other exception, and not later than the deadline says."""
    deadline = DEADLINE if settings.get_current_profile_name() == "deep" else SHORT_DEADLINE
    outcome, seconds = survivors[deadline].attempt(name)
    assert not outcome.startswith(("raised", "no answer")), outcome
    assert seconds <= deadline + UNSTOPPABLE.get(name, GRACE), f"{outcome} after {seconds:.1f} s"


@pytest.mark.parametrize("name", ORDINARY)
def test_a_large_ordinary_input_has_an_answer(survivors: dict[float, Survivor], name: str) -> None:
    """What somebody may send in earnest is merged or refused for a reason other than its size."""
    outcome, seconds = survivors[LONG_DEADLINE].attempt(name)
    assert outcome in ("merged", "doubt"), f"{outcome} after {seconds:.1f} s"


def test_workers_survive_what_they_are_given() -> None:
    """Through the pool the same inputs end at the latest when the worker is killed, and the next request is
    answered."""
    names = (
        "1 MB of brackets in a comment",
        "lone surrogates",
        "10 MB of }",
        "NUL lines",
        "a fence with 1 MB of blanks",
    )

    async def run() -> None:
        loop = asyncio.get_running_loop()
        async with WorkerPool(PoolSettings(workers=1)) as pool:
            for name in names:
                original, snippet, path = HOSTILE[name]()
                start = loop.time()
                try:
                    await pool.apply(wire.Job(original, snippet, path=path, on_doubt="best", deadline=SHORT_DEADLINE))
                except FastApplyError as error:
                    assert error.code != "error", error
                assert loop.time() - start <= SHORT_DEADLINE + GRACE, name
                if pool.alive < 1:
                    await asyncio.sleep(2)
            done = await pool.apply(wire.Job("a = 1\n", "a = 2\n", path="a.py", deadline=30))
            assert done.merged_code == "a = 2\n"

    asyncio.run(run())


@pytest.mark.parametrize("seconds", [0.001, 0.05, 0.4])
def test_the_deadline_in_the_error_is_the_one_that_was_set(seconds: float) -> None:
    """The error tells the caller's seconds, whichever stage ran out of them."""
    from fastapply import apply

    original, snippet, path = ORDINARY["50k lines, 200 hunks"]()
    with pytest.raises(DeadlineExceeded) as raised:
        apply(original, snippet, path=path, deadline=seconds)
    assert raised.value.seconds == seconds
