"""A request on its way: tokens known (prompt and accepted answer) and tokens computed (keys and values in pages).

There is no prompt phase and no decode phase: a step computes known tokens that are not computed yet and, once it
reaches the last of them, drafted tokens after it. A preempted sequence has nothing computed and goes on from there.
What a splice leaves no choice of is known at once, and computed as prompts are.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

import numpy as np

from backend.draft.drafter import Drafter
from backend.growing import Growing
from backend.request import Mismatch, Usage, token_array
from backend.splice import compiled
from backend.stops import Stop, Stops

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backend.kv.table import PageTable
    from backend.request import Handle, Reason, Request
    from backend.settings import EngineSettings
    from backend.splice import Point, Taken
    from backend.verify import Choice, Verdict

__all__ = ["Sequence"]


class Sequence:
    """All that the engine knows of one request. Ordered by `handle`: the older, the smaller."""

    def __init__(
        self,
        handle: Handle,
        request: Request,
        seed: int,
        table: PageTable,
        ends_line: NDArray[np.bool_],
        settings: EngineSettings,
    ) -> None:
        """Raises `BadRequest` for a token outside the vocabulary. `ends_line` is [vocab_size].

        Call `begin` next.
        """
        prompt, texts = _arrays(request, settings.vocab_size)
        trie = compiled(request, settings.vocab_size)
        self.handle = handle
        self.request = request
        self.seed = seed
        self.table = table
        self.known: Growing[np.int64] = Growing(np.int64, len(prompt) + min(request.max_tokens, len(texts[0]) + 64))
        self.known.append(prompt)
        self.computed = 0
        self.drafter = Drafter(prompt, texts, request.drafts.unsure, ends_line, settings.drafts)
        self.stops = Stops(request.stop_ids, request.stop_sequences)
        self.point: Point | None = trie.start if trie is not None else None
        """Behind the known tokens, where not every token may come next: always where there is a choice."""
        self._chosen: list[int] = []
        """Positions in the answer where there was one, ascending."""
        self.usage = Usage(prompt=len(prompt))
        self.last_served = 0
        """The step that last computed something of it; at first the step it came after."""
        self.sent = 0
        """Tokens of the answer that callers were given."""

    @property
    def running(self) -> bool:
        """Whether it holds pages."""
        return bool(self.table.pages)

    @property
    def pending(self) -> int:
        """Known tokens that are not computed yet, 1 or more: the last is computed by the step that goes on from it."""
        return len(self.known) - self.computed

    @property
    def answered(self) -> int:
        """Tokens of the answer that are known."""
        return len(self.known) - self.usage.prompt

    @property
    def open(self) -> int:
        """Tokens that the answer may still have."""
        return self.request.max_tokens - self.answered

    @property
    def remaining(self) -> int:
        """Tokens still to compute if the draft is right; with no draft, as many as there may be."""
        left = self.drafter.left
        return self.pending + (self.open if left is None else min(left, self.open))

    def begin(self) -> Reason | None:
        """Take what the answer has to begin with; says why it ends, if that is all of it."""
        if self.point is None or not self.point.forced:
            return None
        taken = self.point.take(int(self.point.ids[0]), self.open)
        self.known.append(np.array(taken.tokens, np.int64))
        reason = self._reach(taken)
        if reason is None:
            self.drafter.advance(self.known.view, 0, 0, len(taken.tokens))
        return reason

    def accept_choices(
        self, draft: NDArray[np.int64], places: list[tuple[int, Point]], choice: Choice
    ) -> Reason | None:
        """`accept` where not every token may come next: `choice` is the last of `places` that was decided.

        What has to follow it is known then, but not computed.
        """
        offset, point = places[choice.place]
        taken = point.take(choice.token, self.open - offset)
        before = self.answered
        self._chosen += [before + place for place, _ in places[: choice.place + 1]]
        accepted = len(draft)
        if offset < accepted and int(draft[offset]) != choice.token:
            accepted = offset
            mismatch = Mismatch(before + offset, int(draft[offset]), choice.token, choice.margin)
            self.usage.mismatches.append(mismatch)
        self.computed = len(self.known) + accepted
        self.known.append(np.append(draft[:offset], np.array(taken.tokens, np.int64)))
        self.usage.drafted += len(draft)
        self.usage.accepted += accepted
        reason = self._reach(taken)
        if reason is None:
            self.drafter.advance(self.known.view, len(draft), accepted, self.pending)
        return reason

    def _reach(self, taken: Taken) -> Reason | None:
        """Go on where `taken` leads to, with which the known tokens end now; says why the answer ends, if it does."""
        self.known.cut(len(self.known) - taken.stop)
        self.computed = min(self.computed, len(self.known))
        del self._chosen[bisect_left(self._chosen, self.answered) :]
        self.usage.forced = self.answered - len(self._chosen)
        if taken.stop:
            return "stop"
        if self.open <= 0:
            return "length"
        self.point = taken.point
        return None

    def accept(self, draft: NDArray[np.int64], verdict: Verdict, margin: float) -> Reason | None:
        """Take what was verified after the known tokens; says why the answer ends, if it does.

        The keys and values of the known and the accepted tokens are computed, those of the chosen one are not.
        `margin` is that of the row that `verdict.chosen` comes from.
        """
        before = len(self.known)
        refused = verdict.accepted < len(draft)
        self.known.append(np.append(draft[: verdict.accepted], verdict.chosen))
        stop = self._cut(verdict.accepted + 1)
        beyond = stop is not None and stop.end <= verdict.accepted  # a draft that goes on after the answer's end
        if refused and not beyond:
            position = before - self.usage.prompt + verdict.accepted
            mismatch = Mismatch(position, int(draft[verdict.accepted]), verdict.chosen, margin)
            self.usage.mismatches.append(mismatch)
        self.computed = min(before + verdict.accepted, len(self.known))
        self.usage.drafted += len(draft)
        self.usage.accepted += stop.end if beyond and stop is not None else verdict.accepted
        if stop is not None:
            return "stop"
        if self.open <= 0:
            return "length"
        self.drafter.advance(self.known.view, len(draft), verdict.accepted)
        return None

    def _cut(self, new: int) -> Stop | None:
        """End the known tokens before the first stop that ends in the `new` last; its `end` counts from those."""
        start = max(self.usage.prompt, len(self.known) - new - self.stops.reach)
        stop = self.stops.find(self.known.view[start:], new)
        if stop is None:
            return None
        end = start + stop.end
        first = len(self.known) - new
        self.known.cut(end - stop.length)
        return Stop(end - first, stop.length)

    def fresh(self, final: bool) -> list[int]:
        """The tokens of the answer that were not sent yet and can't become part of a stop any more."""
        end = max(self.answered - (0 if final else self._held()), self.sent)
        tokens: list[int] = self.known.view[self.usage.prompt + self.sent : self.usage.prompt + end].tolist()
        self.sent = end
        return tokens

    def _held(self) -> int:
        """How many of the last tokens may still become a stop."""
        if self.point is not None:
            return self.point.held
        return self.stops.held(self.known.view[self.usage.prompt :])

    def drop_pages(self) -> None:
        """Give back all pages; nothing is computed then."""
        self.table.release()
        self.computed = 0


def _arrays(request: Request, vocab_size: int) -> tuple[NDArray[np.int64], list[NDArray[np.int64]]]:
    """The prompt and the three texts of the drafts, each int64 [n] and within the vocabulary."""
    drafts = request.drafts
    prompt = token_array(request.prompt, "prompt", vocab_size)
    fields = {"given": drafts.given, "original": drafts.original, "snippet": drafts.snippet}
    return prompt, [token_array(tokens, f"drafts.{name}", vocab_size) for name, tokens in fields.items()]
