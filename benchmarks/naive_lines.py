"""Plain line alignment, for comparison: what an afternoon with difflib gives, judged like `fastapply eval`.

    python benchmarks/naive_lines.py CASES.jsonl.gz [CASES.jsonl.gz …]

The snippet's lines without fences and markers are aligned with the original's by `difflib`, indentation ignored. Where
a marker stands between two matched lines, the original's lines between them are kept; elsewhere the snippet's replace
them, indented as the match before them is. Both ends of the snippet are open. A snippet of which no line is in the
original is refused. It knows no names, blocks, notes or `+`/`-` signs, and has no doubts.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher

from fastapply.evaluate import VERDICTS, Case, Verdict, judge, load_cases

MARKER = re.compile(r"\s*(?://|#|--|/\*|<!--|\{/\*|;|%)?\s*(?:\.{3}|…)|.*\b(?:existing code|unchanged)\b", re.I)


def merge(original: str, snippet: str) -> str | None:
    """The merged text; None where no line of the snippet is in the original."""
    before = original.splitlines()
    shown: list[str] = []
    markers: list[int] = []  # of each marker, the line of `shown` that it stands before
    for line in snippet.splitlines():
        if MARKER.match(line):
            markers.append(len(shown))
        elif not line.startswith("```"):
            shown.append(line)
    pairs = list(_matches(before, shown))
    if before and not pairs:
        return None
    merged: list[str] = []
    j1 = i1 = shift = 0
    for j2, i2 in [*pairs, (len(before), len(shown))]:
        cut = _cut(i1, i2, len(shown), markers)
        kept = before[j1:j2] if cut is not None else []
        new = [" " * shift + line if line.strip() else line for line in shown[i1:i2]]
        at = (cut or 0) - i1
        merged += [*new[:at], *kept, *new[at:], *before[j2 : j2 + 1]] if kept else [*new, *before[j2 : j2 + 1]]
        if j2 < len(before):
            shift = max(0, _indent(before[j2]) - _indent(shown[i2]))
        j1, i1 = j2 + 1, i2 + 1
    return "\n".join(merged) + ("\n" if original.endswith("\n") else "")


def _matches(before: list[str], shown: list[str]) -> Iterator[tuple[int, int]]:
    """Pairs of an original and a snippet line that are alike but for indentation; blank lines only beside others."""
    matcher = SequenceMatcher(None, [line.strip() for line in before], [line.strip() for line in shown], autojunk=False)
    for block in matcher.get_matching_blocks():
        if any(shown[block.b + k].strip() for k in range(block.size)):
            yield from ((block.a + k, block.b + k) for k in range(block.size))


def _cut(i1: int, i2: int, length: int, markers: list[int]) -> int | None:
    """The snippet line of the gap i1..i2 before which the original's lines are kept; None where they are replaced."""
    inside = [at for at in markers if i1 <= at <= i2]
    if inside:
        return inside[0]
    if i2 == length:
        return i2
    return i1 if i1 == 0 else None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def verdict(case: Case) -> Verdict:
    """How the merge of one case compares with what should come out."""
    merged = merge(case.before, case.snippet)
    return "refused" if merged is None else judge(case.after, merged)


def main() -> None:
    """Print one row for each file of cases."""
    for path in sys.argv[1:]:
        kinds = Counter(verdict(case) for case in load_cases(path))
        shares = "".join(f"  {kind} {kinds[kind] / kinds.total():6.1%}" for kind in VERDICTS)
        sys.stdout.write(f"{path.rpartition('/')[2]:24s} {kinds.total():5d}{shares}\n")


if __name__ == "__main__":
    main()
