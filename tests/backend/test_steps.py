"""Steps of several sequences, the scores of their rows, and the pages."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from backend.batch import Batch
from backend.dummy import dummy_weights
from backend.errors import BadBatch, UnknownOp
from backend.model import Decoder
from backend.ops import names, register, select
from backend.ops.eager import best
from backend.ops.experts import gathered, grouped
from backend.runner import ModelRunner, page_bytes
from backend.spec import ModelSpec
from backend.split import Split
from support.models import COMMON, Saved, chunk, logits_of, some_tokens

CPU = torch.device("cpu")
SPEC = ModelSpec.from_config({**COMMON, "model_type": "qwen3", "head_dim": 32})


def joined(*parts: Batch) -> Batch:
    """One step of several."""
    starts, rows = [0], []
    for part in parts:
        rows += [row + starts[-1] for row in part.rows]
        starts.append(starts[-1] + len(part.tokens))
    return Batch(
        tokens=[token for part in parts for token in part.tokens],
        positions=[position for part in parts for position in part.positions],
        starts=starts,
        contexts=[context for part in parts for context in part.contexts],
        tables=[table for part in parts for table in part.tables],
        rows=rows,
        sampled=range(len(rows)),
    )


def test_prompt_draft_and_decoding_rows_mix_in_one_step(model: Saved) -> None:
    """Each sequence gets what it gets alone, wherever its pages are."""
    runner = model.runner(pages=12)
    sequences = [some_tokens(count, seed=count) for count in (100, 130, 65, 10)]
    tables = [[7, 2], [1, 0, 9], [11, 3], [5, 6, 8]]
    alone = [logits_of(model.runner(), tokens) for tokens in sequences]
    computed = [0, 120, 64, 0]
    for tokens, table, done in zip(sequences, tables, computed, strict=True):
        if done:
            runner.run(chunk(tokens, 0, done, table))
    parts = [
        chunk(tokens, done, len(tokens), table) for tokens, table, done in zip(sequences, tables, computed, strict=True)
    ]
    together = runner.run(joined(*parts))
    expected = torch.cat([logits[done:] for logits, done in zip(alone, computed, strict=True)])
    assert (torch.from_numpy(together.logits) - expected).abs().max() < 1e-5
    assert together.best.tolist() == expected.argmax(-1).tolist()


def test_what_lies_behind_a_sequence_in_its_pages_is_not_seen(llama: Saved) -> None:
    """As after a draft that was refused: its keys and values stay until they are overwritten."""
    runner, tokens = llama.runner(), some_tokens(70)
    expected = logits_of(llama.runner(), tokens)
    runner.pages.fill_(torch.nan)
    runner.run(chunk([*tokens[:30], *some_tokens(40, seed=5)], 0, 70, [4, 3]))
    found = runner.run(chunk(tokens, 30, 70, [4, 3])).logits
    assert (torch.from_numpy(found) - expected[30:]).abs().max() < 1e-5


def test_only_the_wanted_rows_are_scored(llama: Saved) -> None:
    tokens = some_tokens(50)
    every = llama.runner().run(chunk(tokens, 0, 50, [0]))
    some = dataclasses.replace(chunk(tokens, 0, 50, [0]), rows=[0, 7, 8, 49], sampled=[1, 3])
    found = llama.runner().run(some)
    assert found.best.tolist() == every.best[[0, 7, 8, 49]].tolist()
    assert np.allclose(found.margin, every.margin[[0, 7, 8, 49]], atol=1e-5)
    assert np.allclose(found.logits, every.logits[[7, 49]], atol=1e-5)
    none = llama.runner().run(dataclasses.replace(some, rows=[], sampled=[]))
    assert (none.best.shape, none.margin.shape, none.logits.shape) == ((0,), (0,), (0, 131))


def test_margins_are_those_of_the_logits(llama: Saved) -> None:
    scores = llama.runner().run(chunk(some_tokens(50), 0, 50, [0]))
    ordered = np.sort(scores.logits, axis=1)
    assert np.allclose(scores.margin, ordered[:, -1] - ordered[:, -2])


def test_a_copied_page_is_as_good(llama: Saved) -> None:
    runner, tokens = llama.runner(), some_tokens(80)
    expected = runner.run(chunk(tokens, 0, 80, [1, 2])).logits[70:]
    runner.copy_pages([(1, 5), (2, 6)])
    runner.copy_pages([])
    runner.pages[[1, 2]] = torch.nan
    assert np.allclose(runner.run(chunk(tokens, 70, 80, [5, 6])).logits, expected, atol=1e-5)


def test_a_page_has_the_size_that_is_said() -> None:
    runner = ModelRunner(Decoder(SPEC, dummy_weights(SPEC)), 3)
    assert runner.pages.nbytes == 3 * page_bytes(SPEC, Split.of(SPEC))
    assert runner.pages[1].is_contiguous()


GOOD = Batch([5, 6, 7], [0, 1, 64], [0, 2, 3], [0, 64], [[1], [2, 0]], [1, 2], [1])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"positions": [0, 1]}, "2 positions for 3 tokens"),
        ({"positions": [0, 2, 64]}, "sequence 0: the positions do not follow its 0 computed tokens"),
        ({"starts": [0, 3]}, "2 starts for 3 contexts"),
        ({"starts": [0, 2, 4]}, "starts run from 0 to 4, the tokens from 0 to 3"),
        ({"starts": [0, 3, 3], "positions": [0, 1, 2]}, "sequence 1 has no tokens"),
        ({"tables": [[1]]}, "1 tables for 2 contexts"),
        ({"tables": [[1], [2]]}, "sequence 1: 1 pages are too few for 65 tokens"),
        ({"tables": [[1], [2, 3]]}, "sequence 1: a page number is outside 0 to 2"),
        ({"rows": [2, 1]}, "rows must ascend within 0 to 2"),
        ({"rows": [1, 3]}, "rows must ascend within 0 to 2"),
        ({"sampled": [2]}, "sampled must ascend within 0 to 1"),
        ({"tokens": [5, 6, 131]}, "a token is outside 0 to 130"),
        ({"tokens": [5, -1, 7]}, "a token is outside 0 to 130"),
        ({"contexts": [0, 512], "positions": [0, 1, 512], "tables": [[1], [0] * 9]}, "position 512 is beyond"),
    ],
)
def test_fields_that_contradict_each_other_are_said(changes: dict[str, object], said: str) -> None:
    runner = ModelRunner(Decoder(SPEC, dummy_weights(SPEC)), 3)
    runner.run(GOOD)
    with pytest.raises(BadBatch, match=said):
        runner.run(dataclasses.replace(GOOD, **changes))  # type: ignore[arg-type]


def test_a_step_of_nothing_is_refused() -> None:
    with pytest.raises(BadBatch, match="without sequences"):
        ModelRunner(Decoder(SPEC, dummy_weights(SPEC)), 3).run(Batch([], [], [0], [], [], []))


def test_dummy_weights_depend_on_the_seed_alone() -> None:
    one, same, other = (dummy_weights(SPEC, seed) for seed in (1, 1, 2))
    assert torch.equal(one.layers[2].qkv, same.layers[2].qkv)
    assert not torch.equal(one.layers[2].qkv, other.layers[2].qkv)
    assert not torch.equal(one.layers[1].qkv, one.layers[2].qkv)
    assert 0.019 < one.layers[0].qkv.std() < 0.021
    assert 0.9 < one.norm.mean() < 1.1
    halves = [dummy_weights(SPEC, 1, Split.of(SPEC, rank, 2)) for rank in range(2)]
    assert torch.equal(torch.cat([half.layers[0].o for half in halves], dim=1), one.layers[0].o)


def test_the_lowest_of_equal_logits_is_the_best() -> None:
    hidden = torch.eye(3)
    head = torch.tensor([[1.0, 0.0, -2.0], [3.0, 0.0, -2.0], [3.0, 0.0, -2.0], [2.0, 0.0, -1.0]])
    highest, index, second = best(hidden, head)
    assert index.tolist() == [1, 0, 3]
    assert (highest - second).tolist() == [0.0, 0.0, 1.0]


def test_the_head_in_pieces_is_the_head_whole() -> None:
    torch.manual_seed(0)
    hidden, head = torch.randn(600, 8), torch.randn(50, 8)
    highest, index, second = best(hidden, head)
    top = (hidden @ head.T).topk(2)
    assert index.tolist() == top.indices[:, 0].tolist()
    assert torch.allclose(torch.stack((highest, second), 1), top.values, atol=1e-5)


@pytest.mark.parametrize("tokens", [1, 3, 40])
def test_both_forms_of_experts_agree(tokens: int) -> None:
    torch.manual_seed(tokens)
    x, gate_up, down = torch.randn(tokens, 16), torch.randn(6, 24, 16), torch.randn(6, 16, 12)
    shares, chosen = torch.rand(tokens, 6).topk(2)
    few, many = (form(x, chosen, shares, gate_up, down) for form in (gathered, grouped))
    assert torch.allclose(few, many, atol=1e-4)


def test_ops_are_chosen_by_device_and_by_name() -> None:
    assert select(CPU, {"attention": "sdpa"}) == select(CPU)
    assert names("attention", CPU) == ["sdpa", "padded"]
    with pytest.raises(UnknownOp, match="attention: no triton for cpu; there are sdpa, padded"):
        select(CPU, {"attention": "triton"})
    with pytest.raises(UnknownOp, match="'attend' is no op"):
        select(CPU, {"attend": "sdpa"})
    with pytest.raises(UnknownOp, match="for meta"):
        select(torch.device("meta"))
    with pytest.raises(UnknownOp, match="'attend' is no op"):
        register("attend", "x", ("cpu",))
