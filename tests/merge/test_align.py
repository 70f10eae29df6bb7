from __future__ import annotations

import pytest

from fastapply.errors import DeadlineExceeded
from fastapply.merge.deadline import Deadline
from fastapply.merge.language import by_name
from fastapply.merge.lazy import merge_lazy
from fastapply.merge.text import split_lines

ORIGINAL = """\
def first():
    setup()
    value = compute(1)
    return value


def second():
    setup()
    value = compute(2)
    return value


def third():
    setup()
    value = compute(3)
    return value
"""


def matched(snippet: str, original: str = ORIGINAL) -> list[tuple[str, int]]:
    """The snippet's lines that are not blank, each with the number of the original line it was matched with."""
    profile = by_name("python")
    lines = split_lines(original)
    lazy = merge_lazy(lines, original, None, profile, snippet, "", None, Deadline(5))
    (reading,) = lazy.chosen.readings
    rows = zip(reading.layout.keys, reading.alignment.match, strict=True)
    return [(key, j + 1 if j >= 0 else 0) for key, j in rows if key]


@pytest.mark.parametrize(
    "snippet",
    [
        pytest.param("", id="nothing"),
        pytest.param("# ...\n", id="a marker"),
        pytest.param("frobnicate()\n", id="no common line"),
    ],
)
def test_nothing_is_matched(snippet: str) -> None:
    """Without a common line there is no chain."""
    assert all(j == 0 for _, j in matched(snippet))


def test_a_file_matches_itself_line_by_line() -> None:
    """Repeated lines do not trip it."""
    assert [j for _, j in matched(ORIGINAL)] == [k for k, line in enumerate(ORIGINAL.splitlines(), 1) if line]


@pytest.mark.parametrize(
    ("snippet", "lines"),
    [
        pytest.param("def second():\n    setup()\n    check()\n", [7, 8, 0], id="common lines below their head"),
        pytest.param("    setup()\n    value = compute(2)\n", [8, 9], id="common lines beside a rare one"),
        pytest.param(
            "    check()\n    return value\n\n\ndef third():\n", [0, 10, 13], id="common lines above a rare one"
        ),
        pytest.param("def first():\n# ...\ndef third():\n    setup()\n", [1, 13, 14], id="a marker skips for nothing"),
        pytest.param("def second(x):\n    setup()\n", [7, 8], id="a changed head"),
        pytest.param("setup()\n    value = compute(3)\n", [14, 15], id="another indentation"),
    ],
)
def test_rare_lines_decide_for_common_ones(snippet: str, lines: list[int]) -> None:
    """The whole snippet is aligned at once, so that a line is matched where its neighbours are."""
    assert [j for _, j in matched(snippet)] == lines


def test_a_marker_keeps_the_order() -> None:
    """What is shown behind it lies behind it."""
    found = [
        j for _, j in matched("def first():\n    setup()\n    # ...\ndef second():\n    # ...\n    return value\n")
    ]
    assert found[:3] == [1, 2, 7]
    assert found[3] >= 10


def test_time_is_limited() -> None:
    """Repeated lines make many matches; the deadline holds."""
    text = "same(line)\n" * 3000
    lines = split_lines(text)
    snippet = "same(line)\nother()\n# ...\n" * 400
    with pytest.raises(DeadlineExceeded):
        merge_lazy(lines, text, None, by_name("python"), snippet, "", None, Deadline(0.001))
