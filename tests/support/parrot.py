"""A real checkpoint that knows texts by heart: after each of their lines it says the next, whatever the prompt was.

No trained weights can be fetched, and random ones only babble. Here each line is one token, and the head holds, for
each line's embedding, the line that follows. Lines of all texts together must be distinct.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from safetensors.torch import save_file
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MARKS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
_HIDDEN = 256


def parrot(folder: Path, texts: Sequence[str], begin: str = "<updated-code>", end: str = "</updated-code>") -> Path:
    """A folder with config.json, model.safetensors and tokenizer.json.

    After `begin` comes the first text that may: a splice allows those alone whose lines are in its sources.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer([*(line for text in texts for line in text.splitlines(keepends=True)), begin, end])
    tokenizer.save(str(folder / "tokenizer.json"))
    followers: dict[tuple[int, int], float] = {}
    for number, text in enumerate(texts):
        for before, after in pairwise([begin, *text.splitlines(keepends=True), end]):
            ids, next_ids = tokenizer.encode(before).ids, tokenizer.encode(after).ids
            assert len(ids) == 1, f"{before!r} is {len(ids)} tokens"
            assert (ids[0], next_ids[0]) not in followers, f"{before!r} stands twice"
            followers[ids[0], next_ids[0]] = 0.9**number
    _save_weights(folder, tokenizer.get_vocab_size(), followers)
    return folder


def _tokenizer(lines: Sequence[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    split = pre_tokenizers.Split(Regex(r"[^\n]*\n|[^\n]+"), "isolated")
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, level])
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=100_000, min_frequency=2, show_progress=False, initial_alphabet=alphabet,
        special_tokens=[AddedToken(mark, special=True) for mark in MARKS],
    )  # fmt: skip
    tokenizer.train_from_iterator(list(lines) * 2, trainer)
    return tokenizer


def _save_weights(folder: Path, vocab: int, followers: dict[tuple[int, int], float]) -> None:
    config = {
        "model_type": "qwen2", "vocab_size": vocab, "hidden_size": _HIDDEN, "intermediate_size": 32,
        "num_hidden_layers": 1, "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 4096,
        "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "tie_word_embeddings": False, "hidden_act": "silu",
        "torch_dtype": "float32", "architectures": ["Qwen2ForCausalLM"],
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    generator = torch.Generator().manual_seed(3)
    embeddings = torch.nn.functional.normalize(torch.randn(vocab, _HIDDEN, generator=generator), dim=1)
    head = torch.zeros(vocab, _HIDDEN)
    for (before, after), strength in followers.items():
        head[after] += strength * embeddings[before]
    width, kv = _HIDDEN, _HIDDEN // 2
    layer = {
        "input_layernorm.weight": torch.ones(width), "post_attention_layernorm.weight": torch.ones(width),
        "self_attn.q_proj.weight": torch.zeros(width, width), "self_attn.q_proj.bias": torch.zeros(width),
        "self_attn.k_proj.weight": torch.zeros(kv, width), "self_attn.k_proj.bias": torch.zeros(kv),
        "self_attn.v_proj.weight": torch.zeros(kv, width), "self_attn.v_proj.bias": torch.zeros(kv),
        "self_attn.o_proj.weight": torch.zeros(width, width), "mlp.gate_proj.weight": torch.zeros(32, width),
        "mlp.up_proj.weight": torch.zeros(32, width), "mlp.down_proj.weight": torch.zeros(width, 32),
    }  # fmt: skip
    tensors = {f"model.layers.0.{name}": tensor for name, tensor in layer.items()}
    tensors |= {"model.embed_tokens.weight": embeddings, "model.norm.weight": torch.ones(width), "lm_head.weight": head}
    save_file(tensors, folder / "model.safetensors")
