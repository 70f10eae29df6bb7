"""Choices that settle doubts: each one that is offered does what it says, and no more than that."""

from __future__ import annotations

import itertools

import pytest

from fastapply import apply
from fastapply.errors import EditRefused, InvalidRequest
from fastapply.merge.text import bare_lines
from fastapply.merge.values import ApplyResult, Choice, Doubt, LineRange
from properties.invariants import diff_agrees, doubts_are_sound, endings_kept, provenance_tiles, spliced
from support.golden import Golden, refused_cases

TWO_LOOPS = "def f(items):\n    for x in items:\n        go(x)\n\n\ndef g(items):\n    for x in items:\n        go(x)\n"
OFFERED = {"match", "insert", "replace", "remove", "keep", "accept"}


def merged(case: Golden, *choices: Choice) -> ApplyResult:
    """The best guess of a case under these choices; its doubts are those that are left."""
    return apply(
        case.before,
        case.snippet,
        instruction=case.instruction,
        path=case.path,
        on_doubt="best",
        choices=choices,
    )


def offers() -> list[tuple[Golden, Doubt, Choice]]:
    return [
        (case, doubt, choice) for case in refused_cases() for doubt in merged(case).doubts for choice in doubt.choices
    ]


def named(value: object) -> str | None:
    if isinstance(value, Golden):
        return value.name
    if isinstance(value, Choice):
        return f"{value.action} {value.place.start}-{value.place.end}"
    return None


def is_about(doubt: Doubt, choice: Choice) -> bool:
    return (doubt.kind, doubt.snippet) == (choice.kind, choice.snippet)


@pytest.mark.parametrize(("case", "doubt", "choice"), offers(), ids=named)
def test_a_choice_settles_its_doubt_and_keeps_the_promises(case: Golden, doubt: Doubt, choice: Choice) -> None:
    """Only the original is spliced into, nothing of the snippet is lost, and what is left in doubt is said."""
    result = merged(case, choice)
    assert doubt not in result.doubts
    assert not any(choice in left.choices for left in result.doubts)
    spliced(case.before, result)
    endings_kept(case.before, result)
    provenance_tiles(case.before, case.snippet, result)
    diff_agrees(case.before, result)
    doubts_are_sound(case.before, case.snippet, result.doubts)
    assert "lost_snippet_line" not in {left.kind for left in result.doubts}
    again = merged(case, choice)
    assert again.merged_code == result.merged_code


@pytest.mark.parametrize(("case", "doubt", "choice"), offers(), ids=named)
def test_a_choice_acts_at_its_place(case: Golden, doubt: Doubt, choice: Choice) -> None:
    """New lines stand there, and old ones go or stay."""
    result = merged(case, choice)
    place, old = choice.place, bare_lines(case.before)[choice.place.start : choice.place.end]
    left = set(original_lines(result))
    if choice.action == "keep":
        assert left >= {j for j in range(place.start, place.end) if bare_lines(case.before)[j].strip()}
    elif choice.action == "remove":
        assert not left & {j for j in range(place.start, place.end) if bare_lines(case.before)[j].strip()}
    elif choice.action in ("match", "replace", "insert"):
        new = new_places(result, choice.snippet)
        assert new
        assert all(place.start - 1 <= at <= place.end + len(old) for at in new), (new, place)


def original_lines(result: ApplyResult) -> list[int]:
    """The lines of the original that the result has."""
    spans = [span for span in result.provenance if span.source == "original"]
    return [j for span in spans for j in range(span.source_start, span.source_start + span.end - span.start)]


def new_places(result: ApplyResult, shown: LineRange) -> list[int]:
    """Behind which line of the original each of the result's lines from these lines of the snippet stands."""
    found, last = [], -1
    for span in result.provenance:
        if span.source == "original":
            last = span.source_start + span.end - span.start - 1
        elif span.source_start < shown.end and shown.start < span.source_start + span.end - span.start:
            found.append(last)
    return found


def test_the_refusals_offer_every_kind_of_choice() -> None:
    """So the cases above leave none out."""
    assert {choice.action for _, _, choice in offers()} == OFFERED


def test_choices_for_all_doubts_merge_the_edit() -> None:
    """One for each, in any order."""
    [case] = [case for case in refused_cases() if case.name == "typescript/class_shrunk_without_marker"]
    doubts = merged(case).doubts
    assert len(doubts) > 1
    chosen = [next(choice for choice in doubt.choices if choice.action == "keep") for doubt in doubts]
    results = {merged(case, *order).merged_code for order in itertools.permutations(chosen)}
    assert len(results) == 1
    assert not merged(case, *chosen).doubts
    kept = [line for doubt in doubts for place in doubt.candidates for line in lines_at(case.before, place)]
    assert set(kept) <= set(bare_lines(results.pop()))


def lines_at(text: str, place: LineRange) -> list[str]:
    return bare_lines(text)[place.start : place.end]


