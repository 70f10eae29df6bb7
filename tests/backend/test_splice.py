"""What a splice allows, against its definition; and engines that keep to it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.errors import BadRequest
from backend.request import Drafts, Request, SamplingParams, Splice
from backend.settings import DraftSettings
from backend.splice import Point, Trie, compiled
from backend.verify import Choice, verify_choices
from support.engines import answer, drain, made
from support.hashing import HashingRunner, hashed, logits_for
from support.splicing import Spliced, allowed, ends_right, made_of, spliced, stops_of

PROMPT = [1, 2, 3, 4, 5, 6, 7, 8, 9]
LINES = Splice([[1, 2, 0], [1, 3, 4, 0], [1, 3, 5, 5, 5, 0], [6, 7, 8, 9, 0], [0]])

_RUN = st.lists(st.integers(0, 3), min_size=1, max_size=5)
_RUNS = st.lists(_RUN, min_size=1, max_size=6)


def trie_of(request: Request) -> Trie:
    trie = compiled(request, 11)
    assert trie is not None
    return trie


def wanted(request: Request) -> Spliced:
    return spliced(request, lambda context: logits_for(hashed(context)[-1]))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    units=_RUNS,
    last=st.lists(_RUN, max_size=2),
    stops=st.lists(_RUN.map(tuple), min_size=1, max_size=3),
    data=st.data(),
)
def test_what_is_allowed_is_what_the_definition_allows(
    units: list[list[int]], last: list[list[int]], stops: list[tuple[int, ...]], data: st.DataObject
) -> None:
    """Along any way: between two points there is no choice, at a point it is the definition's, a stop is a stop."""
    request = Request([1], 40, stop_sequences=tuple(stops), splice=Splice(units, last))
    point, way = trie_of(request).start, list[int]()
    while len(way) < 30:
        ids = allowed(way, request)
        assert set(point.ids.tolist()) == ids
        assert point.ids.tolist() == sorted(ids)
        assert point.count == len(ids)
        assert all((point.follow(token) is not None) == (token in ids) for token in range(5))
        move = point.follow(data.draw(st.sampled_from(sorted(ids)), label="token"))
        assert move is not None
        way.append(next(token for token in ids if point.follow(token) is move))
        for token in move.run:
            assert allowed(way, request) == {token}
            way.append(token)
        if move.point is None:
            whole = [stop for stop in stops if tuple(way[-len(stop) :]) == stop]
            assert move.stop == max(len(stop) for stop in whole if ends_right(way[: -len(stop)], request))
            return
        assert not any(tuple(way[-len(stop) :]) == stop and ends_right(way[: -len(stop)], request) for stop in stops)
        point = move.point


@settings(max_examples=300, deadline=None, derandomize=True)
@given(units=_RUNS, stops=st.lists(_RUN.map(tuple), max_size=2), data=st.data(), most_ids=st.integers(1, 12))
def test_a_draft_is_cut_at_the_first_token_that_is_not_allowed(
    units: list[list[int]], stops: list[tuple[int, ...]], data: st.DataObject, most_ids: int
) -> None:
    request = Request([1], 40, stop_sequences=tuple(stops), splice=Splice(units))
    start = trie_of(request).start
    if start.forced:
        return
    draft = [token for unit in data.draw(st.lists(st.sampled_from(units), max_size=6)) for token in unit]
    draft[3:3] = data.draw(st.lists(st.integers(0, 3), max_size=1))
    path = start.walk(draft, 10**6)
    begins = [
        (end - len(stop), end)
        for end in range(1, len(draft) + 1)
        for stop in stops
        if draft[:end][-len(stop) :] == list(stop)
    ]
    stopped = [end for begin, end in begins if ends_right(draft[:begin], request)]
    ends = min(stopped, default=len(draft))
    length = next((i for i in range(ends) if draft[i] not in allowed(draft[:i], request)), ends)
    assert path.length == length
    asked = [i for i in range(length + (length not in stopped)) if len(allowed(draft[:i], request)) > 1]
    assert [offset for offset, _ in path.choices] == asked
    for offset, point in path.choices:
        assert set(point.ids.tolist()) == allowed(draft[:offset], request)
    _check_bounded(start, draft, most_ids)


