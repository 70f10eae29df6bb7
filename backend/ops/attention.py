"""Attention over pages, one sequence at a time, with torch's fused kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from backend.ops.eager import ANY
from backend.ops.registry import register

if TYPE_CHECKING:
    from backend.step import Step, Stretch

__all__ = ["attention", "store"]


@register("store", "eager", ANY)
def store(key: torch.Tensor, value: torch.Tensor, pages: torch.Tensor, step: Step) -> None:
    """See `registry.Store`."""
    pages[:, 0][step.pages, step.slots] = key
    pages[:, 1][step.pages, step.slots] = value


@register("attention", "sdpa", ANY)
def attention(query: torch.Tensor, pages: torch.Tensor, step: Step) -> torch.Tensor:
    """See `registry.Attention`. Keys and values of a sequence are gathered from its pages first, which costs a copy."""
    answer = torch.empty_like(query)
    for stretch in step.stretches:
        both = pages[stretch.table].transpose(0, 1)
        key, value = both.flatten(1, 2)[:, : stretch.total]
        part = slice(stretch.start, stretch.end)
        answer[part] = _one(query[part], key, value, stretch)
    return answer


def _one(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, stretch: Stretch) -> torch.Tensor:
    """One sequence: `query` [q, heads, d], `key` and `value` [total, kv_heads, d]; returns [q, heads, d].

    Heads that share a key head are seen as a batch of it, so that keys and values are never repeated in memory.
    """
    count, heads, width = query.shape
    kv_heads = key.shape[1]
    shared = heads // kv_heads
    keys, values = key.transpose(0, 1)[:, None], value.transpose(0, 1)[:, None]
    if count == 1:
        queries = query.view(kv_heads, 1, shared, width)
        return functional.scaled_dot_product_attention(queries, keys, values).reshape(1, heads, width)
    queries = query.view(count, kv_heads, shared, width).permute(1, 2, 0, 3)
    found = functional.scaled_dot_product_attention(
        queries,
        keys.expand(-1, shared, -1, -1),
        values.expand(-1, shared, -1, -1),
        attn_mask=stretch.mask,
        is_causal=stretch.mask is None,
    )
    return found.permute(2, 0, 1, 3).reshape(count, heads, width)
