"""Attention in shapes that numbers on the host don't change, so that a step can be recorded once and replayed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from backend.batch import PAGE_TOKENS
from backend.ops.eager import ANY
from backend.ops.registry import register

if TYPE_CHECKING:
    from backend.step import Step

__all__ = ["attention"]


@register("attention", "padded", ANY, preference=-1)
def attention(query: torch.Tensor, pages: torch.Tensor, step: Step) -> torch.Tensor:
    """See `registry.Attention`. For steps only in which all sequences have as many query tokens, `n / s`.

    Every page of the tables is gathered; what lies beyond a sequence's last position is made zero and not looked at.
    Of the step, `positions` and `tables` are read, both on the device. A row of padding has position 0.
    """
    sequences, count = step.contexts.shape[0], query.shape[0] // step.contexts.shape[0]
    positions = step.positions.view(sequences, count)
    places = torch.arange(step.tables.shape[1] * PAGE_TOKENS, device=query.device)
    beyond = places[None, :] > positions.amax(dim=1, keepdim=True)
    heads, width = query.shape[1:]
    kv_heads = pages.shape[-2]
    shared = heads // kv_heads
    # Heads that share a key head are seen as more queries of it, so that keys and values are never repeated.
    queries = query.view(sequences, count, kv_heads, shared, width).permute(0, 2, 3, 1, 4)
    seen = places[None, None, :] <= positions[:, :, None]
    mask = seen[:, None, None].expand(-1, 1, shared, -1, -1).flatten(2, 3)
    found = functional.scaled_dot_product_attention(
        queries.flatten(2, 3), _gathered(pages[:, 0], step, beyond), _gathered(pages[:, 1], step, beyond), mask
    )
    return found.view(sequences, kv_heads, shared, count, width).permute(0, 3, 1, 2, 4).reshape(query.shape)


def _gathered(pages: torch.Tensor, step: Step, beyond: torch.Tensor) -> torch.Tensor:
    """[s, kv_heads, w * 64, d] from `pages` [pages, 64, kv_heads, d]; zeros where `beyond` [s, w * 64] is true.

    A page's rest is another text's or never written: were there a NaN, a weight of 0 would not silence it.
    """
    found = pages[step.tables].flatten(1, 2)
    return found.masked_fill_(beyond[:, :, None, None], 0).transpose(1, 2)
