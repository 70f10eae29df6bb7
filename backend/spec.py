"""What a decoder looks like, read from a checkpoint's `config.json`.

Sources: the configuration classes of Qwen2, Qwen3, Llama and Qwen3-MoE as published with their weights. Both spellings
are read: `rope_parameters` and `dtype`, and the older `rope_theta`, `rope_scaling` and `torch_dtype`.
Anything the decoder would compute otherwise than the config says is refused by the key's name, never ignored.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from backend.errors import DamagedFile, MissingFile, UnsupportedCheckpoint
from backend.rope import RopeSpec

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["DTYPES", "FAMILIES", "ExpertSpec", "ModelSpec"]

FAMILIES = ("llama", "qwen2", "qwen3", "qwen3_moe")
"""`model_type` of the configs that can be run. Qwen2.5 says qwen2; Llama 2 and 3 both say llama."""

DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16, "float32": torch.float32}


@dataclass(frozen=True, slots=True)
class ExpertSpec:
    """The experts of a mixture: `active` of `count` compute each token."""

    count: int
    active: int
    intermediate: int
    """Width of one expert."""
    normalized: bool
    """Whether the weights of the active experts are scaled to sum to 1 (`norm_topk_prob`)."""
    dense_layers: frozenset[int]
    """Layers that have one plain MLP of the model's `intermediate` width instead."""


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """All that decides a decoder's shapes and arithmetic, but for its weights."""

    family: str
    vocab_size: int
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    intermediate: int
    norm_eps: float
    rope: RopeSpec
    qkv_bias: bool
    o_bias: bool
    qk_norm: bool
    tied_embeddings: bool
    experts: ExpertSpec | None
    dtype: torch.dtype
    max_positions: int
    """Tokens of the longest sequence; with yarn, what the scaling reaches."""
    eos: tuple[int, ...] = ()
    """Ids that end an answer, ascending; empty where the config names none."""

    @classmethod
    def from_config(cls, config: Mapping[str, Any], generation: Mapping[str, Any] | None = None) -> ModelSpec:
        """Read `config.json`, and `generation_config.json` for more ends of an answer.

        Raises `UnsupportedCheckpoint` with the name of the key that is missing, of the wrong type or not supported.
        """
        return _Reader(config).spec(generation or {})

    @classmethod
    def from_folder(cls, folder: Path) -> ModelSpec:
        """Read the configs of a model's folder. Raises `MissingFile` and `DamagedFile` besides."""
        if not (folder / "config.json").is_file():
            raise MissingFile(f"{folder / 'config.json'} is not there")
        generation = folder / "generation_config.json"
        return cls.from_config(_json(folder / "config.json"), _json(generation) if generation.is_file() else None)

    def has_experts(self, layer: int) -> bool:
        """Whether that layer (from 0) is a mixture of experts."""
        return self.experts is not None and layer not in self.experts.dense_layers


