"""When a failing server is left alone, and when it is asked again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastapply.errors import ModelDown
from fastapply.resolve.remote.breaker import Attempt, Breaker


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def opened(limit: int = 3, rest: float = 30.0) -> tuple[Breaker, Clock]:
    clock = Clock()
    breaker = Breaker(limit, rest, clock)
    for _ in range(limit):
        breaker.attempt().failed()
    return breaker, clock


def test_it_opens_after_failures_in_a_row() -> None:
    breaker = Breaker(3, 30.0, Clock())
    for ending in (Attempt.failed, Attempt.failed, Attempt.succeeded, Attempt.failed, Attempt.failed):
        ending(breaker.attempt())
    breaker.attempt().failed()
    with pytest.raises(ModelDown, match="failed 3 times in a row; it is asked again in 30 s"):
        breaker.attempt()


def test_what_was_given_up_counts_neither_way() -> None:
    breaker = Breaker(2, 30.0, Clock())
    breaker.attempt().failed()
    breaker.attempt().given_up()
    breaker.attempt().failed()
    with pytest.raises(ModelDown):
        breaker.attempt()


def test_only_the_first_ending_counts() -> None:
    breaker = Breaker(1, 30.0, Clock())
    attempt = breaker.attempt()
    attempt.succeeded()
    attempt.failed()
    breaker.attempt()


def test_one_attempt_finds_out_whether_it_is_back() -> None:
    breaker, clock = opened()
    clock.now += 29.5
    with pytest.raises(ModelDown, match="in 0 s"):
        breaker.attempt()
    clock.now += 0.5
    probe = breaker.attempt()
    with pytest.raises(ModelDown, match="just being tried again"):
        breaker.attempt()
    probe.succeeded()
    breaker.attempt()
    breaker.attempt()


def test_a_probe_that_fails_gives_another_rest() -> None:
    breaker, clock = opened()
    clock.now += 30
    breaker.attempt().failed()
    with pytest.raises(ModelDown, match="failed 4 times in a row; it is asked again in 30 s"):
        breaker.attempt()
    clock.now += 30
    breaker.attempt()


def test_a_probe_that_was_given_up_leaves_its_place_to_another() -> None:
    breaker, clock = opened()
    clock.now += 30
    breaker.attempt().given_up()
    breaker.attempt()


def test_others_come_in_when_the_probe_is_answered_and_one_failure_sends_them_away() -> None:
    breaker, clock = opened()
    clock.now += 30
    probe = breaker.attempt()
    probe.answered()
    breaker.attempt().given_up()
    probe.failed()
    with pytest.raises(ModelDown):
        breaker.attempt()


def test_what_began_before_does_not_end_the_probe() -> None:
    clock = Clock()
    breaker = Breaker(1, 30.0, clock)
    early = breaker.attempt()
    breaker.attempt().failed()
    clock.now += 30
    breaker.attempt()
    early.given_up()
    with pytest.raises(ModelDown, match="just being tried again"):
        breaker.attempt()


@given(st.lists(st.sampled_from(["succeeded", "failed", "given_up", "answered", "later"])))
def test_it_never_stays_shut(steps: list[str]) -> None:
    """Whatever happened: once all attempts have ended and the rest is over, a server that works again is used."""
    clock = Clock()
    breaker = Breaker(2, 30.0, clock)
    started: list[Attempt] = []
    for step in steps:
        if step == "later":
            clock.now += 20
            continue
        try:
            started.append(breaker.attempt())
        except ModelDown:
            continue
        getattr(started[-1], step)()
    for attempt in started:
        attempt.given_up()
    clock.now += 30
    breaker.attempt().succeeded()
    for _ in range(3):
        breaker.attempt()
