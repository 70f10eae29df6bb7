"""Merges and bare parses of the same originals, measured in turn, in one process, with the collector off.

The bare parse is tree-sitter's own: a parser that exists, bytes in, tree out. The merge is all of `fastapply.apply`.
Caches of texts are emptied before each merge: a service sees a file for the first time, not the fifth.
"""

from __future__ import annotations

import gc
import math
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import msgspec
from tree_sitter import Parser

from fastapply.apply import apply
from fastapply.bench.generate import Sample
from fastapply.evaluate import judge
from fastapply.merge.language import detect
from fastapply.merge.rules import grammar
from fastapply.merge.text import split_lines
from fastapply.merge.tree import encode
from fastapply.merge.values import ApplyResult

__all__ = ["Timed", "forget", "measure", "merge", "outcome", "percentile", "quiet"]

_DEADLINE_SECONDS = 600.0

Outcome = Literal["exact", "refused", "wrong"]


class Timed(msgspec.Struct, frozen=True):
    """What one sample took: medians and 95th percentiles of its rounds, in nanoseconds."""

    language: str
    lines: int
    parse_ns: float
    merge_ns: float
    merge_p95_ns: float

    @property
    def multiple(self) -> float:
        """The merge in bare parses."""
        return self.merge_ns / self.parse_ns


class _Measured:
    """A sample with all that is needed to parse it, and the times it took so far."""

    def __init__(self, sample: Sample) -> None:
        self.sample = sample
        self.profile = detect(sample.path, None, sample.original)
        self.source = encode(sample.original)
        self.parser = Parser(grammar(self.profile.grammar)) if self.profile.grammar else None
        self.parses: list[int] = []
        self.merges: list[int] = []

    def run(self) -> None:
        """Parse once and merge once."""
        assert self.parser is not None
        self.parses.append(_nanoseconds(lambda: self.parser and self.parser.parse(self.source)))
        forget()
        self.merges.append(_nanoseconds(lambda: merge(self.sample)))

    def timed(self) -> Timed:
        return Timed(
            language=self.profile.name,
            lines=len(split_lines(self.sample.original)),
            parse_ns=statistics.median(self.parses),
            merge_ns=statistics.median(self.merges),
            merge_p95_ns=percentile(self.merges, 95),
        )


def measure(samples: Sequence[Sample], rounds: int, seen: Callable[[str], None]) -> list[Timed]:
    """The times of all samples whose language has a grammar: each round parses and merges each sample once."""
    measured = [each for each in map(_Measured, samples) if each.parser is not None]
    for each in measured:
        each.run()  # warms up: grammars, rules, branches
        each.parses.clear()
        each.merges.clear()
    with quiet():
        for number in range(rounds):
            gc.collect()
            for each in measured:
                each.run()
            seen(f"round {number + 1} of {rounds}")
    return [each.timed() for each in measured]


def merge(sample: Sample) -> ApplyResult:
    """The whole merge; a doubt is answered by the best guess, so that it takes no less."""
    return apply(
        sample.original,
        sample.snippet,
        path=sample.path,
        instruction=sample.instruction,
        on_doubt="best",
        deadline=_DEADLINE_SECONDS,
    )


def outcome(sample: Sample) -> Outcome:
    """Whether the merge of a sample is what it should be: a fast wrong answer is worth nothing."""
    result = merge(sample)
    if result.doubts:
        return "refused"
    assert sample.expected is not None
    return "exact" if judge(sample.expected, result.merged_code) == "exact" else "wrong"


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest value that at least `percent` in a hundred do not exceed."""
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]


@contextmanager
def quiet() -> Iterator[None]:
    """No garbage collection within, but where asked for."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def forget() -> None:
    """Empty every cache that holds what was found out about texts; what is known of languages stays."""
    for name, module in list(sys.modules.items()):
        if name.startswith("fastapply.merge.") and not name.endswith((".language", ".rules")):
            for value in list(vars(module).values()):
                if getattr(value, "__module__", None) == name and hasattr(value, "cache_clear"):
                    value.cache_clear()


def _nanoseconds(call: Callable[[], object]) -> int:
    start = time.perf_counter_ns()
    call()
    return time.perf_counter_ns() - start
