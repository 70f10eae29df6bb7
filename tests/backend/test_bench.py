"""The benchmark measures what it says: all ways make the same answers, and every row says that it is forced."""

from __future__ import annotations

import gzip
import itertools
import json
from math import prod
from pathlib import Path
from typing import Any

import pytest
import torch

from backend.bench.__main__ import main
from backend.bench.arithmetic import Work, work
from backend.bench.cases import Edit
from backend.bench.forced import STAGES, ForcedEngine
from backend.bench.measure import Result, variants
from backend.bench.report import quantile, row_of, stage_row, summed_up
from backend.bench.shapes import CONFIGS, spec_of
from backend.kv.pages import PagePool
from backend.request import Drafts, Progress, Request
from backend.settings import EngineSettings
from backend.weights import published
from support.hashing import VOCAB, HashingRunner, hashed, logits_for

GOLDEN = Path(__file__).parents[1] / "golden"
_SPLICED = ("no draft", "whole-file draft, 0 wrong lines", "whole-file draft, 3 wrong lines")
EDIT = Edit("one", [1, 2, 3], list(range(40)), [4], [5])


def golden_cases(count: int) -> list[dict[str, str]]:
    folders = sorted(path.parent for path in (GOLDEN / "python").glob("*/case.toml"))
    found = []
    for folder in folders:
        texts = {path.stem: path.read_text(encoding="utf-8") for path in folder.iterdir() if path.suffix != ".toml"}
        if {"before", "snippet", "after"} <= set(texts):
            found.append(texts | {"id": folder.name, "path": f"{folder.name}.py"})
    return found[:count]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("bench")
    with gzip.open(folder / "cases.jsonl.gz", "wt") as file:
        file.writelines(json.dumps(case) + "\n" for case in golden_cases(30))
    threads = torch.get_num_threads()
    arguments = ["--quick", "--threads", "1", "--cases", f"{folder}/cases.jsonl.gz", "--json", f"{folder}/found.json"]
    try:
        assert main(arguments) == 0
    finally:
        torch.set_num_threads(threads)
    return dict(json.loads((folder / "found.json").read_text()))


def test_every_way_is_there_and_says_that_it_is_forced(report: dict[str, Any]) -> None:
    names = [variant.name for variant in variants()]
    [model] = report["models"]
    assert [row["variant"] for row in model["summary"]] == names
    assert {row["variant"] for row in model["answers"]} == set(names)
    assert {row["variant"] for row in model["stages"]} == {v.name for v in variants() if not v.peer and not v.cached}
    rows = [*model["answers"], *model["summary"], *model["stages"], model["together"]]
    assert all(row["forced"] is True for row in rows)


def test_all_ways_make_the_files_and_the_model_chose_alike(report: dict[str, Any]) -> None:
    [model] = report["models"]
    assert model["correct"]
    assert all(row["correct"] and row["agreement"] == 1 for row in model["answers"])


def test_passes_are_fewer_the_better_the_draft(report: dict[str, Any]) -> None:
    [model] = report["models"]
    passes = {row["variant"]: row["passes"] for row in model["summary"]}
    assert passes["transformers, prompt lookup of 10"] < passes["transformers, plain decoding"]
    assert passes["whole-file draft, 0 mismatches"] < passes["whole-file draft, 10 mismatches"]
    assert passes["whole-file draft, 0 mismatches"] < passes["transformers, prompt lookup of 10"]
    missed = {row["variant"]: row["missed"] for row in model["summary"]}
    assert missed["whole-file draft, 0 mismatches"] == 0
    assert 1 <= missed["whole-file draft, 1 mismatches"] < 3
    assert missed["whole-file draft, 10 mismatches"] > 3


def test_under_a_splice_only_choices_are_asked(report: dict[str, Any]) -> None:
    [model] = report["models"]
    rows = [row for row in model["answers"] if row["variant"].startswith("splice")]
    assert all(row["choices"] + row["no_choice"] == row["tokens"] for row in model["answers"])
    assert all(0 < row["choices"] < row["tokens"] for row in rows)
    for file in {row["file"] for row in rows}:
        assert len({row["choices"] for row in rows if row["file"] == file}) == 1
    summary = {row["variant"]: row for row in model["summary"]}
    undrafted, right, wrong = (summary[f"splice, {name}"] for name in _SPLICED)
    assert right["passes"] < wrong["passes"] < undrafted["passes"] < summary["plain decoding"]["passes"]
    assert right["missed"] == undrafted["missed"] == 0 < wrong["missed"]


