"""Small checkpoints in the public format, since trained ones can't be had everywhere: for load tests and tests.

A *babbler* is of random weights: what it says is nonsense, always the same for the same question. A *parrot* knows
texts by heart: after the last token of a line it says the first of the next, whatever the prompt was. What it costs to
ask either is real.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import save_file
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

__all__ = ["LINES", "WORDS", "write_babbler", "write_parrot"]

LINES = r"[^\n]*\n|[^\n]+"
"""Splits text so that a line may become one token."""
WORDS = r"[^ \n]*[ \n]|[^ \n]+"
"""Splits text so that a word with the blank or line end behind it may become one."""

_MARKS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
_CODE = r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_CONFIG: dict[str, Any] = {
    "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_size": 128, "intermediate_size": 256,
    "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 8192,
    "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "tie_word_embeddings": True, "hidden_act": "silu",
    "torch_dtype": "float32",
}  # fmt: skip
_PARROT = {"hidden_size": 256, "intermediate_size": 32, "num_hidden_layers": 1, "max_position_embeddings": 4096}

Weights = dict[str, torch.Tensor]


def write_babbler(folder: Path, texts: Iterable[str]) -> None:
    """Write a Qwen2 of 2 layers of 128 into `folder`, whose vocabulary is learned from `texts`."""
    tokenizer = _trained(texts, _CODE, 4096)
    # N(0, 0.02), as untrained models have it, but for wider embeddings: so no choice is a matter of rounding.
    generator = torch.Generator().manual_seed(1)
    config = {**_CONFIG, "vocab_size": tokenizer.get_vocab_size()}
    embeddings = torch.randn(config["vocab_size"], config["hidden_size"], generator=generator) * 0.5
    layers = {name: torch.randn(*shape, generator=generator) * 0.02 for name, shape in _layers(config).items()}
    _save(folder, tokenizer, config, {"model.embed_tokens.weight": embeddings, **layers})


def write_parrot(
    folder: Path,
    texts: Sequence[str],
    *,
    begin: str = "<updated-code>",
    end: str = "</updated-code>",
    split: str = LINES,
    **changes: Any,
) -> Path:
    """Write a Qwen2 into `folder` that says one of `texts` between `begin` and `end`; returns the folder.

    Which one is for a splice to say, which allows those alone whose lines are in its sources; of several the first.
    Each line must begin and end with a token that no other line of all texts begins or ends with; tokens are learned
    from the texts, cut by `split`. `changes` are of the model's config.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines = [line for text in texts for line in text.splitlines(keepends=True)]
    tokenizer = _trained([*lines, begin, end] * 2, split, 100_000)
    config = {**_CONFIG, **_PARROT, "tie_word_embeddings": False, "vocab_size": tokenizer.get_vocab_size(), **changes}
    shape = config["vocab_size"], config["hidden_size"]
    embeddings = torch.nn.functional.normalize(torch.randn(*shape, generator=torch.Generator().manual_seed(3)), dim=1)
    head = torch.zeros(*shape)
    for (before, after), strength in _followers(tokenizer, texts, begin, end).items():
        head[after] += strength * embeddings[before]
    # Layers that add nothing to what they are given: they cost what others cost.
    layers = {name: torch.zeros(*shape) for name, shape in _layers(config).items()}
    _save(folder, tokenizer, config, {"model.embed_tokens.weight": embeddings, "lm_head.weight": head, **layers})
    return folder


def _followers(tokenizer: Tokenizer, texts: Sequence[str], begin: str, end: str) -> dict[tuple[int, int], float]:
    """For each last token of a line the first of the next, and how strongly it follows: at the begin, the first text's
    most."""
    found: dict[tuple[int, int], float] = {}
    for number, text in enumerate(texts):
        for before, after in pairwise([begin, *text.splitlines(keepends=True), end]):
            pair = tokenizer.encode(before).ids[-1], tokenizer.encode(after).ids[0]
            assert pair not in found, f"{before!r} ends as another line does"
            found[pair] = 1 - number / len(texts) / 2 if before == begin else 1
    return found


def _trained(texts: Iterable[str], split: str, most: int) -> Tokenizer:
    """A byte-level BPE of at most so many tokens, each of which stands within one part of the split."""
    tokenizer = Tokenizer(models.BPE())
    # Attributes of the class by name, which its type stubs don't know.
    parts: Any = tokenizer
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    parts.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(split), "isolated"), level])
    parts.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=most,
        min_frequency=2,
        special_tokens=[AddedToken(mark, special=True) for mark in _MARKS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def _layers(config: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """The shapes of all layers' tensors but the norms'."""
    width, inner = config["hidden_size"], config["intermediate_size"]
    narrow = width // config["num_attention_heads"] * config["num_key_value_heads"]
    found: dict[str, tuple[int, ...]] = {}
    for layer in range(config["num_hidden_layers"]):
        at = f"model.layers.{layer}."
        for name, rows in (("q", width), ("k", narrow), ("v", narrow)):
            found[f"{at}self_attn.{name}_proj.weight"] = (rows, width)
            found[f"{at}self_attn.{name}_proj.bias"] = (rows,)
        found[f"{at}self_attn.o_proj.weight"] = (width, width)
        found[f"{at}mlp.gate_proj.weight"] = found[f"{at}mlp.up_proj.weight"] = (inner, width)
        found[f"{at}mlp.down_proj.weight"] = (width, inner)
    return found


def _save(folder: Path, tokenizer: Tokenizer, config: dict[str, Any], weights: Weights) -> None:
    """Write config.json, model.safetensors and tokenizer.json; norms are ones."""
    names = [f"model.layers.{layer}.{name}_layernorm.weight"
             for layer in range(config["num_hidden_layers"]) for name in ("input", "post_attention")]  # fmt: skip
    norms = {name: torch.ones(config["hidden_size"]) for name in (*names, "model.norm.weight")}
    (folder / "config.json").write_text(json.dumps(config, indent=1))
    save_file({**weights, **norms}, folder / "model.safetensors")
    tokenizer.save(str(folder / "tokenizer.json"))
