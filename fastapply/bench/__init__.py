"""How long a merge takes on this machine, as multiples of the bare parse of the same original, and how it grows.

`generate` makes files of any length and edits to them; `timing` measures merges and bare parses in turn; `stages` finds
where the time of a merge goes, by functions that `replace` replaces; `report` makes tables of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fastapply.bench.generate import LANGUAGES, Sample, generate
from fastapply.bench.report import Growth, Report, group_rows, growth_rows, machine, stage_rows
from fastapply.bench.stages import stage_times
from fastapply.bench.timing import measure, outcome
from fastapply.evaluate import load_cases

__all__ = ["FEWEST_LINES", "MOST_LINES", "Report", "bench", "samples_from"]

FEWEST_LINES, MOST_LINES = 100, 1500  # of the files whose multiples count

Progress = Callable[[str], None]
"""Told of each step, in words."""


def samples_from(paths: Sequence[str], most: int) -> list[Sample]:
    """At most `most` cases of files of 100 to 1,500 lines, spread over all; without paths, generated ones."""
    if not paths:
        return [
            generate(language, lines, seed)
            for language in LANGUAGES
            for lines in (100, 300, 700, 1500)
            for seed in range(3)
        ][:most]
    cases = [case for path in paths for case in load_cases(path)]
    fitting = [case for case in cases if FEWEST_LINES <= case.before.count("\n") <= MOST_LINES]
    step = max(1, -(-len(fitting) // most))
    return [Sample(case.path, case.before, case.snippet, case.instruction, case.after) for case in fitting[::step]]


def bench(samples: Sequence[Sample], sizes: Sequence[int], rounds: int, seen: Progress) -> Report:
    """Measure everything; `rounds` times each."""
    timed = measure(samples, rounds, seen)
    stages = stage_times(samples, rounds, seen)
    grown = [_grow(language, size, rounds, seen) for language in LANGUAGES for size in sizes]
    return Report(
        machine=machine(),
        rounds=rounds,
        groups=group_rows(timed),
        stages=stage_rows(stages, sum(sample.parse_ns for sample in timed)),
        growth=growth_rows(grown),
    )


def _grow(language: str, size: int, rounds: int, seen: Progress) -> Growth:
    sample = generate(language, size)
    (timed,) = measure([sample], rounds if size <= 5_000 else min(rounds, 3), seen)
    return Growth(language, timed, outcome(sample))
