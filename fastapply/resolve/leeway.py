"""What the doubts of a merge leave open: where a model may choose. All else is settled."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from fastapply.merge.evidence import gather
from fastapply.merge.layout import Layout, key_of
from fastapply.resolve.region import doubted_lines

if TYPE_CHECKING:
    from fastapply.merge.values import LineRange
    from fastapply.resolve.sides import Sides

__all__ = ["Leeway"]

_OF_A_PLACE = frozenset({"undecided_place", "no_anchor", "ambiguous_anchor"})
"""Doubts about where new lines belong: nothing goes because of them."""


class Leeway:
    """The lines of both texts that are in doubt; nothing where the merge was sure."""

    def __init__(self, sides: Sides) -> None:
        self._sides = sides

    @cached_property
    def _places(self) -> list[LineRange]:
        return doubted_lines(self._sides)

    @cached_property
    def shown(self) -> set[int]:
        """The lines of the snippet that are in doubt: those that a doubt names, with the stretch between two markers
        that they stand in; all, where a doubt names nothing."""
        read, doubts = self._sides.read, self._sides.guess.doubts
        if any(doubt.snippet is None and not doubt.candidates for doubt in doubts):
            return set(read.numbers)
        named = {number for doubt in doubts if (at := doubt.snippet) for number in range(at.start, at.end)}
        stretches = dict(zip(read.numbers, read.segments, strict=True))
        stirred = {stretches[number] for number in named if number in stretches}
        return named | {number for number, stretch in stretches.items() if stretch in stirred}

    @cached_property
    def keys(self) -> frozenset[str]:
        """The keys of those lines."""
        read = self._sides.read
        lines = zip(read.lines, read.numbers, strict=True)
        return frozenset(key for line, number in lines if number in self.shown and (key := key_of(line)))

    @cached_property
    def room(self) -> range:
        """The lines of the original from the first to the last that the doubts and the lines in doubt speak of: here
        the snippet's lines may stand in another order."""
        stands = self._sides.stands
        places = [*self._places, *(stands[number] for number in self.shown if number in stands)]
        if not places:
            return range(0)
        return range(min(place.start for place in places), max(place.end for place in places) + 1)

    @cached_property
    def lines(self) -> set[int]:
        """The lines of the original of which it is in doubt whether they go, or that lines of the snippet in doubt
        stand in place of."""
        sides = self._sides
        places = [
            (place.start, place.end)
            for doubt in sides.guess.doubts
            if doubt.kind not in _OF_A_PLACE
            for place in doubt.candidates
        ]
        for change in sides.changes:
            shown = {number for number in sides.numbers[change.new_start : change.new_end] if number >= 0}
            if shown & self.shown or (not shown and change.start in self.room):
                places.append((change.start, change.end))
        return {j for start, end in places for j in range(start, end)}

    @cached_property
    def restored(self) -> frozenset[str]:
        """The keys of those lines of the original: an answer may have them where the guess drops them."""
        return frozenset(key for j in self.lines if (key := key_of(self._sides.old[j])))

    @cached_property
    def explained(self) -> set[int]:
        """The lines of the original that the instruction or a note says are to go."""
        sides = self._sides
        layout = Layout(sides.old, limit=sides.limit)
        return gather(layout, sides.read, sides.instruction, sides.profile, sides.limit).explained
