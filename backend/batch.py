"""What one step of the model is given and what it answers: the contract between the engine and whatever runs the model.

A step is flat: the query tokens of all sequences one after another, whether they belong to a prompt, to a draft that is
to be verified or to plain decoding. Everything is plain integers on the host; the runner makes tensors of it.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from backend.errors import BadBatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["PAGE_TOKENS", "Batch", "Choices", "Runner", "Scores"]

PAGE_TOKENS = 64
"""Tokens whose keys and values one page holds."""


@dataclass(frozen=True, slots=True, eq=False)
class Choices:
    """Rows after which only some tokens may come: `c` rows and `d` sets of tokens, which rows share."""

    rows: Sequence[int]
    """[c] Indices into a step's `n` tokens, ascending, one at least; none of them is in `Batch.rows`."""
    sets: Sequence[int]
    """[c] The number of the set that each row may choose from, from 0."""
    starts: Sequence[int]
    """[d + 1] Cumulative lengths: set `i` is `ids[starts[i]:starts[i + 1]]`, at least one token."""
    ids: NDArray[np.int64]
    """Token ids, ascending in each set."""

    @property
    def lengths(self) -> NDArray[np.int64]:
        """[c] How many tokens each row may choose from."""
        ends, sets = np.asarray(self.starts, np.int64), np.asarray(self.sets, np.int64)
        lengths: NDArray[np.int64] = ends[sets + 1] - ends[sets]
        return lengths

    def check(self, tokens: int, rows: Sequence[int]) -> None:
        """Raise `BadBatch` where the fields contradict each other, in a step of so many tokens that scores `rows`."""
        if not self.rows:
            raise BadBatch("choices without rows")
        _ascending(self.rows, tokens, "choices.rows")
        if not set(self.rows).isdisjoint(rows):
            raise BadBatch("a row of choices is among rows")
        _same(len(self.sets), len(self.rows), "choices.sets", "choices.rows")
        if any(not 0 <= one < len(self.starts) - 1 for one in self.sets):
            raise BadBatch(f"choices.sets must be within 0 to {len(self.starts) - 2}")
        ascending = all(a < b for a, b in itertools.pairwise(self.starts))
        if self.starts[0] != 0 or self.starts[-1] != len(self.ids) or not ascending:
            raise BadBatch(f"choices.starts must ascend from 0 to {len(self.ids)}")
        first = np.zeros(len(self.ids), np.bool_)
        first[list(self.starts[:-1])] = True
        if not (first[1:] | (np.diff(self.ids) > 0)).all():
            raise BadBatch("choices.ids must ascend within each set")


@dataclass(frozen=True, slots=True)
class Batch:
    """One step over `s` sequences with `n` query tokens in all, of which `m` are to be scored."""

    tokens: Sequence[int]
    """[n] The query tokens of all sequences, one after another."""
    positions: Sequence[int]
    """[n] Each token's position in its sequence, from 0: `contexts[i]` and following for sequence `i`."""
    starts: Sequence[int]
    """[s + 1] Cumulative query lengths: sequence `i` has the tokens `starts[i]` to `starts[i + 1]`, at least one."""
    contexts: Sequence[int]
    """[s] How many tokens of each sequence have their keys and values in pages already, before this step's."""
    tables: Sequence[Sequence[int]]
    """[s] The page numbers of each sequence, in order: position `p` lives in `table[p // 64]`, slot `p % 64`. They must
    reach to the end of this step's tokens; pages beyond are ignored. The pages that this step writes to may stand in
    no other sequence's table, which the runner does not check."""
    rows: Sequence[int]
    """[m] Indices into the `n` tokens whose next-token scores are wanted, ascending."""
    sampled: Sequence[int] = field(default=())
    """[k] Indices into `rows` of those whose logits are wanted too, ascending: the rows with a temperature above 0.
    Temperature and top-p themselves are applied by who accepts tokens, so the runner is not told them."""
    choices: Choices | None = None
    """The rows of sequences that may not have every token next."""

    def check(self, pages: int | None = None) -> None:
        """Raise `BadBatch` where the fields contradict each other; `pages` is the size of the pool, if known."""
        count = len(self.contexts)
        _same(len(self.positions), len(self.tokens), "positions", "tokens")
        _same(len(self.starts), count + 1, "starts", "contexts + 1")
        _same(len(self.tables), count, "tables", "contexts")
        if self.starts[0] != 0 or self.starts[-1] != len(self.tokens):
            raise BadBatch(
                f"starts run from {self.starts[0]} to {self.starts[-1]}, the tokens from 0 to {len(self.tokens)}"
            )
        for i in range(count):
            self._check_sequence(i, pages)
        _ascending(self.rows, len(self.tokens), "rows")
        _ascending(self.sampled, len(self.rows), "sampled")
        if self.choices is not None:
            self.choices.check(len(self.tokens), self.rows)

    def _check_sequence(self, i: int, pages: int | None) -> None:
        start, end, context, table = self.starts[i], self.starts[i + 1], self.contexts[i], self.tables[i]
        if end <= start:
            raise BadBatch(f"sequence {i} has no tokens")
        if context < 0 or list(self.positions[start:end]) != list(range(context, context + end - start)):
            raise BadBatch(f"sequence {i}: the positions do not follow its {context} computed tokens")
        if len(table) * PAGE_TOKENS < context + end - start:
            raise BadBatch(f"sequence {i}: {len(table)} pages are too few for {context + end - start} tokens")
        if pages is not None and not all(0 <= page < pages for page in table):
            raise BadBatch(f"sequence {i}: a page number is outside 0 to {pages - 1}")


@dataclass(frozen=True, slots=True)
class Scores:
    """What the model says of the `m` wanted rows of a batch."""

    best: NDArray[np.int64]
    """[m] The token with the highest logit; of equal ones the lowest."""
    margin: NDArray[np.float32]
    """[m] The highest logit minus the second highest: 0 where two are equal, NaN where the model gave NaN."""
    logits: NDArray[np.float32]
    """[k, vocab_size] The logits of the sampled rows only, in the order of `Batch.sampled`."""
    choices: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))
    """[sum of `Choices.lengths`] The logits of the tokens that each row of `Batch.choices` may choose from, one row
    after another; the same numbers as among all logits, up to the rounding of a product over fewer columns."""


class Runner(Protocol):
    """Computes steps. It owns the pages' memory, and never which page belongs to whom."""

    def copy_pages(self, pairs: Sequence[tuple[int, int]]) -> None:
        """Copy keys and values of each (source, destination) page before the next step; no page is in both roles."""

    def run(self, batch: Batch) -> Scores:
        """Compute one step; afterwards the keys and values of all its tokens are in their pages."""


def _same(found: int, expected: int, name: str, other: str) -> None:
    if found != expected:
        raise BadBatch(f"{found} {name} for {expected} {other}")


def _ascending(values: Sequence[int], limit: int, name: str) -> None:
    ordered = all(a < b for a, b in itertools.pairwise(values))
    if values and not (ordered and values[0] >= 0 and values[-1] < limit):
        raise BadBatch(f"{name} must ascend within 0 to {limit - 1}")
