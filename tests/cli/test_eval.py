"""`fastapply eval`: verdicts, the table, and the dump."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from fastapply.evaluate import judge

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

CASE = {"path": "a.py", "language": "python", "style": "whole", "before": "a = 1\nb = 2\n", "snippet": "a = 1\nb = 3\n"}
CASES = [
    CASE | {"id": "same", "after": "a = 1\nb = 3\n"},
    CASE | {"id": "blanks", "after": "a = 1\nb = 3  \n\n"},
    CASE | {"id": "lines", "after": "a = 1\n\nb = 3\n"},
    CASE | {"id": "other", "after": "a = 1\nb = 4\n", "style": "odd"},
    CASE | {"id": "doubt", "before": "go()\nstop()\ngo()\n", "snippet": "# ...\nrest()\n# ...\n", "after": "?"},
]


@pytest.mark.parametrize(
    ("merged", "verdict"),
    [
        ("a\nb\n", "exact"),
        ("a\nb", "exact"),
        ("a  \r\nb\t\n\n", "exact"),
        ("a\n\nb\n", "spacing"),
        ("\na\nb\n", "spacing"),
        (" a\nb\n", "wrong"),
        ("a\n", "wrong"),
    ],
)
def test_verdicts(merged: str, verdict: str) -> None:
    assert judge("a\nb\n", merged) == verdict


@pytest.fixture
def cases(tmp_path: Path) -> str:
    text = "".join(json.dumps(case) + "\n" for case in CASES)
    (tmp_path / "cases.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    return "cases.jsonl.gz"


def test_the_table_counts_by_language_and_style(run: Run, cases: str) -> None:
    done = run("eval", cases, "--jobs", 1)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.decode().splitlines()
    everything = "exact  40.0%  spacing  20.0%  refused  20.0%  wrong  20.0%  error   0.0%"
    assert lines[-1].split(None, 2) == ["all", "5", everything]
    assert any(line.startswith("language python") and everything in line for line in lines)
    assert any(line.startswith("style odd") and "wrong 100.0%" in line for line in lines)
    assert "bytes: 1 of 2 exact merges are equal byte for byte" in lines
    assert any(line.startswith("time: p50 ") for line in lines)


def test_the_dump_has_each_outcome_in_order(run: Run, cases: str, tmp_path: Path) -> None:
    run("eval", cases, "--jobs", 2, "--dump", "out.jsonl")
    outcomes = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [(outcome["id"], outcome["kind"]) for outcome in outcomes] == [
        ("same", "exact"),
        ("blanks", "exact"),
        ("lines", "spacing"),
        ("other", "wrong"),
        ("doubt", "refused"),
    ]
    assert outcomes[0]["merged"] == "a = 1\nb = 3\n"
    assert outcomes[4]["doubts"]


def test_failures_are_shown(run: Run, cases: str) -> None:
    shown = run("eval", cases, "--failures", "--limit", 4).stdout
    assert b"wrong: other" in shown
    assert b"-b = 4\n+b = 3\n" in shown
    assert b"exact: same" not in shown


@pytest.mark.parametrize("content", [b"", b"{}\n", b"not json\n"])
def test_cases_that_cannot_be_read_are_an_error(run: Run, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.jsonl").write_bytes(content)
    done = run("eval", "bad.jsonl")
    assert done.returncode == 2
    assert b"bad.jsonl" in done.stderr
