"""How early the edits of a snippet are certain while it is written, and how often that is wrong.

    python benchmarks/early_edits.py CASES.jsonl.gz … [--golden tests/golden]

Each case is cut behind each of its lines, as if a model had come so far. What is certain there must be among the edits
of the whole snippet: whatever is not is printed, and makes the exit status 1. How early edits come is counted at the
lines at which the service looks: those that the file holds once, from the second on.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import msgspec
from golden_files import golden_cases

from fastapply.apply import apply
from fastapply.early import PINS, certain_edits, is_pin
from fastapply.errors import DeadlineExceeded
from fastapply.evaluate import Case, load_cases
from fastapply.machine import available_cores
from fastapply.merge.layout import key_of
from fastapply.merge.text import bare_lines, split_lines
from fastapply.merge.values import Edit


class Seen(msgspec.Struct):
    """What became of one case: its edits, those told before the end with the share of lines and of characters that was
    there at the first one, and those certain at any line that the whole snippet does not make."""

    id: str
    refused: bool
    edits: int
    early: int
    wrong: int
    lines: float | None
    characters: float | None


SECONDS = 60.0
"""That a merge may take."""


def look(case: Case) -> Seen | None:
    """What is certain at each line of `case`; `None` where a merge takes too long."""
    try:
        return _look(case)
    except DeadlineExceeded:
        return None


def _look(case: Case) -> Seen:
    arguments = {"path": case.path, "instruction": case.instruction}
    whole = apply(case.before, case.snippet, on_doubt="best", deadline=SECONDS, **arguments)
    shown = split_lines(case.snippet)
    counts = Counter(map(key_of, bare_lines(case.before)))
    certain: set[Edit] = set()
    told: dict[Edit, int] = {}
    pins = 0
    for count in range(1, len(shown)):
        edits = certain_edits(case.before, "".join(shown[:count]), deadline=SECONDS, **arguments)
        certain.update(edits)
        key = key_of(shown[count - 1])
        pins += is_pin(key, counts[key])
        if pins >= PINS and is_pin(key, counts[key]):
            told = dict.fromkeys(edits, count) | told
    first = min(told.values(), default=None)
    return Seen(
        case.id,
        bool(whole.doubts),
        len(whole.edits),
        len(told),
        len(certain - set(whole.edits)),
        first and first / len(shown),
        first and len("".join(shown[:first])) / len(case.snippet),
    )


def quartiles(shares: list[float]) -> str:
    """The quartiles of `shares`, in per cent."""
    return " / ".join(f"{share:.0%}" for share in statistics.quantiles(shares, n=4))


def report(name: str, seen: list[Seen]) -> None:
    """Print what holds of `seen`."""
    merged = [one for one in seen if not one.refused and one.edits]
    early = [one for one in merged if one.early]
    refused = [one for one in seen if one.refused]
    print(f"{name}: {len(merged)} merged cases with edits, {len(refused)} refused")
    print(f"  with an edit before the end: {len(early)} ({len(early) / len(merged):.0%})")
    print(f"  edits before the end: {sum(one.early for one in merged)} of {sum(one.edits for one in merged)}")
    print(f"  wrong: {sum(one.wrong for one in merged)} in {sum(bool(one.wrong) for one in merged)} cases")
    told = sum(bool(one.early) for one in refused)
    print(f"  refused at the end: {told} with edits before, {sum(bool(one.wrong) for one in refused)} with other ones")
    if len(early) > 1:
        print(f"  lines there at the first, quartiles: {quartiles([one.lines for one in early if one.lines])}")
        print(f"  characters: {quartiles([one.characters for one in early if one.characters])}")


def main() -> int:
    """Look at all cases."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", help="recorded cases, as `fastapply eval` reads them")
    parser.add_argument("--golden", type=Path, help="a folder of golden cases")
    args = parser.parse_args()
    sets = {Path(file).name.partition(".")[0]: load_cases(file) for file in args.cases}
    if args.golden:
        sets["golden"] = golden_cases(args.golden)
    everything: list[Seen] = []
    with ProcessPoolExecutor(available_cores()) as processes:
        for name, cases in sets.items():
            seen = [one for one in processes.map(look, cases, chunksize=4) if one]
            everything += seen
            report(name, seen)
    report("all", everything)
    for one in everything:
        if one.wrong:
            print(f"wrong{' and refused' if one.refused else ''}: {one.id}")
    return int(any(one.wrong and not one.refused for one in everything))


if __name__ == "__main__":
    sys.exit(main())
