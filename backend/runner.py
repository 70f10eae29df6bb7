"""A decoder and its pages as a `Runner`: batches in, scores on the host out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from backend.batch import PAGE_TOKENS, Batch, Scores
from backend.errors import BadBatch
from backend.step import Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.model import Decoder, DeviceScores
    from backend.spec import ModelSpec
    from backend.split import Split

__all__ = ["ModelRunner", "Pending", "page_bytes", "page_shape"]


def page_shape(spec: ModelSpec, split: Split) -> tuple[int, ...]:
    """[layers, 2, 64, kv_heads, head_dim] of one page on one rank: keys, then values.

    The page comes first in memory, so that what is copied, evicted or sent is one run of bytes.
    """
    return (spec.layers, 2, PAGE_TOKENS, len(split.kv_heads), spec.head_dim)


def page_bytes(spec: ModelSpec, split: Split) -> int:
    """Memory of one page on one rank."""
    return int(np.prod(page_shape(spec, split))) * spec.dtype.itemsize


class Pending:
    """Scores that the device may still be computing. Later steps may be launched before these are read."""

    def __init__(self, scores: DeviceScores) -> None:
        self._found = scores
        parts = (scores.best, scores.margin, scores.logits, scores.choices)
        self._host = [part.to("cpu", non_blocking=True) for part in parts]
        self._done = torch.cuda.current_stream().record_event() if scores.best.is_cuda else None

    def scores(self) -> Scores:
        """Wait for the device, if need be."""
        if self._done is not None:
            self._done.synchronize()
        best, margin, logits, choices = (part.numpy() for part in self._host)
        return Scores(best, margin, logits, choices)


class ModelRunner:
    """`Runner` on this process's device. With several ranks, each has one and is given the same batches."""

    def __init__(self, decoder: Decoder, pages: int) -> None:
        """Allocates `pages` pages of `page_bytes` each."""
        self.decoder = decoder
        shape = (pages, *page_shape(decoder.spec, decoder.split))
        # Zeros, since a kernel that reads beyond a sequence's end and multiplies by 0 must not meet a NaN.
        self.pages = torch.zeros(shape, dtype=decoder.spec.dtype, device=decoder.device)

    @torch.inference_mode()
    def copy_pages(self, pairs: Sequence[tuple[int, int]]) -> None:
        """See `Runner.copy_pages`."""
        if pairs:
            sources, targets = torch.tensor(pairs, device=self.pages.device).unbind(1)
            self.pages[targets] = self.pages[sources]

    def run(self, batch: Batch) -> Scores:
        """See `Runner.run`. Raises `BadBatch`."""
        return self.launch(batch).scores()

    @torch.inference_mode()
    def launch(self, batch: Batch) -> Pending:
        """Start a step, and wait for nothing. Raises `BadBatch`."""
        batch.check(self.pages.shape[0])
        self._check(batch)
        step = Step.of(batch, self.decoder.device)
        hidden = self.decoder.forward(step, self.pages)
        sampled = torch.tensor(list(batch.sampled), dtype=torch.int64, device=self.decoder.device)
        return Pending(self.decoder.score(hidden, sampled, batch.choices))

    def _check(self, batch: Batch) -> None:
        """Ids and positions that the model has no row for would be read from elsewhere on a GPU."""
        spec = self.decoder.spec
        if not batch.contexts:
            raise BadBatch("a step without sequences")
        bounds = [min(batch.tokens), max(batch.tokens)]
        if batch.choices is not None:
            bounds += [int(batch.choices.ids.min()), int(batch.choices.ids.max())]
        if min(bounds) < 0 or max(bounds) >= spec.vocab_size:
            raise BadBatch(f"a token is outside 0 to {spec.vocab_size - 1}")
        if max(batch.positions) >= spec.max_positions:
            raise BadBatch(f"position {max(batch.positions)} is beyond the model's {spec.max_positions} tokens")
