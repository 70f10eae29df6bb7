from __future__ import annotations

import pytest

ORIGINAL = """\
class A:
    def f(self):
        x = 1
        return x


class B:
    def f(self):
        x = 1
        return x
"""


def patch(*lines: str, path: str = "a.py") -> str:
    return "\n".join(["*** Begin Patch", f"*** Update File: {path}", *lines, "*** End Patch", ""])


NOTHING = [
    pytest.param(patch("@@", " class A:"), id="only kept lines"),
    pytest.param(
        patch("@@ class B:", "-    def old(self):", "+class B:"), id="the new line is there, the old one is not"
    ),
    pytest.param(
        "*** Begin Patch\n*** Add File: a.py\n" + "".join(f"+{x}\n" for x in ORIGINAL.splitlines()), id="there"
    ),
]


@pytest.mark.parametrize("snippet", NOTHING)
def test_nothing_changes(snippet: str, apply) -> None:
    done = apply(snippet, ORIGINAL)
    assert (done.read.edits, done.doubts) == ((), [])


@pytest.mark.parametrize("heads", [("@@ class B:",), ("@@ class B",), ("@@ class B:", "@@     def f(self):")])
def test_heads_decide_between_like_places(heads: tuple[str, ...], apply) -> None:
    snippet = patch(*heads, "-        x = 1", "+        x = 2")
    done = apply(snippet, ORIGINAL)
    assert (done.text, done.doubts) == ("x = 2".join(ORIGINAL.rsplit("x = 1", 1)), [])
    assert apply(snippet, done.text).read.edits == ()


def test_end_of_file_decides(apply) -> None:
    done = apply(patch("@@", "         return x", "+        # the end", "*** End of File"), ORIGINAL)
    assert (done.text, done.doubts) == (ORIGINAL + "        # the end\n", [])


def test_only_added_lines_at_the_end_of_the_file(apply) -> None:
    snippet = patch("@@", "+class C:", "+    something = 1", "*** End of File")
    done = apply(snippet, ORIGINAL)
    assert (done.text, done.doubts) == (ORIGINAL + "class C:\n    something = 1\n", [])
    assert apply(snippet, done.text).read.edits == ()


def test_missing_end_and_missing_head_are_tolerated(apply) -> None:
    done = apply("*** Begin Patch\n*** Update File: a.py\n class A:\n+    y = 0\n     def f(self):\n", ORIGINAL)
    assert (done.text, done.doubts) == (ORIGINAL.replace("class A:\n", "class A:\n    y = 0\n"), [])


def test_a_new_file(apply) -> None:
    done = apply("*** Begin Patch\n*** Add File: a.py\n+x\n+\n+y\n*** End Patch\n", "")
    assert (done.text, done.doubts) == ("x\n\ny\n", [])


def test_the_given_path_chooses_among_files(apply) -> None:
    two = patch("-class A:", "+class C:") + patch("-class A:", "+class D:", path="b.py")
    one = two.replace("*** End Patch\n*** Begin Patch\n", "")
    assert apply(one, ORIGINAL, "b.py").text == ORIGINAL.replace("class A", "class D")
    assert apply(one, ORIGINAL, "a.py").text == ORIGINAL.replace("class A", "class C")
    assert apply(one, ORIGINAL).doubts == ["format_mismatch"]
    assert apply(one + "*** Delete File: c.py\n", ORIGINAL, "a.py").doubts == []


DOUBTS = [
    pytest.param(patch("@@", "-        x = 1", "+        x = 2"), "ambiguous_anchor", id="like places"),
    pytest.param(patch("@@ class B:", "-class A:", "+class C:"), "ambiguous_anchor", id="the place is above its head"),
    pytest.param(patch("@@ class A:", "+    y = 0"), "no_anchor", id="a head and only added lines"),
    pytest.param(patch("@@", "-class A:", "+class C:", "*** End of File"), "ambiguous_anchor", id="not at the end"),
    pytest.param(patch("@@", "-    def nowhere():", "+    x"), "format_mismatch", id="a removed line is missing"),
    pytest.param("*** Begin Patch\n*** Delete File: a.py\n*** End Patch\n", "format_mismatch", id="a deleted file"),
    pytest.param(patch("*** Move to: b.py", "@@", "-class A:", "+class C:"), "format_mismatch", id="a moved file"),
    pytest.param("*** Begin Patch\n*** Add File: a.py\n+x\n", "format_mismatch", id="a new file over another"),
]


@pytest.mark.parametrize(("snippet", "kind"), DOUBTS)
def test_doubts(snippet: str, kind: str, apply) -> None:
    done = apply(snippet, ORIGINAL)
    assert done.text == ORIGINAL
    assert done.doubts == [kind]
