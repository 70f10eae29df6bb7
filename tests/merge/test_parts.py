from __future__ import annotations

import pytest

from support.merging import MODULE, SCRIPT, replaced, sure

CLOSE = ("self.open = False", "self.open = None")
LOAD = ("os.stat(path).st_size", "os.path.getsize(path)")
MAIN = ("    store = Store()\n", "    store = Store()\n    store.reset()\n")


@pytest.mark.parametrize(
    "snippet",
    [
        pytest.param(
            "# ...\n    def close(self):\n    # ...\n    def load(self, path):\n    # ...\n", id="with markers"
        ),
        pytest.param("def main():\n    # ...\n\nclass Store:\n    # ...\n", id="from the end to the start"),
    ],
)
def test_known_blocks_in_another_order_do_not_move(snippet: str) -> None:
    """The order of a snippet is no request to reorder."""
    assert sure(MODULE, snippet) == MODULE


@pytest.mark.parametrize(
    ("snippet", "changes"),
    [
        pytest.param(
            "# ...\n    def close(self):\n        self.open = None\n\n"
            "    def load(self, path):\n        size = os.path.getsize(path)\n        # ...\n",
            (CLOSE, LOAD),
            id="two methods, side by side",
        ),
        pytest.param(
            "# ...\n    def close(self):\n        self.open = None\n# ...\n"
            "    def load(self, path):\n        size = os.path.getsize(path)\n        # ...\n",
            (CLOSE, LOAD),
            id="two methods, a marker between them",
        ),
        pytest.param(
            "def main():\n    store = Store()\n    store.reset()\n    # ...\n\nLIMIT = 10\nDEPTH = 2\n# ...\n",
            (MAIN, ("LIMIT = 10\n", "LIMIT = 10\nDEPTH = 2\n")),
            id="lines that are no definition",
        ),
    ],
)
def test_each_block_goes_to_its_own_place(snippet: str, changes: tuple[tuple[str, str], ...]) -> None:
    """Blocks out of order are merged each by itself."""
    expected = MODULE
    for old, new in changes:
        expected = replaced(expected, old, new)
    assert sure(MODULE, snippet) == expected


def test_blocks_in_braces_out_of_order() -> None:
    """A function that is shown before a method which stands above it in the file."""
    snippet = (
        "// ...\nexport function main(args) {\n  const store = new Store(args);\n  // ...\n}\n"
        "// ...\n  close() {\n    this.open = null;\n  }\n// ...\n"
    )
    expected = replaced(SCRIPT, "new Store()", "new Store(args)")
    assert sure(SCRIPT, snippet, "a.js") == replaced(expected, "this.open = false", "this.open = null")
