"""Splices over the real decoder: the logits of a few tokens, and answers against a dense model without a cache."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from backend.batch import Batch, Choices
from backend.engine import Engine
from backend.errors import BadBatch
from backend.kv.pages import PagePool
from backend.request import Drafts, Request, SamplingParams, Splice
from backend.settings import DraftSettings, EngineSettings
from support.engines import drain
from support.models import Saved, chunk, greedy, logits_of, save, some_tokens
from support.splicing import ends_right, spliced

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from backend.runner import ModelRunner

VOCAB = 131
STOP = (7, 8, 9)


def lines_of(count: int, seed: int = 3) -> list[list[int]]:
    """Lines of 1 to 12 tokens that end in token 1, begin alike as indented ones do, and partly stand twice."""
    rng = np.random.default_rng(seed)
    lines = []
    for _ in range(count):
        indent = [2] * int(rng.integers(0, 3))
        lines.append([*indent, *rng.integers(3, 40, rng.integers(0, 9)).tolist(), 1])
    return [*lines, lines[0], [*lines[1], 1]]


LINES = lines_of(30)


def choices_of(sets: Sequence[Sequence[int]], rows: Sequence[int], which: Sequence[int]) -> Choices:
    starts = np.cumsum([0, *map(len, sets)]).tolist()
    return Choices(rows, which, starts, np.concatenate([np.array(one, np.int64) for one in sets]))


def engine_of(runner: ModelRunner, pages: int = 24, **settings: object) -> Engine:
    drafts = DraftSettings(first_chunk=16, most_chunk=64, free_tokens=8)
    chosen = {"vocab_size": VOCAB, "context": 512, "step_tokens": 96, "drafts": drafts} | settings
    return Engine(runner, PagePool(pages), EngineSettings(**chosen))


def drafts_for(answer: list[int]) -> dict[str, list[int]]:
    other = [token for line in reversed(LINES) for token in line]
    return {
        "right": answer,
        "wrong": other,
        "nonsense": [(token + 1) % VOCAB for token in answer],
        "a piece dropped": [*answer[:30], *answer[45:]],
        "a piece put in": [*answer[:30], *LINES[4], *answer[30:]],
        "longer": [*answer, *STOP, *other],
        "none": [],
    }


@pytest.fixture(scope="module", params=[torch.float32, torch.bfloat16])
def typed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """Some families in both types."""
    return save(tmp_path_factory.mktemp("typed"), "qwen2", request.param, tie_word_embeddings=True)


@pytest.mark.parametrize(("rows", "head_rows"), [(256, 8192), (2, 5), (1, 1)])
def test_choices_have_the_logits_of_the_whole_vocabulary(
    typed: Saved, rows: int, head_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However they are cut into pieces; rows that are scored whole come in the same step."""
    monkeypatch.setattr("backend.choices._ROWS", rows)
    monkeypatch.setattr("backend.choices._HEAD_ROWS", head_rows)
    tokens = some_tokens(50)
    runner = typed.runner()
    whole = runner.run(chunk(tokens, 0, 50, [0]))
    sets = [list(range(VOCAB)), [3], [5, 77, 130], list(range(0, VOCAB, 2))]
    which = [1, 0, 3, 3, 2, 0]
    asked = [0, 4, 5, 30, 31, 48]
    batch = dataclasses.replace(
        chunk(tokens, 0, 50, [0]), rows=[3, 49], sampled=[1], choices=choices_of(sets, asked, which)
    )
    found = runner.run(batch)
    expected = np.concatenate([whole.logits[row, sets[one]] for row, one in zip(asked, which, strict=True)])
    assert found.choices.dtype == np.float32
    assert found.choices.shape == expected.shape
    # bfloat16 has 8 bits: two roundings of one sum differ by one in the last.
    near = 1e-5 if runner.decoder.spec.dtype == torch.float32 else 2**-7 * np.abs(expected).max()
    assert np.abs(found.choices - expected).max() <= near
    assert np.array_equal(found.choices, torch.from_numpy(found.choices).to(runner.decoder.spec.dtype).float().numpy())
    assert found.best.tolist() == whole.best[[3, 49]].tolist()
    assert np.allclose(found.logits, whole.logits[[49]], atol=near)
    assert whole.choices.shape == (0,)


