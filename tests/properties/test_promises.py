"""What the design promises of every merge, over real files in odd forms and generated edits."""

from __future__ import annotations

import os
import pickle
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, event, example, given, settings
from hypothesis import strategies as st

from fastapply import apply
from fastapply.errors import EditRefused
from properties import invariants
from properties.generate import Case, draw_case
from properties.strategies import any_text, cases, files, markers_only, plain_cases, small

if TYPE_CHECKING:
    from fastapply.merge.values import ApplyResult


def best(original: str, snippet: str, path: str | None) -> ApplyResult:
    """The result, however doubtful."""
    return apply(original, snippet, path=path, on_doubt="best")


def merged_or_refused(original: str, snippet: str, path: str | None) -> str | None:
    """The merged text; None where the edit is refused, with doubts that are sound."""
    try:
        return apply(original, snippet, path=path).merged_code
    except EditRefused as refusal:
        assert refusal.doubts
        invariants.doubts_are_sound(original, snippet, refusal.doubts)
        return None


# ---- whatever the snippet


@given(cases)
def test_a_real_file_is_only_spliced_into(case: Case) -> None:
    """Edits, provenance, diff and doubts agree with the texts, in doubt or not; and how often the intent is met."""
    result = best(case.original, case.snippet, case.name)
    invariants.always(case.original, case.snippet, result)
    if result.format in ("lazy", "whole_file", "markers_only", "empty"):
        invariants.endings_kept(case.original, result)
    exact = [line.rstrip() for line in invariants.bare_lines(result.merged_code)] == [
        line.rstrip() for line in case.intended
    ]
    event("refused" if result.doubts else "as intended" if exact else "otherwise")


@settings(max_examples=settings().max_examples * 10)
@given(small())
@example(("a\rb\r\n", "a\n\nb\n", "a.txt"))
@example(("a", "a\n+b\n", "a.txt"))
@example(("\n\n", "x\n", "a.txt"))
@example(("}", "-}\n}", "a.txt"))
@example(("  }\n}\n", "-}\n  }\n}\n", "a.txt"))
@example(("\n\rlast", "-last", "a.txt"))
@example(("a\n\nlast", "a\n-\n-last\n", "a.txt"))
def test_a_small_file_is_only_spliced_into(texts: tuple[str, str, str | None]) -> None:
    """The same over short texts of recurring lines, where nearly everything is ambiguous."""
    original, snippet, path = texts
    result = best(original, snippet, path)
    invariants.always(original, snippet, result)
    if result.format in ("lazy", "whole_file", "markers_only", "empty"):
        invariants.endings_kept(original, result)


@settings(max_examples=settings().max_examples * 10)
@given(small())
def test_a_small_result_without_doubt_parses_no_worse(texts: tuple[str, str, str | None]) -> None:
    """The same over short texts, most of which are no complete syntax."""
    original, snippet, path = texts
    result = best(original, snippet, path)
    assume(result.format != "new_file")  # such a file is what its author sent
    invariants.parses_no_worse(original, path, result)


@settings(max_examples=settings().max_examples * 10)
@given(small())
@example(("a = 1\nsessions = 7\n", "# ...\ne = 2\n-sessions = 7\n", "a.txt"))
@example(("    y = 2", "def one(a):\n-    y = 2", None))
@example(("x {\n}\n}\n", "-}\n", "a.js"))
@example(('"""Doc."""', '-"""Doc."""', "a.py"))
@example(("try", "```\n\ntry", "a.py"))
@example(("</article>\n}\n", "<p>\n  </article>\n", "a.html"))
@example(("wsersli", "d#...}\nwsers", "a.txt"))
@example(("}>();\no\ncart", "p//existing...\n}>();\ncar", "a.txt"))
@example(("", "# a.py\n# a.py", "a.py"))
@example(("    y = 2\ndef one(a):\nclass K:\n    y = 2\n+ more\ndef one(a):\n", "-    y = 2\ndef one(a):", "a.md"))
def test_the_same_small_snippet_again_changes_nothing_more(texts: tuple[str, str, str | None]) -> None:
    """What has been applied is there, however ambiguous it is."""
    original, snippet, path = texts
    rows = re.split(r"[\r\n]", snippet)
    if path in ("a.txt", "a.md", None):
        # there a `-` or `+` may open a list item, or be a sign if what follows it is in the file; and of fences within
        # fences nothing tells which are the text's own: what was applied may then change how the snippet is read
        assume(not any(re.match(r"-(?: {1,3}\S| *$)|\+", row) for row in rows))
        assume(sum(row.startswith("```") for row in rows) <= 2)
    merged = merged_or_refused(original, snippet, path)
    assume(merged is not None)
    assert merged_or_refused(merged or "", snippet, path) in (merged, None)


@settings(max_examples=settings().max_examples * 5)
@given(any_text, any_text, st.sampled_from(["a.py", "a.md", "a.tsx", None]))
def test_any_text_gives_a_result(original: str, snippet: str, path: str | None) -> None:
    """Text that is no code, no Unicode even, is merged or refused like any other."""
    result = best(original, snippet, path)
    invariants.always(original, snippet, result)


