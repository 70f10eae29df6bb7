from __future__ import annotations

import pytest

from fastapply import apply
from support.merging import MODULE, merge, sure

IMPORTS = "import alpha\nimport beta\nimport gamma\n\nx = 1\n"


@pytest.mark.parametrize(
    "snippet",
    [
        pytest.param("import beta\n# ...\n", id="an import that is there"),
        pytest.param("import gamma\n# ...\nx = 1\n", id="its neighbour"),
        pytest.param(IMPORTS, id="the file"),
    ],
)
def test_what_is_there_already_is_not_missed(snippet: str) -> None:
    """Nothing is lost, nothing stands twice."""
    assert sure(IMPORTS, snippet) == IMPORTS


def test_imports_in_another_order_of_a_whole_file() -> None:
    """The file is shown whole, so that the old order is not kept beside the new one."""
    new = "import alpha\nimport gamma\nimport beta\nimport delta\n\nx = 1\n"
    assert sure(IMPORTS, new) == new


def test_an_import_that_would_stand_twice_is_a_doubt() -> None:
    """Shown behind a line that it stands above, it would be imported again."""
    merged = merge(IMPORTS, "import gamma\nimport alpha\nimport delta\n# ...\n")
    assert merged.doubts == {"duplicated_line"}


def test_a_removed_line_that_is_not_there_is_a_doubt() -> None:
    """A `-` line that the original lacks tells of another version of the file."""
    snippet = (
        " class Store:\n-    def missing(self):\n-    def load(self, path):\n+    def load(self, path, mode):\n"
        "         size = os.stat(path).st_size\n # ...\n"
    )
    result = apply(MODULE, snippet, path="a.py", on_doubt="best")
    (doubt,) = result.doubts
    assert doubt.kind == "format_mismatch"
    assert doubt.snippet is not None
    assert (doubt.snippet.start, doubt.snippet.end) == (1, 2)


def test_a_definition_shown_twice_is_a_doubt() -> None:
    """Which of the two is to stand, the snippet does not say."""
    original = "def load():\n    return 1\n\n\n" + "".join(f"def part_{k}():\n    return {k}\n\n\n" for k in range(9))
    snippet = "# ...\ndef part_8():\n    return 8\n\n\ndef load():\n    return 2\n# ...\ndef load():\n    return 3\n"
    assert merge(original, snippet).doubts


PAIR = """\
import os


def zero():
    return 0


def old(a):
    b = a + 1
    return b * 2


def other():
    return 1
"""
RENAMED = "def new(a):\n    b = a + 1\n    return b * 2\n"


@pytest.mark.parametrize("around", ["# ...\n\n{}", "{}\n\ndef other():\n    return 1\n"])
def test_a_renamed_function_beside_its_old_self_is_a_doubt(around: str) -> None:
    """The whole body under another name, and of the old name no word."""
    assert "twin" in merge(PAIR, around.format(RENAMED)).doubts


def test_a_copy_of_a_function_that_is_shown_is_a_copy() -> None:
    """Who shows the old one as well wants both."""
    snippet = "# ...\ndef old(a):\n    b = a + 1\n    return b * 2\n\n\n" + RENAMED + "\n\n# ...\n"
    assert sure(PAIR, snippet) == PAIR.replace("\n\n\ndef other", "\n\n\n" + RENAMED + "\n\ndef other")


def test_a_new_function_does_not_take_the_end_of_another() -> None:
    """Its last line stands once in the file, and the old head would be left without it."""
    result = merge(PAIR, "# ...\n\n" + RENAMED + "\n# ...\n")
    assert result.doubts
    assert "    b = a + 1\n    return b * 2\n\n\ndef other" in result.text


SETTINGS = "alpha = 1\nbeta = 2\ngamma = 3\n"


@pytest.mark.parametrize("path", ["a.txt", "a.py", "a.toml"])
def test_a_noted_removal_that_removes_nothing_is_a_doubt(path: str) -> None:
    """The note stands above lines that stay; what it names is out of its reach."""
    result = merge(SETTINGS, "# removed: gamma\nalpha = 1\nbeta = 2\n", path)
    assert "nothing_applied" in result.doubts


@pytest.mark.parametrize(
    ("snippet", "after"),
    [
        pytest.param("alpha = 1\n# removed: beta\ngamma = 3\n", "alpha = 1\ngamma = 3\n", id="what it names goes"),
        pytest.param("alpha = 1\n# removed: the old one\ngamma = 3\n", "alpha = 1\ngamma = 3\n", id="it names nothing"),
        pytest.param("alpha = 1\n# removed: delta\nbeta = 2\n", SETTINGS, id="what it names is gone already"),
    ],
)
def test_a_noted_removal_that_is_done_is_no_doubt(snippet: str, after: str) -> None:
    """A note is kept, or has nothing left to ask for."""
    assert sure(SETTINGS, snippet) == after


def test_a_line_that_would_stand_left_of_the_margin_is_a_doubt() -> None:
    """Beside an anchor that is less deep in the file than in the snippet, nothing says how deep new text belongs."""
    assert "indent_unknown" in merge("</article>\n</main>\n", "<p>\n  </article>\n", "a.html").doubts
    assert not merge("  </article>\n</main>\n", "<p>\n</article>\n", "a.html").doubts & {"indent_unknown"}
