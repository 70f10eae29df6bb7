from __future__ import annotations

import pytest

from support.merging import MODULE, SCRIPT, merge, replaced, sure

NOTHING = [
    pytest.param("import os\nimport sys\n", id="two neighbours, as they are"),
    pytest.param("LIMIT = 10\n# ...\nclass Store:\n", id="a marker between neighbours"),
    pytest.param("import os\n# ...\n    store.close()\n", id="a marker for all between the ends"),
    pytest.param("# ...\n    def save(self, path, text):\n# ...\n", id="one line between two markers"),
    pytest.param("class Store:\n    # ... existing code ...\n", id="a class whose body is kept"),
    pytest.param("# ...\n# ...\n# ...\n", id="markers in a row"),
    pytest.param("def main():\n    store = Store()\n", id="a partial edit without a marker that says nothing new"),
]


@pytest.mark.parametrize("snippet", NOTHING)
def test_what_the_file_says_already_changes_nothing(snippet: str) -> None:
    """Original text and markers are no edit."""
    assert sure(MODULE, snippet) == MODULE


TABLE = [
    pytest.param(
        "    store = Store()\n    store.open = True\n    store.load(sys.argv[1])\n",
        ("    store = Store()\n", "    store = Store()\n    store.open = True\n"),
        id="items, no marker, nothing there: insert",
    ),
    pytest.param(
        "        handle = open(path, 'w')\n# ...\n        handle.write(text)\n"
        "        handle.flush()\n        handle.close()\n",
        (
            'open(path, "w")\n        handle.write(text)\n',
            "open(path, 'w')\n        handle.write(text)\n        handle.flush()\n",
        ),
        id="a marker where nothing is left out: it vanishes",
    ),
    pytest.param(
        "    def load(self, path):\n        size = self.measure(path)\n        if size > LIMIT:\n",
        ("size = os.stat(path).st_size", "size = self.measure(path)"),
        id="items, no marker, lines there: replace",
    ),
    pytest.param(
        "LIMIT = 10\nDEPTH = 3\n# ...\ndef main():\n",
        ("LIMIT = 10\n", "LIMIT = 10\nDEPTH = 3\n"),
        id="items before one marker: right behind the anchor",
    ),
    pytest.param(
        "LIMIT = 10\n# ...\n    store.flush()\n    store.close()\n",
        ("    store.close()\n", "    store.flush()\n    store.close()\n"),
        id="items behind one marker: right before the anchor",
    ),
    pytest.param(
        "import os\n# ...\nimport json\n# ...\nLIMIT = 10\n",
        ("import sys\n", "import sys\nimport json\n"),
        id="an import between two markers: among the imports",
    ),
]


@pytest.mark.parametrize(("snippet", "change"), TABLE)
def test_the_table_of_gaps(snippet: str, change: tuple[str, str]) -> None:
    """What lies between two anchors, in the snippet and in the original, says what becomes of it."""
    assert sure(MODULE, snippet) == replaced(MODULE, *change)


def test_items_between_two_markers_and_lines_there_are_a_doubt() -> None:
    """Anywhere between the markers would do; the guess holds the new text all the same."""
    merged = merge(MODULE, "class Store:\n    # ...\n    DEPTH = 3\n    # ...\n        self.open = False\n")
    assert "undecided_place" in merged.doubts
    assert "DEPTH = 3\n" in merged.text
    merged = merge(
        MODULE, "    def load(self, path):\n        # ...\n        check(path)\n        # ...\n        return size\n"
    )
    assert merged.doubts == {"undecided_place"}
    assert "        check(path)\n" in merged.text


@pytest.mark.parametrize(
    ("snippet", "change"),
    [
        pytest.param(
            "store.close()\nprint(store)\n", ("    store.close()\n", "    store.close()\n    print(store)\n"), id="end"
        ),
        pytest.param("import json\nimport os\n", ("import os\n", "import json\nimport os\n"), id="start"),
    ],
)
def test_both_ends_of_a_snippet_are_open(snippet: str, change: tuple[str, str]) -> None:
    """Without markers the rest of the file is kept."""
    assert sure(MODULE, snippet) == replaced(MODULE, *change)


def test_a_whole_file_replaces_the_file() -> None:
    """A snippet without a marker from the first line to the last shows all that is to be there."""
    new = replaced(MODULE, "    def close(self):\n        self.open = False\n", "    def close(self):\n        pass\n")
    new = replaced(new, "LIMIT = 10\n", "LIMIT = 20\n")
    assert sure(MODULE, new) == new


