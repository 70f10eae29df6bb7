"""Recorded edits as token ids: prompt, answer, and drafts that are wrong at so many places."""

from __future__ import annotations

import gzip
import itertools
import json
import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tokenizers import Regex, decoders, models, pre_tokenizers, trainers
from tokenizers import Tokenizer as Coder

from backend.request import Drafts, Splice
from backend.tokenizer import Tokenizer, open_tokenizer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["Edit", "encode", "line_ends", "nearest", "read_cases", "trained"]

Case = dict[str, Any]
_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""Qwen's, of its published tokenizer.json: a token ends where a line does, as drafts and splices count on. GPT-2's, the
default of `ByteLevel`, joins a line end to the indentation after it."""
_TRAINED_ON = 2_000_000
"""Characters; more changes the vocabulary of 8k tokens little and takes long."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One recorded edit, in token ids."""

    name: str
    prompt: list[int]
    """The original and the lazy edit, as a model would be asked."""
    truth: list[int]
    """The file after the edit."""
    original: list[int]
    snippet: list[int]

    def cut(self, tokens: int) -> Edit:
        """The same edit with an answer of at most so many tokens."""
        return replace(self, truth=self.truth[:tokens])

    def drafts(self, mismatches: int, seed: int, beside: bool = False) -> Drafts:
        """A whole-file draft with `mismatches` tokens replaced, at seeded places; `beside` adds what else there is."""
        rng = random.Random(f"{seed} {self.name} {mismatches}")
        given = list(self.truth)
        for place in rng.sample(range(len(given)), min(mismatches, len(given))):
            given[place] = rng.choice([token for token in set(self.truth) if token != given[place]])
        return Drafts(given=given, original=self.original, snippet=self.snippet) if beside else Drafts(given=given)

    def spliced(self, line_ends: frozenset[int]) -> Splice:
        """The lines of the original and of the answer, each once; what has no line end can only come last."""
        lines = dict.fromkeys(map(tuple, [*_lines(self.original, line_ends), *_lines(self.truth, line_ends)]))
        units = [line for line in lines if line[-1] in line_ends]
        return Splice(units, [line for line in lines if line[-1] not in line_ends])

    def line_drafts(self, mismatches: int, seed: int, line_ends: frozenset[int]) -> Drafts:
        """A whole-file draft with `mismatches` lines replaced by others of the two texts, at seeded places."""
        rng = random.Random(f"{seed} {self.name} {mismatches} lines")
        given = _lines(self.truth, line_ends)
        units = self.spliced(line_ends).units
        whole = range(len(given) if given and given[-1][-1] in line_ends else len(given) - 1)
        for place in rng.sample(whole, min(mismatches, len(whole))):
            others = [unit for unit in units if list(unit) != given[place]]
            given[place] = list(rng.choice(others)) if others else given[place]
        return Drafts(given=[token for line in given for token in line])

    def unused(self, vocab_size: int) -> int:
        """The highest token id that stands in none of the texts, as an end of the answer."""
        used = {*self.prompt, *self.truth, *self.original, *self.snippet}
        return next(token for token in reversed(range(vocab_size)) if token not in used)


def read_cases(paths: Sequence[Path]) -> list[Case]:
    """The cases of JSON-lines files, gzipped or not: `id`, `path`, `before`, `snippet` and `after` are used."""
    found: list[Case] = []
    for path in paths:
        with gzip.open(path, "rt", newline="") if path.suffix == ".gz" else path.open(newline="") as file:
            found += [json.loads(line) for line in file if line.strip()]
    return found


def trained(cases: Sequence[Case], vocab_size: int, folder: Path) -> Tokenizer:
    """A byte-level BPE of `vocab_size` tokens, trained on the originals and kept in `folder`."""
    coder = Coder(models.BPE())
    # Attributes of the class by name, which its type stubs don't know.
    vars_of: Any = coder
    vars_of.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    vars_of.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=vocab_size, initial_alphabet=alphabet, show_progress=False)
    texts, taken = [], 0
    for case in cases:
        if taken > _TRAINED_ON:
            break
        texts.append(case["before"])
        taken += len(case["before"])
    coder.train_from_iterator(texts, trainer)
    coder.save(str(folder / "tokenizer.json"))
    return open_tokenizer(folder)


def line_ends(tokenizer: Tokenizer) -> frozenset[int]:
    """The tokens whose text ends a line."""
    return frozenset(token for token in range(tokenizer.size) if tokenizer.bytes_of(token).endswith(b"\n"))


def encode(case: Case, tokenizer: Tokenizer) -> Edit:
    """The edit as a model would be asked, in plain words in the place of a trained form."""
    asked = f"{case['path']}\n<code>{case['before']}</code>\n<update>{case['snippet']}</update>\n<result>"
    texts = (asked, case["after"], case["before"], case["snippet"])
    return Edit(case["id"], *(tokenizer.encode(text) for text in texts))


def _lines(tokens: Sequence[int], line_ends: frozenset[int]) -> list[list[int]]:
    """`tokens` cut behind each token that ends a line."""
    ends = [place + 1 for place, token in enumerate(tokens) if token in line_ends]
    cuts = [0, *ends] if ends and ends[-1] == len(tokens) else [0, *ends, len(tokens)]
    return [list(tokens[start:end]) for start, end in itertools.pairwise(cuts) if start < end]


def nearest(edits: Sequence[Edit], tokens: int) -> Edit:
    """The edit whose answer is nearest to so many tokens; the first of equals."""
    return min(edits, key=lambda edit: abs(len(edit.truth) - tokens))
