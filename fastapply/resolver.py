"""The pipeline with a model: the structural merge first, and a model where it is in doubt.

    job ─► lanes.apply ─┬─ sure ──────────────────────────────────────────────► answer
                        └─ doubts ─► lanes.ask ─► completer ─► lanes.judge ─► answer or refusal

Merging, choosing what the model is shown and judging what it says are work for the processor, so they happen in worker
processes; here is only waiting.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Literal

import msgspec

from fastapply.errors import DeadlineExceeded, EditRefused, ModelDown, ModelError, ModelFailed, ModelUnavailable
from fastapply.resolve.completer import Completion, Warmth
from fastapply.resolve.question import whole_code
from fastapply.resolve.route import route
from fastapply.resolve.streamed import Streamed
from fastapply.workers.wire import AskJob, JudgeJob

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from fastapply.merge.values import ApplyResult
    from fastapply.resolve.completer import Completer
    from fastapply.resolve.question import Asked, Questions
    from fastapply.resolve.route import OnDoubt
    from fastapply.workers.lanes import Lanes
    from fastapply.workers.wire import Job

__all__ = ["Resolver", "Warmed", "Who"]

Who = Literal["auto", "structural", "model"]
"""Who is to merge: the structural merge and, where it is in doubt, the model; one of them alone."""


class Warmed(msgspec.Struct, frozen=True):
    """What came of reading a file ahead."""

    model: str | None = None
    """Who read it; None without a model."""
    warmth: Warmth = Warmth()
    skipped: str | None = None
    """Why nothing was read: `no_model`, a code of `Completer.never_warm` or an error's; None where it was."""


class Resolver:
    """Answers edits with what there is: workers, and a model or none."""

    def __init__(self, lanes: Lanes, completer: Completer | None = None, seconds: float = 60.0) -> None:
        """`seconds` is the longest that the model may take for one answer."""
        self._lanes = lanes
        self._completer = completer
        self._seconds = seconds

    async def answer(self, job: Job, who: Who = "auto", on_doubt: OnDoubt | None = None) -> ApplyResult:
        """The merge of `job`, whose own `on_doubt` is not heeded.

        Where nobody said what is to become of doubts (None), the model is asked if there is one, and a model that is
        down makes no difference to having none. Raises what `fastapply.apply` and the workers raise, and `ModelError`.
        """
        async with aclosing(self.stream(job, who, on_doubt, pieces=False)) as pieces:
            async for piece in pieces:
                if not isinstance(piece, str):
                    return piece
        raise AssertionError("a stream ends with its result")

    async def stream(
        self, job: Job, who: Who = "auto", on_doubt: OnDoubt | None = None, *, pieces: bool = True
    ) -> AsyncGenerator[str | ApplyResult, None]:
        """The text of the merged file in pieces, as they are final, then the result. All pieces together are its text.

        Raises as `answer` does. What a model says is judged at its end, so a refusal may come after pieces.
        """
        choice = on_doubt or ("model" if self._completer and who != "structural" else "refuse")
        if self._completer is None and (choice == "model" or who == "model"):
            raise ModelUnavailable('on_doubt="model" needs a model, and none is configured; use "refuse" or "best"')
        guess = await self._lanes.apply(msgspec.structs.replace(job, on_doubt="best"))
        if self._completer is None or not (who == "model" or (guess.doubts and choice == "model")):
            result = route(guess, "best" if choice == "best" else "refuse")
            if pieces:
                yield result.merged_code
            yield result
            return
        try:
            async with aclosing(self._ask(self._completer, job, guess, choice == "best", pieces)) as answer:
                async for piece in answer:
                    yield piece
        except ModelError as error:
            if isinstance(error, ModelDown) and on_doubt is None and who == "auto":
                raise EditRefused(guess.doubts, guess) from None
            error.doubts = guess.doubts
            raise

    async def warm(self, original: str, instruction: str = "", who: Who = "auto") -> Warmed:
        """Have the model read `original`, so that an edit of it that it is asked about soon finds that done.

        Never raises because of the model: nobody waits for this.
        """
        completer = self._completer
        if completer is None or who == "structural":
            return Warmed(skipped="no_model")
        if completer.never_warm:
            return Warmed(completer.name, skipped=completer.never_warm)
        code = await asyncio.to_thread(whole_code, original)
        try:
            return Warmed(completer.name, await completer.warm(code, instruction, self._seconds))
        except (ModelError, DeadlineExceeded) as error:
            return Warmed(completer.name, skipped=error.code)

    async def _ask(
        self, completer: Completer, job: Job, guess: ApplyResult, best: bool, pieces: bool
    ) -> AsyncGenerator[str | ApplyResult, None]:
        asked = await self._choose(completer, await self._lanes.ask(AskJob.of(job, guess)))
        before = guess.merged_code[: asked.part.before] if asked.part else ""
        # Where the guess may be given in the answer's stead, nothing of the answer is given out before it is judged.
        streamed = Streamed(job.original_code, before) if pieces and not best else None
        completion: Completion | None = None
        async with aclosing(completer.complete(asked.question, self._seconds)) as answer:
            async for piece in answer:
                if isinstance(piece, Completion):
                    completion = piece
                elif streamed and (text := streamed.push(piece)):
                    yield text
        if completion is None:
            raise ModelFailed("the answer of the model came to no end")
        judged = await self._lanes.judge(JudgeJob.of(job, guess, asked.part, completion, completer.name))
        result = msgspec.structs.replace(judged, usage=completion.usage)
        if result.doubts:
            doubts = (*guess.doubts, *result.doubts)
            if not best:
                raise EditRefused(doubts, result)
            # An answer that was found wanting is no better guess than the one it was asked about.
            result = msgspec.structs.replace(guess, doubts=doubts, usage=completion.usage)
        if pieces:
            yield streamed.rest(result.merged_code) if streamed else result.merged_code
        yield result

    async def _choose(self, completer: Completer, questions: Questions) -> Asked:
        """What is asked about: the whole file where the model is made for that and it fits, else the part in doubt."""
        if questions.part is None:
            return questions.whole
        if completer.whole_file and await completer.fits(questions.whole.question):
            return questions.whole
        return questions.part