def test_what_was_measured_is_said(report: dict[str, Any]) -> None:
    assert {"torch", "python"} <= set(report["versions"])
    assert report["machine"]["threads"] == 1
    assert report["settings"]["sizes"] == [80, 160]
    for row in report["models"][0]["stages"]:
        assert sum(row["shares"].values()) == pytest.approx(1)
        assert 0 < row["engine"] < row["overhead"] < 1


@pytest.mark.parametrize("mismatches", [0, 1, 5, 40])
def test_forcing_gives_the_edit_and_notes_what_the_model_chose_after_it(mismatches: int) -> None:
    truth = [(7 * i * i + 3) % VOCAB for i in range(60)]
    edit = Edit("file", [1, 2, 3], truth, [], [])
    runner = HashingRunner(64, 4)
    engine = ForcedEngine(runner, PagePool(64, 4), EngineSettings(VOCAB, 4096, step_tokens=24))
    handles = [
        engine.add_forced(Request(edit.prompt, n, drafts=edit.drafts(mismatches, 1)), truth[:n]) for n in (60, 41)
    ]
    tokens: dict[int, list[int]] = {handle: [] for handle in handles}
    while engine.busy:
        for event in engine.step():
            if isinstance(event, Progress):
                tokens[event.handle] += event.tokens
    assert [tokens[handle] for handle in handles] == [truth, truth[:41]]
    own = [int(logits_for(state).argmax()) for state in hashed([*edit.prompt, *truth[:-1]])[2:]]
    assert own != truth
    assert [engine.chosen[handle].tolist() for handle in handles] == [own, own[:41]]


@pytest.mark.parametrize("mismatches", [None, 0, 2, 5])
def test_forcing_under_a_splice_notes_what_the_model_chose_among_what_was_allowed(mismatches: int | None) -> None:
    end, stop = 0, 10
    lines = [[1, 2, end], [1, 3, 4, end], [5, end], [1, 3, 6, end]]
    truth = [token for number in [0, 2, 1, 1, 3, 2, 0, 3, 2, 1] for token in lines[number]] + [7, 8]
    edit = Edit("file", [1, 2, 3], truth, lines[2], [])
    splice = edit.spliced(frozenset({end}))
    assert sorted(map(list, splice.units)) == sorted(lines)
    assert list(map(list, splice.last)) == [[7, 8]]
    assert edit.unused(VOCAB) == stop
    drafts = Drafts() if mismatches is None else edit.line_drafts(mismatches, 1, frozenset({end}))
    engine = ForcedEngine(HashingRunner(64, 4), PagePool(64, 4), EngineSettings(VOCAB, 4096, step_tokens=24))
    request = Request(edit.prompt, len(truth), drafts=drafts, splice=splice, stop_ids=frozenset({stop}))
    handle = engine.add_forced(request, truth)
    tokens: list[int] = []
    while engine.busy:
        for event in engine.step():
            if isinstance(event, Progress):
                tokens += event.tokens
    assert tokens == truth
    allowed = {(): [1, 5, 7, stop], (1,): [2, 3], (1, 3): [4, 6]}
    line: list[int] = []
    for place, token in enumerate(truth):
        if tuple(line) in allowed:
            logits = logits_for(hashed([*edit.prompt, *truth[:place]])[-1])
            assert engine.chosen[handle][place] == max(allowed[tuple(line)], key=lambda one: logits[one])
        line = [] if token == end else [*line, token]


@pytest.mark.parametrize("mismatches", [0, 1, 3, 99])
def test_a_draft_of_lines_is_wrong_in_as_many_lines_as_it_says(mismatches: int) -> None:
    ends = frozenset({9})
    lines = [[number, 1, 9] for number in range(8)]
    edit = Edit("one", [1], [*(token for line in lines for token in line), 5], [50, 9], [])
    given = edit.line_drafts(mismatches, 3, ends).given
    stops = [at + 1 for at, token in enumerate(given) if token == 9]
    cut = [list(given[start:stop]) for start, stop in itertools.pairwise([0, *stops, len(given)])]
    assert cut[-1] == [5]
    assert all(line in [*lines, [50, 9]] for line in cut[:-1])
    assert sum(a != b for a, b in zip(cut[:-1], lines, strict=True)) == min(mismatches, 8)
    assert edit.line_drafts(mismatches, 3, ends).given == given


