from __future__ import annotations

import pytest

from fastapply.merge.values import LineEdit, LineRange

ORIGINAL = "".join(f"line {k}\n" for k in range(1, 21))
FUNCTIONS = """\
class A:
    def f(self):
        x = 1
        return x

    def g(self):
        x = 1
        return x
"""
TWICE = "start\nsame\nother\nsame\nend\n"


def hunk(*rows: str, header: str = "@@") -> str:
    return "\n".join([header, *rows, ""])


NOTHING = [
    pytest.param(hunk(" line 1", "-line 2", "+line 2", " line 3"), id="a line removed and added unchanged"),
    pytest.param(hunk(" line 1", "-gone", " line 2"), id="the removed line is gone, its neighbours adjoin"),
    pytest.param(hunk("-was 3", "+line 3"), id="the new line is there, the old one is not"),
    pytest.param(hunk(" line 1", "-x", " line 2", header="@@ -1,3 +1,2 @@"), id="applied, with line numbers"),
    pytest.param(hunk("-was 5", "+line 5") + hunk("-gone"), id="the others are applied, and what is removed is gone"),
    pytest.param(hunk("-line 20", "\\ No newline at end of file", "+line 20"), id="only the final newline differs"),
]


@pytest.mark.parametrize("snippet", NOTHING)
def test_nothing_changes(snippet: str, apply) -> None:
    done = apply(snippet, ORIGINAL)
    assert (done.read.edits, done.doubts) == ((), [])


def test_only_changed_lines_are_edited(apply) -> None:
    done = apply(hunk(" line 1", "-line 2", "-line 3", "-line 4", "+line 2", "+new", "+line 4", " line 5"), ORIGINAL)
    assert done.read.edits == (LineEdit(2, 3, ("new",), (6,)),)


PLACED = [
    pytest.param(hunk(" line 4", "-line 5", "+new", " line 6", header="@@ -4,3 +4,3 @@"), id="right numbers"),
    pytest.param(hunk(" line 4", "-line 5", "+new", " line 6", header="@@ -90,3 +90,3 @@"), id="wrong numbers"),
    pytest.param(hunk(" line 4", "-line 5", "+new", " line 6", header="@@ -4,9 +4,7 @@"), id="wrong counts"),
    pytest.param(hunk(" line 4", "-line 5", "+new", header="@@ -4,2 +4,2 @@ line 1"), id="a heading"),
    pytest.param(hunk(" line 4  ", "-line 5 ", "+new", " line 6\t"), id="blanks at line ends"),
    pytest.param(hunk("line 4", "-line 5", "+new", "line 6"), id="kept lines without their sign"),
    pytest.param(hunk(" line 4", "-line 5", "+new", " line six"), id="a wrong kept line"),
    pytest.param(hunk(" line 2", " line 4", "-line 5", "+new", " line 6"), id="a left-out kept line"),
    pytest.param(hunk(" line 3", " blah", " line 4", "-line 5", "+new", " line 6"), id="a kept line too many"),
    pytest.param(hunk(" line 1", " ...", " line 4", "-line 5", "+new"), id="a marker among the kept lines"),
    pytest.param("--- a/x\n+++ /dev/null2\n" + hunk("-line 5", "+new"), id="an odd name"),
]


@pytest.mark.parametrize("snippet", PLACED)
def test_a_hunk_finds_its_place(snippet: str, apply) -> None:
    done = apply(snippet, ORIGINAL)
    assert (done.text, done.doubts) == (ORIGINAL.replace("line 5\n", "new\n"), [])


def test_blank_kept_lines_may_lack_their_sign(apply) -> None:
    done = apply("@@ -1,5 +1,5 @@\n a\n\n-b\n+B\n\n c\n\n", "a\n\nb\n\nc\n")
    assert (done.text, done.doubts) == ("a\n\nB\n\nc\n", [])


def test_hunks_in_any_order(apply) -> None:
    done = apply(hunk("-line 9", "+nine") + hunk("-line 2") + hunk(" line 5", "+new"), ORIGINAL)
    assert done.doubts == []
    assert done.text == ORIGINAL.replace("line 9", "nine").replace("line 2\n", "", 1).replace("ne 5\n", "ne 5\nnew\n")


def test_dedented_hunk_is_moved_to_its_depth(apply) -> None:
    done = apply(hunk(" def g(self):", "     x = 1", "-    return x", "+    if x:", "+        return x"), FUNCTIONS)
    assert done.doubts == []
    assert done.text.endswith("    def g(self):\n        x = 1\n        if x:\n            return x\n")


def test_spaces_become_tabs(apply) -> None:
    done = apply(hunk(" func f() {", "-    a()", "+    if b {", "+        c()", "+    }"), "func f() {\n\ta()\n}\n")
    assert (done.text, done.doubts) == ("func f() {\n\tif b {\n\t\tc()\n\t}\n}\n", [])


def test_unsigned_kept_lines_do_not_move_the_added_ones(apply) -> None:
    done = apply(hunk("    def f(self):", "        x = 1", "+        y = 2", "        return x"), FUNCTIONS)
    assert (done.text, done.doubts) == (FUNCTIONS.replace("x = 1\n", "x = 1\n        y = 2\n", 1), [])


def test_kept_lines_stay_the_originals(apply) -> None:
    done = apply(hunk(" a", "-b", "+B", " c"), "a  \r\nb\nc\t\n")
    assert [edit.start for edit in done.read.edits] == [1]


