"""Hostile inputs by name, and a process that merges the ones it is asked for: one line in, one line of JSON out.

`python -m properties.survivor DEADLINE` reads names from its standard input.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from random import Random
from typing import TYPE_CHECKING

from fastapply import apply
from fastapply.errors import FastApplyError

if TYPE_CHECKING:
    from collections.abc import Callable

MEMORY = 4 << 30  # bytes of address space, as a worker has them
MARKER = "# ... existing code ...\n"


def functions(lines: int) -> str:
    """So many lines of small functions that differ only in a number."""
    return "".join(
        f"def f{k}(a):\n    # t\n    x = {k}\n    if a:\n        return x\n    return x\n\n" for k in range(lines // 7)
    )


def hunks(lines: int, count: int) -> str:
    """A lazy snippet with `count` hunks for `functions(lines)`."""
    step = lines // 7 // count
    parts = (f"def f{k}(a):\n    # t\n    x = {k} + 1\n    if a:\n" for k in range(0, count * step, step))
    return MARKER + MARKER.join(parts) + MARKER


def unrelated(lines: int, seed: int) -> str:
    """Calls of a few functions with arguments at random, at random depths."""
    rng = Random(seed)
    words = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta")
    rows = (
        " " * 4 * rng.randrange(3)
        + f"{rng.choice(words)}_{rng.randrange(10**6)}({rng.choice(words)}, {rng.randrange(999)})\n"
        for _ in range(lines)
    )
    return "".join(rows)


def junk(size: int, seed: int) -> str:
    """Bytes at random, one character each."""
    return Random(seed).randbytes(size).decode("latin-1")


def numbered(name: str) -> str:
    """10 MB of short lines that are all different."""
    return "".join(f"{name}{k} = {k};\n" for k in range(600_000))


def same_returns(count: int) -> str:
    """Functions that end in the same two lines."""
    return "".join(f"def f{k}(x):\n    y = x + {k}\n    return x\n\n" for k in range(count))


def indented(text: str, by: str) -> str:
    """`text` with each line moved right."""
    return "".join(by + line + "\n" for line in text.split("\n"))


FIVE = "    def f5(a):\n"

# Large, but what somebody may send in earnest: each of them has an answer, not only an end. (original, snippet, path)
ORDINARY: dict[str, Callable[[], tuple[str, str, str]]] = {
    "50k lines, 200 hunks": lambda: (functions(50_000), hunks(50_000, 200), "a.py"),
    "50k lines, 200 hunks, text": lambda: (functions(50_000), hunks(50_000, 200), "a.txt"),
    "50k lines onto themselves": lambda: (functions(50_000), functions(50_000), "a.py"),
    "50k lines, one changed": lambda: (functions(50_000), functions(50_000).replace("x = 777\n", "x = 778\n"), "a.py"),
    "20k lines, all equal, one less": lambda: ("x = 1\n" * 20_000, "x = 1\n" * 19_999, "a.py"),
    "20k lines, all equal, one more": lambda: ("x = 1\n" * 20_000, "x = 1\n" * 20_001, "a.py"),
    "20k entries of JSON": lambda: (
        "{\n" + "".join(f'  "k{k}": {k},\n' for k in range(20_000)) + '  "z": 1\n}\n',
        '{\n  // ...\n  "k500": 5,\n  // ...\n}\n',
        "a.json",
    ),
    "5k functions that end alike": lambda: (
        same_returns(5000),
        same_returns(4000) + "def f4000(x):\n    return x\n",
        "a.py",
    ),
    "1 MB line beside the change": lambda: ("a = 1\nb = '" + "b" * 10**6 + "'\nc = 1\n", MARKER + "c = 2\n", "a.py"),
    "1000 search/replace blocks": lambda: (
        functions(20_000),
        "".join(f"<<<<<<< SEARCH\n    x = {k}\n=======\n    x = {k}+1\n>>>>>>> REPLACE\n" for k in range(1000)),
        "a.py",
    ),
}

HOSTILE: dict[str, Callable[[], tuple[str, str, str]]] = {
    "1 MB line": lambda: ("x = '" + "a" * 10**6 + "'\n", "x = 'b'\n", "a.py"),
    "1 MB line of words": lambda: ("x = [" + "ab, " * 250_000 + "]\n", "x = [" + "ab, " * 249_999 + "]\n", "a.py"),
    "1 MB lines alike": lambda: ("const x = 1;\n" + "a" * 10**6 + "\n", "// ...\n" + "a" * 999_999 + "b\n", "a.js"),
    "1 MB of dots in a comment": lambda: ("x = 1\n", "x = 2 # " + "." * 10**6 + "\n", "a.py"),
    "1 MB of blanks before a marker": lambda: ("x = 1\n", "x = 2 " + " " * 10**6 + "# ...\n", "a.py"),
    "1 MB of marker words": lambda: ("x = 1\n", "// " + "existing code " * 70_000 + "\n", "a.py"),
    "1 MB of #": lambda: ("x = 1\n", "#" * 10**6 + "\n", "a.py"),
    "1 MB of brackets in a comment": lambda: ("x = 1\n", "# " + "[(" * 500_000 + "...\n", "a.py"),
    "1 MB of trailing markers": lambda: ("x = 1\n", "x = 1 " + "/* ... " * 150_000 + "\n", "a.js"),
    "1 MB of backticks": lambda: ("x = 1\n", "`" * 10**6 + "\n", "a.py"),
    "a fence with 1 MB of blanks": lambda: ("x = 1\n", "```" + " " * 10**6 + "`\n" + "``` " * 10, "a.py"),
    "1 MB file name": lambda: ("x = 1\n", "a/" * 500_000 + "b.py\nx = 2\n", "a.py"),
    "1 MB note": lambda: ("x = 1\n", "# removed " + "old " * 250_000 + "\n", "a.py"),
    "1 MB of note signs": lambda: ("x = 1\n", "# " + "-=(" * 330_000 + "\n", "a.py"),
    "1 MB of modifiers": lambda: ("x = 1\n", "public static " * 70_000 + "void f() {\n", "a.java"),
    "1 MB dotted name": lambda: ("x = 1\n", "def " + "a." * 500_000 + "b():\n    pass\n", "a.py"),
    "runs of one sign": lambda: ("x = 1;\n", "".join(sign * 200_000 + "\n" for sign in '<=("'), "a.tsx"),
    "100k brackets": lambda: (
        "x = " + "[" * 10**5 + "]" * 10**5 + "\n",
        "x = " + "[" * 10**5 + "1" + "]" * 10**5,
        "a.py",
    ),
    "100k parentheses": lambda: ("(" * 10**5 + ")" * 10**5 + "\n", "// ...\ny\n", "a.js"),
    "100k braces on lines": lambda: ("{\n" * 10**5 + "}\n" * 10**5, "// ... existing code ...\n{\nx\n}\n", "a.js"),
    "1000 depths": lambda: (
        "".join(" " * (k % 1000) + f"if a{k}:\n" for k in range(20_000)),
        "# ...\nif a5:\n    y\n",
        "a.py",
    ),
    "NUL": lambda: ("\0" * 10**6, "\0a\n", "a.py"),
    "NUL lines": lambda: ("\0\n" * 10**5, "# ...\n\0\nx\n\0\n", "a.py"),
    "10 MB of }": lambda: ("}" * 10**7, "}\n", "a.js"),
    "10 MB of } on lines": lambda: ("}\n" * 5_000_000, "// ...\n}\nx\n", "a.js"),
    "a snippet of 10 MB of }": lambda: ("a\nb\n", "}" * 10**7, "a.js"),
    "a snippet of 10 MB of } on lines": lambda: ("a\n}\nb\n", "}\n" * 5_000_000, "a.js"),
    "10 MB of lines, all changed": lambda: (numbered("x"), numbered("y"), "a.txt"),
    "10 MB of blank lines inside": lambda: (
        "a\n" + "\n" * 5_000_000 + "b\n",
        "a\n" + "\n" * 4_000_000 + "c\nb\n",
        "a.txt",
    ),
    "a search of 10 MB": lambda: (
        numbered("x"),
        "<<<<<<< SEARCH\n" + "x\n" * 5_000_000 + "=======\nz\n>>>>>>> REPLACE\n",
        "a.txt",
    ),
    "100k markers": lambda: ("a = 1\nb = 2\n", MARKER * 100_000, "a.py"),
    "50k markers between new lines": lambda: ("a = 1\nb = 2\n", (MARKER + "c()\n") * 50_000, "a.py"),
    "10k markers between common lines": lambda: (functions(50_000), (MARKER + "    if a:\n") * 10_000, "a.py"),
    "100k notes": lambda: ("a = 1\n", "# removed: old helper\n" * 100_000, "a.py"),
    "1000 removals by name": lambda: (
        functions(7000),
        "".join(f"# removed: f{k}\n# ...\n" for k in range(1000)),
        "a.py",
    ),
    "3000 floating calls": lambda: (
        functions(7000),
        "".join(f"# ...\nnew_{k}(1)\n" for k in range(3000)) + "# ...\n",
        "a.py",
    ),
    "lone surrogates": lambda: ("x = '\ud800'\n" * 1000, "x = '\udfff'\n" * 1000, "a.py"),
    "20k unrelated lines": lambda: (unrelated(20_000, 1), unrelated(20_000, 2), "a.py"),
    "20k unrelated lines between markers": lambda: (
        unrelated(20_000, 1),
        MARKER + unrelated(20_000, 2) + MARKER,
        "a.py",
    ),
    "20k lines, all a little changed": lambda: (unrelated(20_000, 1), unrelated(20_000, 1).replace("a_", "b_"), "a.py"),
    "20k equal lines against markers": lambda: ("x = 1\n" * 20_000, (MARKER + "x = 1\ny = 2\n") * 1000, "a.py"),
    "20k new lines in a function": lambda: (
        functions(1000),
        MARKER + "def f5(a):\n" + "".join(f"    new_{k}(a)\n" for k in range(20_000)) + MARKER,
        "a.py",
    ),
    "20k new lines, tabs for blanks": lambda: (
        "class A:\n" + indented(functions(1000).replace("    ", "\t"), "\t"),
        "class A:\n" + FIVE + "".join(f"        new_{k}(a)\n" for k in range(20_000)) + MARKER,
        "a.py",
    ),
    "10k equal functions": lambda: (
        "def f(x):\n    return x\n\n" * 10_000,
        "# ...\ndef f(x):\n    return x + 1\n\n" * 500,
        "a.py",
    ),
    "blank lines": lambda: ("\n" * 10**6, "\n" * 10**5, "a.py"),
    "a line for blank lines": lambda: ("\n" * 10**6, "# ...\nx\n", "a.py"),
    "1M blank lines inside": lambda: (
        "a = 1\n" + "\n" * 10**6 + "b = 2\n",
        "a = 1\n" + "\n" * 10**6 + "c = 1\nb = 2\n",
        "a.py",
    ),
    "blank lines with blanks": lambda: (" \t\n" * 10**5, "x\n", "a.py"),
    "nothing at all": lambda: ("", "", "a.py"),
    "nothing before": lambda: ("", "x\n", "a.py"),
    "nothing after": lambda: ("x\n", "", "a.py"),
    "only + lines": lambda: (functions(1000), "+a = 1\n" * 20_000, "a.py"),
    "only bare +": lambda: ("a = 1\n", "+\n" * 100_000, "a.py"),
    "only - lines": lambda: ("a = 1\n" * 20_000, "-a = 1\n" * 20_000, "a.py"),
    "only a fence": lambda: ("a = 1\n", "```\n", "a.py"),
    "only two fences": lambda: ("a = 1\n", "```python\n```\n", "a.py"),
    "100k fences": lambda: ("a = 1\n", "```\n" * 100_000, "a.py"),
    "junk": lambda: (junk(10**6, 1), junk(10**5, 2), "a.py"),
    "junk in JavaScript": lambda: (junk(10**6, 1), junk(10**5, 2), "a.js"),
    "200k lone CR": lambda: ("a\r" * 200_000, "b\r" * 1000, "a.txt"),
    "2000 diff hunks for equal lines": lambda: (
        "a\n" * 50_000,
        "--- a/x\n+++ b/x\n" + "".join(f"@@ -{k},3 +{k},3 @@\n a\n-a\n+b\n a\n" for k in range(1, 20_000, 10)),
        "x",
    ),
    "2000 diff hunks without numbers": lambda: (
        "a\nb\n" * 20_000,
        "--- a/x\n+++ b/x\n" + "@@\n a\n-b\n+c\n a\n" * 2000,
        "x",
    ),
    "200 blocks of unknown text": lambda: (
        unrelated(20_000, 1),
        "".join(f"<<<<<<< SEARCH\n{unrelated(50, k)}=======\nz\n>>>>>>> REPLACE\n" for k in range(200)),
        "a.py",
    ),
    "a block of equal lines": lambda: (
        "x = 1\n" * 20_000,
        "<<<<<<< SEARCH\n" + "x = 1\n" * 5000 + "y\n=======\nz\n>>>>>>> REPLACE\n",
        "a.py",
    ),
    "50k open blocks": lambda: ("x = 1\n", "<<<<<<< SEARCH\n" * 50_000, "a.py"),
    "300 long lines alike": lambda: (
        "".join("a" * 3000 + f"{k}\n" for k in range(300)),
        MARKER + "".join("a" * 3000 + f"b{k}\n" for k in range(300)) + MARKER,
        "a.txt",
    ),
}


def attempt(name: str, deadline: float) -> dict[str, object]:
    """What became of one input, and how long it took."""
    original, snippet, path = (ORDINARY | HOSTILE)[name]()
    start = time.process_time()
    try:
        result = apply(original, snippet, path=path, on_doubt="best", deadline=deadline)
        outcome = "doubt" if result.doubts else "merged"
    except FastApplyError as error:
        outcome = error.code
    except BaseException as error:
        outcome = f"raised {type(error).__name__}: {str(error)[:200]}"
    return {"outcome": outcome, "seconds": time.process_time() - start}


def main() -> None:
    """Answer until the standard input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    deadline = float(sys.argv[1])
    apply("x = 1\n", "x = 2\n", path="warm.py", on_doubt="best")
    for line in sys.stdin:
        sys.stdout.write(json.dumps(attempt(line.rstrip("\n"), deadline)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
