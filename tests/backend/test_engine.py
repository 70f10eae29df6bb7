"""The engine as its callers see it."""

from __future__ import annotations

import pytest

from backend.errors import BadRequest, EngineClosed, QueueFull, RequestTooLong
from backend.request import Drafts, Finished, Progress, Request, SamplingParams
from backend.settings import DraftSettings
from support.engines import answer, drain, gather, made, pool_of
from support.hashing import HashingRunner, expected, plain

PROMPT = [1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_prompt_and_right_draft_take_one_pass() -> None:
    wanted = plain(PROMPT, 40)
    engine = made(step_tokens=64, drafts=DraftSettings(first_chunk=64))
    outcome = answer(engine, Request(PROMPT, 40, drafts=Drafts(given=wanted)))
    assert outcome.tokens == wanted
    assert outcome.end is not None
    usage = outcome.end.usage
    assert (usage.passes, usage.drafted, usage.accepted, usage.mismatches) == (1, 39, 39, [])
    assert (usage.prompt, usage.completion) == (9, 40)


def test_without_any_draft_each_pass_gives_a_token() -> None:
    engine = made(drafts=DraftSettings(ngrams=False))
    outcome = answer(engine, Request(PROMPT, 12))
    assert outcome.tokens == plain(PROMPT, 12)
    assert outcome.end is not None
    assert outcome.end.usage.passes == 12


def test_chunks_double_while_the_draft_is_right() -> None:
    wanted = plain(PROMPT, 60)
    engine = made(step_tokens=64)
    answer(engine, Request(PROMPT, 60, drafts=Drafts(given=wanted)))
    runner = engine._runner
    assert isinstance(runner, HashingRunner)
    assert [len(batch.rows) - 1 for batch in runner.steps] == [4, 8, 16, 16, 11]


def test_one_wrong_token_is_one_mismatch_with_its_margin() -> None:
    wanted = plain(PROMPT, 40)
    # The same token again within a few would look as if those between had been dropped.
    place = next(i for i in range(10, 30) if wanted[i] not in wanted[i + 1 : i + 10])
    draft = [*wanted[:place], (wanted[place] + 1) % 11, *wanted[place + 1 :]]
    outcome = answer(made(), Request(PROMPT, 40, drafts=Drafts(given=draft)))
    assert outcome.tokens == wanted
    assert outcome.end is not None
    (mismatch,) = outcome.end.usage.mismatches
    assert (mismatch.position, mismatch.proposed, mismatch.chosen) == (place, draft[place], wanted[place])
    assert mismatch.margin > 0


def test_after_a_dropped_line_the_draft_is_found_again() -> None:
    """The answer has eight tokens that the draft lacks: all but those and a few after them come from the draft."""
    wanted = plain(PROMPT, 200)
    engine = made(drafts=DraftSettings(first_chunk=16, free_tokens=8), step_tokens=64)
    outcome = answer(engine, Request(PROMPT, 200, drafts=Drafts(given=[*wanted[:80], *wanted[88:]])))
    assert outcome.tokens == wanted
    assert outcome.end is not None
    assert outcome.end.usage.passes < 30


def test_stop_ids_end_the_answer_before_them() -> None:
    wanted = plain(PROMPT, 40)
    stop = wanted[10]
    end = wanted.index(stop)
    outcome = answer(made(), Request(PROMPT, 40, stop_ids=frozenset({stop}), drafts=Drafts(given=wanted)))
    assert (outcome.tokens, outcome.reason) == (wanted[:end], "stop")


def test_tokens_that_may_begin_a_stop_sequence_are_held_back() -> None:
    wanted = plain(PROMPT, 20)
    sequence = tuple(wanted[8:12])
    engine = made(drafts=DraftSettings(ngrams=False))
    engine.add(Request(PROMPT, 20, stop_sequences=(sequence,)))
    seen: list[int] = []
    while engine.busy:
        for event in engine.step():
            if isinstance(event, Progress):
                seen += event.tokens
            assert seen == wanted[: len(seen)]
            assert len(seen) <= 8
    assert seen == wanted[:8]


def test_of_an_answer_that_is_cut_no_half_stop_sequence_is_sent() -> None:
    wanted = plain(PROMPT, 20)
    engine = made(drafts=DraftSettings(ngrams=False))
    handle = engine.add(Request(PROMPT, 20, stop_sequences=(tuple(wanted[3:6]),)))
    outcomes = {}
    for _ in range(5):
        gather(engine.step(), outcomes)
    engine.cancel(handle)
    assert drain(engine, outcomes)[handle].tokens == wanted[:3]
    assert outcomes[handle].end is not None
    assert outcomes[handle].end.usage.completion == 3


def test_a_partial_stop_sequence_is_sent_at_the_end() -> None:
    wanted = plain(PROMPT, 12)
    outcome = answer(made(), Request(PROMPT, 12, stop_sequences=((wanted[-1], 10, 10),)))
    assert outcome.tokens == wanted


def test_the_second_request_finds_the_first_ones_pages() -> None:
    engine = made()
    answer(engine, Request(PROMPT, 8))
    outcome = answer(engine, Request(PROMPT, 8))
    assert outcome.tokens == plain(PROMPT, 8)
    assert outcome.end is not None
    assert outcome.end.usage.cached == 8  # two pages of four tokens; the third is not full


def test_a_prompt_that_is_cached_whole_copies_its_last_page() -> None:
    """The last token has to be computed again for its scores, and the page that it lies in is shared."""
    engine = made()
    answer(engine, Request(PROMPT[:8], 4))
    outcome = answer(engine, Request(PROMPT[:8], 4))
    assert outcome.tokens == plain(PROMPT[:8], 4)
    assert outcome.end is not None
    assert outcome.end.usage.cached == 7


def test_a_prompt_that_goes_on_from_an_answer_finds_the_pages_of_both() -> None:
    engine = made()
    tokens = answer(engine, Request(PROMPT, 12)).tokens
    outcome = answer(engine, Request([*PROMPT, *tokens, 5], 4))
    assert outcome.end is not None
    assert outcome.end.usage.cached == 20  # of 21: the last token of an answer is chosen and never computed


def test_other_salts_share_nothing() -> None:
    engine = made()
    answer(engine, Request(PROMPT, 8, salt=b"one"))
    outcome = answer(engine, Request(PROMPT, 8, salt=b"other"))
    assert outcome.end is not None
    assert outcome.end.usage.cached == 0


def test_a_cancelled_request_frees_its_pages_at_once() -> None:
    engine = made()
    handle = engine.add(Request(PROMPT, 40))
    engine.step()
    assert engine.cancel(handle)
    assert pool_of(engine).available == pool_of(engine).total
    (event,) = engine.step()
    assert isinstance(event, Finished)
    assert (event.handle, event.reason) == (handle, "cancelled")
    assert not engine.cancel(handle)
    assert not engine.busy


def test_deadlines_end_requests_that_wait_and_that_run() -> None:
    now = 0.0
    engine = made(clock=lambda: now, step_sequences=1)
    first, second = (engine.add(Request(PROMPT, 200, deadline=5.0)) for _ in range(2))
    outcomes = {}
    gather(engine.step(), outcomes)
    now = 5.0
    gather(engine.step(), outcomes)
    assert [outcomes[one].reason for one in (first, second)] == ["deadline", "deadline"]
    assert outcomes[first].tokens == plain(PROMPT, 200)[: len(outcomes[first].tokens)]
    engine.check_integrity()
    assert pool_of(engine).available == pool_of(engine).total


def test_the_queue_is_bounded() -> None:
    engine = made(most_requests=2)
    engine.add(Request(PROMPT, 4))
    engine.add(Request(PROMPT, 4))
    with pytest.raises(QueueFull) as caught:
        engine.add(Request(PROMPT, 4))
    assert caught.value.code == "queue_full"
    drain(engine)
    engine.add(Request(PROMPT, 4))


def test_what_can_never_fit_is_refused() -> None:
    with pytest.raises(RequestTooLong, match="context"):
        made(context=20).add(Request(PROMPT, 12))
    with pytest.raises(RequestTooLong, match="4 pages"):
        made(pages=4).add(Request(PROMPT, 4))
    answer(made(pages=4), Request(PROMPT, 3))


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (Request([], 4), "prompt"),
        (Request([11], 4), "prompt"),
        (Request([-1], 4), "prompt"),
        (Request([1], 4, drafts=Drafts(given=[99])), "drafts.given"),
        (Request([1], 4, drafts=Drafts(snippet=[-2])), "drafts.snippet"),
    ],
)
def test_bad_requests_are_named(request_: Request, field: str) -> None:
    engine = made()
    with pytest.raises(BadRequest) as caught:
        engine.add(request_)
    assert caught.value.field == field
    assert not engine.busy


