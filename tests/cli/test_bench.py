"""`fastapply bench`, run as users run it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run


def case(number: int, lines: int) -> str:
    before = "".join(f"value_{number}_{line} = {line}\n" for line in range(lines))
    fields = {"id": str(number), "path": "a.py", "language": "python", "before": before, "after": before}
    return json.dumps(fields | {"snippet": before.split("\n")[3] + "\n"}) + "\n"


def test_it_measures_cases_and_writes_figures(run: Run, tmp_path: Path) -> None:
    (tmp_path / "cases.jsonl").write_text("".join(case(number, 100 * number) for number in range(1, 5)) + case(9, 9))
    done = run("bench", "--cases", "cases.jsonl", "--limit", 2, "--rounds", 1, "--sizes", "150", "--json", "out.json")
    assert done.returncode == 0, done.stderr
    assert b"Merges of files by language" in done.stdout
    figures = json.loads((tmp_path / "out.json").read_bytes())
    assert [(row["language"], row["files"]) for row in figures["groups"]] == [("python", 2), ("all", 2)]
    assert [row["language"] for row in figures["growth"]] == ["python", "typescript"]
    assert figures["stages"][-1]["stage"] == "all"


def test_the_growth_can_be_left_out(run: Run) -> None:
    done = run("bench", "--limit", 1, "--rounds", 1, "--sizes", "none")
    assert done.returncode == 0, done.stderr
    assert b"Growth" not in done.stdout


def test_wrong_usage_and_cases_that_do_not_fit_are_errors(run: Run, tmp_path: Path) -> None:
    assert run("bench", "--rounds", 0).returncode == 64
    (tmp_path / "small.jsonl").write_text(case(1, 10))
    done = run("bench", "--cases", "small.jsonl")
    assert done.returncode == 2
    assert b"no case has a file of 100 to 1,500 lines" in done.stderr
