"""`python -m backend.bench`: output tokens a second with every way of decoding, on recorded edits. See `--help`."""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from backend.bench import cases, machine
from backend.bench.plan import CPU, CUDA, QUICK, Plan
from backend.bench.session import Session, show
from backend.bench.shapes import spec_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_CASES = Path("../shared/cases/commits.jsonl.gz")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and write JSON where asked to; 1 if an answer came out wrong."""
    args = _parsed(arguments)
    device = torch.device(args.device)
    plan = _plan(args)
    if args.threads:
        torch.set_num_threads(args.threads)
    found = cases.read_cases(args.cases)
    report: dict[str, object] = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": machine.commit(),
        "machine": machine.described(device),
        "versions": machine.versions(),
        "settings": asdict(plan) | {"cases": [path.name for path in args.cases], "seed": args.seed},
        "models": [],
    }
    print(f"commit {report['commit']}, {report['machine']}\n{report['versions']}\n", flush=True)
    models = []
    with tempfile.TemporaryDirectory() as folder:
        tokenizer = cases.trained(found, plan.vocabulary, Path(folder))
    edits = [cases.encode(case, tokenizer) for case in found]
    for name, dtype in itertools.product(plan.models, plan.dtypes):
        session = Session(spec_of(name, dtype), name, plan, edits, cases.line_ends(tokenizer), device, args.seed)
        models.append(session.run())
        print(show(models[-1]), flush=True)
        del session
    report["models"] = models
    if args.json:
        args.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0 if all(one["correct"] for one in models) else 1


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m backend.bench", description=__doc__)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--cases", type=Path, nargs="+", default=[_CASES], help="recorded edits in JSON lines")
    parser.add_argument("--json", type=Path, help="write every figure to this file")
    parser.add_argument(
        "--models", nargs="+", help="in the place of the device's own: names of backend/bench/shapes.py"
    )
    parser.add_argument("--quick", action="store_true", help="a tiny model and short files: shows that it runs")
    parser.add_argument("--threads", type=int, help="of torch on the CPU; its own choice if left out")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(arguments)
    for path in args.cases:
        if not path.is_file():
            parser.error(f"{path} is not there; --cases names files of recorded edits")
    if args.device == "cuda" and not torch.cuda.is_available():
        parser.error("there is no CUDA device here")
    return args


def _plan(args: argparse.Namespace) -> Plan:
    plan = QUICK if args.quick else CUDA if args.device == "cuda" else CPU
    return plan.of(args.models) if args.models else plan


if __name__ == "__main__":
    sys.exit(main())
