"""`benchmarks/advice.py`: edits are written as advised, one habit is left off at a time, and both are judged."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from fastapply import apply
from fastapply.agent.tools import ADVICE
from fastapply.evaluate import Case

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "benchmarks"

if not FOLDER.is_dir():
    pytest.skip("the benchmarks are part of the repository, not of the package", allow_module_level=True)

BEFORE = """import os


class Store:
    def load(self):
        first = 1
        second = 2
        third = 3
        fourth = 4
        return first

    def save(self):
        first = 1
        gone = "x"
        second = 2
        return second


def last():
    return 0
"""
AFTER = BEFORE.replace("third = 3", "third = 33").replace('        gone = "x"\n', "")
ADVISED = """# ... existing code ...
class Store:
    def load(self):
        first = 1
        second = 2
        third = 33
        fourth = 4
        return first

    def save(self):
        first = 1
        second = 2
        return second
# ... existing code ...
"""


def module(name: str) -> ModuleType:
    sys.path.insert(0, str(FOLDER))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(FOLDER))


def written(**habits: object) -> str:
    lazy = module("lazy_edits")
    return str(lazy.write_edit("store.py", "python", BEFORE, AFTER, lazy.Habits(**habits)))


def test_an_edit_is_written_as_advised_and_merges() -> None:
    assert written() == ADVISED
    assert apply(BEFORE, ADVISED, path="store.py").merged_code == AFTER


@pytest.mark.parametrize(
    ("habits", "there", "missing"),
    [
        ({"markers": "none"}, "class Store", "existing code"),
        ({"markers": "outer"}, "# ... existing code ...\nclass", "def save(self):\n    # ..."),
        ({"markers": "inner", "above": 1, "below": 1}, "second = 2\n        third", "# ... existing code ...\nclass"),
        ({"heads": False, "above": 1, "below": 1}, "second = 2\n        third = 33\n        fourth", "class"),
        ({"above": 0, "below": 0}, "def load(self):\n        # ... existing code ...\n        third = 33", "fourth"),
        ({"indented": False}, "# ... existing code ...\nclass", "nothing of this"),
        ({"marked_deletions": True}, "first = 1\n        # ... existing code ...\n        second", "gone"),
        ({"exact": False}, "third = 33", "nothing of this"),
    ],
)
def test_a_habit_is_left_off(habits: dict[str, object], there: str, missing: str) -> None:
    edit = written(**habits)
    assert there in edit
    assert missing not in edit


def test_every_sentence_of_the_advice_is_measured_and_documented() -> None:
    variants = module("advice").VARIANTS
    assert {variant.advice for variant in variants.values()} == {*ADVICE, "all", "none"}
    page = (ROOT / "docs" / "agents.md").read_text("utf-8")
    assert all(f"| {sentence} |" in page for sentence in ADVICE.values())
    rows = re.findall(r"^\| (\w+) \| ([^|]+?) \| \d+ ", (ROOT / "BENCHMARKS.md").read_text("utf-8"), re.MULTILINE)
    assert {(variant.advice, name) for name, variant in variants.items()} <= set(rows)


def test_it_prints_a_row_for_each_habit_that_makes_a_difference(tmp_path: Path) -> None:
    cases = tmp_path / "cases.jsonl"
    case = Case("one", "store.py", "python", BEFORE, "", AFTER)
    same = Case("same", "store.py", "python", BEFORE, "", BEFORE)
    fields = Case.__struct_fields__
    lines = [json.dumps({name: getattr(one, name) for name in fields}) for one in (case, same)]
    cases.write_text("\n".join(lines))
    command = [sys.executable, str(FOLDER / "advice.py"), str(cases), "--jobs", "1"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert output.startswith(f"{cases}: 1 cases\n\n| sentence |")
    assert "| deletion | a marker in the place of what is deleted | 1 |" in output
    assert "| none |" not in output  # there is no instruction to leave off
    assert "| 100.0% | 0.0% | 0.0% |\n" in output
