from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from fastapply.merge.values import LineRange
from fastapply.resolve.difference import Block, blocks, changed

lines = st.lists(st.sampled_from("abcdefg"), max_size=30)


def rebuilt(old: list[str], new: list[str], found: list[Block]) -> list[str]:
    result, at = [], 0
    for block in found:
        result += old[at : block.start] + new[block.new_start : block.new_end]
        at = block.end
    return result + old[at:]


@given(lines, lines)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_what_lies_between_the_blocks_is_equal(old: list[str], new: list[str]) -> None:
    """They make the one side of the other, are in order, and never touch."""
    found = blocks(old, new)
    assert rebuilt(old, new, found) == new
    for one, two in pairwise(found):
        assert one.end < two.start
        assert one.new_end < two.new_start
        assert old[one.end : two.start] == new[one.new_end : two.new_start]
    assert all(block.start < block.end or block.new_start < block.new_end for block in found)


def test_lines_that_stand_once_hold_the_rest_in_place() -> None:
    """Fewer lines would differ if the braces were matched crosswise."""
    old = ["one {", "a", "}", "two {", "b", "}"]
    new = ["two {", "b", "}"]
    assert blocks(old, new) == [Block(0, 3, 0, 0)]


def test_more_lines_than_memory_allows_count_as_replaced() -> None:
    """Two texts of 20,000 lines without a line that stands once."""
    old = [str(i % 90) for i in range(20_000)]
    new = [str(i % 70) for i in range(20_000)]
    found = blocks(old, new)
    assert rebuilt(old, new, found) == new
    assert len(found) == 1


def test_in_numbers_of_the_whole() -> None:
    """Trailing blanks make no difference."""
    old = ["x", "a", "b  ", "c", "y"]
    assert changed(old, LineRange(1, 4), ["a ", "b", "d"]) == [Block(3, 4, 2, 3)]
