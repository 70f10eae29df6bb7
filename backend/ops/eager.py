"""The plain form of every op but attention and experts: what each kernel is held to."""

from __future__ import annotations

import torch
from torch.nn import functional

from backend.ops.registry import register

__all__ = ["ANY", "add_rms_norm", "best", "linear", "rms_norm", "rope", "swiglu", "top"]

ANY = ("cpu", "cuda")
_HEAD_ROWS = 256
"""Rows whose logits are in memory at once: 256 * 152k * 2 bytes are 78 MB."""


@register("rms_norm", "eager", ANY)
def rms_norm(x: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    """See `registry.RmsNorm`. The normalised value is rounded to the type of `x` before the weight, as in training."""
    wide = x.float()
    return weight * (wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + eps)).to(x.dtype)


@register("add_rms_norm", "eager", ANY)
def add_rms_norm(
    x: torch.Tensor, residual: torch.Tensor, weight: torch.Tensor, eps: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """See `registry.AddRmsNorm`."""
    total = x + residual
    return rms_norm(total, weight, eps), total


@register("linear", "eager", ANY)
def linear(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """See `registry.Linear`: cuBLAS on a GPU."""
    return functional.linear(x, weight, bias)


@register("rope", "eager", ANY)
def rope(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """See `registry.Rope`."""
    low, high = x.chunk(2, dim=-1)
    cos, sin = cos[:, None, :], sin[:, None, :]
    return torch.cat((low * cos - high * sin, high * cos + low * sin), dim=-1)


@register("swiglu", "eager", ANY)
def swiglu(gate_up: torch.Tensor) -> torch.Tensor:
    """See `registry.Swiglu`."""
    gate, up = gate_up.chunk(2, dim=-1)
    return functional.silu(gate) * up


@register("best", "eager", ANY)
def best(hidden: torch.Tensor, head: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """See `registry.Best`. Logits are rounded to the model's type, as trained models' own code does."""
    cuts = list(range(_HEAD_ROWS, hidden.shape[0], _HEAD_ROWS))
    parts = [top(functional.linear(rows, head)) for rows in torch.tensor_split(hidden, cuts)]
    highest, index, second = zip(*parts, strict=True)
    return torch.cat(highest), torch.cat(index), torch.cat(second)


def top(logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """`registry.Best` of logits [m, v] that are there already. Overwrites them."""
    if logits.shape[1] == 0:
        lowest = torch.full((logits.shape[0],), -torch.inf, device=logits.device)
        return lowest, torch.zeros_like(lowest, dtype=torch.int64), lowest
    # `max` promises the first index of equal values; `topk` would not.
    highest, index = logits.max(dim=-1)
    second = logits.scatter_(1, index[:, None], -torch.inf).amax(dim=-1)
    return highest.float(), index, second.float()
