from __future__ import annotations

import pytest

from support.merging import MODULE, replaced, sure

KEPT = [
    pytest.param("def f():\n    a(1)\n    b(2)\n\n\nc(3)\n", "a(1)\nb(2)\n", id="dedented"),
    pytest.param("def f():\n    a(1)\n    b(2)\n\n\nc(3)\n", "        a(1)\n        b(2)\n", id="too deep"),
    pytest.param("def f():\n\ta(1)\n\tb(2)\n", "def f():\n    a(1)\n    b(2)\n", id="spaces for tabs"),
    pytest.param("def f():\n    a(1)\n    b(2)\n", "def f():\n\ta(1)\n\tb(2)\n", id="tabs for spaces"),
]


@pytest.mark.parametrize(("original", "snippet"), KEPT)
def test_lines_that_only_stand_at_another_depth_do_not_change(original: str, snippet: str) -> None:
    """The original's indentation is the right one, in its own kind of blanks."""
    assert sure(original, snippet) == original


@pytest.mark.parametrize(
    "snippet",
    [
        pytest.param(
            "    def save(self, path, text):\n        # ...\n        handle.flush()\n        handle.close()\n",
            id="as the file",
        ),
        pytest.param(
            "def save(self, path, text):\n    # ...\n    handle.flush()\n    handle.close()\n",
            id="a method without its class",
        ),
        pytest.param("handle.write(text)\nhandle.flush()\nhandle.close()\n", id="at the margin"),
        pytest.param("\thandle.write(text)\n\thandle.flush()\n\thandle.close()\n", id="in tabs"),
    ],
)
def test_new_lines_stand_as_their_neighbours_do(snippet: str) -> None:
    """The shift is the difference of the anchors."""
    assert sure(MODULE, snippet) == replaced(
        MODULE, "        handle.close()", "        handle.flush()\n        handle.close()"
    )


@pytest.mark.parametrize(
    ("original", "snippet", "result"),
    [
        pytest.param(
            "class A {\n\tfoo() {\n\t\ta(1);\n\t\tb(2);\n\t}\n}\n",
            "foo() {\n\ta(1);\n\tif (c) {\n\t\td(3);\n\t}\n\tb(2);\n}\n",
            "class A {\n\tfoo() {\n\t\ta(1);\n\t\tif (c) {\n\t\t\td(3);\n\t\t}\n\t\tb(2);\n\t}\n}\n",
            id="a level less, in tabs",
        ),
        pytest.param(
            "class A {\n\tfoo() {\n\t\ta(1);\n\t\tb(2);\n\t}\n}\n",
            "foo() {\n    a(1);\n    if (c) {\n        d(3);\n    }\n    b(2);\n}\n",
            "class A {\n\tfoo() {\n\t\ta(1);\n\t\tif (c) {\n\t\t\td(3);\n\t\t}\n\t\tb(2);\n\t}\n}\n",
            id="a level less, and spaces for tabs",
        ),
        pytest.param(
            "class A {\n  /*\n   * one\n   * two\n   */\n  foo() {}\n}\n",
            "/*\n * one\n * and a half\n * two\n */\nfoo() {}\n",
            "class A {\n  /*\n   * one\n   * and a half\n   * two\n   */\n  foo() {}\n}\n",
            id="the blank of a comment's lines",
        ),
    ],
)
def test_inner_indentation_is_kept(original: str, snippet: str, result: str) -> None:
    """New lines keep their depth relative to the lines around them; a tab stays a tab."""
    assert sure(original, snippet, "a.js") == result


WRAPPED = [
    pytest.param(
        "def main():\n    store = Store()\n    if store:\n        store.load(sys.argv[1])\n    store.close()\n",
        ("    store.load", "    if store:\n        store.load"),
        id="one line",
    ),
    pytest.param(
        "store = Store()\nif store:\n    store.load(sys.argv[1])\nstore.close()\n",
        ("    store.load", "    if store:\n        store.load"),
        id="one line, dedented",
    ),
    pytest.param(
        '    with open(path, "w") as handle:\n        handle.write(text)\n'.join(
            ("    def save(self, path, text):\n".replace("    def", "def"), "    # ...\n")
        ).replace("# ...", "handle.close()"),
        (
            '        handle = open(path, "w")\n        handle',
            '        with open(path, "w") as handle:\n            handle',
        ),
        id="a statement that becomes a block, dedented",
    ),
]


@pytest.mark.parametrize(("snippet", "change"), WRAPPED)
def test_lines_that_are_wrapped_move_deeper(snippet: str, change: tuple[str, str]) -> None:
    """A line shown at another depth than its neighbours is moved, and only it."""
    assert sure(MODULE, snippet) == replaced(MODULE, *change)


def test_lines_that_are_unwrapped_move_up() -> None:
    """The same the other way round."""
    original = "def f():\n    if a:\n        foo(1)\n        bar(2)\n    baz(3)\n"
    assert (
        sure(original, "def f():\n    foo(1)\n    bar(2)\n    baz(3)\n")
        == "def f():\n    foo(1)\n    bar(2)\n    baz(3)\n"
    )


def test_each_part_has_its_own_shift() -> None:
    """One part of a snippet may be dedented and the next not."""
    snippet = "handle.write(text)\nsync(path)\n# ...\n    store.load(sys.argv[1])\n    sync(store)\n"
    expected = replaced(MODULE, "        handle.write(text)\n", "        handle.write(text)\n        sync(path)\n")
    expected = replaced(expected, "    store.load(sys.argv[1])\n", "    store.load(sys.argv[1])\n    sync(store)\n")
    assert sure(MODULE, snippet) == expected


def test_context_in_blanks_behind_a_diff_s_blank_is_that_of_a_file_in_tabs() -> None:
    """Some of the lines are in tabs, some not deep enough for one: all have lost the same blank."""
    original = "\n".join(f"  def {name}(sku) do\n\tcall(:{name}, sku)\n  end\n" for name in ("count", "put"))
    snippet = "     call(:count, sku)\n   end\n \n   def put(sku) do\n+    check(sku)\n     call(:put, sku)\n"
    merged = sure(original, snippet, "stock.ex")
    assert merged == replaced(original, "\tcall(:put, sku)\n", "    check(sku)\n\tcall(:put, sku)\n")
    assert sure(merged, snippet, "stock.ex") == merged


def test_new_lines_are_in_tabs_where_the_lines_shown_are() -> None:
    """Whatever blanks there are in comments elsewhere."""
    head = "<?php\n/**\n * Finds.\n */\nfunction find($key)\n{\n"
    original = head + "\tif (has($key)) {\n\t\treturn get($key);\n\t}\n}\n"
    lines = ["     if (has($key)) {", "-        return get($key);", "+        return load($key);", "     }", " }"]
    snippet = "\n".join([" function find($key)", " {", *lines, ""])
    merged = sure(original, snippet, "a.php")
    assert merged == replaced(original, "\t\treturn get($key);\n", "\t\treturn load($key);\n")
    assert sure(merged, snippet, "a.php") == merged
