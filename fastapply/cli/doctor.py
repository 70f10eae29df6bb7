"""`fastapply doctor`: findings, one a line."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from typing import TYPE_CHECKING

from fastapply.cli.exit_codes import ERROR, OK
from fastapply.cli.overrides import overrides_of
from fastapply.cli.terminal import GREEN, RED, YELLOW, Painter, write_text
from fastapply.doctor import examine

if TYPE_CHECKING:
    import argparse

    from fastapply.doctor import Finding

__all__ = ["run"]

_STYLES = {"ok": GREEN, "note": YELLOW, "problem": RED}


def run(args: argparse.Namespace) -> int:
    """Print the findings; an error where one is a problem."""
    paint = Painter(sys.stdout)
    findings = []
    for finding in examine(args.config, os.environ, overrides_of(args)):
        findings.append(finding)
        if not args.json:
            write_text(_line(finding, paint))
    if args.json:
        write_text(json.dumps([dataclasses.asdict(finding) for finding in findings], indent=2) + "\n")
    return ERROR if any(finding.level == "problem" for finding in findings) else OK


def _line(finding: Finding, paint: Painter) -> str:
    label = paint(f"{finding.level:<7}", _STYLES[finding.level])
    stop = "" if finding.what.endswith("?") else ";"
    remedy = f"{stop} {finding.remedy}" if finding.remedy else ""
    return f"{label}  {paint.shown(finding.what + remedy)}\n"
