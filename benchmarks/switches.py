"""The rules of the merge that can be switched off, each by what is replaced to do without it.

Nothing in the merge knows of this: functions and constants are replaced from outside. A name that is no longer there
fails loudly (and a test asks for each), so that no rule is reported as worth nothing because it has moved.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

__all__ = ["SWITCHES", "Change"]

Change = Callable[[Any], Any]
"""From what is there to what stands in its place."""


def _value(value: Any) -> Change:
    """A constant."""
    return lambda _: value


def _gives(make: Callable[[], Any]) -> Change:
    """A function that always gives the same, made anew for each call."""
    return lambda _: lambda *args, **kwargs: make()


def _gives_argument(name: str) -> Change:
    """A function that gives its argument `name` back."""
    return _gives_from(lambda arguments: arguments[name])


def _gives_from(choose: Callable[[Mapping[str, Any]], Any]) -> Change:
    """A function whose answer is chosen from its arguments."""

    def change(original: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(original)
        return lambda *args, **kwargs: choose(signature.bind(*args, **kwargs).arguments)

    return change


def _prices(**prices: float) -> dict[str, Change]:
    """Other prices, in the lenient reading and in the strict one."""
    return {
        f"fastapply.merge.prices:{reading}.{name}": _value(price)
        for reading in ("LENIENT", "STRICT")
        for name, price in prices.items()
    }


_NOTHING = _gives(lambda: None)
_NO = _gives(lambda: False)
_EMPTY = _gives(list)
_FIRST = _gives_argument("first")
_LAST = _gives_argument("last")

SWITCHES: Final[dict[str, dict[str, Change]]] = {
    # reading the snippet
    "markers without an ellipsis": {"fastapply.merge.markers:_PLAIN_MARKER": _value(re.compile(r"(?!)"))},
    "inline markers": {"fastapply.merge.markers:split_trailing": _NOTHING},
    "notes": {"fastapply.merge.markers:is_note": _NO},
    "removal notes": {"fastapply.merge.markers:is_removal_note": _NO},
    "fences and file names": {
        "fastapply.merge.snippet:_unwrap": _gives_from(lambda arguments: (0, len(arguments["raw"])))
    },
    "`+` and `-` signs": {"fastapply.merge.snippet:_is_signed": _NO},
    "other formats": {"fastapply.merge.formats:read_format": _NOTHING},
    # the tree
    "outline of the original": {"fastapply.merge.lazy:outline": _EMPTY},
    "outline of the snippet": {"fastapply.merge.planted:planted_outline": _EMPTY},
    # what may match
    "rare lines weigh more": _prices(rarity=0.0, unique=1.0),
    "heads of definitions": {"fastapply.merge.layout:Layout.definition_heads": _gives(dict)},
    "near lines": {"fastapply.merge.near:near_lines": _EMPTY},
    "the block around a line": {"fastapply.merge.points:_context": _gives(lambda: 0.0)},
    "lines within their namesake": {
        "fastapply.merge.blocks:Blocks.fit": _gives(lambda: 1.0),
        "fastapply.merge.blocks:Blocks.same": _gives(lambda: True),
    },
    "renamed definitions": _prices(renamed=0.0),
    "stray closing lines": {"fastapply.merge.points:_drop_stray_closers": _NOTHING},
    "closing lines tied to heads": {"fastapply.merge.points:_tie_closers": _NOTHING},
    "stray comments and decorators": {"fastapply.merge.points:_drop_stray_leaders": _NOTHING},
    "edges of stretches and file": {"fastapply.merge.points:_favour_edges": _gives(frozenset)},
    # the alignment
    "runs of lines": _prices(follow=0.0, shift=0.0),
    "change of indentation": _prices(shift_change=0.0),
    "price of lost lines": {"fastapply.merge.align:lost_cost": _gives(lambda: 0.0)},
    "price of lost definitions": _prices(definition=0.0),
    "blocks out of order": {"fastapply.merge.parts:misplaced": _EMPTY},
    "second reading": {"fastapply.merge.lazy:_orphans": _gives(frozenset)},
    "strict reading": {"fastapply.merge.lazy:STRICT": lambda _: _lenient()},
    "ambiguity": {"fastapply.merge.ambiguity:ambiguities": _EMPTY},
    # the plan
    "indentation of new lines": {"fastapply.merge.indent:Shifts.of": _gives(lambda: 0)},
    "start of the file without marker": {"fastapply.merge.plan:Plan._starts_file": _NO},
    "likeness beside a marker": {
        "fastapply.merge.replaced:Replaced.consumed": _gives_from(
            lambda arguments: arguments["first"] if arguments["forward"] else arguments["last"]
        )
    },
    "whole function anew": {"fastapply.merge.replaced:Replaced.tail_of_item": _FIRST},
    "dead end": {"fastapply.merge.replaced:Replaced.after_dead_end": _FIRST},
    "wrapped to the end": {"fastapply.merge.replaced:Replaced.wrapped_to_end": _FIRST},
    "lines shown below a run": {"fastapply.merge.replaced:Replaced._is_shown": _NO},
    "last lines anew": {"fastapply.merge.replaced:Replaced.are_anew": _NO},
    "new text at the file's head": {"fastapply.merge.places:Places.may_head_file": _NO},
    "comment above": {"fastapply.merge.replaced:Replaced.comment_above": _LAST},
    "likeness between markers": {"fastapply.merge.replaced:Replaced.similar": _NOTHING},
    "places between markers": {"fastapply.merge.places:Places.place_for": _NOTHING},
    "places that markers name": {"fastapply.merge.places:Places._named_place": _NOTHING},
    "removals behind a marker": {"fastapply.merge.plan:Plan._remove_named": _NOTHING},
    # evidence
    "evidence for deletions": {"fastapply.merge.losses:Losses._judge_deletion": _NOTHING},
    "evidence for replacements": {"fastapply.merge.losses:Losses._judge_replacement": _NOTHING},
    "the instruction": {"fastapply.merge.evidence:removal_names": _gives(frozenset)},
    "explained lines": {"fastapply.merge.evidence:explained_lines": _gives(set)},
    "the only change": {"fastapply.merge.losses:Losses._only_change": _NO},
    "functions shown whole": {"fastapply.merge.losses:Losses._shown_whole": _NO},
    "firm anchors": {"fastapply.merge.losses:Losses._solid": _gives(lambda: 2)},
    "whole files": {"fastapply.merge.sheet:Sheet.is_whole_file": _NO},
    # checks
    "lost lines": {"fastapply.merge.checks:lost_lines": _EMPTY},
    "doubled lines": {"fastapply.merge.checks:_doubled": _EMPTY},
    "twins": {"fastapply.merge.checks:_twins": _EMPTY},
    "renamed copies": {"fastapply.merge.checks:_renamed": _EMPTY},
    "torn definitions": {"fastapply.merge.checks:_split": _EMPTY},
    "changed heads of what breaks off": {"fastapply.merge.checks:_takes_place": _NO},
    "new lines left of the margin": {"fastapply.merge.checks:_outdented": _EMPTY},
    "removals that remove nothing": {"fastapply.merge.checks:_unremoved": _EMPTY},
    "snippets that change nothing": {"fastapply.merge.suspicions:_changes_nothing": _EMPTY},
    "moved edges": {"fastapply.merge.suspicions:_moved_edges": _EMPTY},
    "labels that stand twice": {"fastapply.merge.suspicions:_labelled_twice": _EMPTY},
    "lines that would stand twice": {"fastapply.merge.suspicions:_repeated_context": _EMPTY},
    "blocks that were one line": {"fastapply.merge.suspicions:_unfolded": _EMPTY},
    "one more of a list": {"fastapply.merge.siblings:Siblings._likest_of": _gives(lambda: 0.0)},
    "one more of a form": {"fastapply.merge.siblings:_listed": _NO},
    "replacements that replace nothing": {"fastapply.merge.suspicions:_replaces_nothing": _EMPTY},
    "syntax of the result": {"fastapply.merge.validate:syntax_doubt": _NOTHING},
}
"""For each rule, what is replaced: names as `fastapply.bench.replace.resolve` reads them."""


def _lenient() -> Any:
    from fastapply.merge.prices import LENIENT

    return LENIENT
