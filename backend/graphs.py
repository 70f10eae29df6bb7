"""Short steps recorded once for each shape and then replayed, so that launching their kernels costs one launch.

A decoding step of a small model is a few hundred kernels of some microseconds each, and a host launches them no faster
than they run. A recording fixes every shape and address: steps are padded to buckets, their numbers are copied into
buffers that stay, and rows and sequences of padding write to a page that belongs to nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch

from backend.batch import PAGE_TOKENS
from backend.model import DeviceScores
from backend.ops import select
from backend.ops.experts import FEW
from backend.step import Step, pinned

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from backend.batch import Batch
    from backend.model import Decoder

__all__ = ["GATHERED", "Bucket", "Capture", "Graphs", "bucket_of", "cuda_capture"]

_TOKENS = 16
"""Query tokens of one sequence, at most: beyond, kernels run longer than it takes to launch them."""
_ROWS = 64
"""Query tokens of a step, padding included, at most."""
GATHERED = 2**17
"""Tokens whose keys and values a step may gather, padding included: 256 MiB for one layer of a 7B."""


class Capture(Protocol):
    """Records what a function launches."""

    def __call__(self, function: Callable[[], DeviceScores]) -> Callable[[], DeviceScores]:
        """Run `function` and record it; the returned replay does the same again on what its inputs hold then.

        The replay's results lie at the same place each time.
        """


@dataclass(frozen=True, slots=True)
class Bucket:
    """The shape of a recording; all three are powers of two."""

    sequences: int
    tokens: int
    """Query tokens of each sequence."""
    pages: int
    """Of each sequence."""

    @property
    def rows(self) -> int:
        """Query tokens of the step."""
        return self.sequences * self.tokens


def bucket_of(batch: Batch, most_rows: int = _ROWS) -> Bucket | None:
    """The smallest bucket that holds `batch`; None for a step that is too long, or wants logits."""
    if batch.sampled or batch.choices is not None:
        return None
    lengths = np.diff(np.asarray(batch.starts))
    totals = np.asarray(batch.contexts) + lengths
    bucket = Bucket(_power(len(lengths)), _power(int(lengths.max())), _power(-(-int(totals.max()) // PAGE_TOKENS)))
    fits = bucket.tokens <= _TOKENS and bucket.rows <= most_rows
    return bucket if fits and bucket.sequences * bucket.pages * PAGE_TOKENS <= GATHERED else None


def _power(count: int) -> int:
    return 1 << (count - 1).bit_length()


class Graphs:
    """The recordings of one decoder over one pool of pages, made when a shape comes for the first time."""

    def __init__(self, decoder: Decoder, pages: torch.Tensor, capture: Capture) -> None:
        """The last of `pages` [pages + 1, ...] is nobody's: padding writes to it."""
        self._decoder = decoder.with_ops(select(decoder.device, {"attention": "padded"}))
        self._pages = pages
        self._capture = capture
        # More tokens than these have their experts' counts read back, which can't be recorded.
        self._most_rows = _ROWS if decoder.spec.experts is None else FEW
        self._recorded: dict[Bucket, _Recorded] = {}

    def launch(self, batch: Batch) -> DeviceScores | None:
        """Start a checked batch; None if it fits no bucket. What is returned holds until the next launch."""
        bucket = bucket_of(batch, self._most_rows)
        if bucket is None:
            return None
        recorded = self._recorded.get(bucket)
        if recorded is None:
            recorded = self._recorded[bucket] = _Recorded(bucket, self._decoder, self._pages, self._capture)
        return recorded.launch(batch)


class _Recorded:
    """One bucket's buffers, and its recording once there was a step."""

    def __init__(self, bucket: Bucket, decoder: Decoder, pages: torch.Tensor, capture: Capture) -> None:
        self._bucket = bucket
        self._decoder = decoder
        self._pages = pages
        self._capture = capture
        self._scratch = pages.shape[0] - 1
        rows, sequences = bucket.rows, bucket.sequences
        self._sizes = [rows, rows, rows, rows, rows, sequences, sequences * bucket.pages]
        self._buffer = torch.zeros(sum(self._sizes), dtype=torch.int64, device=decoder.device)
        tokens, positions, page, slots, wanted, contexts, tables = self._buffer.split_with_sizes(self._sizes)
        self._step = Step(
            tokens=tokens,
            positions=positions,
            pages=page,
            slots=slots,
            starts=torch.arange(sequences + 1, device=decoder.device) * bucket.tokens,
            contexts=contexts,
            tables=tables.view(sequences, bucket.pages),
            rows=wanted,
            stretches=(),
        )
        self._sampled = torch.empty(0, dtype=torch.int64, device=decoder.device)
        self._replay: Callable[[], DeviceScores] | None = None

    def launch(self, batch: Batch) -> DeviceScores:
        """Replay on the numbers of `batch`; its rows come first in what is returned."""
        numbers = padded(batch, self._bucket, self._scratch)
        self._buffer.copy_(pinned(numbers, self._buffer.device), non_blocking=True)
        if self._replay is None:
            self._replay = self._capture(self._compute)
        found = self._replay()
        count = len(batch.rows)
        return DeviceScores(found.best[:count], found.margin[:count], found.logits, found.choices)

    def _compute(self) -> DeviceScores:
        return self._decoder.score(self._decoder.forward(self._step, self._pages), self._sampled)


def padded(batch: Batch, bucket: Bucket, scratch: int) -> NDArray[np.int64]:
    """All numbers of `batch` in the bucket's shape: tokens, positions, pages, slots, rows, contexts and tables.

    Padding is token 0 at position 0, and is written to the page `scratch`.
    """
    shape = (bucket.sequences, bucket.tokens)
    tokens, positions = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    pages, slots = np.full(shape, scratch), np.arange(bucket.rows).reshape(shape) % PAGE_TOKENS
    tables = np.full((bucket.sequences, bucket.pages), scratch)
    contexts = np.zeros(bucket.sequences, np.int64)
    rows = np.zeros(bucket.rows, np.int64)
    starts = np.asarray(batch.starts)
    for i, context in enumerate(batch.contexts):
        start, end = batch.starts[i], batch.starts[i + 1]
        count = end - start
        places = np.arange(context, context + count)
        table = np.asarray(batch.tables[i][: -(-(context + count) // PAGE_TOKENS)])
        tokens[i, :count], positions[i, :count] = batch.tokens[start:end], places
        pages[i, :count], slots[i, :count] = table[places // PAGE_TOKENS], places % PAGE_TOKENS
        tables[i, : len(table)] = table
        contexts[i] = context
    wanted = np.asarray(batch.rows, np.int64)
    owner = np.searchsorted(starts, wanted, side="right") - 1
    rows[: len(wanted)] = owner * bucket.tokens + wanted - starts[owner]
    fields = (tokens, positions, pages, slots, rows, contexts, tables)
    return np.concatenate([field.reshape(-1) for field in fields]).astype(np.int64, copy=False)


def cuda_capture() -> Capture:
    """Records CUDA graphs, which share the memory of what they compute on the way: no two may run at once."""
    pool = torch.cuda.graph_pool_handle()

    def capture(function: Callable[[], DeviceScores]) -> Callable[[], DeviceScores]:
        # What loads or allocates on first use must do so before; a stream of its own, as recording asks for.
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            function()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        # Other threads may go on using the device meanwhile.
        with torch.cuda.graph(graph, pool=pool, capture_error_mode="thread_local"):
            found = function()

        def replay() -> DeviceScores:
            graph.replay()
            return found

        return replay

    return capture
