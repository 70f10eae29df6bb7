from __future__ import annotations

import pytest

from support.merging import MODULE, SCRIPT, merge, replaced, sure

HELPER = "    def helper(self):\n        return self\n"


@pytest.mark.parametrize(
    "snippet",
    [
        pytest.param(
            f"class Store:\n    # ...\n{HELPER}    # ...\n    def close(self):\n", id="a method between two markers"
        ),
        pytest.param(
            "def main():\n    # ...\n    check(store)\n    # ...\n    store.close()\n", id="a statement between two"
        ),
    ],
)
def test_nothing_says_where(snippet: str) -> None:
    """The kinds of the neighbours don't decide: a doubt, and a guess that holds the new text once."""
    merged = merge(MODULE, snippet)
    assert "undecided_place" in merged.doubts
    new = snippet.splitlines()[2]
    assert merged.text.splitlines().count(new) == 1


def test_a_snippet_without_any_known_line_is_a_doubt() -> None:
    """Nothing in it is in the original."""
    assert merge(MODULE, "# ...\nfrobnicate(1)\n# ...\n").doubts == {"no_anchor"}


@pytest.mark.parametrize(
    ("snippet", "change"),
    [
        pytest.param(
            f"class Store:\n    # ... load stays the same ...\n\n{HELPER}\n    # ... existing code ...\n",
            ("        return size\n", "        return size\n\n" + HELPER),
            id="above: right behind the last it names",
        ),
        pytest.param(
            f"class Store:\n    # ... existing code ...\n\n{HELPER}\n    # ... save and close unchanged ...\n",
            ("        return size\n", "        return size\n\n" + HELPER),
            id="below: right before the first it names",
        ),
    ],
)
def test_a_marker_that_names_what_it_stands_for_decides(snippet: str, change: tuple[str, str]) -> None:
    """`... load stays the same ...` says what is above the new text."""
    assert sure(MODULE, snippet) == replaced(MODULE, *change)


@pytest.mark.parametrize(
    ("original", "path", "snippet", "change"),
    [
        pytest.param(
            MODULE,
            "a.py",
            "# ...\nimport json\n# ...\n        self.open = False\n",
            ("import sys\n", "import sys\nimport json\n"),
            id="Python",
        ),
        pytest.param(
            SCRIPT,
            "a.js",
            '// ...\nimport path from "path";\n// ...\n    this.open = false;\n',
            ('import fs from "fs";\n', 'import fs from "fs";\nimport path from "path";\n'),
            id="JavaScript",
        ),
    ],
)
def test_an_import_goes_among_the_imports(original: str, path: str, snippet: str, change: tuple[str, str]) -> None:
    """Its kind decides."""
    assert sure(original, snippet, path) == replaced(original, *change)


def test_new_text_behind_the_last_marker_goes_to_the_end() -> None:
    """The end of the file, or of the block that the snippet shows it in."""
    assert sure(MODULE, '# ...\n\n\nif __name__ == "__main__":\n    main()\n') == (
        MODULE + '\n\nif __name__ == "__main__":\n    main()\n'
    )


def test_a_method_behind_the_marker_of_its_class_goes_to_the_end_of_the_class() -> None:
    """The snippet shows the class's head and the method in it."""
    assert sure(MODULE, f"class Store:\n    # ... existing methods ...\n\n{HELPER}") == replaced(
        MODULE, "        self.open = False\n", "        self.open = False\n\n" + HELPER
    )


def test_a_method_before_the_closing_brace_of_its_class() -> None:
    """The brace is an anchor, the marker above it keeps all methods."""
    snippet = "export class Store {\n  // ... existing methods ...\n\n  helper() {\n    return this;\n  }\n}\n"
    assert sure(SCRIPT, snippet, "a.js") == replaced(
        SCRIPT, "    this.open = false;\n  }\n", "    this.open = false;\n  }\n\n  helper() {\n    return this;\n  }\n"
    )
