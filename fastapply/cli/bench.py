"""`fastapply bench`: how long merges take on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fastapply.cli.exit_codes import OK
from fastapply.cli.terminal import Progress, write_text
from fastapply.errors import InvalidRequest

if TYPE_CHECKING:
    import argparse

__all__ = ["run"]


def run(args: argparse.Namespace) -> int:
    """Measure, and print the tables."""
    import msgspec

    from fastapply.bench import bench, samples_from
    from fastapply.bench.report import render

    samples = samples_from(args.cases, args.limit)
    if not samples:
        raise InvalidRequest("no case has a file of 100 to 1,500 lines")
    progress = Progress(args.rounds * (2 + 2 * len(args.sizes)))
    try:
        report = bench(samples, args.sizes, args.rounds, progress.step)
    finally:
        progress.clear()
    if args.json:
        Path(args.json).write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")
    write_text("".join(f"{line}\n" for line in render(report)))
    return OK