@given(cases)
def test_a_result_without_doubt_parses_no_worse(case: Case) -> None:
    """No more syntax errors than before, and still Python where it was Python."""
    result = best(case.original, case.snippet, case.name)
    invariants.parses_no_worse(case.original, case.name, result)


@given(cases)
def test_nothing_shown_is_lost_and_no_marker_stays(case: Case) -> None:
    """Every line of code that the snippet shows is in the result or in a note; markers and fences are not."""
    result = best(case.original, case.snippet, case.name)
    assume(not result.doubts)
    there = {line.strip() for line in invariants.bare_lines(result.merged_code)}
    before = {line.strip() for line in invariants.bare_lines(case.original)}
    noted = {note.text for note in result.notes}
    assert not [line for line in case.shown if line not in there and line not in noted]
    assert not (case.markers | {"```"}) & there - before


@given(cases)
def test_the_same_snippet_again_changes_nothing_more(case: Case) -> None:
    """What has been applied is there: applying it again gives the same text, or a doubt."""
    merged = merged_or_refused(case.original, case.snippet, case.name)
    assume(merged is not None)
    assert merged_or_refused(merged, case.snippet, case.name) in (merged, None)


# ---- snippets that ask for nothing


@given(files)
def test_a_file_merged_into_itself_is_itself(file: tuple[str, str]) -> None:
    """The whole file as its own snippet is no edit and no doubt, in any form of its bytes."""
    name, text = file
    result = apply(text, text, path=name)
    assert result.merged_code == text
    assert not result.edits


@settings(max_examples=settings().max_examples * 5)
@given(small())
def test_a_small_file_merged_into_itself_is_itself(texts: tuple[str, str, str | None]) -> None:
    """The same over short texts, which may hold fences, diff signs and what looks like markers."""
    original, other, path = texts
    for text in (original, other):
        assert apply(text, text, path=path).merged_code == text


@given(files, markers_only)
def test_markers_alone_change_nothing(file: tuple[str, str], snippet: str) -> None:
    """A snippet that keeps all and shows nothing is no edit and no doubt."""
    name, text = file
    result = apply(text, snippet, path=name)
    assert result.merged_code == text
    assert not result.edits


# ---- the same bytes every time


@given(cases)
def test_the_same_input_gives_the_same_answer(case: Case) -> None:
    """Two calls in one process agree in everything but their timings."""
    first, second = (best(case.original, case.snippet, case.name) for _ in range(2))
    invariants.same(first, second)


@dataclass(frozen=True)
class Answer:
    """What must not depend on the process."""

    text: str
    doubts: tuple[object, ...]
    diff: str


def answers(count: int) -> list[Answer]:
    """The answers to the first `count` cases of a fixed row."""
    from random import Random

    found = []
    for seed in range(count):
        case = draw_case(Random(seed))
        result = best(case.original, case.snippet, case.name)
        found.append(
            Answer(
                result.merged_code, tuple(map(repr, (*result.doubts, *result.notes, *result.provenance))), result.diff
            )
        )
    return found


def test_another_process_with_other_hashes_gives_the_same_answers() -> None:
    """No answer depends on the order of a set."""
    code = (
        "import pickle, sys; from properties.test_promises import answers;"
        "sys.stdout.buffer.write(pickle.dumps([(a.text, a.doubts, a.diff) for a in answers(40)]))"
    )
    tests = Path(__file__).parents[1]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join((str(tests), str(tests.parent)))}
    outputs = set()
    for seed in ("0", "1", "4242"):
        done = subprocess.run(
            [sys.executable, "-c", code], env={**env, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        )
        outputs.add(done.stdout)
    assert len({repr(pickle.loads(output)) for output in outputs}) == 1


# ---- the diff as other programs read it


@pytest.mark.skipif(shutil.which("patch") is None, reason="there is no patch program")
@settings(max_examples=max(10, settings().max_examples // 3))
@given(plain_cases, st.booleans())
def test_patch_makes_the_same_text_of_the_diff(
    tmp_path_factory: pytest.TempPathFactory, case: Case, unfinished: bool
) -> None:
    """The system's `patch` gives the merged text to the byte, with and without a final newline."""
    original = case.original.removesuffix("\n") if unfinished else case.original
    result = best(original, case.snippet, case.name)
    assume(result.diff)
    assert run_patch(tmp_path_factory.mktemp("patch"), original, result.diff) == result.merged_code


def run_patch(folder: Path, original: str, diff: str) -> str:
    """What `patch` makes of `original`."""
    (folder / "file").write_bytes(original.encode("utf-8", "surrogatepass"))
    command = ["patch", "--binary", "--silent", "--fuzz=0", "file", "-"]
    done = subprocess.run(
        command, input=diff.encode("utf-8", "surrogatepass"), cwd=folder, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return (folder / "file").read_bytes().decode("utf-8", "surrogatepass")
