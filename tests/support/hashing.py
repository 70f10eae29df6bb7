"""A model without weights: its next token is a hash of the whole context as it stands in the pages.

So a wrong page table, a stale page, a bad copy or a wrong position gives a wrong answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from backend.batch import Scores
from backend.sampling import choose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from backend.batch import Batch, Choices
    from backend.kv.pages import PagePool
    from backend.request import Request

VOCAB = 11


def hashed(context: Sequence[int]) -> list[int]:
    """[n] A hash of each prefix of `context`."""
    state, found = 17, []
    for token in context:
        state = (state * 6364136223846793005 + token + 1442695040888963407) % 2**64
        found.append(state >> 33)
    return found


def logits_for(state: int) -> NDArray[np.float32]:
    """[VOCAB] What the model says after a prefix with hash `state`; its argmax is the next token."""
    mixed = (np.arange(1, VOCAB + 1, dtype=np.uint64) * np.uint64(2 * state + 1) * np.uint64(0x9E3779B97F4A7C15)) >> 40
    return (mixed.astype(np.float64) / 2**24 * 6).astype(np.float32)


class HashingRunner:
    """`Runner` whose pages hold token ids instead of keys and values."""

    def __init__(self, pages: int, page_tokens: int) -> None:
        self.pages = np.full((pages, page_tokens), -1)
        self.steps: list[Batch] = []
        self.pool: PagePool | None = None
        """Where it is given, no page may be written to that others read, now or later."""

    def copy_pages(self, pairs: Sequence[tuple[int, int]]) -> None:
        sources, targets = zip(*pairs, strict=True)
        assert len({*sources, *targets}) == 2 * len(pairs), "a page is in both roles, or twice"
        self.pages[list(targets)] = self.pages[list(sources)]

    def run(self, batch: Batch) -> Scores:
        batch.check()
        self.steps.append(batch)
        size = self.pages.shape[1]
        written: set[tuple[int, int]] = set()
        for token, position, table in _queries(batch):
            place = table[position // size], position % size
            assert place not in written, "two sequences write to one page"
            assert self.pool is None or self.pool.writable(place[0]), "a shared page is written to"
            written.add(place)
            self.pages[place] = token
        states: list[int] = []
        for i, table in enumerate(batch.tables):
            total = batch.contexts[i] + batch.starts[i + 1] - batch.starts[i]
            states += hashed(self.pages[list(table)].reshape(-1)[:total].tolist())[batch.contexts[i] :]
        rows = np.array([logits_for(states[row]) for row in batch.rows], np.float32).reshape(-1, VOCAB)
        ordered = np.sort(rows, axis=1)
        margins = ordered[:, -1] - ordered[:, -2]
        return Scores(rows.argmax(axis=1), margins, rows[list(batch.sampled)], _choices(batch.choices, states))


def _choices(choices: Choices | None, states: Sequence[int]) -> NDArray[np.float32]:
    """What the choices of a step ask for; `states` are the hashes after all its tokens."""
    found = [np.empty(0, np.float32)]
    if choices is not None:
        for row, one in zip(choices.rows, choices.sets, strict=True):
            found.append(logits_for(states[row])[choices.ids[choices.starts[one] : choices.starts[one + 1]]])
    return np.concatenate(found)


def _queries(batch: Batch) -> list[tuple[int, int, Sequence[int]]]:
    owners = [table for i, table in enumerate(batch.tables) for _ in range(batch.starts[i + 1] - batch.starts[i])]
    return list(zip(batch.tokens, batch.positions, owners, strict=True))


def plain(prompt: Sequence[int], count: int) -> list[int]:
    """The `count` tokens after `prompt`, one by one and with no engine, greedily."""
    context = list(prompt)
    for _ in range(count):
        context.append(int(logits_for(hashed(context)[-1]).argmax()))
    return context[len(prompt) :]


def expected(request: Request) -> tuple[list[int], str]:
    """The answer to `request` and why it ends, token by token and with no engine. A sampled request needs a seed."""
    context, sampling, answer = list(request.prompt), request.sampling, list[int]()
    while len(answer) < request.max_tokens:
        logits = logits_for(hashed(context)[-1])
        if sampling.temperature > 0:
            assert sampling.seed is not None
            token = choose(logits, sampling.temperature, sampling.top_p, sampling.seed, len(answer))
        else:
            token = int(logits.argmax())
        context.append(token)
        answer.append(token)
        if token in request.stop_ids:
            whole = [one for one in request.stop_sequences if tuple(answer[-len(one) :]) == one]
            return answer[: len(answer) - max([1, *map(len, whole)])], "stop"
        for sequence in sorted(request.stop_sequences, key=len, reverse=True):
            if tuple(answer[-len(sequence) :]) == sequence:
                return answer[: -len(sequence)], "stop"
    return answer, "length"
