"""The measurement of files read ahead: its model gives the right answers, and what was read is found."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_small_run_measures_both_ways(tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    options = ["--lines", "40", "--rounds", "1", "--shape", "tiny", "--dtype", "float32", "--out", str(out)]
    command = [sys.executable, "-m", "loadtests.warm_up", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    cold, warm = json.loads(out.read_text())["answers"]
    assert (cold["warm"], warm["warm"]) == (False, True)
    assert cold["right"]
    assert warm["right"]
    assert cold["cached_tokens"] < warm["warmed_tokens"] == warm["cached_tokens"] < warm["prompt_tokens"]
