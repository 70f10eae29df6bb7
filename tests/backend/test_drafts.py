"""What is proposed after what, and where a source is taken up again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.draft.drafter import Drafter
from backend.draft.index import GramIndex, LineIndex, Tail, common_suffix
from backend.errors import BadSetting
from backend.settings import DraftSettings

if TYPE_CHECKING:
    from collections.abc import Callable

VOCAB = 1000
NEWLINE = 999
ENDS = np.zeros(VOCAB, np.bool_)
ENDS[NEWLINE] = True
SETTINGS = DraftSettings(first_chunk=16, most_chunk=64, free_tokens=5, strong_match=8)
BARE = DraftSettings(first_chunk=16, most_chunk=64, free_tokens=5, strong_match=8, ngrams=False)
TEXT = list(range(100, 300))


def array(tokens: list[int]) -> np.ndarray:
    return np.array(tokens, np.int64)


class Followed:
    """A drafter whose model answers what `answer` says."""

    def __init__(
        self,
        given: list[int],
        original: list[int] = [],  # noqa: B006
        snippet: list[int] = [],  # noqa: B006
        unsure: list[int] = [],  # noqa: B006
        prompt: list[int] = [1, 2],  # noqa: B006
        settings: DraftSettings = BARE,
    ) -> None:
        self.known = list(prompt)
        texts = [array(given), array(original), array(snippet)]
        self.drafter = Drafter(array(prompt), texts, unsure, ENDS, settings)
        self.passes = self.misses = 0

    def proposed(self, limit: int = 10_000) -> list[int]:
        return self.drafter.propose(limit).tolist()

    def answer(self, *tokens: int) -> None:
        """The model goes on with `tokens`: passes until all of them are known."""
        left = list(tokens)
        while left:
            draft = self.proposed(len(left) - 1)
            accepted = next((i for i, token in enumerate(draft) if token != left[i]), len(draft))
            self.passes += 1
            self.misses += accepted < len(draft)
            self.known += left[: accepted + 1]
            del left[: accepted + 1]
            self.drafter.advance(array(self.known), len(draft), accepted)


def test_a_given_draft_is_followed_in_growing_chunks() -> None:
    one = Followed(TEXT)
    sizes = []
    while draft := one.proposed():
        sizes.append(len(draft))
        one.answer(*TEXT[len(one.known) - 2 :][: len(draft) + 1])
    assert sizes == [16, 32, 64, 64, 20]


def test_the_limit_holds() -> None:
    assert Followed(TEXT).proposed(3) == TEXT[:3]
    assert Followed(TEXT).proposed(0) == []


def test_without_a_given_draft_the_original_is_followed_from_its_start() -> None:
    assert Followed([], TEXT).proposed() == TEXT[:16]


def test_an_original_is_taken_up_where_the_prompt_ends_in_it() -> None:
    assert Followed([], TEXT, prompt=TEXT[40:60]).proposed() == TEXT[60:76]


def test_a_snippet_alone_is_weak_evidence() -> None:
    assert Followed([], [], TEXT).proposed() == TEXT[:5]


def test_a_chunk_ends_at_an_unsure_hunk_once_what_is_free_is_used() -> None:
    assert len(Followed(TEXT, unsure=[3, 9, 12]).proposed()) == 9


def test_a_replaced_token_is_passed_over() -> None:
    one = Followed(TEXT)
    one.answer(*TEXT[:20], 7)
    assert one.proposed() == TEXT[21:26]  # weak: no more than is free
    one.answer(*TEXT[21:30])
    assert one.proposed() == TEXT[30:46]  # and strong again


def test_dropped_tokens_are_passed_over() -> None:
    one = Followed(TEXT)
    one.answer(*TEXT[:20], *TEXT[50:52])
    assert one.proposed() == TEXT[52:57]


def test_inserted_lines_lead_back_to_where_the_source_was_left() -> None:
    lines = [*TEXT[:10], NEWLINE, *TEXT[10:20], NEWLINE, *TEXT[20:40]]
    one = Followed(lines)
    one.answer(*TEXT[:10], NEWLINE, 5, 6, 7, NEWLINE)
    assert one.proposed() == lines[11:16]


def test_a_replaced_line_leads_to_the_next_one() -> None:
    lines = [*TEXT[:10], NEWLINE, *TEXT[10:20], NEWLINE, *TEXT[20:40]]
    one = Followed(lines)
    one.answer(*TEXT[:10], NEWLINE, *TEXT[10:15], 5, 6, NEWLINE)
    assert one.proposed() == lines[22:27]


def line(number: int) -> list[int]:
    """A line that occurs once; its indentation and its end are those of others."""
    return [0, 100 + 3 * number, 101 + 3 * number, 102 + 3 * number, 7, NEWLINE]


def repeated(number: int) -> list[int]:
    """The same, but every other line is one of two that occur often."""
    return line(number) if number % 2 else [0, 50 + number % 4, 60, 7, NEWLINE]


NEW_LINE = [0, 800, 801, 802, 7, NEWLINE]
WIDE = DraftSettings(ngrams=False)


@pytest.mark.parametrize(
    ("lines", "at", "longer"),
    [
        ([line(i) for i in range(40)], 20, 0),
        ([repeated(i) for i in range(40)], 21, 0),
        ([repeated(i) for i in range(40)], 20, 1),
    ],
    ids=["unique", "unique among repeated", "repeated"],
)
@pytest.mark.parametrize(
    ("edit", "misses"),
    [
        (lambda before, here, after: [*before, *here, *after], 0),
        (lambda before, here, after: [*before, [*here[0][:2], 900, *here[0][3:]], *here[1:], *after], 1),
        # Each token that is new costs a miss: all but the indentation and the end.
        (lambda before, here, after: [*before, NEW_LINE, *here[1:], *after], 3),
        # And one more, since a new line comes in the place of another as often as before it.
        (lambda before, here, after: [*before, NEW_LINE, *here, *after], 4),
        (lambda before, here, after: [*before, *here[1:], *after], 1),
        # Over the second line, back to the first, and over the second again.
        (lambda before, here, after: [*before, *reversed(here), *after], 3),
    ],
    ids=["same", "token", "line", "inserted", "deleted", "swapped"],
)
def test_each_edit_costs_the_fewest_misses(
    edit: Callable[..., list[list[int]]], misses: int, lines: list[list[int]], at: int, longer: int
) -> None:
    """`longer` is by how much the new line is longer than the one there: nothing tells, so it is one miss more."""
    answer = edit(lines[:at], lines[at : at + 2], lines[at + 2 :])
    wanted = misses + longer * (NEW_LINE in answer)
    one = Followed([token for line in lines for token in line], settings=WIDE)
    one.answer(*(token for line in answer for token in line))
    assert (one.misses, one.passes) == (wanted, wanted + 1)


def test_a_replaced_token_is_passed_over_though_the_same_two_stand_near() -> None:
    """The token before is evidence for any place, that of the draft included."""
    one = Followed([*TEXT[:40], TEXT[24], 7, *TEXT[42:]], settings=WIDE)
    one.answer(*TEXT[:25], 7, *TEXT[26:40])
    assert one.misses == 1


@pytest.mark.parametrize("followed", [0, 1, 5, 12])
def test_a_line_that_looks_the_same_elsewhere_costs_one_miss_more(followed: int) -> None:
    """Evidence is strong for another place, where the answer goes on for some tokens; then the draft is right again."""
    same = [*TEXT[10:25], 7, *TEXT[26 : 26 + followed]]
    one = Followed([*TEXT[:100], *same, *TEXT[120:]], settings=WIDE)
    one.answer(*TEXT[:25], 7, *TEXT[26:100])
    assert one.misses == 2


@pytest.mark.parametrize(
    ("dropped", "new", "misses"), [(1, 0, 1), (5, 0, 1), (0, 1, 2), (2, 1, 2), (1, 2, 3), (0, 3, 4), (4, 2, 3)]
)
def test_some_tokens_replaced_by_fewer_or_more_are_found_by_the_next_one(dropped: int, new: int, misses: int) -> None:
    one = Followed(TEXT, settings=WIDE)
    one.answer(*TEXT[:50], *range(new), *TEXT[50 + dropped : 120])
    assert (one.misses, one.passes) == (misses, misses + 1)


def test_eight_tokens_in_common_are_strong_and_seven_are_not() -> None:
    for count, proposed in ((7, 5), (8, 16)):
        one = Followed([], TEXT, prompt=[1, *TEXT[100 : 100 + count]])
        one.answer(3, 4, 5, 6, *TEXT[50 : 50 + count])
        assert one.proposed() == TEXT[50 + count :][:proposed]


@pytest.mark.parametrize("length", [1, 2, 3, 6])
def test_a_whole_line_that_occurs_once_is_strong(length: int) -> None:
    line = [NEWLINE, *TEXT[50 : 50 + length], NEWLINE]
    source = [*TEXT[:50], *line, *TEXT[100:]]
    one = Followed(source, prompt=[1])
    one.answer(2, 3, 4, *line)
    assert one.proposed() == TEXT[100:116]


def test_a_line_that_occurs_twice_is_not() -> None:
    line = [NEWLINE, 5, 6, NEWLINE]
    source = [*TEXT[:50], *line, *TEXT[100:120], *line, *TEXT[120:]]
    one = Followed(source, prompt=[1])
    one.answer(2, 3, *line)
    assert len(one.proposed()) <= 5


def test_sources_are_taken_in_order_where_all_go_on() -> None:
    given, original = [*TEXT[:60], 1, *TEXT[61:]], [*TEXT[:60], 2, *TEXT[61:]]
    one = Followed(given, original)
    one.answer(*TEXT[:20], 7, 7, 7, *TEXT[40:60])
    assert one.proposed()[0] == 1


def test_the_original_is_followed_where_the_given_draft_has_nothing() -> None:
    one = Followed(TEXT[:30], TEXT)
    one.answer(*TEXT[:30], *TEXT[120:130])
    assert one.proposed() == TEXT[130:146]


def test_of_equal_places_the_next_after_the_last_is_taken() -> None:
    common = TEXT[:10]
    source = [*common, 1, *TEXT[50:60], *common, 2, *TEXT[60:70], *common, 3]
    one = Followed(source)
    one.answer(*source[:15], 9, *common)
    assert one.proposed()[0] == 2


def test_the_output_itself_is_the_last_source() -> None:
    one = Followed([], settings=SETTINGS)
    assert one.proposed() == []
    one.answer(5, 6, 7, 8, 9, 10, 5, 6, 7, 8)
    assert one.proposed() == [9, 10, 5, 6, 7]


def test_where_nothing_fits_nothing_is_proposed_for_long() -> None:
    one = Followed(TEXT)
    one.answer(*TEXT[:20], *range(100))
    assert one.proposed() == []


def test_nothing_is_indexed_while_the_draft_is_right() -> None:
    one = Followed(TEXT)
    one.answer(*TEXT[:150])
    assert one.drafter._given is not None
    assert one.drafter._given._grams is None


def test_what_is_left_is_known_from_the_draft() -> None:
    one = Followed(TEXT)
    assert one.drafter.left == 200
    one.answer(*TEXT[:50])
    assert one.drafter.left == 150
    assert Followed([]).drafter.left is None


_TOKENS = st.lists(st.integers(0, 5), max_size=60)
_LINE = st.lists(st.integers(0, 2), max_size=3)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(text=_TOKENS, tail=st.lists(st.integers(0, 5), min_size=4, max_size=40), cut=st.integers(0, 60))
def test_the_index_finds_all_four_token_runs(text: list[int], tail: list[int], cut: int) -> None:
    index = GramIndex()
    index.cover(array(text[:cut]))
    index.cover(array(text))
    gram = Tail(array(tail), ENDS).gram
    assert gram is not None
    wanted = [end for end in range(4, len(text) + 1) if text[end - 4 : end] == tail[-4:]]
    assert index.places(gram).tolist() == wanted


@settings(max_examples=200, deadline=None, derandomize=True)
@given(text=_TOKENS.filter(bool), tail=st.lists(st.integers(0, 5), min_size=1, max_size=50))
def test_common_suffixes_are_counted(text: list[int], tail: list[int]) -> None:
    places = list(range(len(text) + 1))
    wanted = []
    for end in places:
        count = 0
        while count < min(end, len(tail), 32) and text[end - 1 - count] == tail[-1 - count]:
            count += 1
        wanted.append(count)
    assert common_suffix(array(tail)[-32:], array(text), array(places)).tolist() == wanted


@settings(max_examples=200, deadline=None, derandomize=True)
@given(lines=st.lists(_LINE, max_size=12), rest=_LINE)
def test_lines_that_occur_once_are_told(lines: list[list[int]], rest: list[int]) -> None:
    tokens = [token for line in lines for token in [*line, NEWLINE]] + rest
    index = LineIndex(array(tokens), ENDS)
    assert index.unique.tolist() == [lines.count(line) == 1 for line in lines]
    for start in range(len(tokens)):
        for end in (start, min(start + 5, len(tokens)), len(tokens)):
            inside = (index.starts >= start) & (index.ends <= end)
            assert index.holds_unique(start, end) == bool((inside & index.unique).any())


def test_senseless_settings_are_named() -> None:
    with pytest.raises(BadSetting) as caught:
        DraftSettings(first_chunk=100, most_chunk=50)
    assert caught.value.field == "most_chunk"
