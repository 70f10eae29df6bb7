"""`python -m loadtests`: run, and write the report."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from loadtests import plots, report
from loadtests.run import Plan, run

_REPORT = Path(__file__).parent / "report"


def main() -> int:
    """0 where every answer was right."""
    args = _parser().parse_args()
    plan = Plan(
        users=args.users,
        seconds=args.seconds,
        warm_up=args.warm_up,
        soak_seconds=args.soak,
        soak_users=args.soak_users,
        cases=tuple(args.cases),
        server={
            "queue": str(args.queue or max(*args.users, args.soak_users)),
            "deadline": f"{args.deadline:g}",
            "workers": str(args.workers),
            **({"pool-workers": str(args.pool_workers)} if args.pool_workers else {}),
        },
    )
    results = run(plan, lambda line: print(line, flush=True))
    args.out.mkdir(parents=True, exist_ok=True)
    plots.draw(results, args.out)
    report.write(results, args.out)
    print(f"written: {args.out}/report.md")
    if results.errors:
        print(f"{results.errors} errors", file=sys.stderr)
    return 1 if results.errors else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m loadtests", description="Load the service and write a report.")
    parser.add_argument("--users", type=_numbers, default=(2, 32, 256), metavar="N,N,…", help="users (2,32,256)")
    parser.add_argument("--seconds", type=float, default=30, help="length of each measurement (30)")
    parser.add_argument("--warm-up", type=float, default=5, help="seconds before each that do not count (5)")
    parser.add_argument("--soak", type=float, default=600, metavar="SECONDS", help="length of the soak (600), or 0")
    parser.add_argument("--soak-users", type=int, default=32, metavar="N", help="users of the soak (32)")
    parser.add_argument(
        "--cases", action="append", default=[], metavar="FILES",
        help="recorded edits (JSON lines, may be gzipped); may be given several times, and hold wildcards "
        "(../shared/cases/*.jsonl.gz, or what LOADTEST_CASES says; without any, generated edits)",
    )  # fmt: skip
    parser.add_argument("--queue", type=int, metavar="N", help="of the server: who may wait (as many as users)")
    parser.add_argument("--deadline", type=float, default=30, metavar="SECONDS", help="of the server (30)")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="of the server: server processes (1)")
    parser.add_argument("--pool-workers", type=int, metavar="N", help="of the server: processes that merge")
    parser.add_argument("--out", type=Path, default=_REPORT, metavar="FOLDER", help="for the report (loadtests/report)")
    return parser


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(",")))


if __name__ == "__main__":
    raise SystemExit(main())
