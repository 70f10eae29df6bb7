"""A small model of random weights with a vocabulary of its own, since trained ones can't be had everywhere.

What it says is nonsense, always the same for the same question; what it costs to ask it is real.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import torch
from safetensors.torch import save_file
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["write_babbler"]

_MARKS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
_SPLIT = r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_VOCABULARY = 4096
_HIDDEN, _INNER, _LAYERS, _HEADS = 128, 256, 2, 4
_CONTEXT = 8192


def write_babbler(folder: Path, texts: Iterable[str]) -> None:
    """Write a Qwen2 checkpoint into `folder`, whose vocabulary is learned from `texts`."""
    tokenizer = _trained(texts)
    tokenizer.save(str(folder / "tokenizer.json"))
    size = tokenizer.get_vocab_size()
    config = {
        "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "vocab_size": size, "hidden_size": _HIDDEN,
        "intermediate_size": _INNER, "num_hidden_layers": _LAYERS, "num_attention_heads": _HEADS,
        "num_key_value_heads": _HEADS // 2, "max_position_embeddings": _CONTEXT, "rms_norm_eps": 1e-6,
        "rope_theta": 10000.0, "tie_word_embeddings": True, "hidden_act": "silu", "torch_dtype": "float32",
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config, indent=1))
    save_file(_weights(size), folder / "model.safetensors")


def _trained(texts: Iterable[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    split = pre_tokenizers.Split(Regex(_SPLIT), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=_VOCABULARY,
        special_tokens=[AddedToken(mark, special=True) for mark in _MARKS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def _weights(vocabulary: int) -> dict[str, torch.Tensor]:
    """N(0, 0.02), as untrained models have it, but for wider embeddings: so no choice is a matter of rounding."""
    generator = torch.Generator().manual_seed(1)

    def noise(*shape: int, deviation: float = 0.02) -> torch.Tensor:
        return torch.randn(*shape, generator=generator) * deviation

    tensors = {
        "model.embed_tokens.weight": noise(vocabulary, _HIDDEN, deviation=0.5),
        "model.norm.weight": torch.ones(_HIDDEN),
    }
    for layer in range(_LAYERS):
        at = f"model.layers.{layer}."
        for name, rows in (("q", _HIDDEN), ("k", _HIDDEN // 2), ("v", _HIDDEN // 2)):
            tensors[f"{at}self_attn.{name}_proj.weight"] = noise(rows, _HIDDEN)
            tensors[f"{at}self_attn.{name}_proj.bias"] = noise(rows)
        tensors[f"{at}self_attn.o_proj.weight"] = noise(_HIDDEN, _HIDDEN)
        tensors[f"{at}mlp.gate_proj.weight"] = noise(_INNER, _HIDDEN)
        tensors[f"{at}mlp.up_proj.weight"] = noise(_INNER, _HIDDEN)
        tensors[f"{at}mlp.down_proj.weight"] = noise(_HIDDEN, _INNER)
        for name in ("input_layernorm", "post_attention_layernorm"):
            tensors[f"{at}{name}.weight"] = torch.ones(_HIDDEN)
    return tensors