def _check_bounded(start: Point, draft: list[int], most_ids: int) -> None:
    """With few ids it is the same path, but shorter, and ends where the next token is sure or asked for."""
    whole, some = start.walk(draft, 10**6), start.walk(draft, most_ids)
    assert some.choices == whole.choices[: len(some.choices)]
    assert sum(point.count for _, point in some.choices[1:]) <= max(most_ids - start.count, 0)
    if len(some.choices) == len(whole.choices):
        assert some.length == whole.length
    else:
        assert some.length == whole.choices[len(some.choices)][0] - 1


@pytest.mark.parametrize(
    ("splice", "stops"),
    [
        (Splice([[1], [1, 1], [1, 1, 1], [1, 1, 1, 2]]), ((2,), (1, 2, 2))),
        (Splice([[1], [2], [3]]), ((4,),)),
        (Splice([[1, 2], [3, 4, 5]]), ((3, 4, 5),)),
        (Splice([[1, 2, 3], [1, 2]]), ((1, 2),)),
        (Splice([[1, 2], [2]]), ((1, 2, 2), (2, 2))),
        (Splice([[1, 2, 3, 4, 5]]), ()),
        (Splice([[1]]), ()),
        (Splice([[1], [1, 1]]), ()),
        (Splice([[1], [3]]), ((2,), (1, 2))),
        (Splice([[1, 2, 3]]), ((1, 2),)),
        (Splice([[1, 2]], [[1, 2, 3], [4]]), ((9,), (3,))),
        (Splice([], [[1, 2, 3]]), ((9,),)),
        (Splice([[1, 2], [1, 2]], [[1, 2]]), ((9,),)),
    ],
)
@pytest.mark.parametrize("most", [1, 2, 7, 30])
def test_units_that_overlap_each_other_and_the_stops(
    splice: Splice, stops: tuple[tuple[int, ...], ...], most: int
) -> None:
    """One is the beginning of another, has one token only, is a stop, or is all that there is."""
    for seed in range(4):
        request = Request([*PROMPT, seed], most, stop_sequences=stops, splice=splice)
        expected = wanted(request)
        for draft in ([], expected.tokens, [*expected.tokens, *stops[0][:1] * 9] if stops else [1] * 40):
            outcome = answer(
                made(), Request(request.prompt, most, drafts=Drafts(draft), stop_sequences=stops, splice=splice)
            )
            assert outcome.end is not None
            assert (outcome.tokens, outcome.reason) == (expected.tokens, expected.reason)
            assert outcome.end.usage.forced == expected.forced


def test_what_needs_no_choice_takes_no_pass() -> None:
    """One pass a choice, none for the tokens between, with no draft at all."""
    request = Request(PROMPT, 60, splice=LINES)
    engine = made(drafts=DraftSettings(ngrams=False))
    outcome = answer(engine, request)
    expected = wanted(request)
    assert outcome.tokens == expected.tokens
    assert outcome.end is not None
    usage = outcome.end.usage
    assert usage.forced == expected.forced > 20
    assert usage.passes == 60 - usage.forced
    assert 60 - usage.forced == sum(len(allowed(expected.tokens[:i], request)) > 1 for i in range(60))


def test_an_answer_that_is_forced_from_beginning_to_end_takes_no_pass() -> None:
    engine = made()
    outcome = answer(engine, Request(PROMPT, 7, splice=Splice([[5, 6, 7]])))
    assert (outcome.tokens, outcome.reason) == ([5, 6, 7, 5, 6, 7, 5], "length")
    outcome = answer(engine, Request(PROMPT, 7, splice=Splice([[5, 6, 7]]), stop_sequences=((5, 6),)))
    assert (outcome.tokens, outcome.reason) == ([], "stop")
    assert outcome.end is not None
    assert (outcome.end.usage.passes, outcome.end.usage.forced) == (0, 0)


def test_only_choices_are_scored() -> None:
    """No other row is asked for, and of those only what is allowed."""
    request = Request(PROMPT, 40, splice=LINES)
    expected = wanted(request).tokens
    engine = made(step_tokens=64, drafts=DraftSettings(first_chunk=64))
    outcome = answer(engine, Request(PROMPT, 40, splice=LINES, drafts=Drafts(expected)))
    assert outcome.tokens == expected
    runner = engine._runner
    assert isinstance(runner, HashingRunner)
    (batch,) = runner.steps
    assert batch.choices is not None
    assert (batch.rows, batch.sampled) == ([], [])
    asked = [row - len(PROMPT) + 1 for row in batch.choices.rows]
    assert asked == [i for i in range(40) if len(allowed(expected[:i], request)) > 1]
    counts = [len(allowed(expected[:i], request)) for i in asked]
    assert batch.choices.lengths.tolist() == counts
    assert len(batch.choices.ids) < sum(counts)  # places of one kind share their set


