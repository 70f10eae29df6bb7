"""Decoders to measure, as data: public models' shapes, and small ones for a CPU. Weights are seeded noise."""

from __future__ import annotations

from typing import Any

from backend.spec import ModelSpec

__all__ = ["CONFIGS", "spec_of"]

_QWEN2 = {"model_type": "qwen2", "vocab_size": 151_936, "max_position_embeddings": 32_768, "rope_theta": 1e6}
_SMALL = {"model_type": "qwen2", "max_position_embeddings": 16_384, "rope_theta": 1e6, "head_dim": 64}

CONFIGS: dict[str, dict[str, Any]] = {
    # As published in the models' config.json.
    "Qwen2.5-Coder-1.5B": _QWEN2
    | {
        "hidden_size": 1536,
        "intermediate_size": 8960,
        "num_hidden_layers": 28,
        "num_attention_heads": 12,
        "num_key_value_heads": 2,
        "tie_word_embeddings": True,
    },
    "Qwen2.5-Coder-7B": _QWEN2
    | {
        "hidden_size": 3584,
        "intermediate_size": 18_944,
        "num_hidden_layers": 28,
        "num_attention_heads": 28,
        "num_key_value_heads": 4,
    },
    "Qwen3-1.7B": {
        "model_type": "qwen3",
        "vocab_size": 151_936,
        "max_position_embeddings": 40_960,
        "rope_theta": 1e6,
        "hidden_size": 2048,
        "intermediate_size": 6144,
        "num_hidden_layers": 28,
        "num_attention_heads": 16,
        "num_key_value_heads": 8,
        "head_dim": 128,
        "tie_word_embeddings": True,
    },
    # Qwen2's form at a size whose passes are products and not overhead on two cores.
    "small": _SMALL
    | {
        "vocab_size": 8192,
        "hidden_size": 512,
        "intermediate_size": 2048,
        "num_hidden_layers": 8,
        "num_attention_heads": 8,
        "num_key_value_heads": 2,
    },
    "tiny": _SMALL
    | {
        "vocab_size": 1024,
        "hidden_size": 128,
        "intermediate_size": 256,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
    },
}


def spec_of(name: str, dtype: str) -> ModelSpec:
    """The decoder of that name, with weights and pages of type `dtype`."""
    return ModelSpec.from_config({**CONFIGS[name], "dtype": dtype})
