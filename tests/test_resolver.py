"""The pipeline with a model, over a model that says what it is told to."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from fastapply.apply import apply
from fastapply.errors import (
    DeadlineExceeded,
    EditRefused,
    ModelBusy,
    ModelDown,
    ModelFailed,
    ModelUnavailable,
    QuestionTooLong,
)
from fastapply.merge.values import ApplyResult, Usage
from fastapply.resolve.completer import Completion, Question, Warmth
from fastapply.resolve.judge import judge
from fastapply.resolve.question import Questions, questions
from fastapply.resolver import Resolver, Warmed
from fastapply.workers.wire import Job

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from fastapply.workers.wire import AskJob, JudgeJob

ORIGINAL = "alpha = 1\nbeta = 2\ngamma = 3\ndelta = 4\n"
UNDECIDED = Job(ORIGINAL, "# ... existing code ...\nnew = 5\n# ... existing code ...\n", path="a.py")
SURE = Job(ORIGINAL, "beta = 2\nnew = 5\ngamma = 3\n", path="a.py")
ANSWER = "alpha = 1\nbeta = 2\nnew = 5\ngamma = 3\ndelta = 4\n"
USED = Usage(prompt_tokens=7, completion_tokens=5, total_tokens=12)


class Direct:
    """The lanes without processes."""

    async def apply(self, job: Job) -> ApplyResult:
        return apply(job.original_code, job.edit_snippet, path=job.path, on_doubt=job.on_doubt)

    async def ask(self, job: AskJob) -> Questions:
        return questions(job.original_code, job.edit_snippet, job.guess, path=job.path)

    async def judge(self, job: JudgeJob) -> ApplyResult:
        return judge(
            job.original_code, job.edit_snippet, job.guess, job.part, job.text, job.finished, model=job.model,
            path=job.path,
        )  # fmt: skip


@dataclass
class Says:
    """A model that gives this answer in pieces of ten characters, or ends with an error after so many of them."""

    text: str = ANSWER
    error: Exception | None = None
    after: int = 0
    name: str = "says"
    whole_file: bool = True
    never_warm: str = ""
    warmed: list[tuple[str, str, float]] = field(default_factory=list)
    asked: list[Question] = field(default_factory=list)
    closed: int = 0

    async def fits(self, question: Question) -> bool:
        return True

    async def warm(self, code: str, instruction: str, seconds: float) -> Warmth:
        self.warmed.append((code, instruction, seconds))
        if self.error:
            raise self.error
        return Warmth(128, 64)

    async def complete(self, question: Question, seconds: float) -> AsyncGenerator[str | Completion, None]:
        self.asked.append(question)
        try:
            for number, start in enumerate(range(0, len(self.text), 10)):
                if self.error and number >= self.after:
                    raise self.error
                yield self.text[start : start + 10]
            yield Completion(self.text, "stop", USED)
        finally:
            self.closed += 1


def answered(model: Says | None, job: Job = UNDECIDED, **asked: Any) -> ApplyResult:
    return asyncio.run(Resolver(Direct(), model).answer(job, **asked))  # type: ignore[arg-type]


def streamed(model: Says, job: Job = UNDECIDED, **asked: Any) -> tuple[list[str], ApplyResult]:
    async def collect() -> tuple[list[str], ApplyResult]:
        *texts, result = [piece async for piece in Resolver(Direct(), model).stream(job, **asked)]  # type: ignore[arg-type]
        return texts, result

    return asyncio.run(collect())


def test_the_model_is_asked_in_doubt_and_only_then() -> None:
    model = Says()
    assert answered(model, SURE).engine == "structural"
    assert not model.asked
    result = answered(model)
    assert (result.merged_code, result.engine, result.usage) == (ANSWER, "says", USED)
    assert model.closed == len(model.asked) == 1


def test_who_is_named_is_asked() -> None:
    model = Says()
    assert answered(model, SURE, who="model").engine == "says"
    for asked in ({"who": "structural"}, {"on_doubt": "refuse"}):
        with pytest.raises(EditRefused):
            answered(model, **asked)
    assert answered(model, on_doubt="best").engine == "structural"
    assert len(model.asked) == 1
    for asked in ({"who": "model"}, {"on_doubt": "model"}):
        with pytest.raises(ModelUnavailable):
            answered(None, **asked)


def test_a_stream_begins_before_its_end_is_known() -> None:
    texts, result = streamed(Says())
    assert "".join(texts) == result.merged_code == ANSWER
    assert len(texts) > 2


def test_where_line_ends_are_mixed_all_of_it_comes_at_the_end() -> None:
    job = Job(ORIGINAL.replace("\n", "\r\n", 1), UNDECIDED.edit_snippet, path="a.py")
    texts, result = streamed(Says(), job)
    assert texts == [result.merged_code]
    assert result.merged_code.startswith("alpha = 1\r\nbeta = 2\nnew")


def test_what_was_given_out_and_does_not_come_out_is_an_error() -> None:
    """The original has blanks at the end of a line, which stay, and the answer has not."""
    job = Job(ORIGINAL.replace("alpha = 1", "alpha = 1  "), UNDECIDED.edit_snippet, path="a.py")
    assert answered(Says(), job).merged_code.startswith("alpha = 1  \n")
    with pytest.raises(ModelFailed, match="differs"):
        streamed(Says(), job)


def test_an_answer_in_doubt_is_refused_with_the_doubts_of_both() -> None:
    with pytest.raises(EditRefused) as refused:
        answered(Says(text="alpha = 1\n"))
    kinds = [doubt.kind for doubt in refused.value.doubts]
    assert kinds[0] == "no_anchor"
    assert "lost_snippet_line" in kinds


def test_the_best_guess_is_not_an_answer_that_was_found_wanting() -> None:
    guess = answered(None, on_doubt="best")
    result = answered(Says(text="\n" * 50), who="model", on_doubt="best")
    assert (result.merged_code, result.engine, result.usage) == (guess.merged_code, "structural", USED)
    assert len(result.doubts) > len(guess.doubts)
    texts, _ = streamed(Says(text="\n" * 50), who="model", on_doubt="best")
    assert texts == [guess.merged_code]


def test_a_model_that_is_down_is_as_none_unless_it_was_named() -> None:
    with pytest.raises(EditRefused) as refused:
        answered(Says(error=ModelDown("gone")))
    assert [doubt.kind for doubt in refused.value.doubts] == ["no_anchor"]
    for asked in ({"who": "model"}, {"on_doubt": "model"}):
        with pytest.raises(ModelDown) as down:
            answered(Says(error=ModelDown("gone")), **asked)
        assert [doubt.kind for doubt in down.value.doubts] == ["no_anchor"]


def test_other_errors_of_the_model_come_with_the_doubts() -> None:
    for error in (QuestionTooLong("long"), ModelFailed("odd")):
        with pytest.raises(type(error)) as raised:
            answered(Says(error=error))
        assert raised.value.doubts


def test_who_leaves_early_ends_the_question() -> None:
    model = Says()

    async def look_at_the_first() -> None:
        stream = Resolver(Direct(), model).stream(UNDECIDED)  # type: ignore[arg-type]
        await anext(stream)
        await stream.aclose()
        assert model.closed == 1

    asyncio.run(look_at_the_first())


def warmed(model: Says | None, **asked: Any) -> Warmed:
    resolver = Resolver(Direct(), model, 7.0)  # type: ignore[arg-type]
    return asyncio.run(resolver.warm("\ufeffa = 1\r\nb = 2", **asked))


def test_a_file_is_read_ahead_as_it_would_be_asked_about() -> None:
    model = Says()
    assert warmed(model, instruction="set a") == Warmed("says", Warmth(128, 64))
    assert model.warmed == [("a = 1\nb = 2", "set a", 7.0)]


@pytest.mark.parametrize("model", [None, Says(never_warm="parts_only"), Says()], ids=["none", "parts", "structural"])
def test_where_that_is_of_no_use_it_is_not_done(model: Says | None) -> None:
    alone = model is not None and not model.never_warm
    found = warmed(model, who="structural" if alone else "auto")
    assert found == (Warmed("says", skipped="parts_only") if model and not alone else Warmed(skipped="no_model"))
    assert model is None or not model.warmed


@pytest.mark.parametrize("error", [QuestionTooLong("x"), ModelDown("x"), ModelBusy("x"), DeadlineExceeded(1)])
def test_a_model_that_can_not_is_no_error(error: Exception) -> None:
    assert warmed(Says(error=error)) == Warmed("says", skipped=error.code)  # type: ignore[attr-defined]