def test_closing_ends_all_and_takes_none() -> None:
    engine = made()
    engine.add(Request(PROMPT, 40))
    engine.step()
    (event,) = [event for event in engine.close() if isinstance(event, Finished)]
    assert event.reason == "closed"
    assert pool_of(engine).available == pool_of(engine).total
    assert engine.close() == []
    with pytest.raises(EngineClosed):
        engine.add(Request(PROMPT, 4))


class Failing(HashingRunner):
    """Writes nonsense to the pages that its third step may write to, then raises."""

    fails = 3

    def run(self, batch):  # type: ignore[no-untyped-def]
        scores = super().run(batch)
        self.fails -= 1
        if self.fails == 0:
            for table, context in zip(batch.tables, batch.contexts, strict=True):
                self.pages[table[context // 4 :]] = 0
            raise RuntimeError("device lost")
        return scores


def test_after_an_error_of_the_runner_every_answer_is_still_right() -> None:
    engine = made(runner=Failing(64, 4), drafts=DraftSettings(ngrams=False))
    prompts = [PROMPT, PROMPT[::-1], PROMPT[:3]]
    handles = [engine.add(Request(prompt, 20)) for prompt in prompts]
    outcomes = {}
    for _ in range(2):
        gather(engine.step(), outcomes)
    with pytest.raises(RuntimeError, match="device lost"):
        engine.step()
    engine.check_integrity()
    drain(engine, outcomes)
    assert [outcomes[handle].tokens for handle in handles] == [plain(prompt, 20) for prompt in prompts]


def test_seeded_answers_do_not_depend_on_the_draft() -> None:
    sampling = SamplingParams(temperature=1.3, top_p=0.9, seed=5)
    request = Request(PROMPT, 30, sampling)
    wanted, _ = expected(request)
    for draft in (wanted, wanted[::-1], plain(PROMPT, 30), []):
        outcome = answer(made(), Request(PROMPT, 30, sampling, Drafts(given=draft)))
        assert outcome.tokens == wanted


def test_without_a_seed_answers_differ() -> None:
    engine = made()
    answers = {tuple(answer(engine, Request(PROMPT, 30, SamplingParams(temperature=2.0))).tokens) for _ in range(3)}
    assert len(answers) == 3
