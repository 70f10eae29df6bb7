"""The weights of a decoder on one rank: their names and shapes in a checkpoint, and how they are put together.

Projections that read the same input are stored as one matrix (queries, keys and values; gate and up), so that a layer
is four matrix products. A source, a checkpoint or seeded noise, gives the published tensors, cut to what is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.spec import ModelSpec
    from backend.split import Split

__all__ = ["ExpertWeights", "LayerWeights", "MlpWeights", "Source", "Weights", "build", "published"]

Shape = tuple[int, ...]


class Source(Protocol):
    """Where published tensors come from."""

    def read(self, name: str, rows: range | None = None, columns: range | None = None) -> torch.Tensor:
        """The tensor of that name, or these rows and columns of it; any floating type, on any device."""


@dataclass(frozen=True, slots=True)
class MlpWeights:
    """`down(silu(gate x) * (up x))`; this rank holds `i` of the inner columns."""

    gate_up: torch.Tensor
    """[2 i, hidden] The gate's rows, then those of up."""
    down: torch.Tensor
    """[hidden, i]"""


@dataclass(frozen=True, slots=True)
class ExpertWeights:
    """`experts` MLPs and what chooses among them; this rank holds `i` of each one's inner columns."""

    router: torch.Tensor
    """[experts, hidden], the same on all ranks."""
    gate_up: torch.Tensor
    """[experts, 2 i, hidden]"""
    down: torch.Tensor
    """[experts, hidden, i]"""


@dataclass(frozen=True, slots=True)
class LayerWeights:
    """One decoder layer; this rank holds `q` query heads and `k` key and value heads of `d` dimensions."""

    input_norm: torch.Tensor
    """[hidden]"""
    qkv: torch.Tensor
    """[(q + 2 k) d, hidden] Queries, then keys, then values."""
    qkv_bias: torch.Tensor | None
    """[(q + 2 k) d]"""
    q_norm: torch.Tensor | None
    """[d]"""
    k_norm: torch.Tensor | None
    """[d]"""
    o: torch.Tensor
    """[hidden, q d]"""
    o_bias: torch.Tensor | None
    """[hidden], on rank 0 only, since the ranks' outputs are added."""
    post_norm: torch.Tensor
    """[hidden]"""
    mlp: MlpWeights | ExpertWeights


@dataclass(frozen=True, slots=True)
class Weights:
    """All weights of one rank, which holds `v` ids of the vocabulary."""

    embed: torch.Tensor
    """[v, hidden]"""
    layers: tuple[LayerWeights, ...]
    norm: torch.Tensor
    """[hidden]"""
    head: torch.Tensor
    """[v, hidden]; the same memory as `embed` where embeddings are tied."""

    @property
    def bytes(self) -> int:
        """Memory of all tensors, shared ones counted once."""
        return sum({tensor.data_ptr(): tensor.nbytes for tensor in _tensors(self)}.values())


def published(spec: ModelSpec) -> dict[str, Shape]:
    """Names and whole shapes of all tensors that a checkpoint of this spec holds, in the order of the computation."""
    found: dict[str, Shape] = {"model.embed_tokens.weight": (spec.vocab_size, spec.hidden)}
    for layer in range(spec.layers):
        prefix = f"model.layers.{layer}."
        found |= {prefix + name: shape for name, shape in (_attention(spec) | _mlp(spec, layer)).items()}
    found["model.norm.weight"] = (spec.hidden,)
    if not spec.tied_embeddings:
        found["lm_head.weight"] = (spec.vocab_size, spec.hidden)
    return found


def build(spec: ModelSpec, split: Split, source: Source, device: torch.device) -> Weights:
    """Read this rank's share of every tensor into memory of `device`, in the spec's type."""
    builder = _Builder(spec, split, source, device)
    embed = builder.joined([("model.embed_tokens.weight", split.vocab)])
    return Weights(
        embed=embed,
        layers=tuple(builder.layer(i) for i in range(spec.layers)),
        norm=builder.joined([("model.norm.weight", None)]),
        head=embed if spec.tied_embeddings else builder.joined([("lm_head.weight", split.vocab)]),
    )


def _attention(spec: ModelSpec) -> dict[str, Shape]:
    queries, keys = spec.heads * spec.head_dim, spec.kv_heads * spec.head_dim
    found: dict[str, Shape] = {
        "input_layernorm.weight": (spec.hidden,),
        "post_attention_layernorm.weight": (spec.hidden,),
    }
    for name, width in (("q", queries), ("k", keys), ("v", keys)):
        found[f"self_attn.{name}_proj.weight"] = (width, spec.hidden)
        if spec.qkv_bias:
            found[f"self_attn.{name}_proj.bias"] = (width,)
    found["self_attn.o_proj.weight"] = (spec.hidden, queries)
    if spec.o_bias:
        found["self_attn.o_proj.bias"] = (spec.hidden,)
    if spec.qk_norm:
        found |= {f"self_attn.{name}_norm.weight": (spec.head_dim,) for name in "qk"}
    return found


