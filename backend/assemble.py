"""From what a step computes to the flat batch that a runner takes."""

from __future__ import annotations

from itertools import accumulate, chain
from typing import TYPE_CHECKING

import numpy as np

from backend.batch import Batch, Choices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.scheduler import Share
    from backend.splice import Point

__all__ = ["assemble"]


def assemble(shares: Sequence[Share]) -> Batch:
    """The batch of `shares` (one or more), in their order; so are its rows."""
    tokens = [share.tokens for share in shares]
    lengths = [len(one) for one in tokens]
    ends = list(accumulate(lengths))
    positions = [range(share.start, share.start + length) for share, length in zip(shares, lengths, strict=True)]
    rows: list[int] = []
    sampled: list[int] = []
    for share, end in zip(shares, ends, strict=True):
        if share.sequence.request.sampling.temperature > 0:
            sampled += range(len(rows), len(rows) + share.rows)
        rows += range(end - share.rows, end)
    return Batch(
        tokens=np.concatenate(tokens).tolist(),
        positions=list(chain.from_iterable(positions)),
        starts=[0, *ends],
        contexts=[share.start for share in shares],
        tables=[share.sequence.table.pages for share in shares],
        rows=rows,
        sampled=sampled,
        choices=_choices(shares, ends),
    )


def _choices(shares: Sequence[Share], ends: Sequence[int]) -> Choices | None:
    """Every place of `shares`, whose query tokens end at `ends`; None if there is none."""
    rows: list[int] = []
    sets: list[int] = []
    numbers: dict[Point, int] = {}
    for share, end in zip(shares, ends, strict=True):
        for offset, point in share.places or ():
            rows.append(end - len(share.draft) - 1 + offset)
            sets.append(numbers.setdefault(point, len(numbers)))
    if not rows:
        return None
    starts = [0, *accumulate(point.count for point in numbers)]
    return Choices(rows, sets, starts, np.concatenate([point.ids for point in numbers]))