def test_a_drafted_token_that_was_not_chosen_is_a_mismatch_and_one_not_allowed_is_none() -> None:
    request = Request(PROMPT, 40, splice=LINES)
    expected = wanted(request).tokens
    at = next(i for i in range(5, 40) if len(ids := allowed(expected[:i], request)) > 1)
    other = min(ids - {expected[at]})
    draft = [*expected[:at], other, *expected[at + 1 :]]
    engine = made(step_tokens=64, drafts=DraftSettings(first_chunk=64))
    outcome = answer(engine, Request(PROMPT, 40, splice=LINES, drafts=Drafts(draft)))
    assert outcome.tokens == expected
    assert outcome.end is not None
    first = outcome.end.usage.mismatches[0]
    logits = logits_for(hashed([*PROMPT, *expected[:at]])[-1])[sorted(ids)]
    assert (first.position, first.proposed, first.chosen) == (at, other, expected[at])
    assert first.margin == pytest.approx(np.sort(logits)[-1] - np.sort(logits)[-2])
    never = 10
    assert not any(never in unit for unit in LINES.units)
    outcome = answer(made(), Request(PROMPT, 40, splice=LINES, drafts=Drafts([*expected[:at], *[never] * 20])))
    assert outcome.tokens == expected
    assert outcome.end is not None
    assert never not in [one.proposed for one in outcome.end.usage.mismatches]


def test_a_right_draft_stays_followed_over_forced_tokens() -> None:
    """Chunks double, and nothing is drafted twice."""
    request = Request(PROMPT, 200, splice=LINES)
    expected = wanted(request)
    engine = made(step_tokens=256, drafts=DraftSettings(first_chunk=16, most_chunk=64, ngrams=False))
    outcome = answer(engine, Request(PROMPT, 200, splice=LINES, drafts=Drafts(expected.tokens)))
    assert outcome.tokens == expected.tokens
    assert outcome.end is not None
    assert outcome.end.usage.passes <= 5
    assert outcome.end.usage.mismatches == []


def test_after_another_line_the_draft_is_found_again() -> None:
    """The draft lacks lines that the model puts in; those cost passes, the lines after them none of their own."""
    units = [[0, 1, i, *[i % 7 + 2] * 6, 10] for i in range(2, 9)]
    request = Request(PROMPT, 400, splice=Splice(units))
    expected = wanted(request).tokens
    draft = [*expected[:100], *expected[120:]]
    settings = DraftSettings(first_chunk=64, most_chunk=128, free_tokens=32, strong_match=8, ngrams=False)
    engine = made(256, step_tokens=256, drafts=settings, line_ends=frozenset({10}))
    outcome = answer(engine, Request(PROMPT, 400, splice=Splice(units), drafts=Drafts(draft)))
    assert outcome.tokens == expected
    assert outcome.end is not None
    assert outcome.end.usage.passes < 15
    assert len(outcome.end.usage.mismatches) <= 4


def test_tokens_that_may_begin_a_stop_are_held_back() -> None:
    """Only where a stop may begin: the same tokens within a unit are text."""
    splice, stop = Splice([[1, 2, 3], [1, 4], [5, 1, 2, 9]]), (1, 2, 9)
    for seed in range(10):
        request = Request([*PROMPT, seed], 30, stop_sequences=(stop,), splice=splice)
        engine = made(drafts=DraftSettings(ngrams=False))
        handle = engine.add(request)
        outcomes = {}
        for _ in range(seed):
            for event in engine.step():
                outcomes.setdefault(event.handle, []).append(event)
        engine.cancel(handle)
        sent = [token for events in outcomes.values() for event in events for token in getattr(event, "tokens", [])]
        assert sent == wanted(request).tokens[: len(sent)]


