from __future__ import annotations

import pytest

from support.merging import MODULE, SCRIPT, replaced, sure

PY_BODY = """\
        size = os.stat(path).st_size
        if size > LIMIT:
            raise ValueError(path)
        return size
"""
JS_BODY = """\
    const size = fs.statSync(path).size;
    if (size > LIMIT) {
      throw new Error(path);
    }
    return size;
"""

KEPT = [
    pytest.param(
        MODULE,
        "# ...\n    def load(self, path):\n        check(path)\n        # ...\n",
        ("path):\n        size", "path):\n        check(path)\n        size"),
        id="Python: the marker stands in the body",
    ),
    pytest.param(
        MODULE,
        "# ...\n    def load(self, path):\n        check(path)\n        size = os.stat(path).st_size\n# ...\n",
        ("path):\n        size", "path):\n        check(path)\n        size"),
        id="Python: the last line shown is an original one, wherever the marker is indented",
    ),
    pytest.param(
        SCRIPT,
        "// ...\n  load(path) {\n    check(path);\n    // ...\n",
        ("load(path) {\n    const", "load(path) {\n    check(path);\n    const"),
        id="braces: the body is not closed",
    ),
    pytest.param(
        SCRIPT,
        "// ...\n  load(path) {\n    check(path);\n    // ...\n  }\n",
        ("load(path) {\n    const", "load(path) {\n    check(path);\n    const"),
        id="braces: the marker stands before the closing one",
    ),
    pytest.param(
        MODULE,
        "LIMIT = 10\nsize_of = os.stat\n# ...\n",
        ("LIMIT = 10\n", "LIMIT = 10\nsize_of = os.stat\n"),
        id="what is like nothing below it",
    ),
]


@pytest.mark.parametrize(("original", "snippet", "change"), KEPT)
def test_new_text_beside_a_marker_that_replaces_nothing(original: str, snippet: str, change: tuple[str, str]) -> None:
    """The marker stands for the rest of the body, or for what new text is not alike."""
    assert sure(original, snippet, "a.py" if original is MODULE else "a.js") == replaced(original, *change)


@pytest.mark.parametrize(
    ("original", "snippet", "old", "new"),
    [
        pytest.param(
            MODULE,
            "# ...\n    def load(self, path):\n        with open(path) as file:\n"
            "            return file.read()\n\n# ...\n",
            PY_BODY,
            "        with open(path) as file:\n            return file.read()\n",
            id="Python: a marker outside the body",
        ),
        pytest.param(
            SCRIPT,
            '// ...\n  load(path) {\n    return fs.readFileSync(path, "utf8");\n  }\n  // ...\n',
            JS_BODY,
            '    return fs.readFileSync(path, "utf8");\n',
            id="braces: the body is closed",
        ),
    ],
)
def test_a_function_shown_anew_loses_its_old_tail(original: str, snippet: str, old: str, new: str) -> None:
    """A whole item without a marker in it replaces the one of its name to the end, however much shorter it is."""
    assert sure(original, snippet, "a.py" if original is MODULE else "a.js") == replaced(original, old, new)


@pytest.mark.parametrize(
    ("snippet", "change"),
    [
        pytest.param(
            "        handle = open(path, 'wb', buffering=0)\n        # ...\n",
            ('handle = open(path, "w")', "handle = open(path, 'wb', buffering=0)"),
            id="a line alone between open ends",
        ),
        pytest.param(
            "    def save(self, path, text):\n        handle = open(path, 'wb')\n        # ...\n",
            ('handle = open(path, "w")', "handle = open(path, 'wb')"),
            id="behind an anchor",
        ),
        pytest.param(
            "# ...\n        self.open = None\n\n\ndef main():\n",
            ("self.open = False", "self.open = None"),
            id="before an anchor",
        ),
        pytest.param(
            "# ...\n    def save(self, path, text, mode):\n        # ...\n",
            ("def save(self, path, text):", "def save(self, path, text, mode):"),
            id="the head of a definition",
        ),
    ],
)
def test_a_new_version_of_a_line_replaces_it(snippet: str, change: tuple[str, str]) -> None:
    """The same target, key or name: the old line goes, its neighbours stay."""
    assert sure(MODULE, snippet) == replaced(MODULE, *change)


def test_dead_code_behind_a_new_return_goes() -> None:
    """What could never run behind it was meant to be replaced."""
    original = "def f(x):\n    if x:\n        log(x)\n        count(x)\n    finish()\n\n\ndef g():\n    pass\n"
    snippet = "    if x:\n        raise Unexpected()\n    # ...\n"
    assert sure(original, snippet) == replaced(
        original, "        log(x)\n        count(x)\n", "        raise Unexpected()\n"
    )


def test_a_whole_tail_behind_a_new_return_goes() -> None:
    """As far as the block goes, if it isn't long."""
    tail = "    parts = split(x)\n    for part in parts:\n        count(part)\n    return parts\n"
    original = "def f(x):\n" + tail + "\n\ndef g():\n    pass\n"
    snippet = "def f(x):\n    return list(split(x))\n    # ...\n"
    assert sure(original, snippet) == replaced(original, tail, "    return list(split(x))\n")


def test_behind_a_new_return_in_an_inner_block_nothing_goes() -> None:
    """The lines below stand in another block, and still run."""
    original = "def f(x):\n    log(x)\n    count(x)\n    finish()\n"
    snippet = "def f(x):\n    if not x:\n        return\n    # ...\n"
    assert sure(original, snippet) == replaced(original, "def f(x):\n", "def f(x):\n    if not x:\n        return\n")


@pytest.mark.parametrize(
    ("original", "snippet", "result"),
    [
        pytest.param(
            "x = 1\n\n# loads all\ndef load():\n    pass\n",
            "# ...\n# loads what is asked for\ndef load():\n    # ...\n",
            "x = 1\n\n# loads what is asked for\ndef load():\n    pass\n",
            id="Python",
        ),
        pytest.param(
            "let x = 1;\n\n/** Loads all. */\nfunction load() {\n}\n",
            "// ...\n/** Loads what is asked for. */\nfunction load() {\n  // ...\n",
            "let x = 1;\n\n/** Loads what is asked for. */\nfunction load() {\n}\n",
            id="a doc comment",
        ),
    ],
)
def test_a_comment_above_an_anchor_replaces_the_one_there(original: str, snippet: str, result: str) -> None:
    """A definition has one comment above it."""
    assert sure(original, snippet, "a.py" if "def" in original else "a.js") == result


def test_a_comment_above_an_anchor_without_one_is_added() -> None:
    """A blank line parts a comment from the definition below it: that one is kept."""
    original = "# section\n\ndef load():\n    pass\n"
    assert sure(original, "# ...\n# loads all\ndef load():\n    # ...\n") == replaced(
        original, "\n\ndef", "\n\n# loads all\ndef"
    )


def test_the_last_lines_of_a_file_wrapped_in_something_new() -> None:
    """The new text holds all that is left of the file, so nothing is left behind."""
    original = "import App\n\nApp.setup()\nApp.run()\n"
    snippet = "# ...\nApp.setup()\nif ready:\n    App.run()\n"
    assert sure(original, snippet) == "import App\n\nApp.setup()\nif ready:\n    App.run()\n"
