"""One model over several ranks answers as on one, and says so when it can't be split or a rank is gone."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from backend.batch import Batch, Choices
from backend.errors import IndivisibleModel
from backend.parallel import strongest
from backend.ranks import decode, encode
from backend.spec import ModelSpec
from backend.split import Split
from support.models import COMMON, FAMILIES, Saved, save
from support.ranks import answer_all, answers, lose_one, on_ranks

SPEC = ModelSpec.from_config({**COMMON, "model_type": "llama"})


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Saved]:
    """Every family, and biases on the outputs, which one rank alone may add."""
    folder = tmp_path_factory.mktemp("models")
    models = {family: save(folder / family, family) for family in FAMILIES}
    return models | {"biased": save(folder / "biased", "llama", attention_bias=True, tie_word_embeddings=True)}


@pytest.fixture(scope="module")
def on_one(saved: dict[str, Saved]) -> dict[str, Any]:
    return {name: answers(model.runner()) for name, model in saved.items()}


@pytest.mark.parametrize("size", [2, 4])
def test_ranks_answer_as_one(size: int, saved: dict[str, Saved], on_one: dict[str, Any], tmp_path: Path) -> None:
    """At 4 ranks there are fewer key heads than ranks, and the vocabulary does not divide."""
    on_ranks(size, answer_all, {name: model.folder for name, model in saved.items()}, tmp_path / "found")
    found = torch.load(tmp_path / "found", weights_only=True)
    assert found.keys() == on_one.keys()
    for name, one in on_one.items():
        for exact in ("best", "greedy"):
            assert found[name][exact] == one[exact], name
        for near in ("logits", "chunked", "margin", "copied", "choices"):
            difference = torch.tensor(found[name][near]) - torch.tensor(one[near])
            assert difference.abs().max() < 5e-5, (name, near)


def test_a_rank_that_dies_is_named(llama: Saved, tmp_path: Path) -> None:
    on_ranks(2, lose_one, llama.folder, tmp_path / "said")
    assert "another rank of the model does not answer" in (tmp_path / "said.0").read_text()


@pytest.mark.parametrize(
    ("field", "value", "size", "said"),
    [
        ("heads", 6, 4, "6 attention heads can't be split over 4 ranks"),
        ("kv_heads", 3, 2, "3 key and value heads can't be split over 2 ranks"),
        ("kv_heads", 3, 4, "3 key and value heads can't be repeated over 4 ranks"),
        ("intermediate", 97, 2, "97 columns of the MLP can't be split over 2 ranks"),
    ],
)
def test_what_can_not_be_split_is_said(field: str, value: int, size: int, said: str) -> None:
    spec = dataclasses.replace(SPEC, **{field: value})
    with pytest.raises(IndivisibleModel, match=said):
        Split.of(spec, 0, size)


def test_key_heads_are_repeated_where_ranks_are_more() -> None:
    """Each rank's query heads are the ones that its key head serves."""
    spec = dataclasses.replace(SPEC, heads=8, kv_heads=2)
    splits = [Split.of(spec, rank, 8) for rank in range(8)]
    assert [list(split.kv_heads) for split in splits] == [[0]] * 4 + [[1]] * 4
    assert [list(split.heads) for split in splits] == [[i] for i in range(8)]


def test_the_vocabulary_is_split_whatever_its_size() -> None:
    for size, vocab in [(1, 5), (2, 5), (4, 5), (8, 5), (3, 9)]:
        spec = dataclasses.replace(SPEC, vocab_size=vocab, heads=size, kv_heads=size, intermediate=size)
        splits = [Split.of(spec, rank, size) for rank in range(size)]
        assert [token for split in splits for token in split.vocab] == list(range(vocab))


class Told:
    """The group as one rank sees it, when all ranks' numbers are known."""

    def __init__(self, rank: int, every: list[tuple[torch.Tensor, ...]]) -> None:
        self.rank, self.size, self._every = rank, len(every), every

    def sum(self, x: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError

    def gather(self, x: torch.Tensor) -> torch.Tensor:
        return torch.stack([torch.stack(one).double() for one in self._every])


def test_only_best_and_second_of_each_rank_are_needed() -> None:
    """Rows with many ties, so that the lowest id must win over ranks as well."""
    logits = torch.randint(0, 4, (200, 12), generator=torch.Generator().manual_seed(3)).float()
    spec = dataclasses.replace(SPEC, vocab_size=12)
    splits = [Split.of(spec, rank, 4) for rank in range(4)]
    parts = [torch.topk(logits[:, split.vocab.start : split.vocab.stop], 2) for split in splits]
    firsts = [logits[:, split.vocab.start : split.vocab.stop].max(-1) for split in splits]
    every = [
        (first.values, first.indices + split.vocab.start, part.values[:, 1])
        for first, part, split in zip(firsts, parts, splits, strict=True)
    ]
    best, margin = strongest(firsts[0].values, firsts[0].indices, parts[0].values[:, 1], splits[0], Told(0, every))
    assert best.tolist() == [row.index(max(row)) for row in logits.tolist()]
    top = torch.topk(logits, 2).values
    assert margin.tolist() == (top[:, 0] - top[:, 1]).tolist()


def test_batches_are_told_as_numbers() -> None:
    batch = Batch([5, 6, 7], [0, 1, 64], [0, 2, 3], [0, 64], [[9], [1, 2, 3]], [1, 2], [1])
    assert decode(encode(batch)) == batch
    assert decode(encode(dataclasses.replace(batch, sampled=[], rows=[]))).rows == []
    choices = Choices([0], [1], [0, 1, 3], np.array([4, 2, 6]))
    told = decode(encode(dataclasses.replace(batch, choices=choices)))
    assert dataclasses.replace(told, choices=None) == batch
    assert told.choices is not None
    assert (told.choices.rows, told.choices.sets, told.choices.starts) == ([0], [1], [0, 1, 3])
    assert told.choices.ids.tolist() == [4, 2, 6]
    assert told.choices.ids.dtype == np.int64
