"""`fastapply doctor`: lines, JSON and exit codes. Each finding is tested under tests/doctor."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run


def test_a_sound_machine_has_no_problem(run: Run) -> None:
    done = run("doctor", "--port", 0, "--pool-workers", 1)
    lines = done.stdout.decode().splitlines()
    problems = [line for line in lines if line.startswith("problem")]
    assert all("is not installed" in line or "is needed" in line for line in problems), problems
    assert done.returncode == (2 if problems else 0)
    assert sum(line.startswith("ok  ") for line in lines) >= 7


def test_a_problem_ends_in_its_remedy_and_exit_code_2(run: Run) -> None:
    done = run("doctor", "--deadline", "-1")
    assert done.returncode == 2
    assert b"problem  command line: pool.deadline must be more than 0 seconds; correct it there\n" in done.stdout


def test_the_same_as_json(run: Run) -> None:
    findings = json.loads(run("doctor", "--json", FASTAPPLY_SERVER_PROT="1").stdout)
    assert {"level", "what", "remedy"} == set(findings[0])
    assert "problem" in {finding["level"] for finding in findings}


def test_a_question_and_its_remedy_are_two_sentences(run: Run, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("[server]\nprot = 1\n")
    done = run("doctor", "--config", "c.toml")
    assert done.returncode == 2
    assert b"did you mean port? correct or remove it" in done.stdout