def test_steps_are_bounded_by_the_ids_that_they_ask_for() -> None:
    requests = [Request([*PROMPT, i], 40, splice=LINES) for i in range(6)]
    expected = [wanted(one).tokens for one in requests]
    for most in (1, 3, 5, 20):
        engine = made(choice_ids=most, step_tokens=64)
        handles = [
            engine.add(Request(one.prompt, 40, splice=LINES, drafts=Drafts(found)))
            for one, found in zip(requests, expected, strict=True)
        ]
        outcomes = drain(engine)
        assert [outcomes[handle].tokens for handle in handles] == expected
        runner = engine._runner
        assert isinstance(runner, HashingRunner)
        for batch in runner.steps:
            if batch.choices is not None:
                assert batch.choices.lengths.sum() <= most or len(batch.choices.rows) == 1


@pytest.mark.parametrize(
    ("splice", "changes", "field"),
    [
        (Splice([]), {}, "splice"),
        (Splice([[1], []]), {}, "splice.units"),
        (Splice([[1, 11]]), {}, "splice.units"),
        (Splice([[-1]]), {}, "splice.units"),
        (Splice([[1]], [[]]), {"stop_ids": frozenset({2})}, "splice.last"),
        (Splice([[1]], [[12]]), {"stop_ids": frozenset({2})}, "splice.last"),
        (Splice([[1]], [[2]]), {}, "splice.last"),
        (Splice([[1]]), {"stop_ids": frozenset({11})}, "stops"),
        (Splice([[1]]), {"stop_sequences": ((1, -2),)}, "stops"),
    ],
)
def test_splices_that_can_not_be_used_are_named(splice: Splice, changes: dict[str, object], field: str) -> None:
    engine = made()
    with pytest.raises(BadRequest) as caught:
        engine.add(Request([1], 4, splice=splice, **changes))  # type: ignore[arg-type]
    assert caught.value.field == field
    assert not engine.busy


def test_a_token_that_is_not_allowed_is_never_taken() -> None:
    with pytest.raises(ValueError, match="not allowed"):
        trie_of(Request([1], 4, splice=LINES)).start.take(5, 4)


def test_the_users_text_is_not_in_the_repr() -> None:
    assert "77" not in repr(Request([1], 4, splice=Splice([[77]], [[77, 77]])))


def test_lines_share_their_beginnings() -> None:
    """20,000 lines of ten tokens of which the first five are the same: five nodes a line, and two roots."""
    lines = [[1, 2, 3, 4, 5, *(6 + (i >> 4 * place) % 16 for place in range(4)), 0] for i in range(20_000)]
    trie = Trie(lines, [], [])
    assert len(trie) == 2 + 5 + len({tuple(line[:length]) for line in lines for length in range(6, 11)})


def test_allowed_ids_are_kept_for_few_states_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dropping them changes nothing that is allowed."""
    monkeypatch.setattr("backend.splice._KEPT_IDS", 12)
    request = Request(PROMPT, 60, splice=Splice([[i] for i in range(11)] + [[i, 3] for i in range(11)]))
    assert answer(made(), request).tokens == wanted(request).tokens
    trie = trie_of(request)
    for token in range(10):
        move = trie.start.follow(token)
        assert move is not None
        assert move.point is not None
        assert move.point.ids.tolist() == list(range(11))
        assert sum(map(len, trie._ids.values())) <= 12


def test_of_equal_logits_the_lowest_token_is_chosen() -> None:
    place = (0, trie_of(Request([1], 4, splice=LINES)).start)
    logits = np.array([1, 2, 2], np.float32)
    assert place[1].ids.tolist() == [0, 1, 6]
    assert verify_choices(np.array([6]), [place], logits, SamplingParams(), 0, 0) == Choice(0, 1, 0.0)


def test_an_answer_that_stops_is_made_of_units() -> None:
    splice = Splice([[1, 2, 0], [1, 3, 0], [4, 0]], [[1, 3, 5]])
    stopped = 0
    for seed in range(40):
        request = Request([*PROMPT, seed % 11, seed // 11], 60, stop_sequences=((6, 7, 8),), splice=splice)
        outcome = answer(made(), request)
        if outcome.reason == "stop":
            stopped += 1
            assert ends_right(outcome.tokens, request)
        else:
            assert len(outcome.tokens) == 60
    assert stopped > 10
    assert stops_of(request) == [(6, 7, 8)]
    assert made_of([1, 2, 0, 4], splice.units) == {0, 3}
