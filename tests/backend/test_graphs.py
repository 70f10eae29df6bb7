"""Recorded steps give what plain ones give. The recording itself needs a GPU; here it is a call on the same buffers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.batch import Batch, Choices
from backend.dummy import dummy_weights
from backend.engine import Engine
from backend.graphs import Bucket, Graphs, bucket_of, padded
from backend.kv.pages import PagePool
from backend.model import Decoder, DeviceScores
from backend.ops import attention
from backend.ops import padded as padded_op
from backend.request import Drafts, Request
from backend.runner import ModelRunner
from backend.settings import DraftSettings, EngineSettings
from backend.spec import ModelSpec
from backend.step import Step
from support.engines import drain
from support.models import COMMON, FAMILIES, Saved, greedy, some_tokens

if TYPE_CHECKING:
    from collections.abc import Callable

CPU = torch.device("cpu")
SPEC = ModelSpec.from_config({**COMMON, **FAMILIES["qwen3"], "model_type": "qwen3"})


class Called:
    """A recording that is a call: it reads the buffers that it was made with, whatever they hold by then."""

    def __init__(self) -> None:
        self.made = self.replayed = 0

    def __call__(self, function: Callable[[], DeviceScores]) -> Callable[[], DeviceScores]:
        self.made += 1
        function()

        def replay() -> DeviceScores:
            self.replayed += 1
            return function()

        return replay


def batch_of(*parts: tuple[int, int], rows: list[int] | None = None) -> Batch:
    """Sequences of (context, query tokens), each on pages of its own, taken alternately from both ends of 40."""
    free = [page for pair in zip(range(20), range(39, 19, -1), strict=True) for page in pair]
    starts, tables = [0], []
    for context, count in parts:
        starts.append(starts[-1] + count)
        used = -(-(context + count) // 64)
        tables.append([free.pop(0) for _ in range(used)])
    positions = [place for context, count in parts for place in range(context, context + count)]
    wanted = range(starts[-1]) if rows is None else rows
    return Batch(some_tokens(starts[-1]), positions, starts, [context for context, _ in parts], tables, wanted)


def runner_of(capture: Called | None = None, pages: int = 40) -> ModelRunner:
    runner = ModelRunner(Decoder(SPEC, dummy_weights(SPEC)), pages, capture)
    torch.manual_seed(3)
    runner.pages.normal_()
    return runner


@pytest.mark.parametrize(
    ("parts", "bucket"),
    [
        ([(0, 1)], Bucket(1, 1, 1)),
        ([(63, 1)], Bucket(1, 1, 1)),
        ([(64, 1)], Bucket(1, 1, 2)),
        ([(200, 5)], Bucket(1, 8, 4)),
        ([(10, 1), (300, 3), (0, 2)], Bucket(4, 4, 8)),
        ([(0, 16)] * 4, Bucket(4, 16, 1)),
        ([(0, 17)], None),
        ([(0, 16)] * 5, None),
    ],
)
def test_the_bucket_is_the_smallest_that_holds_the_step(parts: list[tuple[int, int]], bucket: Bucket | None) -> None:
    assert bucket_of(batch_of(*parts)) == bucket


def test_steps_that_want_logits_or_gather_too_much_are_not_recorded() -> None:
    one = ([5], [0], [0, 1], [0], [[1]], [0])
    assert bucket_of(Batch(*one)) == Bucket(1, 1, 1)
    assert bucket_of(Batch(*one, sampled=[0])) is None
    assert bucket_of(Batch([5], [0], [0, 1], [0], [[1]], [], (), Choices([0], [0], [0, 1], np.array([3])))) is None
    deep = 64 * 1024
    many = Batch([1] * 2, [deep] * 2, [0, 1, 2], [deep] * 2, [[0] * 1025] * 2, [0, 1])
    assert bucket_of(many) is None
    assert bucket_of(batch_of((0, 1), (0, 7)), most_rows=8) is None


def padded_step(batch: Batch, bucket: Bucket, scratch: int) -> tuple[Step, list[int]]:
    """The step as it is recorded, and the row of each of the batch's tokens in it."""
    n, s = bucket.rows, bucket.sequences
    numbers = torch.from_numpy(padded(batch, bucket, scratch))
    tokens, positions, pages, slots, rows, contexts, tables = numbers.split([n, n, n, n, n, s, s * bucket.pages])
    starts = torch.arange(s + 1) * bucket.tokens
    step = Step(tokens, positions, pages, slots, starts, contexts, tables.view(s, -1), rows, ())
    counts = np.diff(batch.starts)
    return step, [i * bucket.tokens + offset for i, count in enumerate(counts) for offset in range(count)]


sequences = st.lists(st.tuples(st.integers(0, 300), st.integers(1, 16)), min_size=1, max_size=4)


