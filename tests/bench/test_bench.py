"""`fastapply bench`: what is measured, and that measuring leaves everything as it was."""

from __future__ import annotations

import gc

import pytest

import fastapply.merge.lazy
from fastapply.bench import bench, samples_from
from fastapply.bench.generate import LANGUAGES, generate
from fastapply.bench.replace import replaced, resolve
from fastapply.bench.report import Growth, group_rows, growth_rows, render, stage_rows
from fastapply.bench.stages import STAGES, stage_times
from fastapply.bench.timing import Timed, forget, measure, outcome, percentile, quiet
from fastapply.merge.language import by_name
from fastapply.merge.points import find_points
from fastapply.merge.signature import signature
from fastapply.merge.tree import encode, error_count, parse


def unseen(_: str) -> None:
    """Nobody watches the progress."""


# ---- generated files


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("lines", [100, 1000])
def test_generated_files_are_sound_and_as_long_as_asked_for(language: str, lines: int) -> None:
    sample = generate(language, lines)
    assert lines <= sample.original.count("\n") < lines + 150
    assert sample.expected is not None
    for text in (sample.original, sample.expected):
        tree = parse(encode(text), by_name(language))
        assert tree is not None
        assert error_count(tree) == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_generated_edit_has_three_hunks(language: str) -> None:
    sample = generate(language, 300)
    marker = LANGUAGES[language].marker
    assert [line.strip() for line in sample.snippet.split("\n")].count(marker) == 4 + 2  # between hunks, within two
    added = set((sample.expected or "").split("\n")) - set(sample.original.split("\n"))
    assert added
    assert added <= set(sample.snippet.split("\n"))


def test_the_same_seed_gives_the_same_file() -> None:
    assert generate("python", 200, 1) == generate("python", 200, 1)
    assert generate("python", 200, 1).original != generate("python", 200, 2).original


def test_a_generated_edit_is_merged_as_it_should_be() -> None:
    assert outcome(generate("python", 300)) == "exact"


# ---- timing


def test_each_sample_is_parsed_and_merged_in_every_round() -> None:
    rounds: list[str] = []
    (timed,) = measure([generate("python", 100)], 2, rounds.append)
    assert rounds == ["round 1 of 2", "round 2 of 2"]
    assert timed.language == "python"
    assert 0 < timed.parse_ns < timed.merge_ns <= timed.merge_p95_ns
    assert timed.multiple == timed.merge_ns / timed.parse_ns


def test_files_without_a_grammar_have_no_multiple() -> None:
    sample = generate("python", 100)
    assert measure([type(sample)("notes.txt", sample.original, sample.snippet)], 1, unseen) == []


def test_no_garbage_is_collected_meanwhile() -> None:
    assert gc.isenabled()
    with quiet():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_what_was_found_out_about_texts_is_forgotten() -> None:
    signature("def found_out():")
    assert signature.cache_info().currsize
    forget()
    assert not signature.cache_info().currsize


def test_the_percentile_is_one_of_the_values() -> None:
    assert percentile([3, 1, 2], 95) == 3
    assert percentile(range(1, 101), 95) == 95


# ---- stages


@pytest.mark.parametrize("name", [name for names in STAGES.values() for name in names])
def test_every_stage_is_there_to_be_timed(name: str) -> None:
    assert callable(resolve(name)[2])


def test_stages_are_timed_less_what_is_within_and_put_back() -> None:
    before = [resolve(name)[2] for names in STAGES.values() for name in names]
    times = stage_times([generate("python", 100)], 1, unseen)
    assert times.keys() == {*STAGES, "everything else"}
    assert all(ns >= 0 for ns in times.values())
    assert times["parse of the original"] > 0
    assert times["alignment"] > 0
    assert [resolve(name)[2] for names in STAGES.values() for name in names] == before


def test_a_replaced_function_is_replaced_for_all_who_imported_it() -> None:
    with replaced("fastapply.merge.points:find_points", lambda _: "changed"):
        assert fastapply.merge.lazy.find_points == "changed"
    assert fastapply.merge.lazy.find_points is find_points


def test_what_is_not_there_cannot_be_replaced() -> None:
    for name in ("fastapply.merge.points:gone", "fastapply.gone:thing", "fastapply.merge.plan:Plan.gone"):
        with pytest.raises(LookupError, match="is not there"):
            resolve(name)


# ---- the report


def timed(language: str, lines: int, parse_ms: float, merge_ms: float) -> Timed:
    return Timed(language, lines, parse_ms * 1e6, merge_ms * 1e6, merge_ms * 1e6)


def test_groups_are_medians_by_language_and_of_all() -> None:
    go, python, everything = group_rows(
        [timed("python", 100, 1, 2), timed("go", 200, 1, 9), timed("python", 300, 2, 10), timed("python", 300, 2, 8)]
    )
    assert (go.language, go.files, go.multiple) == ("go", 1, 9)
    assert (python.files, python.lines, python.merge_ms, python.merge_p95_ms) == (3, 300, 8, 10)
    assert (python.multiple, python.multiple_p95) == (4, 5)
    assert (everything.language, everything.files, everything.multiple) == ("all", 4, 4.5)


def test_stages_have_shares_of_the_whole() -> None:
    rows = stage_rows({"parse": 1e6, "plan": 3e6}, 2e6)
    assert [(row.stage, row.share, row.multiple) for row in rows] == [
        ("parse", 0.25, 0.5),
        ("plan", 0.75, 1.5),
        ("all", 1.0, 2.0),
    ]


def test_growth_is_told_per_line_against_the_smallest_size() -> None:
    rows = growth_rows(
        [
            Growth("go", timed("go", 1000, 1, 5), "exact"),
            Growth("go", timed("go", 5000, 5, 50), "refused"),
            Growth("lua", timed("lua", 1000, 1, 8), "exact"),
        ]
    )
    assert [row.us_per_line for row in rows] == [5, 10, 8]
    assert [row.growth for row in rows] == [1, 2, 1]


def test_all_of_it_in_tables() -> None:
    lines = list(render(bench([generate("python", 100)], (200,), 1, unseen)))
    assert lines[0].startswith("fastapply ")
    heads = [line.split() for line in lines]
    assert "language files lines parse ms merge ms p95 x x p95".split() in heads
    assert "stage share x".split() in heads
    assert ["python", "1"] in [cells[:2] for cells in heads]
    assert sum(line.endswith(("exact", "refused", "wrong")) for line in lines) == len(LANGUAGES)


def test_without_cases_files_are_generated() -> None:
    samples = samples_from([], 100)
    assert {sample.path for sample in samples} == {"generated.py", "generated.ts"}
    assert len(samples_from([], 5)) == 5
