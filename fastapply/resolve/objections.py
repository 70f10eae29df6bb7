"""What can be said against an answer of a model.

Where the merge was sure, an answer has no say: it must hold the lines of the best guess there, in their order. In what
is in doubt it may choose, among lines that the original and the snippet hold.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property
from itertools import groupby, islice
from typing import TYPE_CHECKING, Literal

from fastapply.merge.checks import LEAST_TELLING, ONE_OF_A_NAME, OVERLOADS, is_prototype, lost_lines
from fastapply.merge.layout import Layout, key_of
from fastapply.merge.lazy import PROSE
from fastapply.merge.markers import is_marker
from fastapply.merge.signature import definition as defined
from fastapply.merge.signature import likeness, signature
from fastapply.merge.text import bare_lines
from fastapply.merge.validate import syntax_doubt
from fastapply.merge.values import Doubt, LineRange
from fastapply.resolve.difference import changed
from fastapply.resolve.placement import Placement
from fastapply.resolve.sides import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from fastapply.resolve.difference import Block
    from fastapply.resolve.leeway import Leeway
    from fastapply.resolve.sides import Sides

__all__ = ["Trial", "objections"]

_FENCE = re.compile(r"\s*(?:```|~~~)")
_ALIKE = 0.5  # what a line has in common at least with its new version
_MOST_DOUBTS = 5  # of one kind
_PAIRS = 40_000  # lines that go times lines that come, in which new versions are looked for


class Trial:
    """An answer and all it is held against."""

    def __init__(
        self,
        sides: Sides,
        leeway: Leeway,
        place: LineRange,
        shown: Sequence[str],
        changes: Sequence[Block],
        result: str,
        finished: Literal["stop", "length"],
    ) -> None:
        """`place`: the lines of the guess that `shown`, the lines of the answer, stand in place of. `changes`: the
        lines of the original that lines of the answer replace. `result`: the file that comes out, without byte order
        mark.
        """
        self.sides, self.leeway, self.place, self.shown = sides, leeway, place, shown
        self.changes, self.result, self.finished = changes, result, finished
        self.blocks = changed(sides.new, place, shown)
        """Where the answer differs from the guess: lines of the guess, lines of the answer."""

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the result."""
        return bare_lines(self.result)

    @cached_property
    def keys(self) -> Counter[str]:
        """How often each key stands in the result."""
        return Counter(map(key_of, self.lines))

    @cached_property
    def where(self) -> dict[str, list[int]]:
        """The lines of the original with each key."""
        found: dict[str, list[int]] = {}
        for j, line in enumerate(self.sides.old):
            found.setdefault(key_of(line), []).append(j)
        return found

    @cached_property
    def guessed(self) -> Counter[str]:
        """How often each key stands in the guess."""
        return Counter(map(key_of, self.sides.new))

    @cached_property
    def placement(self) -> Placement:
        """The answer beside the snippet."""
        return Placement(self.sides, self.leeway, self.shown, self.changes, self.replaced)

    @cached_property
    def layout(self) -> Layout:
        """The result's."""
        return Layout(self.lines, limit=self.sides.limit)

    @cached_property
    def heads_shown(self) -> dict[str, str]:
        """For each line that the snippet shows once, within a definition that the original has: the key of its head.
        A marker that stands no deeper than the head may stand for the head of another."""
        sides = self.sides
        if sides.guess.format in FORMATS or sides.profile.name in PROSE:
            return {}
        layout = Layout(sides.read.lines, limit=sides.limit)
        found: dict[str, str] = {}
        for i, key in enumerate(layout.keys):
            head = layout.head[i]
            while head >= 0 and not (layout.is_definition(head) and sides.keys[layout.keys[head]]):
                head = layout.head[head]
            if not key or head < 0 or sides.shown[key] != 1:
                continue
            if all(mark.depth > layout.depth[head] for mark in sides.read.markers if head < mark.before <= i):
                found[key] = layout.keys[head]
        return found

    @cached_property
    def replaced(self) -> set[int]:
        """The lines of the original that a line of the snippet in doubt is a new version of, in the answer. A line
        that the original has somewhere is no new version of another."""
        sides, found = self.sides, set[int]()
        for block in self.changes:
            old = {j: key for j in range(block.start, block.end) if (key := key_of(sides.old[j]))}
            shown = map(key_of, self.shown[block.new_start : block.new_end])
            new = [key for key in shown if key in self.leeway.keys and not sides.keys[key]]
            found |= _versions(old, new)
        return found


