"""The engine: requests in, accepted tokens out, a step at a time.

add ─► scheduler.plan ─► assemble ─► runner.run ─► verify ─► Sequence.accept ─► events
          │    ▲                                                   │
        draft  └──────── pages of refused drafts given back ◄──────┘
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from backend.assemble import assemble
from backend.errors import BadRequest, CorruptPages, EngineClosed, QueueFull, RequestTooLong
from backend.kv.prefix import PrefixIndex
from backend.kv.table import PageTable
from backend.request import Finished, Handle, Progress
from backend.scheduler import Scheduler
from backend.sequence import Sequence
from backend.verify import Verdict, verify, verify_choices, verify_sampled

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from backend.batch import Runner, Scores
    from backend.kv.pages import PagePool
    from backend.request import Event, Reason, Request
    from backend.scheduler import Plan, Share
    from backend.settings import EngineSettings
    from backend.splice import Point

__all__ = ["Engine"]


class Engine:
    """Runs many requests over one runner and its pages. One thread uses it; nothing happens between calls."""

    def __init__(
        self,
        runner: Runner,
        pool: PagePool,
        settings: EngineSettings,
        *,
        index: PrefixIndex | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`pool` is this engine's alone, and of the runner's size; `clock` is what deadlines are read on."""
        self._runner = runner
        self._pool = pool
        self._settings = settings
        self._index = index if index is not None else PrefixIndex(pool)
        self._clock = clock
        self._scheduler = Scheduler(pool, settings)
        self._ends_line = np.zeros(settings.vocab_size, np.bool_)
        self._ends_line[list(settings.line_ends)] = True
        self._events: list[Event] = []
        """What happened between steps, for the next step to tell."""
        self._last = Handle(0)
        self._step = 0
        self._closed = False

    @property
    def live(self) -> int:
        """How many requests are not finished."""
        return len(self._scheduler.sequences)

    @property
    def busy(self) -> bool:
        """Whether a step has anything to compute or to tell."""
        return bool(self._scheduler.sequences or self._events)

    def add(self, request: Request) -> Handle:
        """Take `request`: its first tokens come with one of the next steps.

        Raises `EngineClosed`, `QueueFull`, `BadRequest` or `RequestTooLong`, and then keeps nothing of it.
        """
        if self._closed:
            raise EngineClosed("the engine is closed")
        if self.live >= self._settings.most_requests:
            raise QueueFull(f"{self.live} requests are there already, and no more may be")
        self._check_length(request)
        handle = Handle(self._last + 1)
        seed = request.sampling.seed
        table = PageTable(self._pool, self._index, request.salt)
        seed = seed if seed is not None else secrets.randbits(64)
        sequence = Sequence(handle, request, seed, table, self._ends_line, self._settings)
        sequence.last_served = self._step
        self._scheduler.sequences[handle] = sequence
        self._last = handle
        reason = sequence.begin()
        if reason is not None:
            self._events += self._finish(sequence, reason)
        return handle

    def cancel(self, handle: Handle) -> bool:
        """End a request at once: its pages are free when this returns. False if it is finished or unknown."""
        sequence = self._scheduler.sequences.get(handle)
        if sequence is None:
            return False
        self._events += self._finish(sequence, "cancelled")
        return True

    def step(self) -> list[Event]:
        """Compute one step; what was accepted and what ended, those cancelled since the last step included.

        An error of the runner is raised on; every request is still there then, and those of the step begin anew.
        """
        for sequence in self._expired():
            self._events += self._finish(sequence, "deadline")
        if self._scheduler.sequences:
            self._step += 1
            plan = self._scheduler.plan(self._step)
            if not plan.shares:
                raise CorruptPages(f"none of {self.live} requests can run: {self._pool.available} pages available")
            self._settle(plan, self._run(plan))
        events, self._events = self._events, []
        return events

    def close(self) -> list[Event]:
        """End all requests and take none any more; all pages are free then. Harmless twice."""
        self._closed = True
        for sequence in list(self._scheduler.sequences.values()):
            self._events += self._finish(sequence, "closed")
        events, self._events = self._events, []
        return events

    def check_integrity(self) -> None:
        """Raise `CorruptPages` where the books of the pages contradict each other. For tests, and while idle."""
        sequences = self._scheduler.sequences.values()
        self._pool.check_integrity(Counter(page for sequence in sequences for page in sequence.table.pages))
        self._index.check_integrity()
        for sequence in sequences:
            surplus = sequence.table.capacity - sequence.computed
            fits = 0 <= surplus <= max(self._pool.page_tokens - 1, 1)  # 1: the last token of a prefix found whole
            if not fits or not 0 <= sequence.computed < len(sequence.known):
                raise CorruptPages(
                    f"request {sequence.handle}: {sequence.computed} tokens computed of {len(sequence.known)} known, "
                    f"pages for {sequence.table.capacity}"
                )

    def _check_length(self, request: Request) -> None:
        if not len(request.prompt):
            raise BadRequest("prompt", "has no tokens")
        needed = len(request.prompt) + request.max_tokens
        if needed > self._settings.context:
            raise RequestTooLong(needed, self._settings.context, "the model's context")
        fitting = (self._pool.total - 1) * self._pool.page_tokens  # one page more may be needed to copy a shared one
        if needed > fitting:
            raise RequestTooLong(needed, fitting, f"the memory of {self._pool.total} pages")

    def _expired(self) -> list[Sequence]:
        sequences = [one for one in self._scheduler.sequences.values() if one.request.deadline is not None]
        now = self._clock() if sequences else 0.0
        return [one for one in sequences if one.request.deadline is not None and one.request.deadline <= now]

    def _run(self, plan: Plan) -> Scores:
        """Copy what is shared and written to, then compute. After an error nothing in the step's pages is trusted."""
        try:
            try:
                if plan.copies:
                    self._runner.copy_pages(plan.copies)
            finally:
                self._pool.release(source for source, _ in plan.copies)
            return self._runner.run(assemble(plan.shares))
        except BaseException:
            for share in plan.shares:
                share.sequence.drop_pages()
            raise

    def _settle(self, plan: Plan, scores: Scores) -> None:
        row = sampled = chosen = 0
        for share in plan.shares:
            share.sequence.usage.passes += 1
            if not share.scored:
                share.sequence.computed = share.start + share.known
                self._publish(share.sequence)
                continue
            if share.places is not None:
                self._settle_choices(share, share.places, scores.choices[chosen:])
                chosen += sum(point.count for _, point in share.places)
                continue
            rows = slice(row, row + share.rows)
            row += share.rows
            logits = scores.logits[sampled : sampled + share.rows]
            if share.sequence.request.sampling.temperature > 0:
                sampled += share.rows
            verdict = _verdict(share, scores.best[rows], logits)
            margin = float(scores.margin[rows][verdict.accepted])
            self._go_on(share.sequence, share.sequence.accept(share.draft, verdict, margin))

    def _settle_choices(self, share: Share, places: list[tuple[int, Point]], logits: NDArray[np.float32]) -> None:
        """`logits` begin with those of the share's places."""
        sequence = share.sequence
        sampling = sequence.request.sampling
        choice = verify_choices(share.draft, places, logits, sampling, sequence.seed, sequence.answered)
        self._go_on(sequence, sequence.accept_choices(share.draft, places, choice))

    def _go_on(self, sequence: Sequence, reason: Reason | None) -> None:
        """After tokens were accepted: tell, and give back the pages that are not needed."""
        if reason is not None:
            self._events += self._finish(sequence, reason)
            return
        sequence.table.trim(sequence.computed)
        self._publish(sequence)
        if tokens := sequence.fresh(final=False):
            self._events.append(Progress(sequence.handle, tokens))

    def _publish(self, sequence: Sequence) -> None:
        sequence.table.publish(sequence.known.view[: sequence.computed])

    def _finish(self, sequence: Sequence, reason: Reason) -> list[Event]:
        """Give back all pages; the computed ones stay findable.

        Tokens held back are sent only where the answer came to its end: elsewhere they may be half a stop sequence.
        """
        self._publish(sequence)
        sequence.drop_pages()
        del self._scheduler.sequences[sequence.handle]
        tokens = sequence.fresh(final=reason in ("stop", "length"))
        sequence.usage.completion = sequence.sent
        progress: list[Event] = [Progress(sequence.handle, tokens)] if tokens else []
        return [*progress, Finished(sequence.handle, reason, sequence.usage)]


def _verdict(share: Share, best: NDArray[np.int64], logits: NDArray[np.float32]) -> Verdict:
    sequence = share.sequence
    sampling = sequence.request.sampling
    if sampling.temperature > 0:
        return verify_sampled(share.draft, logits, sampling, sequence.seed, sequence.answered)
    return verify(share.draft, best)
