"""Nothing but time may depend on drafts, chunks, budgets, company, pages or cancellations."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.request import Drafts, Request
from backend.settings import DraftSettings
from support.cases import COMMON, draft_settings, drafts_of, samplings
from support.engines import Outcome, drain, driven, gather, made
from support.hashing import VOCAB, expected

_CI = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example],
)


@dataclass(frozen=True)
class _Case:
    request: Request
    tokens: list[int]
    reason: str
    arrival: int
    cancelled_at: int | None


@st.composite
def _case(draw: st.DrawFn) -> _Case:
    shared = COMMON[: draw(st.integers(0, len(COMMON)))]
    prompt = [*shared, *draw(st.lists(st.integers(0, VOCAB - 1), min_size=0 if shared else 1, max_size=12))]
    stops = draw(st.sets(st.integers(0, VOCAB - 1), max_size=1)) if draw(st.booleans()) else set()
    sequences = draw(st.lists(st.lists(st.integers(0, VOCAB - 1), min_size=1, max_size=3).map(tuple), max_size=2))
    request = Request(
        prompt,
        draw(st.integers(1, 40)),
        draw(samplings()),
        stop_ids=frozenset(stops),
        stop_sequences=tuple(sequences),
        salt=draw(st.sampled_from([b"", b"", b"tenant"])),
    )
    tokens, reason = expected(request)
    request = replace(request, drafts=draw(drafts_of(tokens)))
    cancelled_at = draw(st.integers(0, 12)) if draw(st.integers(0, 4)) == 0 else None
    return _Case(request, tokens, reason, draw(st.integers(0, 6)), cancelled_at)


@_CI
@given(
    cases=st.lists(_case(), min_size=1, max_size=6),
    drafts=draft_settings(),
    page_tokens=st.sampled_from([1, 3, 4, 8]),
    spare=st.integers(0, 12),
    step_tokens=st.integers(1, 40),
    step_sequences=st.integers(1, 6),
    sampled_rows=st.integers(1, 8),
    patience=st.integers(1, 6),
    line_ends=st.frozensets(st.integers(0, VOCAB - 1), max_size=3),
)
def test_answers_depend_on_prompt_and_seed_alone(
    cases: list[_Case], drafts: DraftSettings, page_tokens: int, spare: int, **limits: object
) -> None:
    """With pages for hardly more than the longest request, and the books checked after every step."""
    longest = max(len(case.request.prompt) + case.request.max_tokens for case in cases)
    engine = made(-(-longest // page_tokens) + 1 + spare, page_tokens, drafts, **limits)
    for case, outcome in zip(cases, driven(engine, cases), strict=True):
        if outcome.reason == "cancelled":
            assert case.cancelled_at is not None
            assert outcome.tokens == case.tokens[: len(outcome.tokens)]
        else:
            assert (outcome.tokens, outcome.reason) == (case.tokens, case.reason)
        _check_usage(case, outcome)


def _check_usage(case: _Case, outcome: Outcome) -> None:
    assert outcome.end is not None
    usage = outcome.end.usage
    assert usage.prompt == len(case.request.prompt)
    assert usage.completion == len(outcome.tokens)
    assert usage.accepted <= usage.drafted
    assert all(one.proposed != one.chosen for one in usage.mismatches)
    positions = [one.position for one in usage.mismatches]
    assert positions == sorted(set(positions))


def test_32_requests_at_once_equal_one_at_a_time_and_half_may_be_cancelled() -> None:
    requests = [Request([*COMMON, i % VOCAB, i // VOCAB], 30 + i % 7) for i in range(32)]
    answers = [expected(request)[0] for request in requests]
    requests = [
        replace(one, drafts=Drafts(given=[*found[:9], *found[10:]]))
        for one, found in zip(requests, answers, strict=True)
    ]
    engine = made(pages=60)
    handles = [engine.add(request) for request in requests]
    outcomes = drain(engine)
    assert [outcomes[handle].tokens for handle in handles] == answers
    handles = [engine.add(request) for request in requests]
    outcomes = {}
    for _ in range(6):
        gather(engine.step(), outcomes)
        engine.check_integrity()
    cancelled = [handle for handle in handles[::2] if engine.cancel(handle)]
    assert cancelled
    drain(engine, outcomes)
    for handle, wanted in zip(handles, answers, strict=True):
        outcome = outcomes[handle]
        assert outcome.reason == ("cancelled" if handle in cancelled else "length")
        assert outcome.tokens == wanted[: len(outcome.tokens)]
