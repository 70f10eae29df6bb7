"""Who gets the next step, and whose pages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.request import Drafts, Request, SamplingParams
from backend.settings import DraftSettings
from support.engines import Outcome, answer, drain, gather, made, pool_of
from support.hashing import HashingRunner, expected, plain

PROMPT = [1, 2, 3, 4, 5, 6, 7, 8, 9]
BARE = DraftSettings(ngrams=False)


def test_the_shortest_remaining_goes_first_as_far_as_drafts_tell() -> None:
    engine = made(step_sequences=1, patience=1000)
    lengths = [60, 20, 40]
    handles = [
        engine.add(Request([*PROMPT, i], length, drafts=Drafts(given=plain([*PROMPT, i], length))))
        for i, length in enumerate(lengths)
    ]
    ended: list[int] = []
    outcomes: dict[int, Outcome] = {}
    while engine.busy:
        gather(engine.step(), outcomes)
        ended += [handle for handle, one in outcomes.items() if one.end is not None and handle not in ended]
    assert ended == [handles[1], handles[2], handles[0]]


@pytest.mark.parametrize("patience", [1, 3, 8])
def test_no_request_waits_longer_than_patience_and_the_number_of_requests(patience: int) -> None:
    """One sequence a step, and short requests that never cease to arrive."""
    engine = made(pages=400, step_sequences=1, patience=patience, drafts=BARE)
    long = [engine.add(Request([*PROMPT, i], 60)) for i in range(3)]
    seen = dict.fromkeys(long, 0)
    for step in range(1, 120):
        engine.add(Request([step % 11, 2], 1))
        most = engine.live
        for event in engine.step():
            seen[event.handle] = step
        waits = [step - seen[handle] for handle in long]
        assert max(waits) <= patience + most
    assert min(seen[handle] for handle in long) > 0


def test_one_step_serves_many_within_its_budget() -> None:
    engine = made(step_tokens=24, drafts=BARE)
    for i in range(3):
        engine.add(Request([*PROMPT, i], 3))
    drain(engine)
    runner = engine._runner
    assert isinstance(runner, HashingRunner)
    assert [batch.starts[-1] for batch in runner.steps][:2] == [24, 8]
    assert all(batch.starts[-1] <= 24 for batch in runner.steps)


def test_the_older_takes_the_younger_ones_pages_and_both_answers_are_right() -> None:
    engine = made(pages=16, drafts=BARE)
    requests = [Request(PROMPT, 40), Request(PROMPT[::-1], 40)]
    handles = [engine.add(request) for request in requests]
    outcomes = drain(engine)
    for handle, request in zip(handles, requests, strict=True):
        assert outcomes[handle].tokens == expected(request)[0]
    ends = [outcomes[handle].end for handle in handles]
    assert [end is not None and end.usage.preemptions > 0 for end in ends] == [False, True]


def test_the_younger_never_takes_the_older_ones_pages() -> None:
    """One at a time has a part in a step, so the other's pages could be taken."""
    engine = made(pages=16, drafts=BARE, step_sequences=1, patience=1)
    handles = [engine.add(Request(prompt, 40)) for prompt in (PROMPT, PROMPT[::-1])]
    outcomes = drain(engine)
    ends = [outcomes[handle].end for handle in handles]
    assert [end is not None and end.usage.preemptions > 0 for end in ends] == [False, True]


def test_small_requests_that_keep_coming_do_not_take_the_pages_a_big_one_waits_for() -> None:
    """It begins while an older one still runs, so not only because it became the oldest."""
    engine = made(pages=24, drafts=BARE, patience=4)
    old = engine.add(Request([7, 7], 60))
    outcomes: dict[int, Outcome] = {}
    big = None
    for step in range(40):
        engine.add(Request([step % 11, 4, 5, step // 11], 8))
        gather(engine.step(), outcomes)
        if step == 5:
            big = engine.add(Request(PROMPT * 4, 20))
    assert big in outcomes
    assert outcomes[old].end is None
    engine.close()


def test_requests_that_each_need_most_of_the_pages_end_one_after_the_other() -> None:
    """Could each take the other's pages, neither would get on. The bound is that of one at a time, twice over."""
    alone = made(pages=14, drafts=BARE, patience=1)
    requests = [Request([*PROMPT, i], 40) for i in range(4)]
    steps = 0
    for request in requests:
        alone.add(request)
        while alone.busy:
            alone.step()
            steps += 1
    engine = made(pages=14, drafts=BARE, patience=1)
    handles = [engine.add(request) for request in requests]
    outcomes = drain(engine, most=2 * steps)
    assert [outcomes[handle].tokens for handle in handles] == [expected(request)[0] for request in requests]


def test_a_big_request_is_not_overtaken_for_ever_by_small_ones() -> None:
    """It waits for pages while small ones come and go, until it is the oldest."""
    engine = made(pages=16, drafts=BARE)
    small = [engine.add(Request([i, 2, 3], 12)) for i in range(4)]
    big = engine.add(Request(PROMPT * 4, 20))
    outcomes: dict[int, Outcome] = {}
    for step in range(200):
        engine.add(Request([step % 11, 5], 6))
        gather(engine.step(), outcomes)
        engine.check_integrity()
        if outcomes.get(big, Outcome()).end is not None:
            break
    assert outcomes[big].tokens == plain(PROMPT * 4, 20)
    assert all(outcomes[handle].reason == "length" for handle in small)


def test_drafts_take_nobodys_pages() -> None:
    """The draft of the older request would fill all pages; the younger keeps its own."""
    engine = made(pages=20, drafts=DraftSettings(first_chunk=64, free_tokens=0, ngrams=False), step_tokens=64)
    young = Request(PROMPT[::-1], 12)
    old = Request(PROMPT, 40)
    handles = [engine.add(replace(old, drafts=Drafts(given=plain(PROMPT, 40)[:-1] + [0] * 3))), engine.add(young)]
    outcomes = drain(engine)
    end = outcomes[handles[1]].end
    assert end is not None
    assert end.usage.preemptions == 0


def test_sampled_requests_share_the_rows_whose_logits_are_fetched() -> None:
    engine = made(sampled_rows=3, pages=200, step_tokens=200)
    sampling = SamplingParams(temperature=1.0, seed=3)
    requests = [Request([*PROMPT, i], 12, sampling) for i in range(5)]
    handles = [engine.add(replace(one, drafts=Drafts(given=expected(one)[0]))) for one in requests]
    outcomes = drain(engine)
    runner = engine._runner
    assert isinstance(runner, HashingRunner)
    assert max(len(batch.sampled) for batch in runner.steps) == 3
    assert [outcomes[handle].tokens for handle in handles] == [expected(one)[0] for one in requests]


def test_a_request_that_arrives_later_finds_what_an_earlier_one_computes() -> None:
    engine = made(step_tokens=12, drafts=BARE)
    first, second = engine.add(Request(PROMPT * 4, 4)), engine.add(Request(PROMPT * 4, 4))
    outcomes = drain(engine)
    ends = [outcomes[handle].end for handle in (first, second)]
    assert [end.usage.cached for end in ends if end is not None] == [0, 35]


def test_with_all_pages_idle_a_long_request_evicts_them() -> None:
    engine = made(pages=16)
    for i in range(6):
        answer(engine, Request([i, *PROMPT], 8))
    assert pool_of(engine).idle > 8
    outcome = answer(engine, Request(PROMPT * 4, 20))
    assert outcome.tokens == plain(PROMPT * 4, 20)
