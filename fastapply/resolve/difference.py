"""Where an answer differs from what was asked about, by lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rapidfuzz.distance import Indel

from fastapply.merge.formats.rows import common_lines

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from fastapply.merge.values import LineRange

__all__ = ["Block", "blocks", "changed"]

_CELLS = 200_000_000
"""Lines of one side times lines of the other that are compared at once: 25 MB. What is longer counts as replaced."""


class Block(NamedTuple):
    """Old lines `start` up to `end` are, in the new text, lines `new_start` up to `new_end`."""

    start: int
    end: int
    new_start: int
    new_end: int


def blocks(old: Sequence[str], new: Sequence[str]) -> list[Block]:
    """The stretches in which `old` and `new` differ, in order; between two of them they are equal.

    Equal ends and lines that both hold once are matched first, as a person would; between those the fewest lines
    differ.
    """
    names: dict[str, int] = {}
    one, other = ([names.setdefault(line, len(names)) for line in side] for side in (old, new))
    found: list[Block] = []
    for gap in _gaps(common_lines(old, new), len(old), len(new)):
        for block in _within(one, other, gap):
            if found and found[-1].end == block.start and found[-1].new_end == block.new_start:
                block = Block(found[-1].start, block.end, found.pop().new_start, block.new_end)
            found.append(block)
    return found


def changed(lines: Sequence[str], place: LineRange, new: Sequence[str]) -> list[Block]:
    """The stretches in which the lines at `place` differ from `new`, trailing blanks aside, in numbers of `lines`."""
    old = [line.rstrip() for line in lines[place.start : place.end]]
    found = blocks(old, [line.rstrip() for line in new])
    return [block._replace(start=block.start + place.start, end=block.end + place.start) for block in found]


def _gaps(pairs: Sequence[tuple[int, int]], length: int, new_length: int) -> Iterator[Block]:
    """What lies between the matched pairs."""
    i = j = 0
    for a, b in [*pairs, (length, new_length)]:
        if a > i or b > j:
            yield Block(i, a, j, b)
        i, j = a + 1, b + 1


def _within(old: Sequence[Hashable], new: Sequence[Hashable], gap: Block) -> Iterator[Block]:
    a, b = old[gap.start : gap.end], new[gap.new_start : gap.new_end]
    if not a or not b or len(a) * len(b) > _CELLS:
        yield gap
        return
    for step in Indel.opcodes(a, b):
        if step.tag != "equal":
            yield Block(
                gap.start + step.src_start,
                gap.start + step.src_end,
                gap.new_start + step.dest_start,
                gap.new_start + step.dest_end,
            )
