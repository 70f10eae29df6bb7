"""Seeded noise in the place of trained weights, for benchmarks and tests at any real config.

Matrices are N(0, 0.02), as these models are initialised; the norms' weights are 1 plus such noise, since with weights
around 0 all activations would vanish. Each tensor's noise depends on the seed and its name alone, so that it is the
same for any number of ranks, but not on different kinds of device.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import torch

from backend.split import Split
from backend.weights import Weights, build, published

if TYPE_CHECKING:
    from backend.spec import ModelSpec

__all__ = ["Dummy", "dummy_weights"]

_DEVIATION = 0.02


def dummy_weights(
    spec: ModelSpec, seed: int = 0, split: Split | None = None, device: torch.device | None = None
) -> Weights:
    """This rank's share of a model of noise."""
    device = device or torch.device("cpu")
    return build(spec, split or Split.of(spec), Dummy(spec, seed, device), device)


class Dummy:
    """A source of noise in the published shapes, drawn on `device`."""

    def __init__(self, spec: ModelSpec, seed: int = 0, device: torch.device | None = None) -> None:
        self._shapes = published(spec)
        self._seed = seed
        self._device = device or torch.device("cpu")

    def read(self, name: str, rows: range | None = None, columns: range | None = None) -> torch.Tensor:
        """The whole tensor is drawn, in float32, and then cut."""
        # Of a seed the CPU's generator heeds 32 bits only.
        generator = torch.Generator(self._device).manual_seed(zlib.crc32(f"{self._seed} {name}".encode()))
        whole = torch.empty(self._shapes[name], device=self._device).normal_(0.0, _DEVIATION, generator=generator)
        if name.endswith("norm.weight"):
            whole += 1.0
        part = whole if rows is None else whole[rows.start : rows.stop]
        return part if columns is None else part[:, columns.start : columns.stop]
