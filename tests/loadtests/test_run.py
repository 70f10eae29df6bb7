"""The load tests from end to end, for seconds in place of minutes and with edits of our own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


def test_a_short_run_gives_a_whole_report(tmp_path: Path) -> None:
    options = ["--users", "2", "--seconds", "1", "--warm-up", "0.3", "--soak", "6", "--soak-users", "3"]
    command = [sys.executable, "-m", "loadtests", *options, "--cases", str(tmp_path / "none*"), "--out", str(tmp_path)]
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "NO RECORDED EDITS" in done.stdout
    results = json.loads((tmp_path / "results.json").read_bytes())
    assert results["edits"]["from"] == "generated"
    assert results["settings"]["--queue"] == "3"
    rungs = [results["alone"], *results["ladder"], results["soak"]["rung"]]
    assert len(rungs) == 6
    assert all(rung["requests"] > 0 and rung["errors"] == 0 for rung in rungs), rungs
    assert results["alone"]["requests"] == results["edits"]["number"]
    assert results["soak"]["rung"]["lag"]["count"] > 0
    assert results["soak"]["slope"].keys() == {"server_rss", "server_pss", "workers_rss", "workers_pss", "engine_rss"}
    report = (tmp_path / "report.md").read_text()
    assert "all figures are of generated ones" in report
    assert "Errors in all runs together: **0**." in report
    for plot in ("latency", "throughput", "memory", "soak"):
        assert f"({plot}.svg)" in report
        assert (tmp_path / f"{plot}.svg").read_text().startswith("<?xml")
