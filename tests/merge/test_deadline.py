from __future__ import annotations

import time

import pytest

from fastapply.errors import DeadlineExceeded
from fastapply.merge.deadline import Deadline, paced


def test_within_the_time_nothing_happens() -> None:
    """A merge that has time left goes on."""
    limit = Deadline(60)
    limit.check()
    assert 59 < limit.left <= 60


def test_after_the_time_the_merge_stops() -> None:
    """The error names the time that was granted."""
    limit = Deadline(0.01)
    time.sleep(0.02)
    with pytest.raises(DeadlineExceeded, match=r"0\.01 s") as caught:
        limit.check()
    assert caught.value.seconds == 0.01


@pytest.mark.parametrize("seconds", [0.0, -5.0])
def test_what_is_left_can_be_waited_for(seconds: float) -> None:
    """A parser takes a limit of 0 for none, so that some time is always left."""
    assert Deadline(seconds).left > 0


def test_paced_items_are_the_items() -> None:
    """All of them, in order, with a limit or without."""
    items = list(range(20_000))
    assert list(paced(items, Deadline(60))) == list(paced(items, None)) == items


def test_paced_work_stops_in_its_midst() -> None:
    """The clock is looked at before the first item and now and then behind it."""
    limit = Deadline(0.01)
    work = paced(range(10**9), limit)
    next(work)
    time.sleep(0.02)
    with pytest.raises(DeadlineExceeded):
        sum(1 for _ in work)
