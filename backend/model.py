"""The decoder: one for all families, driven by the spec."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from backend import rope
from backend.choices import choice_logits
from backend.layers import AttentionBlock, DenseBlock, ExpertBlock, mlp_block
from backend.ops import Ops, select
from backend.ops.eager import top
from backend.parallel import Alone, Group, embed, strongest, whole_logits
from backend.split import Split

if TYPE_CHECKING:
    from backend.batch import Choices
    from backend.spec import ModelSpec
    from backend.step import Step
    from backend.weights import LayerWeights, Weights

__all__ = ["Decoder", "DeviceScores"]


@dataclass(frozen=True, slots=True)
class DeviceScores:
    """`batch.Scores` on the device, which may still be computing them."""

    best: torch.Tensor
    """[m] int64"""
    margin: torch.Tensor
    """[m] float32"""
    logits: torch.Tensor
    """[k, vocab] float32"""
    choices: torch.Tensor
    """[any] float32"""


@dataclass(frozen=True, slots=True)
class _Layer:
    weights: LayerWeights
    attention: AttentionBlock
    mlp: DenseBlock | ExpertBlock


class Decoder:
    """Weights and arithmetic of one rank. It keeps no state between steps: keys and values are given to it."""

    def __init__(self, spec: ModelSpec, weights: Weights, group: Group | None = None, ops: Ops | None = None) -> None:
        """`weights` are this rank's share; all tensors are on one device and of the spec's type."""
        self.spec = spec
        self.device = weights.embed.device
        self.group: Group = group or Alone()
        self.split = Split.of(spec, self.group.rank, self.group.size)
        self.ops = ops or select(self.device)
        self._weights = weights
        cos, sin = rope.tables(spec.rope, spec.head_dim, spec.max_positions, self.device)
        self._cos, self._sin = cos.to(spec.dtype), sin.to(spec.dtype)
        self._layers = [self._layer(one) for one in weights.layers]

    def _layer(self, weights: LayerWeights) -> _Layer:
        attention = AttentionBlock(self.spec, self.split, weights, self.group, self.ops)
        return _Layer(weights, attention, mlp_block(self.spec, weights, self.group, self.ops))

    @property
    def capturable(self) -> bool:
        """Whether its passes can be recorded as CUDA graphs."""
        return self.device.type == "cuda" and self.group.capturable

    def with_ops(self, ops: Ops) -> Decoder:
        """The same weights under other ops."""
        return Decoder(self.spec, self._weights, self.group, ops)

    def forward(self, step: Step, pages: torch.Tensor) -> torch.Tensor:
        """[m + c, hidden] The normalised output at the step's wanted rows.

        `pages` [pages, layers, 2, 64, kv_heads, head_dim] takes the keys and values of the step's tokens.
        """
        ops, eps = self.ops, self.spec.norm_eps
        cos, sin = self._cos[step.positions], self._sin[step.positions]
        residual = embed(step.tokens, self._weights.embed, self.split, self.group)
        x = ops.rms_norm(residual, self._layers[0].weights.input_norm, eps)
        for i, layer in enumerate(self._layers):
            x = layer.attention.forward(x, cos, sin, pages[:, i], step)
            if i == len(self._layers) - 1:
                # Behind the last attention no token looks at another: the rest is computed for the wanted rows only.
                x, residual = x[step.rows], residual[step.rows]
            x, residual = ops.add_rms_norm(x, residual, layer.weights.post_norm, eps)
            x = layer.mlp.forward(x)
            x, residual = ops.add_rms_norm(x, residual, self._norm_behind(i), eps)
        return x

    def score(self, hidden: torch.Tensor, sampled: torch.Tensor, choices: Choices | None = None) -> DeviceScores:
        """Best token and margin of the first rows of `hidden` [m + c, hidden], and the logits of their rows `sampled`
        [k]; for the others, those of `choices`, the logits that these ask for."""
        chosen = torch.empty(0, device=self.device)
        if choices is not None:
            hidden, rows = hidden.split_with_sizes([hidden.shape[0] - len(choices.rows), len(choices.rows)])
            chosen = choice_logits(rows, choices, self._weights.head, self.split, self.group, self.ops)
        best, margin = self._best(hidden)
        if not sampled.shape[0]:
            return DeviceScores(best, margin, torch.empty((0, self.spec.vocab_size), device=self.device), chosen)
        logits = whole_logits(hidden[sampled], self._weights.head, self.split, self.group, self.ops)
        # Best and logits must agree, and a product over fewer rows may round otherwise: the logits decide.
        highest, index, second = top(logits.clone())
        best = best.index_copy(0, sampled, index)
        return DeviceScores(best, margin.index_copy(0, sampled, highest - second), logits, chosen)

    def _best(self, hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return strongest(*self.ops.best(hidden, self._weights.head), self.split, self.group)

    def _norm_behind(self, layer: int) -> torch.Tensor:
        """The norm that reads what `layer` gives: the next layer's first, or the model's last."""
        if layer + 1 < len(self._layers):
            return self._layers[layer + 1].weights.input_norm
        return self._weights.norm