DIFF = "--- a/{0}\n+++ b/{0}\n@@ -1 +1 @@\n-{1}\n+{2}\n"


def test_the_given_path_chooses_among_files(apply) -> None:
    snippet = DIFF.format("src/x.py", "a", "b") + DIFF.format("src/y.py", "a", "c")
    assert apply(snippet, "a\n", "src/y.py").text == "c\n"
    assert apply(snippet, "a\n", "/home/me/src/x.py").text == "b\n"
    assert apply(snippet, "a\n").doubts == ["format_mismatch"]
    assert apply(snippet, "a\n", "z.py").doubts == ["format_mismatch"]


def test_one_file_is_ours_whatever_its_name(apply) -> None:
    assert apply("diff --git a/x b/x\nindex 12ab..34cd 100644\n" + DIFF.format("x", "a", "b"), "a\n", "y").text == "b\n"


def test_line_numbers_decide_between_like_places(apply) -> None:
    done = apply("@@ -4 +4 @@\n-same\n+new\n", TWICE)
    assert (done.text, done.doubts) == ("start\nsame\nother\nnew\nend\n", [])


def test_offset_of_a_plain_hunk_counts_for_the_others(apply) -> None:
    done = apply("@@ -11 +11 @@\n-start\n+begin\n@@ -14 +14 @@\n-same\n+new\n", TWICE)
    assert (done.text, done.doubts) == ("begin\nsame\nother\nnew\nend\n", [])


def test_heading_decides_between_like_places(apply) -> None:
    done = apply("@@ -90,2 +90,2 @@ def g(self):\n         x = 1\n-        return x\n+        return 2\n", FUNCTIONS)
    assert (done.text, done.doubts) == (FUNCTIONS[:-9] + "return 2\n", [])


@pytest.mark.parametrize("header", ["@@", "@@ -3 +3 @@", "@@ -40 +40 @@", "@@ -4,5 +4,7 @@"])
def test_like_places_are_a_doubt_with_candidates(header: str, apply) -> None:
    done = apply(hunk("-same", "+new", header=header), TWICE)
    assert (done.text, done.doubts) == (TWICE, ["ambiguous_anchor"])
    assert done.read.doubts[0].candidates == (LineRange(1, 2), LineRange(3, 4))
    assert done.read.doubts[0].snippet == LineRange(0, 3)


def test_a_missing_removed_line_is_named(apply) -> None:
    done = apply(hunk(" line 1", "-line two", "+new", " line 3"), ORIGINAL)
    assert (done.read.edits, done.doubts) == ((), ["format_mismatch"])
    assert "`line two`" in done.read.doubts[0].message


DOUBTS = [
    pytest.param(hunk("+new"), "no_anchor", id="nothing says where"),
    pytest.param(hunk("+new", header="@@ -4,0 +4,7 @@"), "no_anchor", id="an insertion with a wrong header"),
    pytest.param(hunk(" line 1", "+new", " line 4"), "format_mismatch", id="an insertion into a gap"),
    pytest.param(hunk(" line 1", "-line 2", "-line 4", "+x"), "format_mismatch", id="removed lines with a gap"),
    pytest.param(hunk("-line 2", "+x") + hunk("-line 2", "+y"), "format_mismatch", id="two hunks, one place"),
    pytest.param(hunk(" line 1", "+# ... existing code ...", " line 2"), "marker_left", id="an added marker"),
    pytest.param(hunk(" line 1", "+line 2"), "duplicated_line", id="a short line added twice"),
    pytest.param("diff --git a/x b/y\nrename from x\nrename to y\n", "format_mismatch", id="a rename"),
    pytest.param("--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-line 1\n", "format_mismatch", id="a deleted file"),
    pytest.param("--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+a\n", "format_mismatch", id="a new file over another"),
    pytest.param("@@@ -1 -1 +1 @@@\n--line 1\n++new\n", None, id="a combined diff"),
]


@pytest.mark.parametrize(("snippet", "kind"), DOUBTS)
def test_doubts(snippet: str, kind: str | None, apply) -> None:
    done = apply(snippet, ORIGINAL)
    assert done.text == ORIGINAL
    assert set(done.doubts) == {kind or "format_mismatch"}


def test_a_new_file(apply) -> None:
    snippet = "--- /dev/null\n+++ b/x\n@@ -0,0 +1,2 @@\n+a\n+b\n"
    assert apply(snippet, "").text == "a\nb\n"
    assert apply(snippet, "a\nb\n").read.edits == apply(snippet, "a\nb\n").read.doubts == ()


def test_insertion_by_line_number(apply) -> None:
    done = apply("@@ -2,0 +3 @@\n+something new\n", ORIGINAL)
    assert (done.text, done.doubts) == (ORIGINAL.replace("line 2\n", "line 2\nsomething new\n"), [])
    assert apply("@@ -2,0 +3 @@\n+something new\n", done.text).text == done.text


def test_removed_comments_that_look_like_headers(apply) -> None:
    original = "-- drop\nselect 1\n"
    done = apply("@@ -1,2 +1,2 @@\n--- drop\n+++ keep\n select 1\n", original)
    assert (done.text, done.doubts) == ("++ keep\nselect 1\n", [])


def test_a_long_added_line_that_stands_there_is_not_added_again(apply) -> None:
    original = "first()\nsecond_call_of_all()\n"
    done = apply(hunk(" first()", "+second_call_of_all()"), original)
    assert (done.text, done.doubts) == (original, [])
