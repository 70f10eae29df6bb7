from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given, settings

from fastapply import apply
from fastapply.errors import FastApplyError
from fastapply.merge.deadline import Deadline
from fastapply.merge.text import BOM, bare_lines
from fastapply.resolve.question import Asked, Questions, questions
from fastapply.resolve.sides import Sides
from properties import strategies
from support.golden import Golden, merged_cases

if TYPE_CHECKING:
    from properties.generate import Case

TWINS = "".join(f"def f{i}(x):\n    setup(x)\n    check(x)\n    return {i}\n\n\n" for i in range(60))
IN_DOUBT = """\
def f30(x):
    setup(x)
    # ...
    prepare(x)
    # ...
def f40(x):
    setup(x)
    # ...
"""


def asked(original: str, snippet: str, path: str = "a.py", instruction: str = "") -> Questions:
    guess = apply(original, snippet, path=path, instruction=instruction, on_doubt="best")
    return questions(original, snippet, guess, path=path, instruction=instruction)


def part_of(found: Questions) -> Asked:
    assert found.part is not None
    assert found.part.part is not None
    return found.part


def test_the_whole_file_as_it_is() -> None:
    """Both texts, the instruction, and the best guess as the draft."""
    guess = apply(TWINS, IN_DOUBT, path="a.py", on_doubt="best")
    whole = questions(TWINS, IN_DOUBT, guess, path="a.py", instruction="why").whole
    question = whole.question
    assert whole.part is None
    assert (question.code, question.update, question.draft) == (TWINS, IN_DOUBT, guess.merged_code)
    assert question.instruction == "why"
    assert "why" not in repr(question)
    assert "setup" not in repr(question)


def test_a_part_where_the_doubts_are_local() -> None:
    """The function in doubt, whole, with a little around it; the rest of a long file is not asked about."""
    found = asked(TWINS, IN_DOUBT)
    part = part_of(found)
    assert part.part is not None
    lines = part.part.lines
    assert lines.end - lines.start < 0.3 * TWINS.count("\n")
    code = part.question.code
    assert code == "".join(line + "\n" for line in bare_lines(TWINS)[lines.start : lines.end])
    assert "def f30(x):\n    setup(x)\n    check(x)\n    return 30\n" in code
    assert "def f1(x)" not in code
    guess = apply(TWINS, IN_DOUBT, path="a.py", on_doubt="best")
    assert guess.merged_code[: part.part.before] == TWINS[: TWINS.index(code)]
    assert guess.merged_code[part.part.before :].startswith(part.question.draft)


def test_edits_that_are_sure_are_left_out_of_a_part() -> None:
    """With the stretches of the snippet that show them, which belong elsewhere; its markers stay."""
    snippet = "def f2(x):\n    setup(x, 2)\n    # ...\n" + IN_DOUBT + "def f58(x):\n    setup(x, 58)\n    # ...\n"
    part = part_of(asked(TWINS, snippet))
    assert part.question.update.splitlines()[0].strip() == "# ..."
    assert "prepare(x)" in part.question.update
    assert "58" not in part.question.update
    assert "setup(x, 2)" not in part.question.update
    assert "setup(x, 2)" not in part.question.draft


def test_no_part_where_the_doubts_are_all_over_the_file() -> None:
    """Nor where there are none."""
    assert asked(TWINS, TWINS.replace("return 1\n", "return 100\n")).part is None
    everywhere = "    setup(x)\n    prepare(x)\n    check(x)\n    # ...\n"
    two = "def a(x):\n    setup(x)\n    check(x)\n" + "y = 1\n" * 30 + "def b(x):\n    setup(x)\n    check(x)\n"
    found = asked(two, everywhere)
    assert apply(two, everywhere, path="a.py", on_doubt="best").doubts
    assert found.part is None


def test_a_question_passes_between_processes() -> None:
    """As data."""
    found = asked(BOM + TWINS.replace("\n", "\r\n"), IN_DOUBT)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=Questions) == found


def test_texts_have_plain_line_ends() -> None:
    """And no byte order mark; whether the last line has an end is told."""
    part = part_of(asked(BOM + TWINS.replace("\n", "\r\n"), IN_DOUBT.replace("\n", "\r\n")))
    plain = part_of(asked(TWINS, IN_DOUBT))
    assert part.question == plain.question
    whole = asked("\ufeffa = 1\r\nb = 2", "b = 3").whole.question
    assert (whole.code, whole.update, whole.draft) == ("a = 1\nb = 2", "b = 3", "a = 1\nb = 3")