@given(sequences, st.sampled_from([(4, 4), (4, 2), (6, 1)]), st.integers(0, 2))
@settings(max_examples=60, deadline=None)
def test_padded_attention_is_attention(parts: list[tuple[int, int]], heads: tuple[int, int], larger: int) -> None:
    """In buckets larger than need be, too; NaN in every slot that no sequence may look at."""
    batch = batch_of(*parts)
    smallest = bucket_of(batch)
    assert smallest is not None
    bucket = Bucket(smallest.sequences << larger, smallest.tokens, smallest.pages << larger)
    pages = torch.full((41, 2, 64, heads[1], 8), torch.nan)
    generator = torch.Generator().manual_seed(1)
    for (context, count), table in zip(parts, batch.tables, strict=True):
        for place in range(context + count):
            pages[table[place // 64], :, place % 64] = torch.randn((2, heads[1], 8), generator=generator)
    pages[40, :, 0] = 1.0  # what the first row of padding would have written
    query = torch.randn((len(batch.tokens), heads[0], 8), generator=generator)
    expected = attention.attention(query, pages, Step.of(batch, CPU))
    step, rows = padded_step(batch, bucket, scratch=40)
    wide = torch.randn((bucket.rows, heads[0], 8), generator=generator)
    wide[rows] = query
    found = padded_op.attention(wide, pages, step)
    assert (found[rows] - expected).abs().max() < 1e-5
    assert not found.isnan().any()


@pytest.mark.parametrize(
    "parts", [[(0, 1)], [(70, 3)], [(63, 2), (0, 1), (128, 16)], [(5, 4)] * 7, [(0, 16), (300, 1)]]
)
def test_a_recorded_step_scores_and_writes_what_a_plain_one_does(parts: list[tuple[int, int]]) -> None:
    capture = Called()
    recorded, plain = runner_of(capture), runner_of()
    batch = batch_of(*parts, rows=list(range(0, sum(count for _, count in parts), 2)))
    untouched = recorded.pages.clone()
    ours, theirs = recorded.run(batch), plain.run(batch)
    assert capture.replayed == 1
    assert ours.best.tolist() == theirs.best.tolist()
    assert np.allclose(ours.margin, theirs.margin, atol=1e-5)
    assert (recorded.pages - plain.pages).abs().max() < 1e-5
    own = {(table[p // 64], p % 64) for (c, n), table in zip(parts, batch.tables, strict=True) for p in range(c, c + n)}
    slots = (recorded.pages != untouched).any(dim=5).any(dim=4).any(dim=2).any(dim=1)
    assert {(int(page), int(slot)) for page, slot in slots.nonzero()} == own


def test_a_later_step_of_the_bucket_has_nothing_of_an_earlier_one() -> None:
    """Larger steps first: what they leave in the buffers must be overwritten or out of reach."""
    capture = Called()
    recorded, plain = runner_of(capture), runner_of()
    steps = [[(100, 8), (90, 7), (3, 2), (120, 8)], [(5, 5), (70, 1), (60, 2)], [(80, 6), (80, 6), (1, 1), (0, 1)]]
    for parts in steps:
        batch = batch_of(*parts, rows=list(range(sum(count for _, count in parts)))[::-3][::-1])
        ours, theirs = recorded.run(batch), plain.run(batch)
        assert ours.best.tolist() == theirs.best.tolist()
        assert np.allclose(ours.margin, theirs.margin, atol=1e-5)
        assert (recorded.pages - plain.pages).abs().max() < 1e-5
    assert (capture.made, capture.replayed) == (1, 3)


def test_what_others_wrote_on_the_pages_is_not_seen() -> None:
    recorded = runner_of(Called())
    batch = batch_of((70, 3), (5, 1))
    clean = recorded.run(batch)
    mine = {page for table in batch.tables for page in table}
    recorded.pages[[page for page in range(40) if page not in mine]] = torch.nan
    recorded.pages[batch.tables[0][1], :, :, 9:] = torch.nan
    recorded.pages[batch.tables[1][0], :, :, 6:] = torch.nan
    poisoned = recorded.run(batch)
    assert poisoned.best.tolist() == clean.best.tolist()
    assert np.array_equal(poisoned.margin, clean.margin)


def test_a_step_without_wanted_rows_is_recorded_too() -> None:
    recorded, plain = runner_of(Called()), runner_of()
    batch = batch_of((64, 4), rows=[])
    assert len(recorded.run(batch).best) == 0
    plain.run(batch)
    assert (recorded.pages - plain.pages).abs().max() < 1e-5


def test_engines_answer_the_same_with_recorded_steps(model: Saved) -> None:
    """Prompts and long drafts go the plain way, short ones are replayed; both on one pool of pages."""
    spec = model.spec()
    capture = Called()
    runner = ModelRunner(model.runner().decoder, 40, capture)
    drafts = DraftSettings(first_chunk=4, most_chunk=32, free_tokens=3, strong_match=3)
    engine = Engine(runner, PagePool(40), EngineSettings(spec.vocab_size, 512, step_tokens=80, drafts=drafts))
    prompts = [some_tokens(count, seed=count) for count in (90, 20, 64)]
    wanted = [greedy(model.runner(), prompt, 40) for prompt in prompts]
    given = [[*answer[:7], (answer[7] + 1) % 131, *answer[8:]] for answer in wanted]
    handles = [
        engine.add(Request(prompt, 40, drafts=Drafts(given=draft)))
        for prompt, draft in zip(prompts, given, strict=True)
    ]
    outcomes = drain(engine)
    assert [outcomes[handle].tokens for handle in handles] == wanted
    alone = engine.add(Request(prompts[1], 40))
    assert drain(engine)[alone].tokens == wanted[1]
    assert capture.replayed > capture.made > 0


def test_a_page_more_is_taken_only_where_steps_are_recorded() -> None:
    plain, recorded = runner_of(), runner_of(Called())
    assert plain.pages.shape == recorded.pages.shape
    assert recorded.pages.untyped_storage().nbytes() > recorded.pages.nbytes
    assert plain.pages.untyped_storage().nbytes() == plain.pages.nbytes
    assert not plain.decoder.capturable
    assert isinstance(Graphs(plain.decoder, plain.pages, Called()).launch(batch_of((0, 1))), DeviceScores)
