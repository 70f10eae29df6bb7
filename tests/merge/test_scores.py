"""How good the merge is on recorded edits; the floors say from where on a change has made it worse."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from fastapply import apply
from fastapply.errors import EditRefused, FastApplyError
from fastapply.evaluate import Case, Verdict, judge, load_cases

CASES = Path(__file__).parents[3] / "shared" / "cases"
WORKERS = 2


def verdict(case: Case) -> tuple[str, Verdict]:
    """The case's id, and how its merge compares with what should come out."""
    try:
        result = apply(case.before, case.snippet, instruction=case.instruction, path=case.path, deadline=60)
    except EditRefused:
        return case.id, "refused"
    except FastApplyError:
        return case.id, "error"
    return case.id, judge(case.after, result.merged_code)


@pytest.mark.parametrize(
    ("name", "least_exact", "most_wrong"),
    [
        pytest.param("written", 0.90, 0.015, id="lazy edits as coding models write them"),
        pytest.param("commits", 0.94, 0.01, id="changes of commits cut into snippets by rule"),
    ],
)
def test_recorded_edits(name: str, least_exact: float, most_wrong: float) -> None:
    """Most edits are merged exactly, and hardly one is wrong without a word."""
    path = CASES / f"{name}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"no recorded edits at {path}")
    cases = load_cases(str(path))
    spawn = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang
    with ProcessPoolExecutor(WORKERS, mp_context=spawn) as pool:
        verdicts = list(pool.map(verdict, cases, chunksize=16))
    kinds = Counter(kind for _, kind in verdicts)
    wrong = [case for case, kind in verdicts if kind in ("wrong", "error")]
    assert len(verdicts) == len(cases) > 0
    assert kinds["error"] == 0, wrong
    assert kinds["exact"] >= least_exact * len(cases), kinds
    assert kinds["wrong"] <= most_wrong * len(cases), wrong
