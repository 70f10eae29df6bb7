"""Our decoder against `transformers` on random models of every family: logit for logit, token for token."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from backend.runner import ModelRunner
from support.models import FAMILIES, Saved, greedy, logits_of, save, some_tokens

TOLERANCE = 1e-4
"""float32 sums in another order; the tiny models' logits are about 1 to 10."""
CHUNKED = 1e-5

LLAMA3 = {"rope_type": "llama3", "rope_theta": 10000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
YARN = {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0}
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "tied embeddings": ("qwen2", {"tie_word_embeddings": True}),
    "tied, with norms": ("qwen3", {"tie_word_embeddings": True}),
    "biases on all projections": ("llama", {"attention_bias": True}),
    "biases and norms": ("qwen3", {"attention_bias": True}),
    "as many key heads as heads": ("llama", {"num_key_value_heads": 4}),
    "one key head": ("qwen2", {"num_key_value_heads": 1}),
    "head_dim that is not hidden / heads": ("llama", {"head_dim": 24}),
    "large eps": ("llama", {"rms_norm_eps": 1e-2}),
    "large theta": ("qwen2", {"rope_parameters": {"rope_type": "default", "rope_theta": 1e6}}),
    "linear rope": ("llama", {"rope_parameters": {"rope_type": "linear", "rope_theta": 1e4, "factor": 2.0}}),
    "llama3 rope": ("llama", {"rope_parameters": {**LLAMA3, "original_max_position_embeddings": 64}}),
    "yarn rope": ("qwen2", {"rope_parameters": {**YARN, "original_max_position_embeddings": 128}}),
    "yarn rope, all parameters": (
        "qwen3",
        {
            "rope_parameters": {
                **YARN,
                "original_max_position_embeddings": 64,
                "beta_fast": 16.0,
                "beta_slow": 2.0,
                "attention_factor": 1.3,
                "truncate": False,
            }
        },
    ),
    "yarn rope, scales": ("llama", {"rope_parameters": {**YARN, "mscale": 1.0, "mscale_all_dim": 0.5}}),
    "experts normalised": ("qwen3_moe", {"norm_topk_prob": True}),
    "experts not normalised": ("qwen3_moe", {"norm_topk_prob": False}),
    "experts in every second layer": ("qwen3_moe", {"decoder_sparse_step": 2}),
    "a layer without experts": ("qwen3_moe", {"mlp_only_layers": [0]}),
    "all experts active": ("qwen3_moe", {"num_experts_per_tok": 8}),
}


def furthest(a: torch.Tensor, b: torch.Tensor) -> float:
    return float((a - b).abs().max())


def test_logits_are_theirs(model: Saved) -> None:
    tokens = some_tokens(150)
    theirs = model.logits(tokens)
    assert theirs.std() > 0.5
    assert furthest(logits_of(model.runner(), tokens), theirs) < TOLERANCE


@pytest.mark.parametrize("variant", VARIANTS)
def test_logits_of_a_variant_are_theirs(variant: str, tmp_path: Path) -> None:
    family, changes = VARIANTS[variant]
    saved = save(tmp_path, family, **changes)
    tokens = some_tokens(150)
    assert furthest(logits_of(saved.runner(), tokens), saved.logits(tokens)) < TOLERANCE


def test_prompts_in_chunks_are_prompts_whole(model: Saved) -> None:
    tokens = some_tokens(200)
    whole = logits_of(model.runner(), tokens)
    for cuts in ([1], [64], [63, 128], [1, 2, 3, 60, 70, 199], list(range(20, 200, 20))):
        assert furthest(logits_of(model.runner(), tokens, cuts), whole) < CHUNKED


def test_greedy_tokens_are_theirs_over_200_steps(model: Saved) -> None:
    prompt = some_tokens(20)
    with torch.no_grad():
        theirs = model.theirs.generate(
            torch.tensor([prompt]), max_new_tokens=200, do_sample=False, pad_token_id=0, eos_token_id=None
        )
    assert greedy(model.runner(), prompt, 200) == theirs[0, 20:].tolist()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("family", FAMILIES)
def test_half_precision_is_as_near_to_the_truth_as_theirs(family: str, dtype: torch.dtype, tmp_path: Path) -> None:
    """Not equal: each rounds at other places. The truth is the same weights computed in float32."""
    saved = save(tmp_path, family, dtype)
    runner: ModelRunner = saved.runner()
    assert runner.decoder.spec.dtype is runner.pages.dtype is dtype
    tokens = some_tokens(60)
    ours, theirs = logits_of(runner, tokens), saved.logits(tokens)
    saved.theirs.float()
    truth = saved.logits(tokens)
    assert (ours - truth).norm() < 1.5 * (theirs - truth).norm()
    assert (ours - truth).norm() < 0.1 * truth.norm()
