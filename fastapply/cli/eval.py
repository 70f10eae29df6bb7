"""`fastapply eval`: how many recorded edits come out as they should."""

from __future__ import annotations

import asyncio
import difflib
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from fastapply.cli.doubts import describe_doubts
from fastapply.cli.exit_codes import ERROR, OK
from fastapply.cli.terminal import BOLD, Painter, Progress, paint_diff, write_text
from fastapply.errors import InvalidRequest
from fastapply.evaluate import Case, Outcome, load_cases, run_cases, table
from fastapply.settings.model import PoolSettings

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

__all__ = ["run"]


def run(args: argparse.Namespace) -> int:
    """Merge all cases and print the table; an error only where no case could be merged at all."""
    cases = load_cases(args.cases, args.limit)
    if not cases:
        raise InvalidRequest(f"{args.cases}: no cases")
    settings = PoolSettings() if args.jobs is None else PoolSettings(workers=args.jobs)
    outcomes = asyncio.run(_run_with_progress(cases, settings, args))
    if args.dump:
        Path(args.dump).write_bytes(b"".join(msgspec.json.encode(outcome) + b"\n" for outcome in outcomes))
    if args.failures:
        _show_failures(cases, outcomes)
    write_text(table(cases, outcomes, settings.workers) + "\n")
    return ERROR if all(outcome.kind == "error" for outcome in outcomes) else OK


async def _run_with_progress(cases: Sequence[Case], settings: PoolSettings, args: argparse.Namespace) -> list[Outcome]:
    progress = Progress(len(cases))
    kinds: Counter[str] = Counter()

    def seen(outcome: Outcome) -> None:
        kinds[outcome.kind] += 1
        progress.step("  ".join(f"{kind} {count}" for kind, count in kinds.most_common()))

    try:
        return await run_cases(cases, settings, args.on_doubt, seen)
    finally:
        progress.clear()


def _show_failures(cases: Sequence[Case], outcomes: Sequence[Outcome]) -> None:
    paint = Painter(sys.stdout)
    for case, outcome in zip(cases, outcomes, strict=True):
        if outcome.kind != "exact":
            write_text(f"{paint(f'{outcome.kind}: {case.id}', BOLD)}\n{_why(case, outcome, paint)}\n")


def _why(case: Case, outcome: Outcome, paint: Painter) -> str:
    if outcome.doubts:
        return describe_doubts(outcome.doubts, case.path, case.before, case.snippet, paint)
    if outcome.merged is None:
        return f"{outcome.error}\n"
    wanted, merged = case.after.split("\n"), outcome.merged.split("\n")
    diff = difflib.unified_diff(wanted, merged, "should come out", "came out", lineterm="")
    return paint_diff("\n".join(diff), paint) + "\n"
