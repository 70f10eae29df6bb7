from __future__ import annotations

import unicodedata
from random import Random
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given, settings

from fastapply import apply
from fastapply.errors import FastApplyError
from fastapply.merge.text import BOM, bare_lines
from fastapply.merge.values import ApplyResult, Usage
from fastapply.resolve.difference import blocks
from fastapply.resolve.judge import judge
from fastapply.resolve.question import questions
from properties import strategies
from properties.invariants import always, endings_kept
from support.golden import Golden, merged_cases
from support.judging import FIRST, ORIGINAL, SECOND, SNIPPET, answered, kinds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from properties.generate import Case

CASES = merged_cases()


def test_an_answer_decides_what_is_in_doubt() -> None:
    """Either place will do, and what was in doubt is not any more."""
    guess = apply(ORIGINAL, SNIPPET, path="a.py", on_doubt="best")
    assert [doubt.kind for doubt in guess.doubts] == ["ambiguous_anchor"]
    assert guess.merged_code in (FIRST, SECOND)
    for text in (FIRST, SECOND):
        result = answered(text)
        assert (result.merged_code, result.doubts, result.engine) == (text, (), "m")
        always(ORIGINAL, SNIPPET, result)


def test_an_answer_that_is_the_best_guess_confirms_it() -> None:
    """Nothing of it changes but who says so."""
    guess = apply(ORIGINAL, SNIPPET, path="a.py", on_doubt="best")
    result = answered(guess.merged_code)
    for name in ("merged_code", "edits", "provenance", "diff", "changes", "notes", "format", "language"):
        assert getattr(result, name) == getattr(guess, name)
    assert result.doubts == ()
    assert result.engine == "m"
    assert result.usage == Usage()
    assert set(guess.timings) < set(result.timings)


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        pytest.param("    return os.sep\n", "    return os.linesep\n", "invented_line", id="a line of its own"),
        pytest.param("    return os.sep\n", "    # ... existing code ...\n", "marker_left", id="a marker"),
        pytest.param("    return os.sep\n", "    # ...\n", "marker_left", id="the snippet's marker"),
        pytest.param("import os\n", "```python\nimport os\n", "marker_left", id="a fence"),
        pytest.param("def third(x):\n    return os.sep\n", "", "unexplained_deletion", id="a function dropped"),
        pytest.param("    return os.sep\n", "  return os.sep\n", "unexplained_deletion", id="a line outdented"),
        pytest.param("import os\n", "import os\nimport os\n", "duplicated_line", id="an import twice"),
        pytest.param("def third", "def second(x):\n    return 1\n\n\ndef third", "twin", id="a function twice"),
        pytest.param("    prepare(x)\n", "", "lost_snippet_line", id="the edit not made"),
        pytest.param("    prepare(x)\n", "prepare(x)\n", "syntax_regressed", id="the edit outdented"),
    ],
)
def test_what_an_answer_may_not_do(old: str, new: str, kind: str) -> None:
    """Each with a doubt that says what would settle it."""
    assert SECOND.count(old) == 1
    result = answered(SECOND.replace(old, new))
    assert kind in kinds(result)
    assert all(doubt.hint and doubt.message for doubt in result.doubts)
    assert all(0 <= place.start <= place.end <= 18 for doubt in result.doubts for place in doubt.candidates)


def test_a_cut_answer_is_a_doubt_whatever_it_holds() -> None:
    guess = apply(ORIGINAL, SNIPPET, path="a.py", on_doubt="best")
    result = judge(ORIGINAL, SNIPPET, guess, None, guess.merged_code, "length", model="m", path="a.py")
    assert kinds(result) == {"answer_cut"}


def test_an_answer_has_no_say_where_the_merge_was_sure() -> None:
    """It may not leave out what the snippet adds elsewhere, nor keep what that removes."""
    original = ORIGINAL + "\n\nLIMIT = 1\nOTHER = 2\nLAST = 3\n"
    snippet = SNIPPET + "\nLIMIT = 5\nADDED = 4\nLAST = 3\n"
    right = SECOND + "\n\nLIMIT = 5\nADDED = 4\nLAST = 3\n"
    guess = apply(original, snippet, path="a.py", instruction="remove OTHER", on_doubt="best")
    assert guess.merged_code.endswith("\n\nLIMIT = 5\nADDED = 4\nLAST = 3\n")
    assert [doubt.kind for doubt in guess.doubts] == ["ambiguous_anchor"]

    def judged(text: str) -> set[str]:
        return kinds(answered(text, original, snippet, instruction="remove OTHER"))

    assert judged(right) == set()
    assert "lost_snippet_line" in judged(right.replace("ADDED = 4\n", ""))
    assert "nothing_applied" in judged(right.replace("ADDED = 4\n", "ADDED = 4\nOTHER = 2\n"))
    assert "unexplained_deletion" in judged(
        right.replace("import os\n", "").replace("\n\n\ndef f", "import os\n\n\ndef f")
    )


