"""`benchmarks/ablation.py`: each rule is there to be switched off, and all is as before when it is on again."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from fastapply.bench.replace import replaced, resolve
from fastapply.evaluate import Case

FOLDER = Path(__file__).parents[2] / "benchmarks"

if not FOLDER.is_dir():
    pytest.skip("the benchmarks are part of the repository, not of the package", allow_module_level=True)

BEFORE = "import os\n\n\ndef one():\n    return 1\n\n\ndef two():\n    return 2\n"


@pytest.fixture(scope="module")
def ablation() -> ModuleType:
    sys.path.insert(0, str(FOLDER))
    try:
        return importlib.import_module("ablation")
    finally:
        sys.path.remove(str(FOLDER))


def switches() -> list[tuple[str, str]]:
    """Each rule with each name that it replaces, read without running anything."""
    sys.path.insert(0, str(FOLDER))
    try:
        table = importlib.import_module("switches").SWITCHES
    finally:
        sys.path.remove(str(FOLDER))
    return [(rule, name) for rule, changes in table.items() for name in changes]


@pytest.mark.parametrize(("rule", "name"), switches())
def test_what_a_switch_replaces_is_there(rule: str, name: str, ablation: ModuleType) -> None:
    original = resolve(name)[2]
    with replaced(name, ablation.SWITCHES[rule][name]):
        assert resolve(name)[2] is not original
    assert resolve(name)[2] is original


def test_a_rule_that_has_moved_is_told(ablation: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ablation.SWITCHES, "moved", {"fastapply.merge.points:_moved_elsewhere": lambda rule: rule})
    (fault,) = ablation.missing(["moved", "notes"])
    assert fault.startswith("moved: fastapply.merge.points:_moved_elsewhere is not there")


def case(snippet: str, after: str) -> Case:
    return Case(id="one", path="a.py", language="python", before=BEFORE, snippet=snippet, after=after)


def test_a_rule_switched_off_changes_what_comes_out(ablation: ModuleType) -> None:
    cases = [case("# add this at the top\nimport sys\n# ...\ndef two():\n    return 3\n", "?")]
    full = ablation.outcomes(cases, {})
    without = ablation.outcomes(cases, ablation.SWITCHES["notes"])
    assert without != full
    assert ablation.outcomes(cases, {}) == full


def test_the_table_holds_the_whole_merge_and_the_differences(ablation: ModuleType) -> None:
    full = [("exact", "a"), ("exact", "b"), ("refused", "")]
    worse, same = [("exact", "a"), ("wrong", "c"), ("refused", "")], list(full)
    assert list(ablation.table(full, {"no use": same, "great use": worse})) == [
        "| without | exact | wrong | refused | changed |",
        "|---|---:|---:|---:|---:|",
        "| nothing: the whole merge | 2 | 0 | 1 | |",
        "| great use | -1 | +1 | 0 | 1 |",
        "| no use | 0 | 0 | 0 | 0 |",
    ]


def test_the_golden_cases_can_be_measured_with(ablation: ModuleType) -> None:
    cases = ablation.golden_cases(FOLDER.parent / "tests" / "golden")
    assert len(cases) > 100
    assert {"python", "kotlin", "haskell"} <= {case.language for case in cases}
    assert all(case.before or case.snippet for case in cases)


def test_it_runs_over_files_of_cases(tmp_path: Path) -> None:
    fields = {"id": "one", "path": "a.py", "language": "python", "before": BEFORE, "after": BEFORE, "snippet": BEFORE}
    (tmp_path / "cases.jsonl").write_text(json.dumps(fields) + "\n")
    command = [sys.executable, str(FOLDER / "ablation.py"), "cases.jsonl", "--only", "twins", "--jobs", "1"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "| nothing: the whole merge | 1 | |" in done.stdout
    assert "| twins | 0 | 0 |" in done.stdout