class _Reader:
    """One config; each method reads and checks one part of it."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config

    def spec(self, generation: Mapping[str, Any]) -> ModelSpec:
        family = self._family()
        self._refuse_what_is_not_computed()
        hidden, heads = self._size("hidden_size"), self._size("num_attention_heads")
        kv_heads = self._size("num_key_value_heads", heads)
        if heads % kv_heads:
            raise UnsupportedCheckpoint("num_key_value_heads", f"{heads} heads are not a multiple of {kv_heads}")
        # Qwen3's own default; the families before it divide.
        head_dim = self._size("head_dim", 128 if family == "qwen3" else hidden // heads)
        positions = self._size("max_position_embeddings")
        self._refuse_window(positions)
        rope = RopeSpec.from_config(self._config, head_dim, positions)
        layers = self._size("num_hidden_layers")
        biased = self._flag("attention_bias")
        return ModelSpec(
            family=family,
            vocab_size=self._size("vocab_size"),
            hidden=hidden,
            layers=layers,
            heads=heads,
            kv_heads=kv_heads,
            head_dim=head_dim,
            intermediate=self._size("intermediate_size"),
            norm_eps=float(self._config.get("rms_norm_eps", 1e-6)),
            rope=rope,
            qkv_bias=family == "qwen2" or biased,
            o_bias=family != "qwen2" and biased,
            qk_norm=family in ("qwen3", "qwen3_moe"),
            tied_embeddings=self._flag("tie_word_embeddings"),
            experts=self._experts(layers) if family == "qwen3_moe" else None,
            dtype=self._dtype(),
            max_positions=max(positions, rope.reach),
            eos=_ids(self._config.get("eos_token_id"), generation.get("eos_token_id")),
        )

    def _family(self) -> str:
        family = self._config.get("model_type")
        if family not in FAMILIES:
            raise UnsupportedCheckpoint("model_type", f"{family!r} is none of {', '.join(FAMILIES)}")
        return str(family)

    def _refuse_what_is_not_computed(self) -> None:
        act = self._config.get("hidden_act", "silu")
        if act != "silu":
            raise UnsupportedCheckpoint("hidden_act", f"{act!r}: only silu is supported")
        if self._flag("mlp_bias"):
            raise UnsupportedCheckpoint("mlp_bias", "biases in the MLP are not supported")
        if self._config.get("quantization_config"):
            raise UnsupportedCheckpoint("quantization_config", "quantized weights are not supported")

    def _refuse_window(self, positions: int) -> None:
        """A window no shorter than the context changes nothing; a shorter one would need another attention."""
        window = self._config.get("sliding_window")
        if self._flag("use_sliding_window") and window is not None and window < positions:
            raise UnsupportedCheckpoint("use_sliding_window", f"a window of {window} tokens is not supported")
        kinds = set(self._config.get("layer_types") or ["full_attention"])
        if kinds - {"full_attention"} and (window is None or window < positions):
            raise UnsupportedCheckpoint("layer_types", f"{', '.join(sorted(kinds))}: only full_attention is supported")

    def _experts(self, layers: int) -> ExpertSpec:
        # transformers 5 writes num_local_experts; the published checkpoints say num_experts.
        count = self._size("num_experts" if "num_experts" in self._config else "num_local_experts")
        active = self._size("num_experts_per_tok")
        if active > count:
            raise UnsupportedCheckpoint("num_experts_per_tok", f"{active} of {count} experts")
        step = self._size("decoder_sparse_step", 1)
        dense = {i for i in range(layers) if (i + 1) % step} | set(self._config.get("mlp_only_layers") or [])
        return ExpertSpec(
            count=count,
            active=active,
            intermediate=self._size("moe_intermediate_size"),
            normalized=self._flag("norm_topk_prob"),
            dense_layers=frozenset(dense),
        )

    def _dtype(self) -> torch.dtype:
        key = "dtype" if self._config.get("dtype") else "torch_dtype"
        name = self._config.get(key) or "float32"
        if name not in DTYPES:
            raise UnsupportedCheckpoint(key, f"{name!r} is none of {', '.join(DTYPES)}")
        return DTYPES[name]

    def _size(self, key: str, default: int | None = None) -> int:
        value = self._config.get(key)
        if value is None:
            value = default
        if type(value) is not int or value < 1:
            raise UnsupportedCheckpoint(key, f"expected an integer above 0, found {self._config.get(key)!r}")
        return value

    def _flag(self, key: str) -> bool:
        value = self._config.get(key)
        if value not in (None, True, False):
            raise UnsupportedCheckpoint(key, f"expected true or false, found {value!r}")
        return bool(value)


def _ids(*values: int | list[int] | None) -> tuple[int, ...]:
    """The ids of all `values`, each of which is one, a list or nothing."""
    found: set[int] = set()
    for value in values:
        found.update([value] if isinstance(value, int) else value or [])
    return tuple(sorted(found))


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DamagedFile(f"{path}: {error}") from error
    if not isinstance(content, dict):
        raise DamagedFile(f"{path}: expected an object, found {type(content).__name__}")
    return content
