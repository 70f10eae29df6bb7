"""What is measured on which kind of device."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from backend.settings import DraftSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CPU", "CUDA", "QUICK", "Plan"]


@dataclass(frozen=True, slots=True)
class Plan:
    """One run of the benchmark."""

    models: tuple[str, ...]
    """Names in `shapes.CONFIGS`."""
    dtypes: tuple[str, ...]
    """Types of the weights; each model is measured with each of them."""
    vocabulary: int
    """Tokens of the vocabulary that is trained on the cases."""
    sizes: tuple[int, ...]
    """Tokens of the files: of each size the nearest case."""
    rounds: int
    """Times that each file is made in each quick way; slow ways take one."""
    slow_tokens: int
    """Tokens made by plain decoding; its time for the rest of a file is reckoned from these. 0 makes whole files."""
    together: int
    """Requests at once: the files nearest to the first of `sizes`."""
    step_tokens: int
    drafts: DraftSettings = field(default_factory=DraftSettings)

    def of(self, models: Sequence[str]) -> Plan:
        """The same for other models."""
        return replace(self, models=tuple(models))


CPU = Plan(
    models=("small",),
    dtypes=("bfloat16", "float32"),
    vocabulary=8192,
    sizes=(400, 700, 1200),
    rounds=3,
    slow_tokens=0,
    together=32,
    step_tokens=2048,
)
CUDA = Plan(
    models=("Qwen2.5-Coder-1.5B", "Qwen3-1.7B", "Qwen2.5-Coder-7B"),
    dtypes=("bfloat16",),
    vocabulary=8192,
    sizes=(2048, 4096, 8192),
    rounds=5,
    slow_tokens=256,
    together=32,
    step_tokens=4096,
)
QUICK = Plan(
    models=("tiny",),
    dtypes=("float32",),
    vocabulary=1024,
    sizes=(80, 160),
    rounds=1,
    slow_tokens=0,
    together=4,
    step_tokens=256,
)