BLANKS = [
    pytest.param(
        "LIMIT = 10\n\n# ...\n\ndef helper():\n    pass\n\n\ndef main():\n# ...\n",
        ("\n\ndef main", "\n\ndef helper():\n    pass\n\n\ndef main"),
        id="the original's above, the snippet's below",
    ),
    pytest.param(
        "import sys\nimport json\n\n# ...\n",
        ("import sys\n", "import sys\nimport json\n"),
        id="none added where the original has some beside kept text",
    ),
    pytest.param(
        "    # ...\n        handle.close()\n\n        return path\n\n    def close(self):\n        # ...\n",
        ("handle.close()\n", "handle.close()\n\n        return path\n"),
        id="the snippet's between new text and old",
    ),
]


@pytest.mark.parametrize(("snippet", "change"), BLANKS)
def test_blank_lines_at_the_edge_of_a_marker(snippet: str, change: tuple[str, str]) -> None:
    """As many as the snippet shows beside new text, as many as the original has beside kept text."""
    assert sure(MODULE, snippet) == replaced(MODULE, *change)


def test_blank_lines_may_be_the_edit() -> None:
    """Between two lines shown side by side there are as many as the snippet shows."""
    assert sure(MODULE, "        handle.write(text)\n\n        handle.close()\n") == replaced(
        MODULE, "        handle.close()", "\n        handle.close()"
    )


SIGNED = [
    pytest.param(
        " class Store:\n     def load(self, path):\n"
        "-        size = os.stat(path).st_size\n+        size = os.path.getsize(path)\n"
        "         if size > LIMIT:\n # ...\n",
        id="with the blank of context",
    ),
    pytest.param(
        "class Store:\n    def load(self, path):\n"
        "-        size = os.stat(path).st_size\n+        size = os.path.getsize(path)\n"
        "        if size > LIMIT:\n# ...\n",
        id="without it",
    ),
    pytest.param(
        "# ... existing code ...\n-        size = os.stat(path).st_size\n"
        "+        size = os.path.getsize(path)\n# ... existing code ...\n",
        id="between markers, without context",
    ),
]


@pytest.mark.parametrize("snippet", SIGNED)
def test_signed_lines_replace_and_may_be_applied_again(snippet: str) -> None:
    """`-` goes, `+` comes; where both are done nothing more happens."""
    expected = replaced(MODULE, "os.stat(path).st_size", "os.path.getsize(path)")
    assert sure(MODULE, snippet) == expected
    assert sure(expected, snippet) == expected


def test_a_signed_deletion_needs_no_other_evidence() -> None:
    """The sign says that the line is to go."""
    snippet = "    def save(self, path, text):\n-        handle = open(path, 'w')\n".replace("'", '"') + "".join(
        f"-        handle.{call}\n" for call in ("write(text)", "close()")
    )
    snippet += "+        self.write_all(path, text)\n"
    assert sure(MODULE, snippet) == replaced(
        MODULE,
        '        handle = open(path, "w")\n        handle.write(text)\n        handle.close()\n',
        "        self.write_all(path, text)\n",
    )


INLINE = [
    pytest.param(
        "const LIMIT = 10;\nconst DEPTH = 3; // ... existing code ...\nexport function main(args) {\n",
        ("const LIMIT = 10;\n", "const LIMIT = 10;\nconst DEPTH = 3;\n"),
        id="behind a statement",
    ),
    pytest.param(
        "export class Store { // ... existing methods ...\n  close() {\n    this.open = null;\n  }\n}\n",
        ("this.open = false;", "this.open = null;"),
        id="behind an opening brace",
    ),
]


@pytest.mark.parametrize(("snippet", "change"), INLINE)
def test_markers_at_the_end_of_a_line_of_code(snippet: str, change: tuple[str, str]) -> None:
    """The code counts, and the marker behind it keeps what follows."""
    assert sure(SCRIPT, snippet, "store.js") == replaced(SCRIPT, *change)


def test_a_removal_note_deletes_what_it_names() -> None:
    """Though a marker beside it stands for the rest."""
    snippet = "class Store:\n    # ...\n    # removed: save\n    # ...\n"
    gone = MODULE[MODULE.index("    def save") : MODULE.index("    def close")]
    assert sure(MODULE, snippet) == MODULE.replace(gone, "")


def test_what_closes_behind_an_inline_marker_stands_behind_its_code() -> None:
    """Code, marker and closer come from one line of the snippet, and keep their order in one place of the file."""
    assert sure("wsersli\n", "d# ... }\nwsers\n", "a.txt") == "d\n}\nwsers\n"