def test_lines_that_would_be_replaced_may_stay_above_or_below_the_new_ones() -> None:
    """A marker may have been forgotten on either side."""
    old = [f"    step_{n}(state, {n})" for n in range(20)]
    original = "\n".join(["def run(state):", "    state.begin()", *old, "    state.finish(True)", ""])
    snippet = "# ...\n    state.begin()\n    log(state)\n    state.finish(True)\n"
    case = Golden("", "a.py", original, snippet, "", "log it")
    [doubt] = merged(case).doubts
    texts = {choice.action: merged(case, choice).merged_code for choice in doubt.choices if choice.action != "insert"}
    inserted = [merged(case, choice).merged_code for choice in doubt.choices if choice.action == "insert"]
    assert texts == {"replace": snippet.replace("# ...", "def run(state):")}
    assert inserted == [
        original.replace("    state.begin()\n", "    state.begin()\n    log(state)\n"),
        original.replace("    state.finish(True)\n", "    log(state)\n    state.finish(True)\n"),
    ]


def test_all_places_of_a_search_block_can_be_chosen() -> None:
    """Edits of other formats have the same doubt."""
    block = "<<<<<<< SEARCH\n        go(x)\n=======\n        stop(x)\n>>>>>>> REPLACE\n"
    [doubt] = apply(TWO_LOOPS, block, path="a.py", on_doubt="best").doubts
    first, second = (apply(TWO_LOOPS, block, path="a.py", choices=[choice]).merged_code for choice in doubt.choices)
    head, tail = TWO_LOOPS.split("\n\n\n")
    assert first == head.replace("go", "stop") + "\n\n\n" + tail
    assert second == head + "\n\n\n" + tail.replace("go", "stop")


def test_other_doubts_stay() -> None:
    """A choice speaks of one of them."""
    [case] = [case for case in refused_cases() if case.name == "yaml/new_step_without_neighbour"]
    first, second = merged(case).doubts
    left = merged(case, first.choices[0]).doubts
    assert {doubt.kind for doubt in left} == {second.kind}


@pytest.mark.parametrize(
    "choice",
    [
        pytest.param(Choice("twin", "accept", LineRange(0, 1), LineRange(0, 1)), id="no such doubt"),
        pytest.param(Choice("no_anchor", "insert", LineRange(1, 2), LineRange(99, 99)), id="behind the end"),
        pytest.param(Choice("no_anchor", "insert", LineRange(7, 9), LineRange(0, 0)), id="other lines"),
        pytest.param(Choice("ambiguous_anchor", "match", LineRange(9, 12), LineRange(0, 4)), id="no such lines"),
    ],
)
@pytest.mark.parametrize(
    "snippet", ["# ...\nLIMIT = 3\n# ...\n", TWO_LOOPS, "@@ -1,1 +1,1 @@\n-def f(items):\n+def h():\n"]
)
def test_a_choice_that_no_doubt_offers_is_an_error(choice: Choice, snippet: str) -> None:
    """It belongs to another edit, or to another state of the file."""
    with pytest.raises(InvalidRequest) as caught:
        apply(TWO_LOOPS, snippet, path="a.py", choices=[choice])
    assert caught.value.field == "choices[0]"


@pytest.mark.parametrize(
    "choice",
    [
        Choice("ambiguous_anchor", "match", LineRange(0, 1), LineRange(0, 1)),
        Choice("ambiguous_anchor", "match", LineRange(1, 2), LineRange(7, 8)),
        Choice("no_anchor", "insert", LineRange(2, 3), LineRange(6, 6)),
    ],
)
def test_a_choice_moves_nothing_that_is_not_in_doubt(choice: Choice) -> None:
    """Left over from another state of the file, it would lose a function without a word."""
    snippet = "def g(items):\n    for x in items:\n        log(x)\n        go(x)\n"
    assert not apply(TWO_LOOPS, snippet, path="a.py").doubts
    with pytest.raises(InvalidRequest) as caught:
        apply(TWO_LOOPS, snippet, path="a.py", choices=[choice])
    assert caught.value.field == "choices[0]"


def test_two_choices_for_one_doubt_are_an_error() -> None:
    """Neither is more right than the other."""
    block = "<<<<<<< SEARCH\n        go(x)\n=======\n        stop(x)\n>>>>>>> REPLACE\n"
    [doubt] = apply(TWO_LOOPS, block, path="a.py", on_doubt="best").doubts
    with pytest.raises(InvalidRequest) as caught:
        apply(TWO_LOOPS, block, path="a.py", choices=doubt.choices)
    assert caught.value.field == "choices[1]"


def test_a_refusal_after_a_choice_has_the_doubts_that_are_left() -> None:
    """Nothing is given out on half of the decisions."""
    [case] = [case for case in refused_cases() if case.name == "yaml/new_step_without_neighbour"]
    [choice, *_] = merged(case).doubts[0].choices
    with pytest.raises(EditRefused):
        apply(case.before, case.snippet, instruction=case.instruction, path=case.path, choices=[choice])
