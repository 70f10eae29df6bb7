"""A file with two alike functions, an edit that fits both, and what answers of a model to it are judged to be."""

from __future__ import annotations

from fastapply import apply
from fastapply.merge.values import ApplyResult
from fastapply.resolve.judge import judge

ORIGINAL = """\
import os


def first(x):
    setup(x)
    check(x)
    return 1


def second(x):
    setup(x)
    check(x)
    return 1


def third(x):
    return os.sep
"""
# It fits both functions equally well.
SNIPPET = """\
    setup(x)
    prepare(x)
    check(x)
    # ...
"""
SECOND = ORIGINAL.replace("def second(x):\n    setup(x)\n", "def second(x):\n    setup(x)\n    prepare(x)\n")
FIRST = ORIGINAL.replace("def first(x):\n    setup(x)\n", "def first(x):\n    setup(x)\n    prepare(x)\n")


def answered(
    text: str, original: str = ORIGINAL, snippet: str = SNIPPET, path: str = "a.py", instruction: str = ""
) -> ApplyResult:
    """What an answer to the question about the whole file is judged to be."""
    guess = apply(original, snippet, path=path, instruction=instruction, on_doubt="best")
    return judge(original, snippet, guess, None, text, "stop", model="m", path=path, instruction=instruction)


def kinds(result: ApplyResult) -> set[str]:
    return {doubt.kind for doubt in result.doubts}
