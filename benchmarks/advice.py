#!/usr/bin/env python3
"""What each sentence of the tools' description is worth to the merge.

    python benchmarks/advice.py CASES.jsonl.gz … [--limit N] [--jobs 2]

From the file before and after of each case a lazy edit is written by rule, as the description advises it, and again
with one habit left off; both are merged. A row counts the cases in which the habit makes a difference to the edit. No
model is asked: it is measured what it is worth to follow the advice, not how often a model follows it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from lazy_edits import Habits, hunks_of, write_edit

from fastapply import apply
from fastapply.errors import EditRefused
from fastapply.evaluate import Case, judge, load_cases
from fastapply.merge.text import bare_lines

_DEADLINE = 60.0  # in seconds; a loaded machine must not turn a merge into an error
ADVISED = Habits()


@dataclass(frozen=True)
class Variant:
    """One habit left off, and the sentence of the description that speaks of it."""

    advice: str
    habits: Habits
    instruction: bool = True
    only_deletions: bool = False


VARIANTS: Mapping[str, Variant] = {
    "no markers at all": Variant("marker", replace(ADVISED, markers="none")),
    "no markers before and behind what is shown": Variant("marker", replace(ADVISED, markers="inner")),
    "no markers between what is shown": Variant("marker", replace(ADVISED, markers="outer")),
    "three unchanged lines above and below": Variant("neighbours", replace(ADVISED, above=3, below=3)),
    "one unchanged line above and below": Variant("neighbours", replace(ADVISED, above=1, below=1)),
    "lines of brackets alone count as unchanged lines": Variant("neighbours", replace(ADVISED, telling=False)),
    "unchanged lines above alone": Variant("neighbours", replace(ADVISED, below=0)),
    "unchanged lines below alone": Variant("neighbours", replace(ADVISED, above=0)),
    "no unchanged lines": Variant("neighbours", replace(ADVISED, above=0, below=0)),
    "unchanged lines with other quotes and spaces": Variant("neighbours", replace(ADVISED, exact=False)),
    "each part begins at the left": Variant("neighbours", replace(ADVISED, indented=False)),
    "no heads": Variant("head", replace(ADVISED, heads=False)),
    "no heads, one unchanged line": Variant("head", replace(ADVISED, heads=False, above=1, below=1)),
    "no heads, no unchanged lines": Variant("head", replace(ADVISED, heads=False, above=0, below=0)),
    "a marker in the place of what is deleted": Variant(
        "deletion", replace(ADVISED, marked_deletions=True), only_deletions=True
    ),
    "deletions without the line below": Variant("deletion", replace(ADVISED, below=0), only_deletions=True),
    "all of it: the changed lines alone": Variant(
        "all", replace(ADVISED, above=0, below=0, markers="none", heads=False)
    ),
    "no `instruction`": Variant("none", ADVISED, instruction=False),
}

Verdicts = dict[str, tuple[str, str]]
"""By variant: the verdict as advised, and without the habit."""


def measure(case: Case) -> Verdicts:
    """The verdicts of the variants that make a difference to this edit."""
    advised = write_edit(case.path, case.language, case.before, case.after, ADVISED)
    first = _verdict(case, advised, case.instruction)
    deletes = any(not hunk.new for hunk in hunks_of(bare_lines(case.before), bare_lines(case.after)))
    found: Verdicts = {}
    for name, variant in VARIANTS.items():
        edit = write_edit(case.path, case.language, case.before, case.after, variant.habits)
        instruction = case.instruction if variant.instruction else ""
        if (edit, instruction) == (advised, case.instruction) or (variant.only_deletions and not deletes):
            continue
        found[name] = (first, _verdict(case, edit, instruction))
    return found


def _verdict(case: Case, edit: str, instruction: str) -> str:
    try:
        merged = apply(case.before, edit, path=case.path, instruction=instruction, deadline=_DEADLINE).merged_code
    except EditRefused:
        return "refused"
    except Exception:  # counted; the score of the merge itself says which
        return "error"
    return judge(case.after, merged)


def table(found: Sequence[Verdicts]) -> Iterator[str]:
    """The Markdown table."""
    yield "| sentence | left off | cases | exact | refused | wrong | as advised: exact | refused | wrong |"
    yield f"|---|---|{'---:|' * 7}"
    for name, variant in VARIANTS.items():
        pairs = [verdicts[name] for verdicts in found if name in verdicts]
        if pairs:
            advised, without = zip(*pairs, strict=True)
            yield f"| {variant.advice} | {name} | {len(pairs)} | {_shares(without)} | {_shares(advised)} |"


def _shares(verdicts: Sequence[str]) -> str:
    """How many are exact but for blank lines, refused, and anything else."""
    counts = Counter(verdicts)
    exact, refused = counts["exact"] + counts["spacing"], counts["refused"]
    return " | ".join(
        f"{100 * count / len(verdicts):.1f}%" for count in (exact, refused, len(verdicts) - exact - refused)
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, and print the table for each file of cases."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("cases", nargs="+", metavar="CASES", help="files as for `fastapply eval`")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N cases of each")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="processes (2)")
    args = parser.parse_args(argv)
    with multiprocessing.get_context("spawn").Pool(args.jobs) as pool:
        for path in args.cases:
            cases = [case for case in load_cases(path, args.limit) if case.before != case.after]
            found = list(pool.imap(measure, cases, chunksize=8))
            sys.stdout.write("".join(f"{line}\n" for line in (f"{path}: {len(cases)} cases\n", *table(found), "")))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
