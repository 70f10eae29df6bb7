"""What an answer must compute and move at least, to say how near the device's limits a time is."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

from backend.runner import page_bytes
from backend.split import Split
from backend.weights import published

if TYPE_CHECKING:
    from backend.spec import ModelSpec

__all__ = ["Work", "work"]


class Work(NamedTuple):
    """The least that any engine must do in these passes."""

    flops: float
    """Multiplications and additions: of the products with weights, and of attention."""
    bytes: float
    """Weights once a pass, keys and values once a pass and once when written. No activations."""


def work(spec: ModelSpec, prompt: int, answer: int, computed: int, scored: int, passes: int) -> Work:
    """Of an answer of `answer` tokens in `passes` steps that computed `computed` tokens, `scored` of them to the head.

    Contexts are taken as half the answer long beyond the prompt in the mean. All experts are counted as active.
    """
    head = spec.vocab_size * spec.hidden
    tables = ("model.embed_tokens", "lm_head")
    weights = sum(prod(shape) for name, shape in published(spec).items() if not name.startswith(tables))
    context = prompt + answer / 2
    seen = prompt * prompt / 2 + max(computed - prompt, 0) * context
    attention = 4.0 * spec.layers * spec.heads * spec.head_dim * seen
    token_bytes = page_bytes(spec, Split.of(spec)) / 64
    moved = passes * ((weights + head) * spec.dtype.itemsize + context * token_bytes) + computed * token_bytes
    return Work(2.0 * weights * computed + 2.0 * head * scored + attention, moved)