def objections(trial: Trial) -> Iterator[Doubt]:
    """All that speaks against the answer; nothing where it can be trusted as a merge can."""
    if trial.finished == "length":
        yield Doubt(
            "answer_cut",
            "the answer of the model ends before its end",
            "edit less at once, or show the change with more of the lines around it, so that no model is needed",
        )
    new = [at for block in trial.blocks for at in range(block.new_start, block.new_end)]
    strange = {at for at in new if _is_strange(trial, trial.shown[at])}
    left = {at for at in strange if _is_talk(trial, trial.shown[at])}
    known = [at for at in new if at not in strange]
    yield from _few(_told(trial, left, "marker_left", "stands for code, or talks about it, and is no code"))
    yield from _few(_told(trial, strange - left, "invented_line", "is in neither the original nor the snippet"))
    for doubts in (
        _gone(trial),
        _lost(trial),
        _doubled(trial, known),
        _misplaced(trial, known),
        _still_there(trial, known),
        _twins(trial, known),
    ):
        yield from _few(doubts)
    yield from _few(lost_lines(trial.sides.required, trial.keys))
    sides = trial.sides
    before = "".join(sides.lines)
    if regressed := syntax_doubt(before, sides.tree, trial.result, sides.profile, sides.limit):
        yield regressed


def _few(doubts: Iterator[Doubt]) -> Iterator[Doubt]:
    """The first of these doubts of one kind, and how many more there are: an answer may be another text altogether."""
    yield from islice(doubts, _MOST_DOUBTS)
    if rest := list(doubts):
        yield Doubt(rest[0].kind, f"and so in {len(rest)} more places", rest[0].hint)


def _is_strange(trial: Trial, line: str) -> bool:
    """True for a line that neither text holds, indentation aside."""
    key, sides = key_of(line), trial.sides
    return bool(key) and not (sides.keys[key] or sides.shown[key] or trial.guessed[key])


def _is_talk(trial: Trial, line: str) -> bool:
    """True for a marker, a note of the snippet or a fence."""
    read = trial.sides.read
    talk = {marker.text for marker in read.markers} | {note.text for note in read.notes}
    return is_marker(line) or line.strip() in talk or bool(_FENCE.match(line))


def _told(
    trial: Trial, answered: Iterable[int], kind: Literal["marker_left", "invented_line"], what: str
) -> Iterator[Doubt]:
    """A doubt for each run of these lines of the answer."""
    before = {at: block for block in trial.blocks for at in range(block.new_start, block.new_end)}
    for first, last in _runs(answered):
        yield Doubt(
            kind,
            f"{_lines(trial, first, last)} of the model's result {what}",
            "show the lines as they are to be, or send the whole new text of the part",
            candidates=(trial.sides.place_in_original(before[first].start),),
        )


def _lines(trial: Trial, first: int, last: int) -> str:
    """These lines of the answer as lines of the file, in words."""
    return _numbered(trial.place.start + first, trial.place.start + last)


def _numbered(first: int, last: int) -> str:
    return f"line {first + 1}" if first == last else f"what stands in lines {first + 1} to {last + 1}"