@pytest.mark.parametrize(
    "snippet",
    [
        pytest.param(
            "--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,4 @@\n import os\n+import sys\n \n \n"
            "@@ -16,2 +17,2 @@\n def third(z):\n-    return os.sep\n+    return sys.path\n",
            id="diff",
        ),
        pytest.param(
            "<<<<<<< SEARCH\nimport os\n=======\nimport os\nimport sys\n>>>>>>> REPLACE\n"
            "<<<<<<< SEARCH\ndef third(x):\n    return os.seps\n=======\n"
            "def third(x):\n    return sys.path\n>>>>>>> REPLACE\n",
            id="search/replace",
        ),
    ],
)
def test_a_diff_that_does_not_fit_the_file(snippet: str) -> None:
    """What it takes away need not be in the result, and what it adds has to."""
    guess = apply(ORIGINAL, snippet, path="a.py", on_doubt="best")
    assert {doubt.kind for doubt in guess.doubts} == {"format_mismatch"}
    right = ORIGINAL.replace("import os\n", "import os\nimport sys\n").replace("os.sep", "sys.path")
    assert "lost_snippet_line" in kinds(answered(guess.merged_code, snippet=snippet))
    assert "lost_snippet_line" not in kinds(answered(right, snippet=snippet))


def test_a_syntax_error_is_one_whoever_confirms_it() -> None:
    """A model's word makes no code parse."""
    original = "def f(a):\n    return a\n"
    snippet = "def f(a:\n    return a\n"
    guess = apply(original, snippet, path="a.py", on_doubt="best")
    assert "syntax_regressed" in {doubt.kind for doubt in guess.doubts}
    assert "syntax_regressed" in kinds(answered(guess.merged_code, original, snippet))


def test_blank_lines_are_the_merge_s_where_nothing_is_in_doubt() -> None:
    """Models lose and add some."""
    text = "\n" + SECOND.replace("\n\n\ndef third", "\ndef third") + "\n\n"
    result = answered(text)
    assert result.merged_code == SECOND
    assert result.doubts == ()


def test_letters_that_a_vocabulary_composes_are_the_file_s() -> None:
    """Qwen's tokenizer turns an `e` and an accent into one character; the file keeps its two."""
    original = ORIGINAL.replace("import os", "import os\nname = 'cafe\u0301'")
    snippet = SNIPPET.replace("prepare(x)", "prepare('re\u0301sume\u0301')")
    text = SECOND.replace("import os", "import os\nname = 'cafe\u0301'").replace(
        "prepare(x)", "prepare('re\u0301sume\u0301')"
    )
    result = answered(unicodedata.normalize("NFC", text), original, snippet)
    assert result.merged_code == text
    assert result.doubts == ()


def test_provenance_tells_whose_line_it_is() -> None:
    """The original's, the snippet's or the model's."""
    result = answered(SECOND.replace("    return os.sep\n", "    return os.linesep\n"))
    lines = bare_lines(result.merged_code)
    said = {line: span.source for span in result.provenance for line in lines[span.start : span.end] if line.strip()}
    assert said["    prepare(x)"] == "snippet"
    assert said["    return os.linesep"] == "model"
    assert said["def third(x):"] == "original"
    assert [span.start for span in result.provenance][1:] == [span.end for span in result.provenance][:-1]


def test_an_answer_about_a_part() -> None:
    """What stands outside is the guess's, to the byte."""
    filler = "".join(f"def filler_{i}(x):\r\n    return {i}\r\n\r\n\r\n" for i in range(40))
    original = BOM + filler + ORIGINAL.replace("\n", "\r\n") + filler.replace("filler", "more").rstrip()
    guess = apply(original, SNIPPET, path="a.py", on_doubt="best")
    asked = questions(original, SNIPPET, guess, path="a.py")
    assert asked.part is not None
    assert asked.part.part is not None
    code = asked.part.question.code
    assert code in ORIGINAL.replace("\r\n", "\n") + "\n" * 5 or len(code) < len(original) / 3
    for place in ("first", "second"):
        head = f"def {place}(x):\n    setup(x)\n"
        assert code.count(head) == 1
        text = code.replace(head, head + "    prepare(x)\n")
        result = judge(original, SNIPPET, guess, asked.part.part, text, "stop", model="m", path="a.py")
        right = original.replace(head.replace("\n", "\r\n"), (head + "    prepare(x)\n").replace("\n", "\r\n"))
        assert (result.merged_code, result.doubts) == (right, ())
        always(original, SNIPPET, result)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_right_answer_gives_the_right_file_to_the_byte(case: Golden) -> None:
    """Though the answer has LF endings and no byte order mark, and is matched with the file afresh."""
    guess = apply(case.before, case.snippet, path=case.path, instruction=case.instruction, on_doubt="best")
    # a guess that changes nothing: so the answer is not simply taken for it
    for known in (guess, _unchanged(case, guess)):
        result = _judged(case, known, bare_lines(case.after.removeprefix(BOM)))
        assert result.merged_code == case.after
        assert known is not guess or result.doubts == ()
        _same_outside(case, result)


