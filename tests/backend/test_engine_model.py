"""The engine over the real decoder: the same tokens as one by one, with any draft, company and chunks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from backend.engine import Engine
from backend.kv.memory import page_bytes
from backend.kv.pages import PagePool
from backend.request import Drafts, Request, SamplingParams
from backend.runner import page_bytes as bytes_of
from backend.settings import DraftSettings, EngineSettings
from backend.split import Split
from support.engines import drain
from support.models import Saved, greedy, some_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

COUNT = 90


def engine_of(saved: Saved, pages: int = 24, **settings: object) -> Engine:
    drafts = DraftSettings(first_chunk=16, most_chunk=64, free_tokens=8)
    chosen = {"vocab_size": 131, "context": 512, "step_tokens": 96, "drafts": drafts} | settings
    return Engine(saved.runner(pages), PagePool(pages), EngineSettings(**chosen))


def theirs(saved: Saved, prompt: Sequence[int], count: int) -> list[int]:
    """The next `count` tokens by transformers, greedily."""
    with torch.no_grad():
        tokens = saved.theirs.generate(torch.tensor([list(prompt)]), max_new_tokens=count, do_sample=False)
    return tokens[0, len(prompt) :].tolist()


def changed(answer: list[int]) -> dict[str, list[int]]:
    """Drafts of every kind for one answer."""
    return {
        "right": answer,
        "wrong": [(token + 1) % 131 for token in answer],
        "one token replaced": [*answer[:40], (answer[40] + 1) % 131, *answer[41:]],
        "a piece dropped": [*answer[:30], *answer[45:]],
        "a piece put in": [*answer[:30], *some_tokens(9, seed=4), *answer[30:]],
        "longer": [*answer, *some_tokens(50, seed=5)],
        "empty": [],
    }


def test_every_family_answers_as_transformers_whatever_the_draft(model: Saved) -> None:
    """Prompts of 100 tokens, so that pages and steps are crossed; all drafts at once, then one after the other."""
    prompt = some_tokens(100)
    wanted = theirs(model, prompt, COUNT)
    assert greedy(model.runner(), prompt, COUNT) == wanted
    requests = {name: Request(prompt, COUNT, drafts=Drafts(given=draft)) for name, draft in changed(wanted).items()}
    together = engine_of(model)
    handles = {name: together.add(request) for name, request in requests.items()}
    outcomes = drain(together)
    assert {name: outcomes[handle].tokens for name, handle in handles.items()} == dict.fromkeys(requests, wanted)
    alone = engine_of(model, pages=8)
    for name, request in requests.items():
        handle = alone.add(request)
        assert drain(alone)[handle].tokens == wanted, name


def test_a_right_draft_takes_few_passes(llama: Saved) -> None:
    prompt = some_tokens(60)
    wanted = greedy(llama.runner(), prompt, COUNT)
    engine = engine_of(llama, step_tokens=512, drafts=DraftSettings())
    handle = engine.add(Request(prompt, COUNT, drafts=Drafts(given=wanted)))
    end = drain(engine)[handle].end
    assert end is not None
    assert (end.usage.passes, end.usage.mismatches) == (1, [])


@pytest.mark.parametrize("pages", [7, 9, 40])
def test_32_at_once_with_hardly_any_pages_equal_one_at_a_time(llama: Saved, pages: int) -> None:
    """Prefixes are shared, pages evicted, requests preempted; copied pages hold real keys and values."""
    shared = some_tokens(128)
    prompts = [[*shared, *some_tokens(i % 5 * 7, seed=i)] for i in range(32)]
    runner = llama.runner()
    answers = [greedy(runner, prompt, 40) for prompt in prompts]
    engine = engine_of(llama, pages=pages)
    requests = [
        Request(prompt, 40, drafts=Drafts(given=[*answer[:9], *answer[11:]]))
        for prompt, answer in zip(prompts, answers, strict=True)
    ]
    handles = [engine.add(request) for request in requests]
    outcomes = drain(engine)
    assert [outcomes[handle].tokens for handle in handles] == answers
    ends = [outcomes[handle].end for handle in handles]
    assert sum(end.usage.cached for end in ends if end is not None) > 0


def test_seeded_answers_are_the_same_with_any_draft_and_company(llama: Saved) -> None:
    prompt = some_tokens(70)
    sampling = SamplingParams(temperature=0.8, top_p=0.95, seed=11)
    engine = engine_of(llama)
    first = engine.add(Request(prompt, 40, sampling))
    wanted = drain(engine)[first].tokens
    assert len(set(wanted)) > 3
    engine = engine_of(llama, pages=9)
    drafts = [wanted, wanted[::-1], [*wanted[:10], *wanted[12:]], []]
    handles = [engine.add(Request(prompt, 40, sampling, Drafts(given=draft))) for draft in drafts]
    outcomes = drain(engine)
    assert [outcomes[handle].tokens for handle in handles] == [wanted] * len(drafts)


def test_the_arithmetic_of_pages_is_the_runners(llama: Saved) -> None:
    spec = llama.spec()
    told, _ = page_bytes(layers=spec.layers, kv_heads=spec.kv_heads, head_dim=spec.head_dim, value_bytes=4)
    assert told == bytes_of(spec, Split.of(spec, 0, 1))
