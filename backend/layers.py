"""The two blocks of a decoder layer, on this rank's share of the heads and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from backend.parallel import row_linear
from backend.weights import ExpertWeights, MlpWeights

if TYPE_CHECKING:
    from backend.ops import Ops
    from backend.parallel import Group
    from backend.spec import ModelSpec
    from backend.split import Split
    from backend.step import Step
    from backend.weights import LayerWeights

__all__ = ["AttentionBlock", "DenseBlock", "ExpertBlock", "mlp_block"]


class AttentionBlock:
    """Grouped-query attention (arXiv 2305.13245) over pages, with the family's biases and norms."""

    def __init__(self, spec: ModelSpec, split: Split, weights: LayerWeights, group: Group, ops: Ops) -> None:
        self._weights = weights
        self._group = group
        self._ops = ops
        self._eps = spec.norm_eps
        self._heads = len(split.heads)
        self._kv_heads = len(split.kv_heads)
        self._head_dim = spec.head_dim
        self._norm = _per_head(weights, self._heads, self._kv_heads)

    def forward(
        self, x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, pages: torch.Tensor, step: Step
    ) -> torch.Tensor:
        """`x` [n, hidden] normalised, `cos` and `sin` [n, head_dim / 2] of its positions, `pages` of this layer.

        Returns [n, hidden], summed over the ranks.
        """
        ops, turned = self._ops, self._heads + self._kv_heads
        projected = ops.linear(x, self._weights.qkv, self._weights.qkv_bias).view(x.shape[0], -1, self._head_dim)
        query_key, value = projected[:, :turned], projected[:, turned:]
        if self._norm is not None:
            query_key = ops.rms_norm(query_key, self._norm, self._eps)
        query_key = ops.rope(query_key, cos, sin)
        ops.store(query_key[:, self._heads :], value, pages, step)
        found = ops.attention(query_key[:, : self._heads].contiguous(), pages, step)
        return row_linear(found.flatten(1), self._weights.o, self._weights.o_bias, self._group, ops)


class DenseBlock:
    """One gated MLP."""

    def __init__(self, weights: MlpWeights, group: Group, ops: Ops) -> None:
        self._weights = weights
        self._group = group
        self._ops = ops

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`x` [n, hidden] normalised; returns [n, hidden], summed over the ranks."""
        inner = self._ops.swiglu(self._ops.linear(x, self._weights.gate_up))
        return row_linear(inner, self._weights.down, None, self._group, self._ops)


class ExpertBlock:
    """A mixture of experts; each rank holds a run of columns of every one, so that work is even whoever is chosen."""

    def __init__(self, spec: ModelSpec, weights: ExpertWeights, group: Group, ops: Ops) -> None:
        assert spec.experts is not None
        self._experts = spec.experts
        self._weights = weights
        self._group = group
        self._ops = ops

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`x` [n, hidden] normalised; returns [n, hidden], summed over the ranks."""
        chosen, shares = self.route(x)
        return self._group.sum(self._ops.experts(x, chosen, shares, self._weights.gate_up, self._weights.down))

    def route(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The active experts of each token and their weights, both [n, active]: the highest of a softmax over all.

        The softmax is in float32 and its result rounded to the type of `x`, as Qwen3-MoE was trained.
        """
        probabilities = self._ops.linear(x, self._weights.router).float().softmax(dim=-1)
        shares, chosen = probabilities.topk(self._experts.active, dim=-1)
        if self._experts.normalized:
            shares = shares / shares.sum(dim=-1, keepdim=True)
        return chosen, shares.to(x.dtype)


def mlp_block(spec: ModelSpec, weights: LayerWeights, group: Group, ops: Ops) -> DenseBlock | ExpertBlock:
    """The block that these weights are for."""
    if isinstance(weights.mlp, MlpWeights):
        return DenseBlock(weights.mlp, group, ops)
    return ExpertBlock(spec, weights.mlp, group, ops)


def _per_head(weights: LayerWeights, heads: int, kv_heads: int) -> torch.Tensor | None:
    """[heads + kv_heads, d] The norm's weight of every query and key head, so that one call normalises both."""
    if weights.q_norm is None or weights.k_norm is None:
        return None
    return torch.cat((weights.q_norm.expand(heads, -1), weights.k_norm.expand(kv_heads, -1)))
