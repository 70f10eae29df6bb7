"""Where the time of a merge goes: each stage's functions, timed from outside, less what they call of other stages."""

from __future__ import annotations

import functools
import gc
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from fastapply.bench.generate import Sample
from fastapply.bench.replace import replaced
from fastapply.bench.timing import forget, merge, quiet

__all__ = ["STAGES", "stage_times"]

_REST: Final = "everything else"

STAGES: Final = {
    "parse of the original": ("fastapply.apply:original_tree",),
    "other formats": ("fastapply.merge.formats:read_format",),
    "outlines": ("fastapply.merge.outline:outline", "fastapply.merge.planted:planted_outline"),
    "layouts": ("fastapply.merge.layout:Layout.__init__",),
    "snippet and evidence": ("fastapply.merge.snippet:read_snippet", "fastapply.merge.evidence:gather"),
    "matches": ("fastapply.merge.points:find_points",),
    "alignment": ("fastapply.merge.align:align", "fastapply.merge.parts:misplaced"),
    "plan": ("fastapply.merge.plan:Plan.__init__", "fastapply.merge.plan:Plan.run"),
    "ambiguities": ("fastapply.merge.ambiguity:ambiguities",),
    "splice and diff": ("fastapply.merge.splice:tidy", "fastapply.merge.splice:splice"),
    "checks of the result": ("fastapply.merge.checks:result_doubts",),
    "parse of the result": ("fastapply.merge.validate:syntax_doubt",),
    "ast.parse of the result": ("fastapply.merge.validate:_compiles",),
}
"""For each stage the functions that are it, as `replace.resolve` reads their names."""


def stage_times(samples: Sequence[Sample], rounds: int, seen: Callable[[str], None]) -> dict[str, float]:
    """Nanoseconds by stage that one merge of each sample takes, all samples together; the fastest of the rounds."""
    totals: list[Counter[str]] = []
    for number in range(rounds):
        gc.collect()
        with quiet(), _probes() as spent:
            for sample in samples:
                forget()
                start = time.perf_counter_ns()
                merge(sample)
                spent[_REST] += time.perf_counter_ns() - start
        spent[_REST] -= sum(ns for stage, ns in spent.items() if stage != _REST)
        totals.append(spent)
        seen(f"stages, round {number + 1} of {rounds}")
    fastest = min(totals, key=lambda spent: spent.total())
    return {stage: float(fastest[stage]) for stage in (*STAGES, _REST)}


@contextmanager
def _probes() -> Iterator[Counter[str]]:
    """The stages' functions, replaced by ones that note how long each took."""
    spent: Counter[str] = Counter()
    inner: list[int] = [0]  # for each call in progress, the time of the calls within it
    with ExitStack() as patches:
        for stage, names in STAGES.items():
            for name in names:
                patches.enter_context(replaced(name, functools.partial(_probe, stage, spent, inner)))
        yield spent


def _probe(stage: str, spent: Counter[str], inner: list[int], call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def timed(*args: Any, **kwargs: Any) -> Any:
        inner.append(0)
        start = time.perf_counter_ns()
        try:
            return call(*args, **kwargs)
        finally:
            whole = time.perf_counter_ns() - start
            spent[stage] += whole - inner.pop()
            inner[-1] += whole

    return timed
