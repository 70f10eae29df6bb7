from __future__ import annotations

import time

import pytest

from fastapply.errors import DeadlineExceeded
from fastapply.merge.deadline import Deadline


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
