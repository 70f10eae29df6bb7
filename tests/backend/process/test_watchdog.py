"""A step that does not end is noticed, and no other."""

from __future__ import annotations

import threading
import time

from backend.process.watchdog import Watchdog


def test_a_step_that_does_not_end_is_told_once() -> None:
    told: list[float] = []
    heard = threading.Event()

    def bite(seconds: float) -> None:
        told.append(seconds)
        heard.set()

    dog = Watchdog(0.05, bite)
    with dog.watching():
        assert heard.wait(30)
    assert len(told) == 1
    assert told[0] >= 0.05


def test_steps_that_end_and_pauses_between_them_are_none_of_its_business() -> None:
    told: list[float] = []
    dog = Watchdog(30.0, told.append)
    with dog.watching():
        pass
    with dog.watching():
        time.sleep(0.01)
    assert not told