def _mlp(spec: ModelSpec, layer: int) -> dict[str, Shape]:
    if spec.experts is None or not spec.has_experts(layer):
        return _projections("mlp.", spec.hidden, spec.intermediate)
    found: dict[str, Shape] = {"mlp.gate.weight": (spec.experts.count, spec.hidden)}
    for expert in range(spec.experts.count):
        found |= _projections(f"mlp.experts.{expert}.", spec.hidden, spec.experts.intermediate)
    return found


def _projections(prefix: str, hidden: int, inner: int) -> dict[str, Shape]:
    return {
        prefix + "gate_proj.weight": (inner, hidden),
        prefix + "up_proj.weight": (inner, hidden),
        prefix + "down_proj.weight": (hidden, inner),
    }


class _Builder:
    """Reads the parts of each weight straight into their place, so that no more than one part is in memory twice."""

    def __init__(self, spec: ModelSpec, split: Split, source: Source, device: torch.device) -> None:
        self._spec = spec
        self._split = split
        self._source = source
        self._device = device

    def joined(self, parts: Sequence[tuple[str, range | None]], columns: range | None = None) -> torch.Tensor:
        """The named tensors' rows, one under the other."""
        read = [(name, rows) for name, rows in parts]
        first = self._source.read(*read[0], columns)
        count = sum(first.shape[0] if rows is None else len(rows) for _, rows in read)
        whole = torch.empty((count, *first.shape[1:]), dtype=self._spec.dtype, device=self._device)
        at = 0
        for i, (name, rows) in enumerate(read):
            part = first if i == 0 else self._source.read(name, rows, columns)
            whole[at : at + part.shape[0]].copy_(part)
            at += part.shape[0]
        return whole

    def layer(self, layer: int) -> LayerWeights:
        spec, split, prefix = self._spec, self._split, f"model.layers.{layer}."
        attention = prefix + "self_attn."
        queries, keys = _rows(split.heads, spec.head_dim), _rows(split.kv_heads, spec.head_dim)
        projections = [(attention + "q_proj.", queries), (attention + "k_proj.", keys), (attention + "v_proj.", keys)]
        return LayerWeights(
            input_norm=self.joined([(prefix + "input_layernorm.weight", None)]),
            qkv=self.joined([(name + "weight", rows) for name, rows in projections]),
            qkv_bias=self.joined([(name + "bias", rows) for name, rows in projections]) if spec.qkv_bias else None,
            q_norm=self.joined([(attention + "q_norm.weight", None)]) if spec.qk_norm else None,
            k_norm=self.joined([(attention + "k_norm.weight", None)]) if spec.qk_norm else None,
            o=self.joined([(attention + "o_proj.weight", None)], queries),
            o_bias=self.joined([(attention + "o_proj.bias", None)]) if spec.o_bias and split.rank == 0 else None,
            post_norm=self.joined([(prefix + "post_attention_layernorm.weight", None)]),
            mlp=self._experts(prefix + "mlp.") if spec.has_experts(layer) else self._mlp(prefix + "mlp."),
        )

    def _mlp(self, prefix: str) -> MlpWeights:
        return MlpWeights(*self._inner(prefix, self._split.intermediate))

    def _experts(self, prefix: str) -> ExpertWeights:
        assert self._spec.experts is not None
        inner, count, hidden = self._split.expert_intermediate, self._spec.experts.count, self._spec.hidden
        gate_up = torch.empty((count, 2 * len(inner), hidden), dtype=self._spec.dtype, device=self._device)
        down = torch.empty((count, hidden, len(inner)), dtype=self._spec.dtype, device=self._device)
        for expert in range(count):
            one = self._inner(f"{prefix}experts.{expert}.", inner)
            gate_up[expert].copy_(one[0])
            down[expert].copy_(one[1])
        return ExpertWeights(self.joined([(prefix + "gate.weight", None)]), gate_up, down)

    def _inner(self, prefix: str, inner: range) -> tuple[torch.Tensor, torch.Tensor]:
        gate_up = self.joined([(prefix + "gate_proj.weight", inner), (prefix + "up_proj.weight", inner)])
        return gate_up, self.joined([(prefix + "down_proj.weight", None)], inner)


def _rows(heads: range, head_dim: int) -> range:
    return range(heads.start * head_dim, heads.stop * head_dim)


def _tensors(weights: Weights) -> list[torch.Tensor]:
    found = [weights.embed, weights.norm, weights.head]
    for layer in weights.layers:
        parts = [layer.input_norm, layer.qkv, layer.qkv_bias, layer.q_norm, layer.k_norm, layer.o, layer.o_bias]
        found += [part for part in parts if part is not None] + [layer.post_norm, layer.mlp.gate_up, layer.mlp.down]
        found += [layer.mlp.router] if isinstance(layer.mlp, ExpertWeights) else []
    return found
