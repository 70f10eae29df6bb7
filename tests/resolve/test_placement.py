"""What an answer may do with a place in doubt: put the edit there, as the snippet shows it, and nothing else."""

from __future__ import annotations

import pytest

from fastapply import apply
from support.judging import ORIGINAL, SECOND, answered, kinds


def _with(head: str, *lines: str) -> str:
    """The second function as it is to be, and these lines behind `head`."""
    assert SECOND.count(head) == 1
    return SECOND.replace(head, head + "".join(f"    {line}\n" for line in lines))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        pytest.param(
            ORIGINAL.replace("def third(x):\n", "def third(x):\n    prepare(x)\n"),
            "lost_snippet_line",
            id="the new line in a third place",
        ),
        pytest.param("prepare(x)\n" + ORIGINAL, "lost_snippet_line", id="the new line at the top"),
        pytest.param(ORIGINAL + "    prepare(x)\n", "lost_snippet_line", id="the new line at the end"),
        pytest.param(_with("def third(x):\n", "check(x)"), "lost_snippet_line", id="a line around it in a third place"),
        pytest.param(
            SECOND.replace("    setup(x)\n    prepare(x)\n", "    setup(x)\n    setup(x)\n    prepare(x)\n"),
            "duplicated_line",
            id="a line around it twice",
        ),
        pytest.param(
            SECOND.replace("first(x):\n    setup(x)\n    check(x)\n", "first(x):\n    check(x)\n    setup(x)\n"),
            "unexplained_deletion",
            id="the lines of the other place swapped",
        ),
        pytest.param(
            SECOND.replace("first(x):\n    setup(x)\n    check(x)\n", "first(x):\n    setup(x)\n").replace(
                "    return os.sep\n", "    check(x)\n    return os.sep\n"
            ),
            "unexplained_deletion",
            id="a line of the other place moved away",
        ),
    ],
)
def test_a_place_in_doubt_leaves_nothing_else_open(text: str, kind: str) -> None:
    """The new line may stand in either function: as the snippet shows it, once, and everything else stays."""
    assert kind in kinds(answered(text))


CLASS = """\
class Store:
    limit = 3

    def open(self):
        self.x = 1
        return self.x

    def close(self):
        self.x = 0
"""
PEEK = """\
class Store:
    # ...
    def peek(self):
        log(self)
        return self.x
    # ...
"""


def test_no_line_goes_because_a_place_is_in_doubt() -> None:
    """Between two markers anywhere would do for new lines; the old ones there are none the less kept."""
    guess = apply(CLASS, PEEK, path="a.py", on_doubt="best")
    assert [doubt.kind for doubt in guess.doubts] == ["undecided_place"]
    new = "    def peek(self):\n        log(self)\n        return self.x\n\n"
    for before in ("    def open", "    def close"):
        text = CLASS.replace(before, new + before)
        result = answered(text, CLASS, PEEK)
        assert (result.merged_code, result.doubts) == (text, ())
        for line in ("    limit = 3\n", "        self.x = 0\n", "        self.x = 1\n"):
            assert "unexplained_deletion" in kinds(answered(text.replace(line, ""), CLASS, PEEK))
        assert "lost_snippet_line" in kinds(
            answered(
                text.replace("        log(self)\n", "").replace("    limit", "    log(self)\n    limit"), CLASS, PEEK
            )
        )


def test_what_the_snippet_shows_side_by_side_may_go_where_the_answer_puts_it() -> None:
    """What stands between two lines of the one place or of the other."""
    original = ORIGINAL.replace("    setup(x)\n", "    setup(x)\n    wait(x)\n")
    snippet = "# ...\n    setup(x)\n    check(x)\n# ...\n"
    guess = apply(original, snippet, path="a.py", on_doubt="best")
    assert "ambiguous_anchor" in {doubt.kind for doubt in guess.doubts}
    for head in ("def first(x):\n", "def second(x):\n"):
        text = original.replace(head + "    setup(x)\n    wait(x)\n", head + "    setup(x)\n")
        result = answered(text, original, snippet)
        assert (result.merged_code, result.doubts) == (text, ())


OTHER = CLASS + "\n\nclass Other:\n    def open(self):\n        return 2\n\n\ndef main():\n    return Store()\n"


@pytest.mark.parametrize("head", ["class Other:\n", "def main():\n", "    def open(self):\n        return 2\n"])
def test_what_the_snippet_shows_in_a_class_is_put_into_no_other(head: str) -> None:
    """Though the doubt is about all lines from the class on, and though the guess itself may be one of these."""
    guess = apply(OTHER, PEEK, path="a.py", on_doubt="best")
    assert [doubt.kind for doubt in guess.doubts] == ["undecided_place"]
    new = "    def peek(self):\n        log(self)\n        return self.x\n\n"
    right = OTHER.replace("    def close", new + "    def close")
    assert kinds(answered(right, OTHER, PEEK)) == set()
    assert "lost_snippet_line" in kinds(answered(OTHER.replace(head, head + new), OTHER, PEEK))
    assert "lost_snippet_line" in kinds(answered(OTHER.rstrip("\n") + "\n" + new, OTHER, PEEK))
