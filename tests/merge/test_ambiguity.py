from __future__ import annotations

import pytest

from fastapply import apply
from support.merging import merge, sure

THREE = "".join(
    f"def part_{name}():\n    setup()\n    value = 1\n    finish()\n    return value\n\n\n" for name in "abc"
)

UNCHANGED = [
    pytest.param("# ...\n    setup()\n    value = 1\n    finish()\n# ...\n", id="lines that occur thrice, as they are"),
    pytest.param("# ...\n    return value\n", id="one common line"),
]


@pytest.mark.parametrize("snippet", UNCHANGED)
def test_ambiguous_text_that_changes_nothing_is_no_doubt(snippet: str) -> None:
    """It does not matter which of the places is meant."""
    assert sure(THREE, snippet) == THREE


@pytest.mark.parametrize(
    "snippet",
    [
        pytest.param("def part_b():\n    setup()\n    value = 2\n    # ...\n", id="the head of the function"),
        pytest.param("def part_b():\n    # ...\n    value = 2\n    finish()\n", id="the head, a marker below it"),
        pytest.param(
            "# ...\n    setup()\n    value = 2\n    finish()\n    return value\n\n\ndef part_c():\n# ...\n",
            id="the head of the function below",
        ),
    ],
)
def test_one_unique_line_decides(snippet: str) -> None:
    """Whatever else occurs thrice."""
    first, second, third, end = THREE.split("value = 1\n")
    assert sure(THREE, snippet) == f"{first}value = 1\n{second}value = 2\n{third}value = 1\n{end}"


@pytest.mark.parametrize(
    "snippet",
    [
        pytest.param("    setup()\n    value = 2\n    finish()\n", id="a changed line"),
        pytest.param("# ...\n    setup()\n    check()\n    value = 1\n# ...\n", id="a new line"),
        pytest.param("# ...\n    value = 1\n    check()\n    finish()\n# ...\n", id="a new line in the midst"),
        pytest.param("# ...\n    setup()\n    finish()\n# ...\n", id="a line left out"),
    ],
)
def test_text_that_fits_several_places_is_a_doubt(snippet: str) -> None:
    """Each place would do equally well."""
    assert "ambiguous_anchor" in merge(THREE, snippet).doubts


def test_the_doubt_names_all_the_places() -> None:
    """And which lines of the snippet fit them."""
    result = apply(THREE, "    setup()\n    value = 2\n    finish()\n", path="a.py", on_doubt="best")
    (doubt,) = result.doubts
    assert len(doubt.candidates) == 3
    lines = THREE.splitlines()
    for place in doubt.candidates:
        assert lines[place.start].strip() == "setup()"
        assert lines[place.end - 1].strip() == "finish()"
    assert doubt.snippet is not None
    assert (doubt.snippet.start, doubt.snippet.end) == (0, 3)
    assert doubt.hint


def test_namesakes_in_two_classes() -> None:
    """A method of one name is told by its class, and is a doubt without it."""
    original = "class A:\n    def f(self):\n        return 1\n\n\nclass B:\n    def f(self):\n        return 1\n"
    expected = "class A:\n    def f(self):\n        return 1\n\n\nclass B:\n    def f(self):\n        return 2\n"
    assert sure(original, "class B:\n    def f(self):\n        return 2\n") == expected
    assert sure(original, "class B:\n    # ...\n    def f(self):\n        return 2\n    # ...\n") == expected
    assert merge(original, "    def f(self):\n        return 2\n").doubts == {"ambiguous_anchor"}


def test_one_of_two_equal_lines_to_remove_is_a_doubt() -> None:
    """A diff does not say which, and that the file ends with one of them is no reason."""
    assert merge("x {\n}\n}\n", "-}\n", "a.js").doubts == {"ambiguous_anchor"}
    assert sure("x {\n}\ny\n}\n", " y\n-}\n", "a.js") == "x {\n}\ny\n"


def test_the_end_of_the_file_is_no_place_for_a_line_that_stands_elsewhere() -> None:
    """The last line of the file is not meant more than its like."""
    text = "a()\n    stop()\nb()\n    stop()\n"
    assert merge(text, "# ...\n    log()\n    stop()\n", "a.txt").doubts == {"ambiguous_anchor"}
    assert sure(text, "# ...\nb()\n    log()\n    stop()\n", "a.txt") == "a()\n    stop()\nb()\n    log()\n    stop()\n"