def _runs(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Neighbouring numbers as (first, last)."""
    for _, run in groupby(enumerate(sorted(numbers)), lambda pair: pair[1] - pair[0]):
        members = [number for _, number in run]
        yield members[0], members[-1]


def _gone(trial: Trial) -> Iterator[Doubt]:
    """Lines of the original that the guess keeps for sure, and the answer has not, not in their order."""
    sides = trial.sides
    if not trial.blocks:
        return
    kept = {origin.line for origin in sides.origins if origin.source == "original"}
    gone = kept.intersection(j for block in trial.changes for j in range(block.start, block.end))
    # Where nothing is in doubt, new lines can't stand elsewhere among them either.
    apart = (sides.origins[g] for block in trial.blocks for g in range(block.start, block.end))
    gone |= {line for source, line in apart if source == "original" and line not in trial.leeway.room}
    gone = {j for j in gone if not _may_go(trial, j)}
    # Where the merge is sure, it has heeded what the instruction says.
    if in_doubt := gone.intersection(trial.leeway.room):
        gone -= in_doubt & trial.leeway.explained
    for first, last in _runs(gone):
        yield Doubt(
            "unexplained_deletion",
            f"{last + 1 - first} line(s) of the original, from line {first + 1} on, are not in the model's answer where"
            f" they were, and nothing says that they should go",
            "note what is to be removed, or show what stands before and behind it",
            candidates=(LineRange(first, last + 1),),
        )


def _lost(trial: Trial) -> Iterator[Doubt]:
    """Lines of the snippet that the guess has put somewhere for sure, and that the answer has not there."""
    numbers = {trial.sides.numbers[g] for block in trial.blocks for g in range(block.start, block.end)}
    for first, last in _runs(number for number in numbers - trial.leeway.shown if number >= 0):
        yield Doubt(
            "lost_snippet_line",
            f"{_numbered(first, last)} of the snippet would not be where it belongs",
            "send the edit once more, or show more lines around what is in doubt",
            LineRange(first, last + 1),
        )


def _may_go(trial: Trial, j: int) -> bool:
    """True for a line of the original of which it is in doubt whether it goes, that has a new version, or that in what
    is in doubt stands elsewhere or nowhere as the snippet shows it."""
    leeway, key = trial.leeway, key_of(trial.sides.old[j])
    moved = key in leeway.keys & trial.placement.moved and trial.keys[key] >= trial.sides.keys[key]
    may_change = j in leeway.room and (moved or j in trial.placement.given_way)
    return not key or j in leeway.lines or j in trial.replaced or may_change


def _versions(old: dict[int, str], new: Sequence[str]) -> set[int]:
    """Those of the lines `old` that one of the lines `new` each is a new version of."""
    if len(old) * len(new) > _PAIRS:
        return set()
    pairs = sorted(((likeness(key, text), j, k) for j, key in old.items() for k, text in enumerate(new)), reverse=True)
    replaced: set[int] = set()
    used: set[int] = set()
    for ratio, j, k in pairs:
        if ratio >= _ALIKE and j not in replaced and k not in used:
            replaced.add(j)
            used.add(k)
    return replaced


def _doubled(trial: Trial, known: Sequence[int]) -> Iterator[Doubt]:
    """Lines of the answer that the guess has not, or not so often, where nothing in doubt allows them."""
    twice = trial.placement.repeated.intersection(known)
    for first, last in _runs(twice.union(_beyond(trial, known, lambda key: trial.keys[key] > trial.sides.keys[key]))):
        yield Doubt(
            "duplicated_line",
            f"{_lines(trial, first, last)} of the model's result is there once more than it should be",
            "show what stands before and behind the change",
            candidates=tuple(_places(trial, key_of(trial.shown[first]))),
        )


def _misplaced(trial: Trial, known: Sequence[int]) -> Iterator[Doubt]:
    """Lines that are new in the file where neither the guess has them nor the snippet shows them."""
    wrong = trial.placement.misplaced.intersection(known)
    # The guess may be as wrong: which block its lines belong into may be what it is in doubt about.
    wrong |= {at for at in trial.placement.new if _is_in_another_block(trial, at)}
    for first, last in _runs(wrong):
        yield Doubt(
            "lost_snippet_line",
            f"{_lines(trial, first, last)} of the model's result stands elsewhere than the snippet shows it",
            "show the lines right before and right after the change",
            candidates=tuple(_places(trial, key_of(trial.shown[first]))),
        )


def _is_in_another_block(trial: Trial, at: int) -> bool:
    """True for a line in doubt that the snippet shows within a definition of the original, and the answer has in none
    of its head, with nothing beside it that says why."""
    key = key_of(trial.shown[at])
    head = trial.heads_shown.get(key)
    if not head or key not in trial.leeway.keys or trial.placement.is_anchored(at):
        return False
    layout, j = trial.layout, trial.place.start + at
    while (j := layout.head[j]) >= 0:
        if layout.keys[j] == head:
            return False
    return True


def _still_there(trial: Trial, known: Sequence[int]) -> Iterator[Doubt]:
    """Lines of the original that the guess drops for sure."""
    for first, last in _runs(_beyond(trial, known, lambda key: trial.keys[key] <= trial.sides.keys[key])):
        yield Doubt(
            "nothing_applied",
            f"{_lines(trial, first, last)} of the model's result is what the snippet changes or removes",
            "send the edit once more, or show more lines around what is in doubt",
            candidates=tuple(_places(trial, key_of(trial.shown[first]))),
        )


def _beyond(trial: Trial, known: Sequence[int], wanted: Callable[[str], bool]) -> Iterator[int]:
    """Those of the lines `known` of the answer whose key is `wanted`, and in the result more often than it may be."""
    sides = trial.sides
    for at in known:
        key = key_of(trial.shown[at])
        most = trial.guessed[key]
        if key in trial.leeway.keys or key in trial.leeway.restored:
            once = sides.keys[key] == most == 1 and _stands_once(trial.shown[at])
            most = most if once else max(sides.keys[key] + sides.shown[key], most)
        if key and trial.keys[key] > most and wanted(key):
            yield at


def _stands_once(line: str) -> bool:
    """True for an import or an assignment at the margin, which a file has once."""
    name = signature(key_of(line))
    at_margin = not line[:1].isspace() and len(line.strip()) >= LEAST_TELLING
    return at_margin and name is not None and name[0] in ("import", "set", "var")


def _places(trial: Trial, key: str) -> list[LineRange]:
    return [LineRange(j, j + 1) for j in trial.where.get(key, ())[:10]]


def _twins(trial: Trial, answered: Sequence[int]) -> Iterator[Doubt]:
    """Definitions in the answer that would stand beside another of their name, where the original has one."""
    sides = trial.sides
    names = {key for at in answered if defined(signature(key := key_of(trial.shown[at])))}
    if sides.profile.name not in ONE_OF_A_NAME or not names:
        return
    old, new = _definitions(sides.old, sides), _definitions(trial.lines, sides)
    for name, heads in new.items():
        if len(heads) > 1 and len(heads) > len(old.get(name, ())) and names & {key_of(trial.lines[j]) for j in heads}:
            first, second = heads[0] + 1, heads[1] + 1
            yield Doubt(
                "twin",
                f"lines {first} and {second} of the model's result would define the same, in one block",
                "show what stands before the definition, so that it can be told from a new one",
                candidates=tuple(LineRange(j, j + 1) for j in old.get(name, ())),
            )


def _definitions(lines: list[str], sides: Sides) -> dict[tuple[str, str, str], list[int]]:
    """The heads of definitions, by what they define and the line around them; without those that may be several."""
    layout = Layout(lines, limit=sides.limit)
    found: dict[tuple[str, str, str], list[int]] = {}
    for name, heads in layout.definition_heads(sides.limit).items():
        for j in heads:
            key = layout.keys[j]
            calls = layout.end[j] == j or is_prototype(key) or key.startswith("raise ")
            if not calls and not (j and OVERLOADS.match(layout.keys[j - 1])):
                found.setdefault((*name, layout.keys[layout.head[j]] if layout.head[j] >= 0 else ""), []).append(j)
    return found
