"""A batch on the device: one copy of all its integers, and what attention needs to know of each sequence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from backend.batch import PAGE_TOKENS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from backend.batch import Batch

__all__ = ["Step", "Stretch", "moved", "pinned"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """One sequence of a step. Numbers are on the host, since they size the launches."""

    start: int
    end: int
    """Its query tokens are `start` to `end` of the step's."""
    total: int
    """Its tokens up to and with this step's."""
    table: torch.Tensor
    """[ceil(total / 64)] Its pages."""
    mask: torch.Tensor | None
    """[end - start, total] True where a query may look; None where there is one query, or where the whole sequence is
    in this step and the kernel's own causal order says it."""


@dataclass(frozen=True, slots=True)
class Step:
    """`n` query tokens of `s` sequences, `m + c` rows wanted. All tensors are int64 on the model's device."""

    tokens: torch.Tensor
    """[n]"""
    positions: torch.Tensor
    """[n]"""
    pages: torch.Tensor
    """[n] The page that each token's keys and values go to."""
    slots: torch.Tensor
    """[n] The place in that page, 0 to 63."""
    starts: torch.Tensor
    """[s + 1] Cumulative query lengths."""
    contexts: torch.Tensor
    """[s] Tokens computed before this step."""
    tables: torch.Tensor
    """[s, longest table] Page numbers, 0 beyond a sequence's end."""
    rows: torch.Tensor
    """[m + c] The wanted rows among the `n` tokens: those of the batch, then those of its choices."""
    stretches: tuple[Stretch, ...]

    @classmethod
    def of(cls, batch: Batch, device: torch.device) -> Step:
        """Move a checked batch to `device`: one copy, not waited for."""
        totals = [context + _length(batch, i) for i, context in enumerate(batch.contexts)]
        used = [-(-total // PAGE_TOKENS) for total in totals]
        width = max(used)
        tables = [
            page for table, count in zip(batch.tables, used, strict=True) for page in _padded(table, count, width)
        ]
        owners = [i for i in range(len(totals)) for _ in range(_length(batch, i))]
        wanted = [*batch.rows, *(batch.choices.rows if batch.choices is not None else ())]
        fields = [batch.tokens, batch.positions, owners, batch.starts, batch.contexts, tables, wanted]
        tokens, positions, owner, starts, contexts, flat, rows = moved(fields, device)
        table = flat.view(len(totals), width)
        return cls(
            tokens=tokens,
            positions=positions,
            pages=table[owner, positions // PAGE_TOKENS],
            slots=positions % PAGE_TOKENS,
            starts=starts,
            contexts=contexts,
            tables=table,
            rows=rows,
            stretches=tuple(_stretch(batch, i, totals[i], table[i, : used[i]], positions) for i in range(len(totals))),
        )


def _length(batch: Batch, i: int) -> int:
    return batch.starts[i + 1] - batch.starts[i]


def _padded(table: Sequence[int], count: int, width: int) -> list[int]:
    return [*table[:count], *[0] * (width - count)]


def moved(fields: Sequence[Sequence[int] | NDArray[np.int64]], device: torch.device) -> Sequence[torch.Tensor]:
    """All fields as views of one int64 tensor on the device."""
    flat = np.concatenate([np.asarray(field, np.int64) for field in fields])
    return pinned(flat, device).to(device, non_blocking=True).split_with_sizes([len(field) for field in fields])


def pinned(numbers: NDArray[np.int64], device: torch.device) -> torch.Tensor:
    """The same numbers on the host, such that a copy to `device` need not be waited for."""
    flat = torch.from_numpy(numbers)
    # From pinned memory a GPU's copy runs beside the kernels of the step before.
    return flat.pin_memory() if device.type == "cuda" else flat


def _stretch(batch: Batch, i: int, total: int, table: torch.Tensor, positions: torch.Tensor) -> Stretch:
    start, end = batch.starts[i], batch.starts[i + 1]
    mask = None
    if 1 < end - start < total:
        mask = positions[start:end, None] >= torch.arange(total, device=table.device)[None, :]
    return Stretch(start, end, total, table, mask)
