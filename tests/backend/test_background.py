"""Requests that are computed ahead: what comes of them, and that nobody else notices."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.request import Drafts, Handle, Request
from backend.settings import DraftSettings
from support.engines import Outcome, answer, drain, gather, made, pool_of
from support.hashing import HashingRunner, expected, plain

PROMPT = [1, 2, 3, 4, 5, 6, 7, 8, 9]
BARE = DraftSettings(ngrams=False)


def ahead(prompt: list[int]) -> Request:
    """The whole pages of `prompt`, and one token to go on from."""
    return Request(prompt[: (len(prompt) - 1) // 4 * 4 + 1], 1, background=True)


def test_what_was_computed_ahead_is_found() -> None:
    engine = made()
    begun = ahead(PROMPT * 4)
    first, again = answer(engine, begun), answer(engine, begun)
    asked = Request(PROMPT * 4, 6)
    outcome = answer(engine, asked)
    assert outcome.tokens == expected(asked)[0]
    ends = [one.end.usage.cached for one in (first, again, outcome) if one.end is not None]
    assert ends == [0, 32, 32]


def steps_until_told(engine_steps: int, crowd: int, prompt: list[int]) -> tuple[int, list[int]]:
    """In how many steps a request is answered that arrives `engine_steps` steps after `crowd` background ones."""
    engine = made(pages=100, drafts=BARE, background_tokens=8)
    for number in range(crowd):
        engine.add(ahead([number % 11, *PROMPT * 6]))
    outcomes: dict[Handle, Outcome] = {}
    for _ in range(engine_steps):
        gather(engine.step(), outcomes)
    handle = engine.add(Request(prompt, 5, drafts=Drafts(given=plain(prompt, 5))))
    steps = 0
    while outcomes.get(handle, Outcome()).end is None:
        gather(engine.step(), outcomes)
        steps += 1
    tokens = outcomes[handle].tokens
    drain(engine, outcomes)
    assert all(one.reason == "length" for one in outcomes.values())
    return steps, tokens


def test_a_burst_of_them_delays_no_request() -> None:
    """It is answered in as many steps as with nobody else there, whatever they had computed and held before."""
    alone = steps_until_told(0, 0, PROMPT * 5)
    for before in range(0, 60, 7):
        assert steps_until_told(before, 50, PROMPT * 5) == alone


def test_a_step_of_theirs_is_short() -> None:
    """Whoever arrives while one runs waits for it to end."""
    engine = made(pages=200, step_tokens=24, background_tokens=8, drafts=BARE)
    for number in range(5):
        engine.add(ahead([number, *PROMPT * 3]))
    drain(engine)
    runner = engine._runner
    assert isinstance(runner, HashingRunner)
    assert {batch.starts[-1] for batch in runner.steps} <= set(range(1, 9))


def test_they_share_no_step_with_others() -> None:
    engine = made(pages=200, drafts=BARE)
    first = engine.add(ahead(PROMPT * 6))
    engine.step()
    second = engine.add(Request(PROMPT[::-1], 6))
    outcomes: dict[Handle, Outcome] = {}
    while outcomes.get(second, Outcome()).end is None:
        assert len(engine._scheduler.plan(99).shares) == 1
        gather(engine.step(), outcomes)
        assert first not in outcomes
    assert drain(engine, outcomes)[first].reason == "length"


def test_their_pages_are_anybody_s() -> None:
    """Even those of one that came first; what it computed stays findable as far as there is room."""
    engine = made(pages=14, drafts=BARE)
    older = engine.add(ahead(PROMPT * 5))
    engine.step()
    assert pool_of(engine).available < 14
    request = Request(PROMPT[::-1] * 2, 20)
    handle = engine.add(request)
    outcomes = drain(engine)
    assert outcomes[handle].tokens == expected(request)[0]
    ends = [outcomes[one].end for one in (older, handle)]
    assert [end is not None and end.usage.preemptions for end in ends] == [1, 0]


def test_a_cancelled_one_holds_no_page() -> None:
    engine = made(background_tokens=8)
    handle = engine.add(ahead(PROMPT * 6))
    engine.step()
    assert pool_of(engine).available < pool_of(engine).total
    assert engine.cancel(handle)
    assert pool_of(engine).available == pool_of(engine).total
    assert pool_of(engine).idle == 2
    assert [event.handle for event in engine.step()] == [handle]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_answers_and_steps_are_those_of_an_engine_without_them(seed: int) -> None:
    """Two engines get the same requests at the same steps, one of them background ones besides."""
    rng = random.Random(seed)
    pages = rng.choice([16, 24, 64])
    quiet, busy = made(pages=pages, drafts=BARE), made(pages=pages, drafts=BARE, background_tokens=8)
    arrivals: dict[int, list[Request]] = {}
    for _ in range(rng.randint(1, 6)):
        prompt = [rng.randrange(11) for _ in range(rng.randint(1, 30))]
        arrivals.setdefault(rng.randint(0, 25), []).append(Request(prompt, rng.randint(1, 16)))
    told: dict[Handle, Outcome] = {}
    told_busy: dict[Handle, Outcome] = {}
    pairs: list[tuple[Handle, Handle]] = []
    for step in range(120):
        pairs += [(quiet.add(request), busy.add(request)) for request in arrivals.pop(step, [])]
        if rng.random() < 0.4:
            prompt = [rng.randrange(11) for _ in range(rng.randint(1, 30))]
            # With a salt of their own: what they share would make others faster.
            busy.add(replace(ahead(prompt), salt=b"ahead"))
        gather(quiet.step(), told)
        gather(busy.step(), told_busy)
        busy.check_integrity()
        for one, other in pairs:
            assert told.get(one, Outcome()).tokens == told_busy.get(other, Outcome()).tokens
    drain(quiet, told)
    drain(busy, told_busy)
    assert len(told) == len(pairs)
