"""A decoder and its pages as a `Runner`: batches in, scores on the host out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from backend.batch import PAGE_TOKENS, Batch, Scores
from backend.errors import BadBatch
from backend.graphs import Graphs, cuda_capture
from backend.step import Step, moved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.graphs import Capture
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


def _on_host(found: torch.Tensor) -> torch.Tensor:
    """A copy on the host, which is not there yet: into pageable memory the device would be waited for."""
    if not found.is_cuda:
        return found
    return torch.empty_like(found, device="cpu", pin_memory=True).copy_(found, non_blocking=True)


class Pending:
    """Scores that the device may still be computing. Later steps may be launched before these are read."""

    def __init__(self, scores: DeviceScores) -> None:
        self._found = scores
        parts = (scores.best, scores.margin, scores.logits, scores.choices)
        self._host = [_on_host(part) for part in parts]
        self._done = torch.cuda.current_stream().record_event() if scores.best.is_cuda else None

    def scores(self) -> Scores:
        """Wait for the device, if need be."""
        if self._done is not None:
            self._done.synchronize()
        best, margin, logits, choices = (part.numpy() for part in self._host)
        return Scores(best, margin, logits, choices)


class ModelRunner:
    """`Runner` on this process's device. With several ranks, each has one and is given the same batches."""

    def __init__(self, decoder: Decoder, pages: int, capture: Capture | None = None) -> None:
        """Allocates `pages` pages of `page_bytes` each, and one more where short steps are recorded.

        `capture` records them; left out, as CUDA graphs if `decoder` can be recorded, and else not at all.
        """
        self.decoder = decoder
        if capture is None and decoder.capturable:
            capture = cuda_capture()
        shape = (pages + (capture is not None), *page_shape(decoder.spec, decoder.split))
        # Zeros, since a kernel that reads beyond a sequence's end and multiplies by 0 must not meet a NaN.
        every = torch.zeros(shape, dtype=decoder.spec.dtype, device=decoder.device)
        self.pages = every[:pages]
        self._graphs = Graphs(decoder, every, capture) if capture is not None else None

    @torch.inference_mode()
    def copy_pages(self, pairs: Sequence[tuple[int, int]]) -> None:
        """See `Runner.copy_pages`."""
        if pairs:
            sources, targets = moved(list(zip(*pairs, strict=True)), self.pages.device)
            self.pages[targets] = self.pages[sources]

    def run(self, batch: Batch) -> Scores:
        """See `Runner.run`. Raises `BadBatch`."""
        return self.launch(batch).scores()

    @torch.inference_mode()
    def launch(self, batch: Batch) -> Pending:
        """Start a step, and wait for nothing. Raises `BadBatch`."""
        batch.check(self.pages.shape[0])
        self._check(batch)
        replayed = self._graphs.launch(batch) if self._graphs is not None else None
        if replayed is not None:
            return Pending(replayed)
        step = Step.of(batch, self.decoder.device)
        hidden = self.decoder.forward(step, self.pages)
        [sampled] = moved([batch.sampled], self.decoder.device)
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
