"""The same model under `transformers`: plain decoding and its prompt lookup, forced to the same answer.

The answer is forced in the model's output and not by a logits processor: prompt lookup asks that one about its
candidates, and would learn from it which are right.
"""

from __future__ import annotations

import importlib
import os
import time
from typing import TYPE_CHECKING, Any

import torch

from backend.bench.shapes import CONFIGS
from backend.dummy import Dummy
from backend.weights import published

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.spec import ModelSpec

__all__ = ["Peer", "PeerAnswer"]


class PeerAnswer:
    """What one answer took."""

    def __init__(self, tokens: list[int], chosen: list[int], seconds: float, passes: int, scored: int) -> None:
        self.tokens = tokens
        self.chosen = chosen
        """What the model itself chose at each place."""
        self.seconds = seconds
        """Without what forcing cost the host."""
        self.passes = passes
        self.scored = scored
        """Rows that the head was computed for."""


class Peer:
    """A model of `transformers` with the noise that `dummy_weights` gives for the same seed."""

    def __init__(self, name: str, spec: ModelSpec, seed: int, device: torch.device) -> None:
        """Raises `ImportError` where transformers is not installed."""
        os.environ.setdefault("HF_HUB_OFFLINE", "1")  # nothing is fetched
        transformers = importlib.import_module("transformers")
        config = transformers.AutoConfig.for_model(**CONFIGS[name], eos_token_id=None, bos_token_id=None)
        with device:
            self._model = transformers.AutoModelForCausalLM.from_config(
                config, dtype=spec.dtype, attn_implementation="sdpa"
            )
        source = Dummy(spec, seed, device)
        state = {name: source.read(name).to(spec.dtype) for name in published(spec)}
        if spec.tied_embeddings:
            state["lm_head.weight"] = state["model.embed_tokens.weight"]
        self._model.load_state_dict(state, assign=True)
        self._model.tie_weights()
        self._model.eval()
        self._device = device
        self._forced = _Forced(device)
        self._model.register_forward_hook(self._forced, with_kwargs=True)

    def answer(self, prompt: Sequence[int], truth: Sequence[int], lookup: int = 0) -> PeerAnswer:
        """Make `truth`; `lookup` tokens are proposed at once by prompt lookup, none at 0."""
        self._forced.begin(prompt, truth)
        tokens = torch.tensor([list(prompt)], device=self._device)
        wanted: dict[str, Any] = {"prompt_lookup_num_tokens": lookup} if lookup else {}
        start = time.perf_counter()
        with torch.inference_mode():
            found = self._model.generate(
                tokens,
                attention_mask=torch.ones_like(tokens),
                max_new_tokens=len(truth),
                do_sample=False,
                pad_token_id=0,
                **wanted,
            )
        answer = found[0, len(prompt) :].tolist()
        seconds = time.perf_counter() - start - self._forced.seconds
        return PeerAnswer(answer, self._forced.chosen.tolist(), seconds, self._forced.passes, self._forced.scored)


class _Forced:
    """A hook behind the model: notes its choices and puts the given tokens above all others."""

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def begin(self, prompt: Sequence[int], truth: Sequence[int]) -> None:
        self._prompt = len(prompt)
        self._truth = torch.tensor(list(truth), device=self._device)
        self.chosen = torch.full_like(self._truth, -1)
        self.passes = self.scored = 0
        self.seconds = 0.0

    def __call__(self, _: object, args: object, kwargs: dict[str, Any], output: Any) -> None:
        start = time.perf_counter()
        logits = output.logits[0]
        # The last row speaks of the token after all that the cache holds, candidates included.
        end = kwargs["past_key_values"].get_seq_length() - self._prompt + 1
        first = end - logits.shape[0]
        rows = slice(max(-first, 0), logits.shape[0] - max(end - len(self._truth), 0))
        places = slice(first + rows.start, first + rows.stop)
        self.chosen[places] = logits[rows].argmax(dim=-1)
        logits[rows].scatter_(1, self._truth[places, None], torch.inf)
        self.passes += 1
        self.scored += logits.shape[0]
        self.seconds += time.perf_counter() - start