GOOD = Batch([5, 6, 7], [0, 1, 2], [0, 3], [0], [[1]], [0], [], choices_of([[4, 9], [2]], [1, 2], [1, 0]))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rows": []}, "choices without rows"),
        ({"rows": [2, 1]}, "choices.rows must ascend within 0 to 2"),
        ({"rows": [1, 3]}, "choices.rows must ascend within 0 to 2"),
        ({"rows": [0, 1]}, "a row of choices is among rows"),
        ({"sets": [1]}, "1 choices.sets for 2 choices.rows"),
        ({"sets": [1, 2]}, "choices.sets must be within 0 to 1"),
        ({"sets": [-1, 1]}, "choices.sets must be within 0 to 1"),
        ({"starts": [0, 2, 4]}, "choices.starts must ascend from 0 to 3"),
        ({"starts": [0, 3, 3]}, "choices.starts must ascend from 0 to 3"),
        ({"ids": np.array([4, 4, 2])}, "choices.ids must ascend within each set"),
        ({"ids": np.array([4, 131, 2])}, "a token is outside 0 to 130"),
        ({"ids": np.array([-1, 4, 2])}, "a token is outside 0 to 130"),
    ],
)
def test_choices_that_contradict_each_other_are_said(llama: Saved, changes: dict[str, object], said: str) -> None:
    runner = llama.runner(pages=3)
    assert runner.run(GOOD).choices.shape == (3,)
    assert GOOD.choices is not None
    with pytest.raises(BadBatch, match=said):
        runner.run(dataclasses.replace(GOOD, choices=dataclasses.replace(GOOD.choices, **changes)))  # type: ignore[arg-type]


@pytest.mark.parametrize("stops", [(), (STOP,)], ids=["endless", "stopped"])
@pytest.mark.parametrize("sampling", [SamplingParams(), SamplingParams(0.9, 0.9, seed=5)], ids=["greedy", "seeded"])
def test_every_family_answers_as_a_masked_dense_model_whatever_the_draft(
    model: Saved, sampling: SamplingParams, stops: tuple[tuple[int, ...], ...]
) -> None:
    """All drafts at once, then one after the other with hardly any pages and ids."""
    prompt = some_tokens(70)
    plain = Request(prompt, 70, sampling, stop_sequences=stops, splice=Splice(LINES, [[40, 41]] if stops else []))

    def dense(context: list[int]) -> NDArray[np.float32]:
        return model.logits(context)[-1].numpy()

    expected = spliced(plain, dense)
    assert expected.forced > 10 or (stops and expected.reason == "stop")
    requests = {
        name: dataclasses.replace(plain, drafts=Drafts(draft)) for name, draft in drafts_for(expected.tokens).items()
    }
    together = engine_of(model.runner(24))
    handles = {name: together.add(request) for name, request in requests.items()}
    outcomes = drain(together)
    for name, handle in handles.items():
        outcome = outcomes[handle]
        assert outcome.end is not None
        assert (outcome.tokens, outcome.reason, outcome.end.usage.forced) == (*dataclasses.astuple(expected),), name
    alone = engine_of(model.runner(8), pages=8, step_tokens=13, choice_ids=40)
    for name, request in requests.items():
        handle = alone.add(request)
        assert drain(alone)[handle].tokens == expected.tokens, name


def test_a_splice_that_allows_everything_leaves_the_model_free(model: Saved) -> None:
    prompt = some_tokens(60)
    runner = model.runner()
    free = greedy(runner, prompt, 60)
    everything = Splice([[token] for token in range(VOCAB)])
    for draft in ([], free, free[::-1]):
        engine = engine_of(runner, pages=16)
        handle = engine.add(Request(prompt, 60, drafts=Drafts(draft), splice=everything))
        assert drain(engine)[handle].tokens == free
    # The premise: no two best tokens are so near that rounding decides.
    logits = logits_of(runner, [*prompt, *free])[59:-1]
    top = logits.topk(2).values
    assert (top[:, 0] - top[:, 1]).min() > 1e-6


def test_16_at_once_with_hardly_any_pages_equal_one_at_a_time(llama: Saved) -> None:
    """Spliced and free ones share prefixes and steps; pages are evicted and requests preempted."""
    shared = some_tokens(64)
    free = [Request([*shared, *some_tokens(i * 7, seed=i)], 40) for i in range(4)]
    bound = [
        Request(
            [*shared, *some_tokens(i % 5 * 7, seed=i)], 60, stop_sequences=(STOP,), splice=Splice(lines_of(9, seed=i))
        )
        for i in range(12)
    ]
    runner = llama.runner()
    wanted = [greedy(runner, one.prompt, 40) for one in free]
    wanted += [spliced(one, lambda context: llama.logits(context)[-1].numpy()).tokens for one in bound]
    requests = [
        dataclasses.replace(one, drafts=Drafts([*found[:9], *found[11:]]))
        for one, found in zip([*free, *bound], wanted, strict=True)
    ]
    engine = engine_of(llama.runner(7), pages=7)
    handles = [engine.add(request) for request in requests]
    outcomes = drain(engine)
    assert [outcomes[handle].tokens for handle in handles] == wanted
    stopped = [i for i, handle in enumerate(handles) if outcomes[handle].reason == "stop"]
    assert all(ends_right(wanted[i], requests[i]) for i in stopped)
    ends = [outcomes[handle].end for handle in handles]
    assert sum(end.usage.preemptions for end in ends if end is not None) > 0
    assert sum(end.usage.cached for end in ends if end is not None) > 0
