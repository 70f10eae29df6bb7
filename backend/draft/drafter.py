"""Follows one source as long as it is right, and finds the best place to go on after a miss.

Sources in order: the given best guess, the original, the snippet, then prompt and output so far. Evidence for a place
is what source and output have in common before it: `strong_match` tokens or one whole line that the source holds once
are strong, and chunks double as they prove right; less is weak, and no more is proposed than is nearly free.

Right after a miss there is one token to go by, and the place that was left has all before it in common, too. So the
guess that this token was replaced, or comes a little further on, gives way to strong evidence only, or to a line that
begins alike. If that was wrong, and all since agrees with having stayed, the next miss leads back.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

import numpy as np

from backend.draft.index import Tail
from backend.draft.source import NEARBY, Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from backend.draft.source import Place
    from backend.settings import DraftSettings

__all__ = ["Drafter"]

_SNIPPET = -2  # its rank: alone, it does not say how the answer begins
_NOTHING = np.empty(0, np.int64)


class Drafter:
    """What one request's answer will go on with."""

    def __init__(
        self,
        known: NDArray[np.int64],
        texts: Sequence[NDArray[np.int64]],
        unsure: Sequence[int],
        ends_line: NDArray[np.bool_],
        settings: DraftSettings,
    ) -> None:
        """`known` [n] is the prompt; `texts` the given draft, the original and the snippet, each maybe empty.

        `unsure` are positions in the given draft, ascending; `ends_line` [vocab_size] says which tokens end a line.
        """
        self._settings = settings
        self._unsure = list(unsure)
        self._ends_line = ends_line
        self._sources = [Source(-rank, text, ends_line) for rank, text in enumerate(texts) if len(text)]
        self._output = Source(-len(texts), known, None) if settings.ngrams else None
        self._given = self._sources[0] if len(texts) and len(texts[0]) else None
        self._anchor: Source | None = None
        """The source that was right last, with its `left_at`; `_missed` is the length of `known` when it was left."""
        self._missed = len(known)
        self._size = settings.first_chunk
        self._source: Source | None = None
        self._position = 0
        self._taken = 0
        """Where the source was taken up."""
        self._strong = False
        self._common = 0
        """Tokens that output and source have in common before the present position."""
        self._begin(known)

    @property
    def left(self) -> int | None:
        """How many tokens the answer will still have if the source is right to its end; None where nothing is known."""
        source = self._source if self._source is not None and self._source is not self._output else self._anchor
        if source is None:
            return None
        return len(source.tokens) - (self._position if source is self._source else source.left_at)

    def propose(self, limit: int) -> NDArray[np.int64]:
        """The next tokens, at most `limit` of them, [k]; maybe none. Changes nothing."""
        source, start = self._source, self._position
        if source is None or limit <= 0:
            return _NOTHING
        size = self._size if self._strong else min(self._size, self._settings.free_tokens)
        end = min(start + min(size, limit), len(source.tokens))
        if source is self._given:
            end = self._pause(start, end)
        return source.tokens[start:end]

    def advance(self, known: NDArray[np.int64], proposed: int, accepted: int, new: int = 1) -> None:
        """Go on after `accepted` of `proposed` tokens and `new` others, with which `known` ends now.

        The first of these is what the model chose, those after it had to follow.
        """
        if self._output is not None:
            self._output.grow(known)
        if self._source is not None:
            self._move(accepted)
            if accepted == proposed:
                same = self._followed(self._source, known[len(known) - new :])
                self._move(same)
                if same == new:
                    self._hit(proposed)
                    return
                new -= same
        self._miss(known, new)

    def _begin(self, known: NDArray[np.int64]) -> None:
        """A given draft begins at its start; an original where the prompt ends in it, or at its start."""
        if self._given is not None:
            self._take(self._given, 0, strong=True)
            return
        self._resync(known)
        if not self._strong and self._sources:
            self._take(self._sources[0], 0, strong=self._sources[0].rank > _SNIPPET)

    def _pause(self, start: int, end: int) -> int:
        """`end`, or the first end of an unsure hunk before it that leaves as much as is free."""
        first = bisect_left(self._unsure, start + max(self._settings.free_tokens, 1))
        return min(end, self._unsure[first]) if first < len(self._unsure) else end

    def _move(self, count: int) -> None:
        self._position += count
        self._common += count

    def _followed(self, source: Source, new: NDArray[np.int64]) -> int:
        """How many of the tokens `new` [n] the source goes on with."""
        ahead = source.tokens[self._position : self._position + len(new)].tolist()
        pairs = zip(ahead, new.tolist(), strict=False)
        return next((i for i, (expected, found) in enumerate(pairs) if expected != found), len(ahead))

    def _hit(self, proposed: int) -> None:
        if self._strong and proposed >= self._size:
            self._size = min(2 * self._size, self._settings.most_chunk)
        if not self._strong and self._source is not None:
            self._strong = self._source.proves(self._position, self._common, self._settings.strong_match)

    def _miss(self, known: NDArray[np.int64], new: int) -> None:
        """The last `new` tokens are not the source's.

        A place that was not right for long says nothing: the anchor stays where a source was truly followed.
        """
        self._size = self._settings.first_chunk
        stayed = self._stayed(known)
        long = self._position - self._taken >= self._settings.strong_match
        if self._source is not None and (long or (self._strong and self._anchor is None)):
            self._source.left_at = self._position
            self._missed = len(known) - new
            if self._source is not self._output:
                self._anchor = self._source
        if stayed is not None:
            self._take(*stayed)
        else:
            self._resync(known)

    def _stayed(self, known: NDArray[np.int64]) -> tuple[Source, int, bool, int] | None:
        """What `_take` takes where the anchor would have been right all along, but for the one token it was left at."""
        anchor, same = self._anchor, len(known) - self._missed - 1
        if anchor is None or same < 1:
            return None
        start = anchor.left_at + 1
        position = start + same
        if position >= len(anchor.tokens) or (anchor.tokens[start:position] != known[len(known) - same :]).any():
            return None
        return anchor, position, anchor.proves(position, same, self._settings.strong_match), same

    def _resync(self, known: NDArray[np.int64]) -> None:
        """Take the place with the longest suffix in common, or what is guessed from where the anchor was left."""
        tail = Tail(known, self._ends_line)
        since = len(known) - self._missed
        sources = self._sources if self._output is None else [*self._sources, self._output]
        wanted = self._settings.strong_match
        found = [(place, source) for source in sources if (place := source.find(tail, wanted)) is not None]
        if self._anchor is not None and not any(place.strong for place, _ in found):
            place = self._anchor.near(tail, wanted, min(since, NEARBY))
            if place is not None:
                found.append((place, self._anchor))
        better = [(place, source) for place, source in found if self._outweighs(place, source, tail, since)]
        if not better and self._guess(tail, since):
            return
        self._source = None
        if found:
            place, source = max(better or found, key=lambda pair: pair[0])
            self._take(source, place.position, place.strong, place.length)

    def _outweighs(self, place: Place, source: Source, tail: Tail, since: int) -> bool:
        """Whether `place` says more than where the anchor was left: not by one new token, unless it tells lines apart.

        In the anchor these lie ahead: some of its lines were dropped.
        """
        if self._anchor is None or place.strong or since > 1:
            return True
        ahead = 0 < place.position - self._anchor.left_at <= NEARBY
        return source.begins_alike(place, tail) and (ahead or source is not self._anchor)

    def _guess(self, tail: Tail, since: int) -> bool:
        """A line that ended came in place of the anchor's; within a line, about as many tokens were replaced.

        One token that ends a line was replaced more often than it makes a line that ends sooner.
        """
        anchor = self._anchor
        if anchor is None or since > NEARBY:
            return False
        resumed = anchor.resumed(tail) if since > 1 else None
        position = resumed if resumed is not None else anchor.beside(tail, since)
        if position >= len(anchor.tokens):
            return False
        self._take(anchor, position, strong=False)
        return True

    def _take(self, source: Source, position: int, strong: bool, common: int = 0) -> None:
        self._source, self._strong, self._common = source, strong, common
        self._position = self._taken = position
