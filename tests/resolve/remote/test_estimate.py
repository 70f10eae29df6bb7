"""The estimate of tokens, beside a vocabulary that was trained on much the same code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fastapply.resolve.remote.estimate import estimated_tokens
from support.vocabularies import QWEN_SPLIT

GOLDEN = Path(__file__).parents[2] / "golden"
LANGUAGES = sorted(folder.name for folder in GOLDEN.iterdir() if folder.is_dir() and folder.name != "known_wrong")


def code(language: str) -> list[str]:
    paths = sorted((GOLDEN / language).glob("*/before*"))
    return [path.read_bytes().decode("utf-8", "replace") for path in paths]


@pytest.fixture(scope="module")
def coder() -> Any:
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

    coder = Tokenizer(models.BPE())
    split = pre_tokenizers.Split(Regex(QWEN_SPLIT), "isolated")
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    coder.pre_tokenizer = pre_tokenizers.Sequence([split, level])
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=6000, initial_alphabet=alphabet, show_progress=False)
    coder.train_from_iterator((text for language in LANGUAGES for text in code(language)), trainer)
    return coder


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_fewer_than_there_are_and_not_many_more(language: str, coder: Any) -> None:
    texts = code(language)
    counted = sum(len(coder.encode(text).ids) for text in texts)
    assert counted <= sum(map(estimated_tokens, texts)) <= 2 * counted


@pytest.mark.parametrize(
    "text", ["x" * 999, "1234567890" * 99, "ж" * 99, "文" * 99, "\t" * 999, "(){};" * 99, "\r\n" * 99]
)
def test_text_of_one_kind(text: str) -> None:
    """At least one token for each character that vocabularies keep apart, and never more than the bytes."""
    apart = sum(character.isdigit() or not character.isascii() for character in text)
    assert max(apart, len(text) / 16) <= estimated_tokens(text) <= len(text.encode())


def test_nothing_has_no_tokens() -> None:
    assert estimated_tokens("") == 0
