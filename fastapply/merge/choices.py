"""What somebody decided about the doubts of a merge, and the choices that a doubt offers.

A choice acts where the merge would have had the doubt: on the lines that may match (`hold`), on the place of new lines
(`place_of`, `takes`), or by settling the doubt as it is (`open`). All else goes as without it: a choice may bring up
another doubt, and that one stays.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from fastapply.errors import InvalidRequest
from fastapply.merge.evidence import leaders_above
from fastapply.merge.values import Choice, ChoiceAction, Doubt, DoubtKind, LineRange

if TYPE_CHECKING:
    from fastapply.merge.layout import Layout
    from fastapply.merge.snippet import Snippet

MOST_PLACES = 12  # offered for one run of new lines


class Choices:
    """The choices given to one merge. Each must have been offered by a doubt of these texts: lines are taken as the
    choices say, whatever the merge itself would have found there."""

    def __init__(self, given: Sequence[Choice] = ()) -> None:
        self._given = tuple(given)

    def hold(self, rows: list[dict[int, float]], snippet: Snippet, favour: float) -> None:
        """Leave of the matches in `rows` (by snippet line) those that were chosen for their lines, worth `favour`
        more."""
        for choice in self._given:
            if choice.action != "match":
                continue
            shown, place = choice.snippet, range(choice.place.start, choice.place.end)
            for i in range(bisect_left(snippet.numbers, shown.start), bisect_left(snippet.numbers, shown.end)):
                kept = {j: weight + favour for j, weight in rows[i].items() if j in place}
                if not kept and shown.end - shown.start == 1:
                    kept = dict.fromkeys(place[:1], favour)  # the merge itself would not have thought of it
                rows[i] = kept

    def place_of(self, shown: LineRange, low: int, high: int) -> int | None:
        """The original line from `low` to `high` before which the new lines `shown` were chosen to stand, if any."""
        for choice in self._given:
            if choice.action == "insert" and choice.snippet == shown and low <= choice.place.start <= high:
                return choice.place.start
        return None

    def takes(self, action: ChoiceAction, shown: LineRange, place: LineRange) -> bool:
        """True where `action` was chosen for just these lines."""
        return any(c.action == action and c.snippet == shown and c.place == place for c in self._given)

    def open(self, doubts: Iterable[Doubt]) -> list[Doubt]:
        """The doubts that no choice settles."""
        return [doubt for doubt in doubts if not any(choice in doubt.choices for choice in self._given)]


def chosen_of(doubts: Iterable[Doubt], given: Sequence[Choice]) -> set[Choice]:
    """Those of `given` that `doubts` offer. Raises `InvalidRequest` where two of them are for the same doubt."""
    found: set[Choice] = set()
    for doubt in doubts:
        own = [choice for choice in dict.fromkeys(given) if choice in doubt.choices]
        if len(own) > 1:
            raise InvalidRequest("another choice settles the same doubt", field=f"choices[{given.index(own[1])}]")
        found.update(own)
    return found


def not_offered(number: int) -> InvalidRequest:
    """The error for choice `number` of those given."""
    return InvalidRequest("no doubt about this edit of this file offers this choice", field=f"choices[{number}]")


def matches(kind: DoubtKind, shown: LineRange, places: Iterable[LineRange]) -> tuple[Choice, ...]:
    """That the lines `shown` are those of one of `places`."""
    return tuple(Choice(kind, "match", shown, place) for place in places)


def new_version(kind: DoubtKind, shown: LineRange, old: LineRange) -> tuple[Choice, ...]:
    """That what the line `shown` begins is a new version of the lines `old`, or is to stand beside them."""
    return Choice(kind, "match", shown, old), Choice(kind, "accept", shown, old)


def losing(kind: DoubtKind, shown: LineRange, gone: LineRange, new: bool, closed: bool) -> tuple[Choice, ...]:
    """That the lines `gone` go, or stay: these where no marker stands there (`closed`), below or above the lines that
    would replace them, if any are `new`."""
    goes = Choice(kind, "replace" if new else "remove", shown, gone)
    if not closed:
        return (goes,)
    if not new:
        return goes, Choice(kind, "keep", shown, gone)
    return goes, *(Choice(kind, "insert", shown, LineRange(at, at)) for at in (gone.start, gone.end))


def inserts(kind: DoubtKind, shown: LineRange, original: Layout, low: int, high: int) -> tuple[Choice, ...]:
    """That the new lines `shown` stand at one of the places from `low` to `high`: before and behind the outermost
    blocks there."""
    filled = [j for j in range(low, high) if original.keys[j]]
    margin = min((original.depth[j] for j in filled), default=0)
    outer = [j for j in filled if original.depth[j] == margin and original.opener[j] < 0]
    if len(outer) > MOST_PLACES:
        outer = [j for j in outer if original.end[j] > j] or outer
    places = [max(low, leaders_above(original, j)) for j in outer][: MOST_PLACES - 1]
    last = max(low, original.filled_above(high) + 1)
    return tuple(Choice(kind, "insert", shown, LineRange(at, at)) for at in sorted({*places, last}))
