"""A mixture of experts in two forms: a few tokens bring their experts' weights, many tokens are sorted by expert."""

from __future__ import annotations

import torch
from torch.nn import functional

from backend.ops.eager import ANY, swiglu
from backend.ops.registry import register

__all__ = ["FEW", "experts", "gathered", "grouped"]

FEW = 8
"""Tokens up to which copying the weights of each one's experts is cheaper than asking the device who chose what."""


@register("experts", "eager", ANY)
def experts(
    x: torch.Tensor, chosen: torch.Tensor, shares: torch.Tensor, gate_up: torch.Tensor, down: torch.Tensor
) -> torch.Tensor:
    """See `registry.Experts`."""
    one = gathered if x.shape[0] <= FEW else grouped
    return one(x, chosen, shares, gate_up, down)


def gathered(
    x: torch.Tensor, chosen: torch.Tensor, shares: torch.Tensor, gate_up: torch.Tensor, down: torch.Tensor
) -> torch.Tensor:
    """For a few tokens: no word from the device is waited for, so that the step can be launched whole."""
    inner = swiglu(torch.matmul(gate_up[chosen], x[:, None, :, None]).squeeze(-1))
    out = torch.matmul(down[chosen], inner[..., None]).squeeze(-1)
    return (out * shares[..., None]).sum(dim=1)


def grouped(
    x: torch.Tensor, chosen: torch.Tensor, shares: torch.Tensor, gate_up: torch.Tensor, down: torch.Tensor
) -> torch.Tensor:
    """For many tokens: one product for each expert that was chosen. The counts are read back once."""
    tokens, active = chosen.shape
    order = chosen.flatten().argsort(stable=True)
    counts = torch.bincount(chosen.flatten(), minlength=gate_up.shape[0]).tolist()
    rows = x[order // active]
    out = torch.empty_like(rows)
    start = 0
    for expert, count in enumerate(counts):
        if count:
            part = slice(start, start + count)
            out[part] = functional.linear(swiglu(functional.linear(rows[part], gate_up[expert])), down[expert])
            start += count
    back = torch.empty_like(out)
    back[order] = out
    return (back.view(tokens, active, -1) * shares[..., None]).sum(dim=1)