def _unchanged(case: Golden, guess: ApplyResult) -> ApplyResult:
    lines = len(bare_lines(case.before.removeprefix(BOM)))
    spans = (type(guess.provenance[0])(0, lines, "original", 0),) if lines else ()
    return msgspec.structs.replace(guess, merged_code=case.before, edits=(), provenance=spans)


def _judged(case: Golden, guess: ApplyResult, lines: list[str], finished: str = "stop") -> ApplyResult:
    text = "".join(line + "\n" for line in lines)
    return judge(
        case.before,
        case.snippet,
        guess,
        None,
        text,
        finished,  # type: ignore[arg-type]
        model="m",
        path=case.path,
        instruction=case.instruction,
    )


def _same_outside(case: Golden, result: ApplyResult) -> None:
    """The edits make the result, and what they leave is the original's."""
    at, pieces = 0, []
    for edit in result.edits:
        pieces += [case.before[at : edit.start], edit.text]
        at = edit.end
    assert "".join(pieces) + case.before[at:] == result.merged_code
    endings_kept(case.before, result)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_spoilt_answer_passes(case: Golden) -> None:
    """A line dropped, doubled, moved, changed, re-indented or made up; a marker or fence left in; an end missing."""
    guess = apply(case.before, case.snippet, path=case.path, instruction=case.instruction, on_doubt="best")
    right = bare_lines(case.after.removeprefix(BOM))
    for what, lines, finished in _spoilt(Random(case.name), bare_lines(case.before.removeprefix(BOM)), right):
        result = _judged(case, guess, lines, finished)
        assert result.doubts, what
        assert all(doubt.hint for doubt in result.doubts)


def _spoilt(rng: Random, old: list[str], right: list[str]) -> Iterator[tuple[str, list[str], str]]:
    changed = {k for block in blocks(old, right) for k in range(block.new_start, block.new_end)}
    filled = [k for k, line in enumerate(right) if line.strip()]
    kept = [k for k in filled if k not in changed]
    for name, some in (("kept", kept), ("new", [k for k in filled if k in changed])):
        if some:
            k = rng.choice(some)
            yield f"{name} dropped", right[:k] + right[k + 1 :], "stop"
            yield f"{name} changed", [*right[:k], right[k] + " zq", *right[k + 1 :]], "stop"
    if kept:
        k = rng.choice(kept)
        yield "doubled", [*right[:k], right[k], *right[k:]], "stop"
        k = rng.choice(kept)
        yield "indented", [*right[:k], "   " + right[k], *right[k + 1 :]], "stop"
    pairs = [k for k in kept if k + 1 in kept and right[k] != right[k + 1]]
    if pairs:
        k = rng.choice(pairs)
        yield "swapped", [*right[:k], right[k + 1], right[k], *right[k + 2 :]], "stop"
    for line in ("zq_made_up(1)", "// ... existing code ...", "```"):
        k = rng.randrange(len(right) + 1)
        yield line, [*right[:k], line, *right[k:]], "stop"
    end = rng.choice(filled)
    yield "ends early", right[:end], "stop"
    yield "cut", right[:end], "length"


@given(strategies.cases)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_bytes_outside_the_change_are_the_original_s(case: Case) -> None:
    """In files of any form: CRLF, mixed endings, byte order mark, tabs, form feeds, no final newline."""
    try:
        guess = apply(case.original, case.snippet, path=case.name, on_doubt="best")
    except FastApplyError:
        return
    rng = Random(case.original)
    lines = bare_lines(guess.merged_code.removeprefix(BOM))
    for _ in range(3):
        k = rng.randrange(len(lines) + 1)
        lines = rng.choice([lines[:k] + lines[k + 1 :], [*lines[:k], "zq", *lines[k:]], lines[:k] + lines[k:][::-1]])
        text = "\n".join(lines) + rng.choice(["", "\n", "\n\n"])
        result = judge(case.original, case.snippet, guess, None, text, "stop", model="m", path=case.name)
        always(case.original, case.snippet, result, text)
        endings_kept(case.original, result)
