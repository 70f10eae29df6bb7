"""Rotary position embedding: by how much each pair of a head's dimensions turns with the position.

Sources: RoFormer (Su et al., arXiv 2104.09864, section 3.2.2) for the plain form; position interpolation (Chen et al.,
arXiv 2306.15595) for `linear`; YaRN (Peng et al., arXiv 2309.00071, sections 3.2 to 3.4) for `yarn`; the reference code
published with Llama 3.1 (`apply_scaling`) for `llama3`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from backend.errors import UnsupportedCheckpoint

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["KINDS", "RopeSpec", "frequencies", "table_bytes", "tables"]

KINDS = ("default", "linear", "llama3", "yarn")


@dataclass(frozen=True, slots=True)
class RopeSpec:
    """One way of turning; the fields after `theta` are the published parameters of the same name."""

    kind: str = "default"
    theta: float = 10000.0
    factor: float = 1.0
    original_positions: int = 0
    """Longest sequence of the training before the context was stretched (`original_max_position_embeddings`)."""
    low_freq_factor: float = 1.0
    high_freq_factor: float = 4.0
    beta_fast: float = 32.0
    beta_slow: float = 1.0
    truncate: bool = True
    attention_factor: float = 1.0
    """What cosines and sines are multiplied by, which makes attention sharper (YaRN, equation 22)."""

    @classmethod
    def from_config(cls, config: Mapping[str, Any], head_dim: int, positions: int) -> RopeSpec:
        """Read `rope_parameters`, or `rope_theta` and `rope_scaling`. Raises `UnsupportedCheckpoint`.

        `positions` is the config's longest sequence, which stands for a missing `original_max_position_embeddings`.
        """
        key = "rope_parameters" if config.get("rope_parameters") else "rope_scaling"
        given: Mapping[str, Any] = config.get(key) or {}
        kind = given.get("rope_type", given.get("type", "default"))
        if kind not in KINDS:
            raise UnsupportedCheckpoint(key, f"rope type {kind!r} is none of {', '.join(KINDS)}")
        if given.get("partial_rotary_factor", config.get("partial_rotary_factor")) not in (None, 1, 1.0):
            raise UnsupportedCheckpoint("partial_rotary_factor", "only whole heads can be turned")
        if head_dim % 2:
            raise UnsupportedCheckpoint("head_dim", f"{head_dim} is odd and can't be turned in pairs")
        theta = _number(given, "rope_theta", _number(config, "rope_theta", 10000.0))
        return cls(kind, theta) if kind == "default" else _scaled(given, kind, theta, positions, key)

    @property
    def reach(self) -> int:
        """Tokens that yarn stretches the context to; 0 for the others, whose configs state the stretched length."""
        return int(self.factor * self.original_positions) if self.kind == "yarn" else 0


def frequencies(rope: RopeSpec, head_dim: int) -> torch.Tensor:
    """[head_dim / 2] float32 radians per position, fastest first: theta^(-2i / head_dim), then as `rope.kind` says."""
    plain = 1.0 / (rope.theta ** (torch.arange(0, head_dim, 2, dtype=torch.int64).float() / head_dim))
    if rope.kind == "linear":
        return plain / rope.factor
    if rope.kind == "llama3":
        return _llama3(rope, plain)
    return _yarn(rope, plain, head_dim) if rope.kind == "yarn" else plain


def table_bytes(head_dim: int, positions: int) -> int:
    """What the two of `tables` take, and as much again while they are made."""
    return 4 * positions * (head_dim // 2) * torch.float32.itemsize


def tables(rope: RopeSpec, head_dim: int, positions: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Cosines and sines, each [positions, head_dim / 2] in float32, multiplied by the attention factor."""
    angles = torch.arange(positions, dtype=torch.float32)[:, None] * frequencies(rope, head_dim)[None, :]
    return (angles.cos() * rope.attention_factor).to(device), (angles.sin() * rope.attention_factor).to(device)


def _llama3(rope: RopeSpec, plain: torch.Tensor) -> torch.Tensor:
    """Slow turns are slowed by `factor`, fast ones kept, those between blended by how often they turn in a context."""
    turns = rope.original_positions * plain / (2 * math.pi)
    blend = (turns - rope.low_freq_factor) / (rope.high_freq_factor - rope.low_freq_factor)
    blended = (1 - blend) * plain / rope.factor + blend * plain
    slow, fast = turns < rope.low_freq_factor, turns > rope.high_freq_factor
    return torch.where(slow, plain / rope.factor, torch.where(fast, plain, blended))


def _yarn(rope: RopeSpec, plain: torch.Tensor, head_dim: int) -> torch.Tensor:
    """Pairs that turn less than `beta_slow` times in the original context are interpolated, above `beta_fast` kept."""
    low, high = (_pair_that_turns(beta, rope, head_dim) for beta in (rope.beta_fast, rope.beta_slow))
    if rope.truncate:
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, head_dim - 1)
    if low == high:
        high += 0.001  # as in the published code: a step instead of a division by 0
    ramp = ((torch.arange(head_dim // 2, dtype=torch.float32) - low) / (high - low)).clamp(0, 1)
    return plain / rope.factor * ramp + plain * (1 - ramp)


def _pair_that_turns(times: float, rope: RopeSpec, head_dim: int) -> float:
    """Index of the pair of dimensions that turns `times` times within the original context (YaRN, equation 17)."""
    return head_dim * math.log(rope.original_positions / (times * 2 * math.pi)) / (2 * math.log(rope.theta))


def _scaled(given: Mapping[str, Any], kind: str, theta: float, positions: int, key: str) -> RopeSpec:
    """A spec of a kind that has parameters; the config must state `factor`."""
    if given.get("factor") is None:
        raise UnsupportedCheckpoint(key, f"rope type {kind!r} needs a factor")
    factor = _number(given, "factor", 1.0)
    return RopeSpec(
        kind=kind,
        theta=theta,
        factor=factor,
        original_positions=int(_number(given, "original_max_position_embeddings", positions)),
        low_freq_factor=_number(given, "low_freq_factor", 1.0),
        high_freq_factor=_number(given, "high_freq_factor", 4.0),
        beta_fast=_number(given, "beta_fast", 32.0),
        beta_slow=_number(given, "beta_slow", 1.0),
        truncate=bool(given.get("truncate", True)),
        attention_factor=_attention_factor(given, factor) if kind == "yarn" else 1.0,
    )


def _attention_factor(given: Mapping[str, Any], factor: float) -> float:
    """0.1 ln(factor) + 1 (YaRN, equation 22), unless the config states it, or the two scales that it is a ratio of."""
    if given.get("attention_factor") is not None:
        return _number(given, "attention_factor", 1.0)
    scale, scale_all = given.get("mscale"), given.get("mscale_all_dim")
    if scale and scale_all:
        return _sharpness(factor, scale) / _sharpness(factor, scale_all)
    return _sharpness(factor)


def _sharpness(factor: float, scale: float = 1.0) -> float:
    return 0.1 * scale * math.log(factor) + 1.0 if factor > 1 else 1.0


def _number(given: Mapping[str, Any], key: str, default: float) -> float:
    value = given.get(key)
    if value is None:
        return float(default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise UnsupportedCheckpoint(key, f"expected a number above 0, found {value!r}")
    return float(value)
