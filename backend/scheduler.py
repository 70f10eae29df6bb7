"""What the next step computes: a budget of tokens given out in order, and pages for them.

Order: whoever was passed over for `patience` steps, longest first; then the shortest remaining work first. So a request
that can get pages waits at most `patience` + number of requests steps for its next tokens.

A request begins when there are pages for all its known tokens; nobody after it in the order begins before it. While it
runs it takes pages only from younger ones, which lose what is computed and nothing else. So the oldest that runs always
gets on, and two big ones can't take turns in evicting each other. Drafts take what is free and nobody's pages.

Background requests are as if they were not there while there is any other: they have no part in its steps and lose
their pages to it. Among themselves they keep the same order.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, takewhile
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from backend.kv.pages import PagePool
    from backend.request import Handle
    from backend.sequence import Sequence
    from backend.settings import EngineSettings
    from backend.splice import Point

__all__ = ["Plan", "Scheduler", "Share"]


@dataclass(frozen=True, slots=True)
class Share:
    """What a step computes of one sequence: known tokens from `start` on, then drafted ones."""

    sequence: Sequence
    start: int
    known: int
    """How many known tokens, 1 or more."""
    draft: NDArray[np.int64]
    """[k] Empty unless the known tokens are computed to the last."""
    scored: bool
    """Whether the next token after the last known one and each drafted one is wanted."""
    places: list[tuple[int, Point]] | None = None
    """Where not every token may come next, what is scored instead: after so many drafted tokens, ascending from 0, the
    tokens that are allowed there."""

    @property
    def tokens(self) -> NDArray[np.int64]:
        """[known + k] The query tokens."""
        known = self.sequence.known.view[self.start : self.start + self.known]
        return np.concatenate((known, self.draft)) if len(self.draft) else known

    @property
    def rows(self) -> int:
        """How many of the query tokens, from the end, are scored for every token of the vocabulary."""
        return len(self.draft) + 1 if self.scored and self.places is None else 0


class Plan:
    """One step in the making: what is given out and what is left."""

    def __init__(self, settings: EngineSettings, tokens: int) -> None:
        self.shares: list[Share] = []
        self.copies: list[tuple[int, int]] = []
        """(source, destination) pages to copy before the step; release the sources once they are copied."""
        self.tokens = tokens
        """Still to give out."""
        self.sampled_rows = settings.sampled_rows
        """Still to give out."""
        self.choice_ids = settings.choice_ids
        """Still to give out; below 0 where one place has more."""
        self.asked = False
        """Whether any of them were given out."""
        self.planned: set[Handle] = set()
        self.admits = True
        """False once a waiting request found too few pages: those after it shall not overtake it."""

    def give(self, share: Share) -> None:
        """Enter `share`, whose pages are there."""
        self.shares.append(share)
        self.planned.add(share.sequence.handle)
        self.tokens -= share.known + len(share.draft)
        if share.sequence.request.sampling.temperature > 0:
            self.sampled_rows -= share.rows
        if share.places:
            self.asked = True
            self.choice_ids -= sum(point.count for _, point in share.places)

    def rows_for(self, sequence: Sequence) -> int:
        """How many rows of `sequence` there is room for; at least one if nobody was given any."""
        if sequence.point is not None:
            return self.tokens if not self.asked or sequence.point.count <= self.choice_ids else 0
        return self.sampled_rows if sequence.request.sampling.temperature > 0 else self.tokens


class Scheduler:
    """All requests that are not finished."""

    def __init__(self, pool: PagePool, settings: EngineSettings) -> None:
        self._pool = pool
        self._settings = settings
        self.sequences: dict[Handle, Sequence] = {}
        """Oldest first."""

    def plan(self, step: int) -> Plan:
        """The shares of step number `step`; at least one if there is any request at all."""
        waiting = [one for one in self.sequences.values() if not one.request.background]
        most = self._settings.step_tokens
        if not waiting:
            waiting, most = list(self.sequences.values()), min(most, self._settings.background_tokens)
        plan = Plan(self._settings, most)
        for sequence in self._ordered(waiting, step):
            if plan.tokens <= 0 or len(plan.shares) >= self._settings.step_sequences:
                break
            if share := self._share(sequence, plan):
                plan.give(share)
                sequence.last_served = step
        return plan

    def _ordered(self, sequences: list[Sequence], step: int) -> list[Sequence]:
        def turn(sequence: Sequence) -> tuple[int, int, int]:
            if step - sequence.last_served >= self._settings.patience:
                return 0, sequence.last_served, sequence.handle
            return 1, sequence.remaining, sequence.handle

        return sorted(sequences, key=turn)

    def _share(self, sequence: Sequence, plan: Plan) -> Share | None:
        """What `sequence` gets of what is left, with its pages taken; None if there is no page or row for it."""
        if not sequence.running and not self._admit(sequence, plan):
            return None
        rows = plan.rows_for(sequence)
        known = min(sequence.pending, plan.tokens)
        if known == sequence.pending and rows < 1:
            known -= 1  # all but the last, which is of no use without its row
        start = sequence.computed
        known = self._secure(sequence, known, plan) if known else 0
        if not known:
            return None
        scored = known == sequence.pending
        draft = self._draft(sequence, known, min(plan.tokens - known, rows - 1) if scored else 0)
        places = None
        if scored and sequence.point is not None:
            path = sequence.point.walk(draft.tolist(), plan.choice_ids)
            draft, places = draft[: path.length], path.choices
        plan.copies += sequence.table.extend(start, start + known + len(draft))
        return Share(sequence, start, known, draft, scored, places)

    def _admit(self, sequence: Sequence, plan: Plan) -> bool:
        """Begin with the kept pages of its prefix, if all its known tokens and one more fit beside those that run."""
        if not plan.admits:
            return False
        whole = len(sequence.known) // self._pool.page_tokens + 1
        nodes, held = sequence.table.lookup(sequence.known.view)
        while whole - held > self._pool.available:
            if not self._take_from(self._background_behind(sequence), plan):
                plan.admits = False
                return False
            nodes, held = sequence.table.lookup(sequence.known.view)
        sequence.computed = min(sequence.table.adopt(nodes), len(sequence.known) - 1)
        if not sequence.usage.passes:
            sequence.usage.cached = sequence.computed
        return True

    def _secure(self, sequence: Sequence, known: int, plan: Plan) -> int:
        """For how many of `known` more tokens there are pages, taking those of younger requests where too few are."""
        table, start = sequence.table, sequence.computed
        while table.short(start, start + known) > self._pool.available:
            victims = chain(self._background_behind(sequence), self._younger(sequence))
            if not self._take_from(victims, plan):
                return max(min(known, self._room(sequence) - start), 0)
        return known

    def _room(self, sequence: Sequence) -> int:
        """How many tokens fit the sequence's pages and all that are available."""
        table, start = sequence.table, sequence.computed
        copied = table.short(start, start)
        if copied > self._pool.available:
            return start
        return table.capacity + (self._pool.available - copied) * self._pool.page_tokens

    def _background_behind(self, sequence: Sequence) -> Iterator[Sequence]:
        """The background requests, youngest first; none of them gives way to another background request."""
        if not sequence.request.background:
            yield from (one for one in reversed(self.sequences.values()) if one.request.background)

    def _younger(self, sequence: Sequence) -> Iterator[Sequence]:
        """Those that came after `sequence`, youngest first."""
        return takewhile(lambda one: one.handle > sequence.handle, reversed(self.sequences.values()))

    def _take_from(self, victims: Iterable[Sequence], plan: Plan) -> bool:
        """Take the pages of the first of `victims` that has some and no part in this step; whether there was one."""
        for victim in victims:
            if victim.running and victim.handle not in plan.planned:
                victim.drop_pages()
                victim.usage.preemptions += 1
                return True
        return False

    def _draft(self, sequence: Sequence, known: int, limit: int) -> NDArray[np.int64]:
        """Drafted tokens after `known` more: so many as fit, and one fewer than the answer may still have."""
        room = self._room(sequence) - sequence.computed - known
        return sequence.drafter.propose(min(limit, sequence.open - 1, room))
