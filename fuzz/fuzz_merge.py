"""Fuzz whole merges: the golden cases with their lines dropped, doubled, swapped, indented, cut short and mixed.

    python fuzz/fuzz_merge.py --minutes 10

An input is a row of bytes that seeds a generator and says how many changes of which kind it makes to which
case; what is
checked of the answer is what must hold of a best guess too, and what must hold of one without doubts.
"""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[1]))
import harness

try:
    import atheris

    with atheris.instrument_imports(include=["fastapply"]):
        from fastapply import apply
except ImportError:
    from fastapply import apply

from fastapply.errors import DeadlineExceeded, FastApplyError
from fastapply.merge.text import split_lines
from properties import generate, invariants

GOLDEN = harness.ROOT / "tests" / "golden"
CASES = [
    (before.name, before.read_bytes().decode("utf-8"), snippet.read_bytes().decode("utf-8"))
    for before in sorted(GOLDEN.glob("*/*/before.*"))
    for snippet in before.parent.glob("snippet.*")
]
JUNK = (
    "\0",
    "\ud800",
    "\u2028",
    "\f",
    "\r",
    "\r\n",
    "\x85",
    "\ufeff",
    "`",
    '"""',
    "/*",
    "*/",
    "<!--",
    "{",
    "}",
    "((((",
    "\t",
)
LINES = (
    "}\n",
    "\n",
    "...\n",
    "```\n",
    "+ a\n",
    "-\n",
    "# ...\n",
    "// removed: x\n",
    "@@ -1 +1 @@\n",
    "<<<<<<< SEARCH\n",
    "=======\n",
)


def shaken(rng: Random, text: str, other: str, times: int) -> str:
    """`text` after some changes to whole lines, and a few within them."""
    lines = split_lines(text)
    for _ in range(times):
        at = rng.randrange(len(lines) + 1)
        end = min(len(lines), at + rng.choice((1, 1, 1, 2, 5, 20)))
        match rng.randrange(12):
            case 0:
                del lines[at:end]
            case 1:
                lines[at:at] = lines[at:end] * rng.choice((1, 1, 2, 8))
            case 2:
                to = rng.randrange(len(lines) + 1)
                moved, lines[at:end] = lines[at:end], []
                lines[to:to] = moved
            case 3:
                blanks = rng.choice((" ", "    ", "\t"))
                lines[at:end] = [blanks + line for line in lines[at:end]]
            case 4:
                lines[at:end] = [line[rng.choice((1, 2, 4)) :] if line[:1] in " \t" else line for line in lines[at:end]]
            case 5:
                lines = lines[:at] if rng.randrange(2) else lines[at:]
            case 6:
                lines.insert(at, rng.choice(LINES))
            case 7:
                lines.insert(at, generate.draw_marker(rng, rng.choice(("", "    "))) + "\n")
            case 8:
                rows = split_lines(other)
                start = rng.randrange(len(rows) + 1)
                lines[at:at] = rows[start : start + rng.choice((1, 3, 10))]
            case 9:
                lines[at:end] = [generate.renamed(rng, line) for line in lines[at:end]]
            case 10:
                lines[at:end] = [rng.choice("+- ") + line for line in lines[at:end]]
            case _:
                if at < len(lines):
                    column = rng.randrange(len(lines[at]) + 1)
                    cut = rng.choice((0, 0, 1, 5, 80))
                    lines[at] = lines[at][:column] + rng.choice((*JUNK, "")) + lines[at][column + cut :]
        lines = split_lines("".join(lines))
    return "".join(lines)


def draw(data: bytes) -> tuple[str, str, str]:
    """The file name, original and snippet that an input stands for."""
    head = data[:4].ljust(4, b"\0")
    name, original, snippet = CASES[head[0] % len(CASES)]
    rng = Random(data[3:])
    _, other, other_snippet = rng.choice(CASES)
    original = shaken(rng, original, other, head[1] % 8)
    if head[2] % 16 == 15:
        snippet = original
    snippet = shaken(rng, snippet, rng.choice((other_snippet, original, original)), head[2] % 8)
    if head[1] & 64:
        original = generate.draw_form(rng).write([line.rstrip("\r\n") for line in split_lines(original)])
    if head[1] & 128:
        name = rng.choice(CASES)[0]
    return name, original, snippet


def one(data: bytes, findings: harness.Findings) -> None:
    """Merge once, check all that must hold, merge the result again."""
    name, original, snippet = draw(data)
    inputs = {"path": name, "original": original, "snippet": snippet}
    try:
        with harness.limited():
            result = apply(original, snippet, path=name, on_doubt="best", deadline=2 * harness.HANG_SECONDS)
    except DeadlineExceeded as error:
        findings.add("slow", error, **inputs)
        return
    except FastApplyError:
        return
    except (Exception, harness.Hang) as error:
        findings.add("apply", error, **inputs)
        return
    for kind, check in invariants.CHECKS.items():
        if kind == "endings" and result.format not in ("lazy", "whole_file", "markers_only", "empty"):
            continue
        if kind == "parses" and result.format == "new_file":
            continue
        try:
            check(original, snippet, name, result)
        except AssertionError as error:
            findings.add(kind, error, **inputs)
    try:
        with harness.limited(2 * harness.HANG_SECONDS):
            invariants.same(result, apply(original, snippet, path=name, on_doubt="best"))
            if not result.doubts:
                again = apply(result.merged_code, snippet, path=name)
                assert again.merged_code == result.merged_code, f"the same {result.format} again changes\n{again.diff}"
    except FastApplyError:
        pass
    except (Exception, harness.Hang) as error:
        findings.add("again", error, **inputs)


def seeds() -> list[bytes]:
    """Each golden case once, lightly shaken."""
    return [bytes([k % 256, k % 3, k % 4, k * 7 % 256, k * 31 % 256]) for k in range(2 * len(CASES))]


if __name__ == "__main__":
    harness.run("fuzz_merge", seeds(), one)
