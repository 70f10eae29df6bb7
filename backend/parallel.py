"""One model over several ranks: what they exchange, and the layers that exchange it.

Cut as in Megatron-LM (arXiv 1909.08053, section 3): a block's first product by columns of its output, its second by
columns of its input, so that each block ends in one sum over the ranks. The vocabulary is cut too; of the scores only
the best (value, id) and the second value leave a rank.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import torch
import torch.distributed as dist
from torch.nn import functional

from backend.errors import RankLost

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backend.ops import Ops
    from backend.split import Split

__all__ = ["Alone", "Group", "Ranks", "embed", "row_linear", "strongest", "whole_logits"]


class Group(Protocol):
    """The ranks that hold one model."""

    @property
    def rank(self) -> int:
        """This process, from 0."""

    @property
    def size(self) -> int:
        """How many there are."""

    @property
    def capturable(self) -> bool:
        """Whether what is exchanged can be part of a CUDA graph."""

    def sum(self, x: torch.Tensor) -> torch.Tensor:
        """The sum of all ranks' `x`, on each of them; `x` may be overwritten. Raises `RankLost`."""

    def gather(self, x: torch.Tensor) -> torch.Tensor:
        """[size, *x.shape] All ranks' `x`, in their order, on each of them. Raises `RankLost`."""


class Alone:
    """A group of one: nothing is exchanged."""

    rank = 0
    size = 1
    capturable = True

    def sum(self, x: torch.Tensor) -> torch.Tensor:
        """`x` itself."""
        return x

    def gather(self, x: torch.Tensor) -> torch.Tensor:
        """`x` with a dimension in front."""
        return x[None]


class Ranks:
    """The ranks of a `torch.distributed` group: NCCL between GPUs, gloo between CPUs."""

    def __init__(self, group: dist.ProcessGroup | None = None) -> None:
        self._group = group
        self.rank = dist.get_rank(group)
        self.size = dist.get_world_size(group)
        self.capturable = dist.get_backend(group) == "nccl"

    def sum(self, x: torch.Tensor) -> torch.Tensor:
        """See `Group.sum`. Added in the type of `x`."""
        x = x.contiguous()
        with lost_ranks_said():
            dist.all_reduce(x, group=self._group)
        return x

    def gather(self, x: torch.Tensor) -> torch.Tensor:
        """See `Group.gather`."""
        x = x.contiguous()
        every = [torch.empty_like(x) for _ in range(self.size)]
        with lost_ranks_said():
            dist.all_gather(every, x, group=self._group)
        return torch.stack(every)


@contextmanager
def lost_ranks_said() -> Iterator[None]:
    """What a backend says of a broken connection, as `RankLost`."""
    try:
        yield
    except RuntimeError as error:
        raise RankLost(f"another rank of the model does not answer: {error}") from error


def embed(tokens: torch.Tensor, table: torch.Tensor, split: Split, group: Group) -> torch.Tensor:
    """[n, hidden] The rows of `tokens` [n]; each rank has those of `split.vocab`, and gives zeros for the others."""
    if group.size == 1:
        return functional.embedding(tokens, table)
    if not len(split.vocab):
        return group.sum(table.new_zeros(tokens.shape[0], table.shape[1]))
    here = (tokens >= split.vocab.start) & (tokens < split.vocab.stop)
    rows = functional.embedding(torch.where(here, tokens - split.vocab.start, 0), table)
    return group.sum(rows * here[:, None])


def row_linear(
    x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, group: Group, ops: Ops
) -> torch.Tensor:
    """[n, out] The product of an input whose columns are cut over the ranks; `bias` is given on one rank only."""
    return group.sum(ops.linear(x, weight, bias))


def strongest(
    highest: torch.Tensor, index: torch.Tensor, second: torch.Tensor, split: Split, group: Group
) -> tuple[torch.Tensor, torch.Tensor]:
    """Best token and margin, each [m], from every rank's best, its index within the rank, and its second best.

    Ranks hold ascending ids, so the first rank of equal ones has the lowest id. 24 bytes a row and rank are exchanged.
    """
    index = index + split.vocab.start
    if group.size == 1:
        return index, highest - second
    # float64 holds each float32 and each id exactly.
    every = group.gather(torch.stack((highest.double(), index.double(), second.double())))
    values, ids = every[:, 0], every[:, 1]
    winner = values.argmax(dim=0, keepdim=True)
    best = values.gather(0, winner)
    others = values.scatter(0, winner, -torch.inf).amax(dim=0)
    runner_up = torch.maximum(every[:, 2].gather(0, winner)[0], others)
    return ids.gather(0, winner)[0].long(), (best[0] - runner_up).float()


def whole_logits(hidden: torch.Tensor, head: torch.Tensor, split: Split, group: Group, ops: Ops) -> torch.Tensor:
    """[k, vocab] float32 All logits of `hidden` [k, hidden], gathered from the ranks."""
    here = ops.linear(hidden, head).float()
    if group.size == 1:
        return here
    # Exchanged tensors must be of one shape; only the last ranks' may be shorter, so the padding is at the end.
    padded = functional.pad(here, (0, split.vocab_width - here.shape[1]), value=-torch.inf)
    every = group.gather(padded).movedim(0, 1).flatten(1)
    return every[:, : split.vocab_size]
