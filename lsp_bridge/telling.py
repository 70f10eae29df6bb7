"""What a person is told of a merge: doubts, choices and errors in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapply.merge.text import bare_lines
from fastapply.merge.values import LineRange
from fastapply.wording import place as place_in_words
from fastapply.wording import tally

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapply.merge.values import ApplyResult, Choice, Doubt
    from lsp_bridge.asks import Ask

__all__ = ["as_shown", "choice_in_words", "refusal", "summary"]

_LONGEST = 60  # characters of a line that is quoted
_ACTIONS = {
    "match": "Change {place}",
    "insert": "Insert {place}",
    "replace": "Replace {place}",
    "remove": "Remove {place}",
    "keep": "Keep {place}",
    "accept": "Leave {place} and apply the edit as it is",
}


def refusal(name: str, doubts: Sequence[Doubt]) -> str:
    """Why an edit of the document `name` was refused, and what would settle it."""
    told = "; ".join(doubt.message for doubt in doubts)
    hints = dict.fromkeys(doubt.hint for doubt in doubts if doubt.hint)
    hint = f" Hint: {'; '.join(hints)}." if hints else ""
    return f"{name}: the edit can't be decided; nothing was changed: {told}.{hint}"


def summary(name: str, result: ApplyResult) -> str:
    """What an edit of the document `name` changes."""
    doubts = f", in doubt: {'; '.join(doubt.message for doubt in result.doubts)}" if result.doubts else ""
    return f"{name}: {tally(result.changes)}{doubts}"


def choice_in_words(choice: Choice, ask: Ask) -> str:
    """A choice as the title of an action: `Insert before line 42: def f(x):`, its lines counted as the editor does."""
    place, lines = choice.place, bare_lines(ask.job.original_code)
    told = _ACTIONS[choice.action].format(place=place_in_words(as_shown(place, ask.hidden)))
    first = next((line.strip() for line in lines[place.start : max(place.end, place.start + 1)] if line.strip()), "")
    if len(first) > _LONGEST:
        first = first[: _LONGEST - 1] + "…"
    return f"{told}: {first}" if first else told


def as_shown(place: LineRange, hidden: LineRange) -> LineRange:
    """Lines of the original, which lacks the `hidden` ones, as lines of the document."""
    shift = hidden.end - hidden.start if place.start >= hidden.start else 0
    return LineRange(place.start + shift, place.end + shift)
