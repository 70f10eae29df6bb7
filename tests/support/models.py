"""Tiny random models of every family as `transformers` makes them, and how to run them with our decoder."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from backend.batch import PAGE_TOKENS, Batch
from backend.checkpoint import load
from backend.model import Decoder
from backend.runner import ModelRunner
from backend.spec import ModelSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

# Nothing is fetched; and the tests' machines have few cores, which threads of tiny products only fight over.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
torch.set_num_threads(1)
DEVICE = torch.device(os.environ.get("BACKEND_TEST_DEVICE", "cpu"))
"""Where our side of the comparisons runs; theirs stays on the CPU. `make test-gpu` says cuda."""

COMMON = {
    "vocab_size": 131,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    # Wide enough that the argmax is decided by more than rounding.
    "initializer_range": 0.15,
    "eos_token_id": None,
    "bos_token_id": None,
}
MIXED = {"num_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 48, "head_dim": 16}
FAMILIES: dict[str, dict[str, Any]] = {
    "qwen2": {},
    "qwen3": {"head_dim": 32},
    "llama": {},
    "qwen3_moe": MIXED,
}


@dataclass(frozen=True)
class Saved:
    """A model of theirs, and the folder that it was saved to."""

    folder: Path
    theirs: Any

    def logits(self, tokens: Sequence[int]) -> torch.Tensor:
        """[n, vocab] What transformers says after each token."""
        with torch.no_grad():
            return self.theirs(torch.tensor([list(tokens)])).logits[0].float()

    def spec(self) -> ModelSpec:
        return ModelSpec.from_folder(self.folder)

    def runner(self, pages: int = 16) -> ModelRunner:
        spec = self.spec()
        return ModelRunner(Decoder(spec, load(self.folder, spec, device=DEVICE)), pages)


def save(folder: Path, family: str, dtype: torch.dtype = torch.float32, shard_bytes: int = 0, **changes: Any) -> Saved:
    """A random model of the family in the public format, in shards where `shard_bytes` is given."""
    from transformers import AutoConfig, AutoModelForCausalLM
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    config = AutoConfig.for_model(family, **{**COMMON, **FAMILIES[family], **changes})
    torch.manual_seed(7)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    with torch.no_grad():
        # Norms and biases are made as ones and zeros, which would hide that they are not read.
        for name, value in model.named_parameters():
            if name.endswith(("norm.weight", ".bias")):
                value.add_(torch.randn_like(value) * 0.1)
    model = model.to(dtype)
    with open(os.devnull, "w") as quiet, contextlib.redirect_stderr(quiet):
        model.save_pretrained(folder, **({"max_shard_size": shard_bytes} if shard_bytes else {}))
    return Saved(folder, model)


def some_tokens(count: int, vocab: int = 131, seed: int = 1) -> list[int]:
    return np.random.default_rng(seed).integers(0, vocab, count).tolist()


def chunk(tokens: Sequence[int], start: int, end: int, table: Sequence[int]) -> Batch:
    """The tokens `start` to `end` of one sequence, all rows wanted with their logits."""
    rows = range(end - start)
    return Batch(tokens[start:end], range(start, end), [0, end - start], [start], [table], rows, rows)


def logits_of(runner: ModelRunner, tokens: Sequence[int], cuts: Sequence[int] = ()) -> torch.Tensor:
    """[n, vocab] Ours after each token, the sequence computed in pieces that end at `cuts`."""
    count = -(-len(tokens) // PAGE_TOKENS)
    table = list(range(count))[::-1]
    ends = [0, *cuts, len(tokens)]
    parts = [runner.run(chunk(tokens, a, b, table)).logits for a, b in pairwise(ends)]
    return torch.from_numpy(np.concatenate(parts))


def greedy(runner: ModelRunner, prompt: Sequence[int], count: int) -> list[int]:
    """The next `count` tokens, one by one."""
    table = list(range(-(-(len(prompt) + count) // PAGE_TOKENS)))
    tokens, start = list(prompt), 0
    for _ in range(count):
        size = len(tokens) - start
        batch = Batch(tokens[start:], range(start, len(tokens)), [0, size], [start], [table], [size - 1])
        start = len(tokens)
        tokens.append(int(runner.run(batch).best[0]))
    return tokens[len(prompt) :]
