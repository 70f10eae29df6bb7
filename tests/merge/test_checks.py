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
