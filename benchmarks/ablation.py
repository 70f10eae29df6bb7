#!/usr/bin/env python3
"""Which rule of the merge buys what: all cases once with everything, and once without each rule.

    python benchmarks/ablation.py tests/golden|CASES.jsonl.gz … [--only RULE …] [--together] [--jobs 2]

Prints a Markdown table: how many cases come out exact, with other blank lines, wrong and refused, and for each rule
by how much that differs without it. "changed" counts the cases whose outcome is another, better or worse. Two rules may
each be worth nothing because the other one does the same: --together does without all the rules that --only names.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from golden_files import golden_cases
from switches import SWITCHES, Change

from fastapply import apply
from fastapply.bench.replace import replaced, resolve
from fastapply.bench.timing import forget
from fastapply.errors import EditRefused
from fastapply.evaluate import Case, judge, load_cases

_DEADLINE = 60.0  # in seconds; a loaded machine must not turn a merge into an error
KINDS = ("exact", "spacing", "wrong", "refused", "error")

Outcome = tuple[str, str]
"""The verdict on a case, and the merged text."""


def outcomes(cases: Sequence[Case], changes: Mapping[str, Change]) -> list[Outcome]:
    """What comes out of each case while `changes` are in force."""
    forget()
    with ExitStack() as patches:
        for name, change in changes.items():
            patches.enter_context(replaced(name, change))
        found = [_outcome(case) for case in cases]
    forget()
    return found


def _outcome(case: Case) -> Outcome:
    try:
        result = apply(case.before, case.snippet, path=case.path, instruction=case.instruction, deadline=_DEADLINE)
    except EditRefused:
        return "refused", ""
    except Exception as error:  # a merge without one of its rules may trip over what the rule was there to prevent
        return "error", type(error).__name__
    return judge(case.after, result.merged_code), result.merged_code


def missing(rules: Sequence[str]) -> Iterator[str]:
    """What some of these rules would replace, and is not there."""
    for rule in rules:
        for name in SWITCHES[rule]:
            try:
                resolve(name)
            except LookupError as error:
                yield f"{rule}: {error}"


def table(full: list[Outcome], without: Mapping[str, list[Outcome]]) -> Iterator[str]:
    """The Markdown table, the dearest rule first."""
    base = Counter(kind for kind, _ in full)
    counts = {rule: Counter(kind for kind, _ in found) for rule, found in without.items()}
    kinds = [kind for kind in KINDS if base[kind] or any(count[kind] for count in counts.values())]
    yield f"| without | {' | '.join(kinds)} | changed |"
    yield f"|---|{'---:|' * (len(kinds) + 1)}"
    yield f"| nothing: the whole merge | {' | '.join(str(base[kind]) for kind in kinds)} | |"
    for rule in sorted(counts, key=lambda rule: (counts[rule]["exact"] - counts[rule]["wrong"], rule)):
        differences = [counts[rule][kind] - base[kind] for kind in kinds]
        changed = sum(mine != other for mine, other in zip(full, without[rule], strict=True))
        yield f"| {rule} | {' | '.join(f'{number:+}' if number else '0' for number in differences)} | {changed} |"


_cases: list[Case] = []


def _load(paths: Sequence[str], limit: int | None) -> None:
    """In a worker: the cases that it will merge again and again."""
    cases = [case for path in paths for case in (golden_cases(Path(path)) if Path(path).is_dir() else load_cases(path))]
    _cases[:] = cases[:: max(1, len(cases) // limit)] if limit else cases


def _run(rules: tuple[str, ...]) -> tuple[str, list[Outcome]]:
    changes = {name: change for rule in rules for name, change in SWITCHES[rule].items()}
    return ", ".join(rules), outcomes(_cases, changes)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, and print the table."""
    args = _parser().parse_args(argv)
    rules = args.only or list(SWITCHES)
    if faults := list(missing(rules)):
        sys.stderr.write("".join(f"ablation: {fault}\n" for fault in faults))
        return 1
    found: dict[str, list[Outcome]] = {}
    runs = [(), tuple(rules)] if args.together else [(), *((rule,) for rule in rules)]
    context = multiprocessing.get_context("spawn")
    with context.Pool(args.jobs, _load, (args.cases, args.limit)) as pool:
        for without, outcome in pool.imap_unordered(_run, runs):
            found[without] = outcome
            sys.stderr.write(f"\r{len(found)} of {len(runs)} runs")
    sys.stderr.write("\n")
    full = found.pop("")
    sys.stdout.write("".join(f"{line}\n" for line in table(full, found)))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("cases", nargs="+", metavar="CASES", help="files as for `fastapply eval`, or tests/golden")
    parser.add_argument("--only", action="append", choices=list(SWITCHES), metavar="RULE", help="only this rule")
    parser.add_argument("--together", action="store_true", help="without all these rules at once")
    parser.add_argument("--limit", type=int, metavar="N", help="about N cases, spread over all")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="processes (2)")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
