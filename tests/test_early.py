"""Edits that are certain before their snippet is whole."""

from __future__ import annotations

import pytest

from fastapply import apply, errors
from fastapply.early import certain_edits
from fastapply.merge.text import split_lines
from fastapply.merge.values import Edit
from support.begun import BEFORE, BEGUN
from support.golden import Golden, merged_cases

EDIT = Edit(BEFORE.index("    return name"), BEFORE.index("    return name"), "    print(name)\n")


@pytest.mark.parametrize("case", merged_cases(), ids=lambda case: case.name)
def test_what_is_certain_at_any_line_is_so_at_the_end(case: Golden) -> None:
    whole = apply(case.before, case.snippet, path=case.path, instruction=case.instruction, deadline=60)
    lines = split_lines(case.snippet)
    # Some ten places each: benchmarks/early_edits.py looks at all.
    for count in range(1, len(lines), 1 + len(lines) // 10):
        begun = "".join(lines[:count])
        early = certain_edits(case.before, begun, path=case.path, instruction=case.instruction, deadline=60)
        assert set(early) <= set(whole.edits), count


def test_many_of_them_are_certain_early() -> None:
    cases = merged_cases()[::4]
    early = [
        certain_edits(case.before, "".join(split_lines(case.snippet)[:-1]), path=case.path, deadline=60)
        for case in cases
    ]
    assert sum(map(bool, early)) > len(cases) / 4


def test_an_edit_is_certain_once_two_lines_behind_it_say_where_it_is() -> None:
    lines = split_lines(BEGUN)
    seen = [certain_edits(BEFORE, "".join(lines[:count]), path="a.py") for count in range(1, len(lines) + 1)]
    assert seen == [()] * 8 + [(EDIT,)]


@pytest.mark.parametrize(("mark", "ending"), [("\ufeff", "\n"), ("", "\r\n"), ("\ufeff", "\r\n")])
def test_it_counts_characters_of_the_file_as_it_is(mark: str, ending: str) -> None:
    before = mark + BEFORE.replace("\n", ending)
    (edit,) = certain_edits(before, BEGUN, path="a.py")
    assert (edit,) == apply(before, BEGUN + "    # ... existing code ...\n", path="a.py").edits


@pytest.mark.parametrize(
    "begun",
    [
        pytest.param(BEGUN.replace("    print(name)\n", ""), id="nothing"),
        pytest.param(BEGUN.replace("    name = os.path.basename(path)\n    print(name)\n", ""), id="only removed"),
        pytest.param(BEGUN.replace("print(name)", "return os.stat(path)"), id="a line of elsewhere"),
        pytest.param("Here it is:\n```python\n" + BEGUN, id="words before a fence"),
        pytest.param("@@ -8,3 +8,4 @@\n def second(path):\n+    print(name)\n", id="a diff"),
        pytest.param("", id="nothing yet"),
    ],
)
def test_what_a_line_to_come_may_explain_otherwise_is_not_certain(begun: str) -> None:
    assert certain_edits(BEFORE, begun, path="a.py") == ()


def test_of_a_new_file_nothing_is() -> None:
    assert certain_edits("", BEGUN, path="a.py") == ()


def test_its_errors_are_those_of_the_merge() -> None:
    with pytest.raises(errors.UnknownLanguage):
        certain_edits(BEFORE, BEGUN, language="klingon")
    with pytest.raises(errors.DeadlineExceeded):
        certain_edits(BEFORE, BEGUN, path="a.py", deadline=0)