@pytest.mark.parametrize("mismatches", [0, 1, 3, 10, 99])
def test_a_draft_is_wrong_at_as_many_places_as_it_says(mismatches: int) -> None:
    drafts = EDIT.drafts(mismatches, seed=3)
    wrong = sum(a != b for a, b in zip(drafts.given, EDIT.truth, strict=True))
    assert wrong == min(mismatches, 40)
    assert drafts == EDIT.drafts(mismatches, seed=3)
    assert set(drafts.given) <= set(EDIT.truth)
    assert not drafts.original
    assert EDIT.drafts(mismatches, 3, beside=True) == Drafts(given=drafts.given, original=[4], snippet=[5])


def result_of(variant: str, file: str, seconds: float, **changes: Any) -> Result:
    fields = {"prompt": 50, "tokens": 100, "prompt_seconds": 1.0, "passes": 100, "correct": True, "agreement": 1.0}
    return Result(variant, file, seconds=seconds, computed=149, scored=100, **(fields | changes))


def test_ratios_are_taken_file_by_file() -> None:
    """The second file is ten times slower for both; a ratio of medians would say something else."""
    made = [("plain decoding", "a", 11.0), ("plain decoding", "b", 101.0), ("draft", "a", 2.0), ("draft", "a", 2.0)]
    made += [("draft", "a", 9.0), ("draft", "b", 21.0)]
    rows = [row_of(result_of(*one), Work(1e12, 1e9)) for one in made]
    plain, draft = summed_up(rows)
    assert plain["x_plain"] == 1
    assert draft["x_plain"] == pytest.approx((11 / 2 + 101 / 21) / 2)
    assert draft["x_plain_after_prompt"] == pytest.approx((10 / 1 + 100 / 20) / 2)
    assert draft["x_lookup"] is None
    assert (draft["runs"], draft["seconds_p50"], draft["seconds_p95"]) == (4, 2.0, 21.0)
    assert rows[0]["tflops"] == pytest.approx(1 / 11)


def test_time_for_the_rest_is_reckoned_without_the_prompt() -> None:
    part = result_of("plain decoding", "a", 1.0 + 9.9)
    whole = part.for_all(1090)
    assert whole.reckoned
    assert whole.seconds == pytest.approx(1 + 108.9)
    assert (whole.tokens, whole.passes, whole.computed, whole.scored) == (1090, 1090, 1139, 1090)


def test_shares_of_stages_are_of_all_steps() -> None:
    slow = dict.fromkeys(STAGES, 0.0) | {"forward": 6.0, "score": 2.0, "assemble": 1.0}
    quick = dict.fromkeys(STAGES, 0.0) | {"move": 1.0}
    row = stage_row("draft", "a", [slow, quick])
    assert (row["overhead"], row["engine"]) == (pytest.approx(0.2), pytest.approx(0.1))
    assert (row["step_ms_p50"], row["step_ms_p95"]) == (1e3, 9e3)


def test_quantiles_are_values_that_were_measured() -> None:
    assert [quantile([3.0, 1.0, 2.0], share) for share in (0.0, 0.5, 0.95)] == [1.0, 2.0, 3.0]
    assert quantile(list(range(1, 21)), 0.95) == 19


@pytest.mark.parametrize("name", CONFIGS)
def test_every_config_is_a_decoder(name: str) -> None:
    spec = spec_of(name, "bfloat16")
    said = {"Qwen2.5-Coder-1.5B": 1.54e9, "Qwen2.5-Coder-7B": 7.62e9, "Qwen3-1.7B": 1.72e9}
    if name in said:
        assert sum(prod(shape) for shape in published(spec).values()) == pytest.approx(said[name], rel=0.01)


def test_work_of_one_pass_is_twice_the_weights_for_each_token() -> None:
    spec = spec_of("Qwen2.5-Coder-7B", "bfloat16")
    least = work(spec, prompt=1, answer=0, computed=1, scored=1, passes=1)
    weights = sum(prod(shape) for shape in published(spec).values()) - spec.vocab_size * spec.hidden
    assert least.flops == pytest.approx(2 * weights, rel=1e-3)
    assert least.bytes == pytest.approx(2 * weights, rel=1e-3)
    more = work(spec, prompt=2000, answer=2000, computed=4000, scored=2000, passes=2)
    assert more.flops > 4000 * 2 * (weights - spec.vocab_size * spec.hidden)
    assert more.bytes == pytest.approx(4 * weights, rel=0.1)
