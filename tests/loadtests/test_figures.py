"""What the load tests take for a right answer, and how they count."""

from __future__ import annotations

import json

import pytest

from loadtests.checks import Echoed, Merged
from loadtests.edits import Edit, load_edits
from loadtests.orders import Saw
from loadtests.results import bins_of, rung_of, slope
from loadtests.watch import Lag, Sample

EDIT = Edit("one", b"{}")


def merged(**fields: object) -> bytes:
    return json.dumps({"id": "a", "merged_code": "b", "timings": {"total": 1}, **fields}).encode()


def test_the_same_answer_may_differ_in_id_and_timings() -> None:
    check = Merged()
    assert check.fault(EDIT, 200, merged()) is None
    assert check.fault(EDIT, 200, merged(id="c", timings={"total": 2})) is None
    assert "another answer" in (check.fault(EDIT, 200, merged(merged_code="c")) or "")
    assert check.fault(Edit("two", b"{}"), 200, merged(merged_code="c")) is None


@pytest.mark.parametrize(
    ("status", "content", "fault"),
    [
        (422, b'{"code":"edit_in_doubt","doubts":[{}]}', None),
        (422, b'{"code":"edit_in_doubt","doubts":[]}', "422 without a doubt"),
        (422, b'{"code":"invalid_request"}', "422 without a doubt"),
        (200, b'{"merged":""}', "200 without a merge"),
        (200, b"nothing", "200, and no JSON object"),
        (503, b"{}", "status 503"),
        (0, b"", "status 0"),
    ],
)
def test_what_an_answer_may_be(status: int, content: bytes, fault: str | None) -> None:
    assert Merged().fault(EDIT, status, content) == fault


def test_an_echo_is_what_was_sent() -> None:
    assert Echoed().fault(EDIT, 200, b"{}") is None
    assert Echoed().fault(EDIT, 200, b"[]")
    assert Echoed().fault(EDIT, 500, b"{}")


def test_each_edit_has_a_name_of_its_own() -> None:
    edits = load_edits([])
    assert len({edit.name for edit in edits}) == len(edits) > 10


def test_percentiles_rates_and_pieces() -> None:
    times = [(second / 10, float(second % 100 + 1)) for second in range(100)]
    saw = Saw(requests=120, seconds=10.0, times=times, errors=2, faults={"x": 2}, known={})
    rung = rung_of("it", 3, saw, {"server": 0.5}, None)
    assert (rung.p50, rung.p95, rung.p99, rung.longest) == (50, 95, 99, 100)
    assert (rung.requests, rung.per_second, rung.errors) == (100, 10, 2)
    assert [piece.per_second for piece in bins_of(saw)] == [10, 10]


def test_the_slope_of_memory_is_that_after_it_settled() -> None:
    def sample(second: float) -> Sample:
        megabytes = 100 + max(0.0, 60 - second) + second / 60 * 3
        return Sample(second, megabytes, megabytes, 50, 50, 2, 7, 0.1)

    settled, grown = slope([sample(second) for second in range(601)])
    assert settled == 120
    assert grown == {"server_rss": 3, "server_pss": 3, "workers_rss": 0, "workers_pss": 0, "engine_rss": 0}


def test_lag_counts_what_came_since() -> None:
    before = Lag(10, 1.0, {"0.001": 9, "0.01": 9, "+Inf": 10})
    lag = Lag(110, 1.5, {"0.001": 59, "0.01": 108, "+Inf": 110}).since(before)
    assert (lag.count, lag.mean) == (100, 5.0)
    assert (lag.at_most(0.5), lag.at_most(0.99), lag.at_most(1.0)) == (1.0, 10.0, None)