@pytest.mark.parametrize("case", merged_cases(), ids=lambda case: case.name)
def test_all_lines_of_the_right_answer_are_allowed(case: Golden) -> None:
    """So that an answer that is put together from lines can be right; and no marker of the snippet is."""
    found = asked(case.before, case.snippet, case.path, case.instruction).whole.question
    allowed = {line.rstrip() for line in found.lines}
    assert {line.rstrip() for line in bare_lines(case.after.removeprefix(BOM))} <= allowed
    assert len(set(found.lines)) == len(found.lines)
    assert all(line.endswith("\n") and "\n" not in line[:-1] for line in found.lines)


def test_markers_notes_and_wrapping_are_not_allowed() -> None:
    """What only talks to the merger is no code."""
    snippet = "```python\n# a.py\n# ... existing code ...\n# removed: old helper\ndef f3(x):\n    return 30\n```\n"
    lines = asked(TWINS, snippet).whole.question.lines
    assert "    return 30\n" in lines
    assert not [line for line in lines if "#" in line or "`" in line]


def test_lines_of_the_snippet_as_deep_as_their_place() -> None:
    """A snippet at the margin is allowed at the depth that the guess gives it, lost lines included."""
    original = "class A:\n" + "".join("    " + line if line.strip() else line for line in TWINS.splitlines(True))
    snippet = "def f3(x):\n    setup(x)\n    prepare(x)\n    check(x)\n"
    lines = asked(original, snippet).whole.question.lines
    assert {"    prepare(x)\n", "        prepare(x)\n"} <= set(lines)


@pytest.mark.parametrize(
    "snippet",
    [
        pytest.param("@@ -1,4 +1,4 @@\n def f0(x):\n-    setup(x)\n+    prepare(x)\n     check(x)\n", id="diff"),
        pytest.param("<<<<<<< SEARCH\n    return 7\n=======\n    return 70\n>>>>>>> REPLACE\n", id="search/replace"),
    ],
)
def test_other_formats(snippet: str) -> None:
    """Their signs and rulers are no lines of an answer."""
    lines = asked(TWINS, snippet).whole.question.lines
    assert not {line for line in lines if line.startswith(("@", "+", "-", "<", "=", ">"))}
    assert ("    prepare(x)\n" in lines) or ("    return 70\n" in lines)


def test_where_the_draft_is_unsure() -> None:
    """Just behind a line that is in doubt."""
    question = part_of(asked(TWINS, IN_DOUBT)).question
    assert question.unsure
    assert list(question.unsure) == sorted(set(question.unsure))
    assert all(question.draft[at - 1] == "\n" for at in question.unsure)


@given(strategies.cases)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_a_part_is_a_part(case: Case) -> None:
    """In files of any form: what stands before and behind it in the guess is the guess's, and the guess's changes are
    told to the line."""
    snippet = _worse(case.snippet)
    try:
        guess = apply(case.original, snippet, path=case.name, on_doubt="best")
    except FastApplyError:
        return
    sides = Sides(case.original, snippet, guess, "", case.name, None, Deadline(5))
    rebuilt, at = [], 0
    for change in sides.changes:
        rebuilt += sides.old[at : change.start] + sides.new[change.new_start : change.new_end]
        at = change.end
    assert rebuilt + sides.old[at:] == sides.new
    found = questions(case.original, snippet, guess, path=case.name).part
    if found is None:
        return
    assert found.part is not None
    code = bare_lines(found.question.code)
    assert code == sides.old[found.part.lines.start : found.part.lines.end]
    draft = bare_lines(found.question.draft)
    ahead = len(bare_lines(guess.merged_code[: found.part.before].removeprefix(BOM)))
    assert sides.new[ahead : ahead + len(draft)] == draft
    outside = [c for c in sides.changes if c.end < found.part.lines.start or c.start > found.part.lines.end]
    inside = [c for c in sides.changes if c not in outside]
    assert len(draft) - len(code) == sum(c.new_end - c.new_start - c.end + c.start for c in inside)


def _worse(snippet: str) -> str:
    """The snippet less some of its lines, so that more of it is in doubt."""
    rng = Random(snippet)
    return "".join(line for line in snippet.splitlines(True) if rng.random() < 0.7)
