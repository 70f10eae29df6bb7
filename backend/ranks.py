"""One rank decides, the others follow: every step is broadcast as integers, then all compute it together.

    leader (rank 0)    engine ─► Leader.run(batch) ─► broadcast ─► ModelRunner.run ─► scores
    followers                        follow(runner) ◄─┘        └─► ModelRunner.run, scores dropped

Control messages go over gloo in host memory, whatever the ranks exchange their sums over. They are plain numbers and
never pickled objects.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.distributed as dist

from backend.batch import Batch, Choices
from backend.parallel import lost_ranks_said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.batch import Runner, Scores

__all__ = ["Leader", "control_group", "decode", "encode", "follow"]

_STOP, _RUN, _COPY = range(3)
_FIELDS = 12
"""Of a batch, as it is told."""
_IDLE = timedelta(days=365)
"""A follower waits for the next step as long as the engine has nothing to do. A broken connection ends the wait."""


def control_group() -> dist.ProcessGroup:
    """The group of all ranks for control messages. Every rank has to call this, and at the same point."""
    group = dist.new_group(backend="gloo", timeout=_IDLE)
    assert isinstance(group, dist.ProcessGroup)
    return group


class Leader:
    """The `Runner` of rank 0: tells the others, then computes its own share."""

    def __init__(self, runner: Runner, group: dist.ProcessGroup) -> None:
        self._runner = runner
        self._group = group

    def copy_pages(self, pairs: Sequence[tuple[int, int]]) -> None:
        """See `Runner.copy_pages`. Raises `RankLost`."""
        if pairs:
            self._tell(_COPY, [page for pair in pairs for page in pair])
            self._runner.copy_pages(pairs)

    def run(self, batch: Batch) -> Scores:
        """See `Runner.run`. Raises `RankLost`, and `BadBatch` before any other rank hears of it."""
        batch.check()
        self._tell(_RUN, encode(batch))
        return self._runner.run(batch)

    def close(self) -> None:
        """Let the followers end. Raises `RankLost`."""
        self._tell(_STOP, [])

    def _tell(self, kind: int, numbers: list[int]) -> None:
        with lost_ranks_said():
            dist.broadcast(torch.tensor([kind, len(numbers)]), 0, group=self._group)
            if numbers:
                dist.broadcast(torch.tensor(numbers), 0, group=self._group)


def follow(runner: Runner, group: dist.ProcessGroup) -> None:
    """Do what rank 0 does until it closes. Raises `RankLost` when it or another rank is gone."""
    while True:
        kind, numbers = _hear(group)
        if kind == _STOP:
            return
        if kind == _COPY:
            runner.copy_pages(list(zip(numbers[::2], numbers[1::2], strict=True)))
        else:
            runner.run(decode(numbers))


def encode(batch: Batch) -> list[int]:
    """A batch as numbers: the length of each field, then all fields; tables by their lengths and their pages.

    Without choices those fields are all empty, which they never are with choices: `starts` has one number at least.
    """
    widths = [len(table) for table in batch.tables]
    pages = [page for table in batch.tables for page in table]
    fields = [batch.tokens, batch.positions, batch.starts, batch.contexts, widths, pages, batch.rows, batch.sampled]
    choices = batch.choices
    fields += [choices.rows, choices.sets, choices.starts, choices.ids.tolist()] if choices else [(), (), (), ()]
    return [*map(len, fields), *(number for field in fields for number in field)]


def decode(numbers: Sequence[int]) -> Batch:
    """The batch that `encode` made these of."""
    fields = _cut(numbers[_FIELDS:], numbers[:_FIELDS])
    tokens, positions, starts, contexts, widths, pages, rows, sampled, asked, sets, bounds, ids = fields
    choices = Choices(asked, sets, bounds, np.array(ids, np.int64)) if bounds else None
    return Batch(tokens, positions, starts, contexts, _cut(pages, widths), rows, sampled, choices)


def _cut(numbers: Sequence[int], lengths: Sequence[int]) -> list[Sequence[int]]:
    """`numbers` in pieces of these lengths."""
    return [numbers[end - length : end] for end, length in zip(accumulate(lengths), lengths, strict=True)]


def _hear(group: dist.ProcessGroup) -> tuple[int, list[int]]:
    head, numbers = torch.zeros(2, dtype=torch.int64), torch.empty(0, dtype=torch.int64)
    with lost_ranks_said():
        dist.broadcast(head, 0, group=group)
        kind, count = head.tolist()
        if count:
            numbers = torch.empty(count, dtype=torch.int64)
            dist.broadcast(numbers, 0, group=group)
    return kind, numbers.tolist()
