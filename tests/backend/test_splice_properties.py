"""Under a splice, too, nothing but time may depend on drafts, chunks, budgets, company, pages or cancellations."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.request import Request, Splice
from backend.settings import DraftSettings
from support.cases import COMMON, draft_settings, drafts_of, samplings
from support.engines import Outcome, driven, made
from support.hashing import VOCAB, expected, hashed, logits_for
from support.splicing import Spliced, ends_right, spliced

_CI = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example],
)
_RUN = st.lists(st.integers(0, VOCAB - 1), min_size=1, max_size=6)
_CLOSE = st.lists(st.integers(0, 2), min_size=1, max_size=4)
"""From so few tokens that runs are the beginnings of others."""


@dataclass(frozen=True)
class _Case:
    request: Request
    wanted: Spliced
    arrival: int
    cancelled_at: int | None


@st.composite
def _case(draw: st.DrawFn) -> _Case:
    """One in four is free."""
    prompt = [*COMMON[: draw(st.integers(1, len(COMMON)))], *draw(st.lists(st.integers(0, VOCAB - 1), max_size=12))]
    runs = draw(st.sampled_from([_RUN, _CLOSE]))
    units = draw(st.lists(runs, min_size=1, max_size=8))
    stops = draw(st.lists(st.one_of(runs.map(tuple), st.sampled_from(units).map(tuple)), max_size=2))
    last = draw(st.lists(runs, max_size=2)) if stops else []
    request = Request(
        prompt,
        draw(st.integers(1, 40)),
        draw(samplings()),
        stop_ids=frozenset(stop[0] for stop in stops if len(stop) == 1),
        stop_sequences=tuple(stop for stop in stops if len(stop) > 1),
        splice=Splice(units, last),
    )
    if draw(st.integers(0, 3)):
        wanted = spliced(request, lambda context: logits_for(hashed(context)[-1]))
    else:
        request = replace(request, splice=None)
        wanted = Spliced(*expected(request), 0)
    request = replace(request, drafts=draw(drafts_of(wanted.tokens)))
    cancelled_at = draw(st.integers(0, 12)) if draw(st.integers(0, 4)) == 0 else None
    return _Case(request, wanted, draw(st.integers(0, 6)), cancelled_at)


@_CI
@given(
    cases=st.lists(_case(), min_size=1, max_size=5),
    drafts=draft_settings(),
    page_tokens=st.sampled_from([1, 3, 4, 8]),
    spare=st.integers(0, 12),
    step_tokens=st.integers(1, 40),
    step_sequences=st.integers(1, 6),
    sampled_rows=st.integers(1, 8),
    choice_ids=st.integers(1, 60),
    patience=st.integers(1, 6),
    line_ends=st.frozensets(st.integers(0, VOCAB - 1), max_size=3),
)
def test_answers_depend_on_prompt_seed_and_splice_alone(
    cases: list[_Case], drafts: DraftSettings, page_tokens: int, spare: int, **limits: object
) -> None:
    """With pages for hardly more than the longest request, and the books checked after every step."""
    longest = max(len(case.request.prompt) + case.request.max_tokens for case in cases)
    engine = made(-(-longest // page_tokens) + 1 + spare, page_tokens, drafts, **limits)
    for case, outcome in zip(cases, driven(engine, cases), strict=True):
        _check(case, outcome)


def _check(case: _Case, outcome: Outcome) -> None:
    assert outcome.end is not None
    usage = outcome.end.usage
    assert usage.completion == len(outcome.tokens)
    assert usage.accepted <= usage.drafted
    assert all(one.proposed != one.chosen for one in usage.mismatches)
    positions = [one.position for one in usage.mismatches]
    assert positions == sorted(set(positions))
    if outcome.reason == "cancelled":
        assert case.cancelled_at is not None
        assert outcome.tokens == case.wanted.tokens[: len(outcome.tokens)]
        return
    assert Spliced(outcome.tokens, outcome.reason, usage.forced) == case.wanted
    if outcome.reason == "stop" and case.request.splice is not None:
        assert ends_right(outcome.tokens, case.request)
