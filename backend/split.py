"""Which part of each weight a rank holds when the model is split over several.

Queries, MLP widths and the vocabulary are cut in equal runs (Megatron-LM, arXiv 1909.08053, section 3); key and value
heads too, and where there are fewer of them than ranks, several ranks hold the same one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backend.errors import IndivisibleModel

if TYPE_CHECKING:
    from backend.spec import ModelSpec

__all__ = ["Split"]


@dataclass(frozen=True, slots=True)
class Split:
    """The share of rank `rank` of `size`. All ranges are of whole heads, columns or tokens."""

    rank: int
    size: int
    heads: range
    kv_heads: range
    intermediate: range
    expert_intermediate: range
    """Of each expert; empty where the model has none."""
    vocab_size: int
    """Ids on all ranks together."""
    vocab: range
    """Token ids whose rows of embedding and head are here. Only the last ranks' may be shorter, or empty."""
    vocab_width: int
    """Ids of the longest of these ranges: what exchanged logits are padded to."""

    @classmethod
    def of(cls, spec: ModelSpec, rank: int = 0, size: int = 1) -> Split:
        """The share of `rank`. Raises `IndivisibleModel` where heads or widths are not a multiple of `size`."""
        if not 0 <= rank < size:
            raise IndivisibleModel(f"rank {rank} is none of {size}")
        width = -(-spec.vocab_size // size)
        return cls(
            rank=rank,
            size=size,
            heads=_share(spec.heads, rank, size, "attention heads"),
            kv_heads=_kv_share(spec.kv_heads, rank, size),
            intermediate=_share(spec.intermediate, rank, size, "columns of the MLP"),
            expert_intermediate=_share(
                spec.experts.intermediate if spec.experts else 0, rank, size, "columns of an expert"
            ),
            vocab_size=spec.vocab_size,
            vocab=range(min(rank * width, spec.vocab_size), min((rank + 1) * width, spec.vocab_size)),
            vocab_width=width,
        )


def _share(count: int, rank: int, size: int, what: str) -> range:
    if count % size:
        raise IndivisibleModel(f"{count} {what} can't be split over {size} ranks: use a divisor of {count}")
    each = count // size
    return range(rank * each, (rank + 1) * each)


def _kv_share(count: int, rank: int, size: int) -> range:
    if size <= count:
        return _share(count, rank, size, "key and value heads")
    if size % count:
        raise IndivisibleModel(f"{count} key and value heads can't be repeated over {size} ranks: not a multiple")
    head = rank * count // size
    return range(head, head + 1)
