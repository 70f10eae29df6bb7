"""What the engine itself costs, on a draft of 4k tokens."""

from __future__ import annotations

import pytest

from support.overhead import changed, file_of, lines_of, measure, without_lines


@pytest.mark.parametrize(("mismatches", "passes"), [(0, 7), (1, 10), (3, 17), (10, 26)])
def test_a_step_costs_well_under_a_millisecond(mismatches: int, passes: int) -> None:
    """The best of five runs, in the thread's own time: about 0.15 ms here; a step of the model takes 10 to 100."""
    answer, prompt = file_of(4096), file_of(5000, seed=2)
    runs = [measure("", changed(answer, mismatches), answer, prompt) for _ in range(5)]
    assert runs[0].passes == passes
    assert min(run.step_ms for run in runs) < 0.75
    assert min(run.add_ms for run in runs) < 2


@pytest.mark.parametrize(("missing", "passes"), [(0, 7), (3, 17)])
def test_a_step_under_a_splice_costs_a_few_microseconds_a_choice(missing: int, passes: int) -> None:
    """About 0.8 ms here for the 150 choices of a step, and 1.6 ms to take 900 lines."""
    answer, prompt = file_of(4096), file_of(5000, seed=2)
    lines = lines_of(answer, file_of(4096, seed=9))
    runs = [measure("", without_lines(answer, missing), answer, prompt, lines=lines) for _ in range(5)]
    assert runs[0].passes == passes
    assert min(run.step_ms for run in runs) < 4
    assert min(run.add_ms for run in runs) < 8
