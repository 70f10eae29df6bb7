from __future__ import annotations

import pytest

from fastapply import apply
from support.merging import MODULE, merge, replaced, sure

SAVE = MODULE[MODULE.index("    def save") : MODULE.index("    def close")]
WITHOUT_SAVE = MODULE.replace(SAVE, "")
GAP = (
    "class Store:\n    def load(self, path):\n        size = os.path.getsize(path)\n        if size > LIMIT:\n"
    "            raise ValueError(path)\n        return size\n\n    def close(self):\n        self.open = None\n"
)


def long_module(count: int) -> str:
    """`count` functions of their own names, between two lines that stay."""
    return (
        "FIRST = 1\n"
        + "".join(f"\n\ndef part_{k}():\n    return work_{k}()\n" for k in range(count))
        + "\n\nLAST = 2\n"
    )


KEPT = [
    pytest.param("FIRST = 1\n# ...\nLAST = 3\n", id="a marker keeps what it stands for"),
    pytest.param("# ...\nLAST = 3\n", id="lines above the first line shown"),
]


@pytest.mark.parametrize("snippet", KEPT)
def test_nothing_is_lost_where_a_marker_stands_or_an_end_is_open(snippet: str) -> None:
    """Only text shown side by side can delete."""
    assert sure(long_module(6), snippet) == replaced(long_module(6), "LAST = 2", "LAST = 3")


def test_many_lines_that_nothing_explains_are_a_doubt() -> None:
    """A forgotten marker must not lose code in silence; the doubt says what would go and what would settle it."""
    snippet = "FIRST = 1\n\n\ndef part_0():\n    return work_0() + 1\n\n\ndef part_7():\n    return work_7() + 1\n"
    result = apply(long_module(8), snippet, path="a.py", on_doubt="best")
    (doubt,) = result.doubts
    assert doubt.kind == "unexplained_deletion"
    assert "marker" in doubt.hint
    assert "removed: NAME" in doubt.hint
    (place,) = doubt.candidates
    lines = long_module(8).splitlines()[place.start : place.end]
    assert {f"def part_{k}():" for k in range(1, 7)} <= set(lines)


def test_a_line_wrapped_in_a_new_block_is_no_firm_anchor() -> None:
    """An import under a new condition may as well be a second one: what stood below it does not go in silence."""
    original = "import os\n\nimport jinja2\nfrom jinja2.ext import Extension, Tags\n\nfrom core import BrokenInput\n\n"
    original += "try:\n    import babel\nexcept ImportError:\n    babel = None\n"
    snippet = "# ...\n\nif TYPED:\n    import jinja2\n\ntry:\n# ...\n"
    result = apply(original, snippet, instruction="Change the behaviour", path="a.py", on_doubt="best")
    assert "unexplained_deletion" in {doubt.kind for doubt in result.doubts}


EVIDENCE = [
    pytest.param(GAP.replace("    def close", "    # removed: save\n    def close"), "", id="a note in the snippet"),
    pytest.param(GAP, "Remove the save method", id="the instruction names it"),
    pytest.param(GAP, "measure by path, drop save and reset open", id="the instruction names it among other things"),
]


@pytest.mark.parametrize(("snippet", "instruction"), EVIDENCE)
def test_explained_deletions_are_made(snippet: str, instruction: str) -> None:
    """With evidence, what the snippet shows as neighbours become neighbours."""
    expected = replaced(WITHOUT_SAVE, "os.stat(path).st_size", "os.path.getsize(path)")
    expected = replaced(expected, "self.open = False", "self.open = None")
    assert sure(MODULE, snippet, instruction=instruction) == expected


def test_an_instruction_that_speaks_of_other_things_is_evidence_against() -> None:
    """It would have said that a method goes."""
    assert "unexplained_deletion" in merge(MODULE, GAP, instruction="Measure by path").doubts


def test_a_short_run_in_a_block_shown_whole_may_go() -> None:
    """The snippet shows the block from head to end; what it leaves out is meant to go."""
    snippet = (
        "    def save(self, path, text):\n        handle = open(path, 'wb')\n"
        "        handle.write(text)\n\n    def close(self):\n"
    )
    assert sure(MODULE, snippet) == replaced(
        MODULE,
        'open(path, "w")\n        handle.write(text)\n        handle.close()\n',
        "open(path, 'wb')\n        handle.write(text)\n",
    )


@pytest.mark.parametrize(
    "last", ["", "    def part_8(self):\n        return self.work_8()\n\n"], ids=["one method", "two"]
)
def test_a_class_that_shrinks_much_without_a_marker_is_a_doubt(last: str) -> None:
    """A class is shown by one or two of its methods more often than it is reduced to them."""
    methods = "".join(f"    def part_{k}(self):\n        return self.work_{k}()\n\n" for k in range(9))
    original = f"class Store:\n{methods}\nLAST = 2\n"
    snippet = f"class Store:\n    def part_0(self):\n        return self.work_0() + 1\n\n{last}\nLAST = 2\n"
    assert merge(original, snippet).doubts & {"shrunk_body", "unexplained_deletion"}


def test_what_bears_no_sign_beside_lines_that_do_is_not_deleted() -> None:
    """A diff signs what is to go: lines left out of it are lines it does not show."""
    text = "x = 1\ny = 2\nalpha()\nbeta()\nz = 3\n"
    assert "unexplained_deletion" in merge(text, "-x = 1\n y = 2\n z = 3\n").doubts
    assert sure(text, "-x = 1\n y = 2\n-alpha()\n-beta()\n z = 3\n") == "y = 2\nz = 3\n"
