"""For any text and any edit of it: exactly the edited text, or a doubt; never another text, never an exception."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from fastapply.merge.formats import read_format
from fastapply.merge.text import split_lines, without_ending

LINES = st.lists(
    st.sampled_from(
        ["a", "b", "  a", "}", "", "def f():", "    return long_name", "-- x", "+y", "@@", "=======", "..."]
    )
    | st.text("ab \t{", max_size=4),
    max_size=14,
)
ENDINGS = st.sampled_from([["\n"], ["\r\n"], ["\n", "\r\n"], ["\r", "\n"]])
ANY_TEXT = st.text(st.characters(codec=None), max_size=60)


@st.composite
def edited(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    """Lines, and the lines after a few changes."""
    old = draw(LINES)
    new = list(old)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(new)))
        end = draw(st.integers(start, min(len(new), start + 3)))
        new[start:end] = draw(st.lists(st.sampled_from(["a", "b", "new", "    new()", "}", ""]), max_size=3))
    return old, new


def with_endings(lines: Sequence[str], endings: Sequence[str]) -> str:
    return "".join(line + endings[k % len(endings)] for k, line in enumerate(lines))


def bare(text: str) -> list[str]:
    return [without_ending(line) for line in split_lines(text)]


def check(
    snippet: Sequence[str], old: list[str], new: list[str], endings: Sequence[str], apply, twice: bool = True
) -> None:
    """`snippet` makes `new` of `old` or has a doubt, and, if applied `twice`, does nothing the second time."""
    original = with_endings(old, endings)
    assume(bare(original) == old)
    text = "\n".join(snippet) + "\n"
    if read_format(text, split_lines(original)) is None:
        return  # its header lines stand in the original, or it changes nothing
    done = apply(text, original)
    if done.doubts:
        return
    assert bare(done.text) == new
    if twice:
        again = apply(text, done.text)
        assert again.doubts or not again.read.edits


def unified(old: list[str], new: list[str], context: int) -> list[str]:
    return list(difflib.unified_diff(old, new, "a/f", "b/f", lineterm="", n=context))


RET = "    return long_name"
# The last hunk is applied, and the numbers of the others name, by chance, where their lines stand now.
NO_TRACE = (
    [RET, "-- x", "", "+y", "-- x", RET, "+y", RET, RET],
    [RET, "", "", "-- x", RET, "+y", "", "b", "    new()"],
)


@settings(max_examples=300, deadline=None)
@given(edited(), ENDINGS, st.integers(0, 3))
@example(NO_TRACE, ["\n"], 0)
def test_unified_diff(apply, texts, endings, context) -> None:
    check(unified(*texts, context), *texts, endings, apply)


def are_distinct(lines: Sequence[str]) -> bool:
    return len({line.strip() for line in lines}) == len(lines)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(edited())
def test_unified_diff_of_distinct_lines_leaves_no_doubt(apply, texts) -> None:
    old, new = texts
    assume(old != new and are_distinct(old) and are_distinct(new) and "@@" not in old)
    done = apply("\n".join(unified(old, new, 3)), with_endings(old, ["\n"]))
    assert (bare(done.text), done.doubts) == (new, [])


def shifted(diff: list[str], by: int) -> list[str]:
    """`diff` with `by` added to all line numbers."""
    out = []
    for line in diff:
        if line.startswith("@@ -") and line.endswith(" @@"):
            old, new = line.split()[1:3]
            ends = [
                str(max(int(part[1:].split(",")[0]) + by, 0)) + part[len(part.split(",")[0]) :] for part in (old, new)
            ]
            line = f"@@ -{ends[0]} +{ends[1]} @@"
        out.append(line)
    return out


def strictly(diff: Sequence[str], old: list[str]) -> list[str] | None:
    """What a program that believes every line number makes of `diff`; None where the lines are not there."""
    new = list(old)
    blocks = "\n".join(diff[2:]).split("\n@@ ")
    for block in reversed(blocks):
        header, *rows = block.removeprefix("@@ ").split("\n")
        start, _, count = header.split()[0][1:].partition(",")
        at = int(start) - (count != "0")
        before = [row[1:] for row in rows if row[0] != "+"]
        if at < 0 or new[at : at + len(before)] != before:
            return None
        new[at : at + len(before)] = [row[1:] for row in rows if row[0] != "-"]
    return new


@settings(max_examples=300, deadline=None)
@given(edited(), st.integers(-20, 20), st.integers(1, 3))
def test_unified_diff_with_shifted_numbers(apply, texts, by, context) -> None:
    old, new = texts
    diff = shifted(unified(old, new, context), by)
    assume(not any(line.startswith(("@@", "--- ")) for line in old))
    # A diff whose wrong numbers name a place where its lines stand is a sound diff, of another edit.
    assume(diff and strictly(diff, old) in (None, new))
    check(diff, old, new, ["\n"], apply, twice=strictly(diff, new) is None)


@settings(max_examples=300, deadline=None)
@given(edited(), st.integers(0, 3))
def test_unified_diff_without_numbers(apply, texts, context) -> None:
    diff = ["@@" if line.startswith("@@ -") else line for line in unified(*texts, context)]
    check(diff, *texts, ["\n"], apply)


def grouped(old: list[str], new: list[str], context: int) -> list[list[tuple[str, int, int, int, int]]]:
    return list(difflib.SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(context))


@settings(max_examples=300, deadline=None)
@given(edited(), ENDINGS, st.integers(0, 3))
def test_search_replace(apply, texts, endings, context) -> None:
    old, new = texts
    blocks: list[str] = []
    for group in grouped(old, new, context):
        search, replace = old[group[0][1] : group[-1][2]], new[group[0][3] : group[-1][4]]
        blocks += ["<<<<<<< SEARCH", *search, "=======", *replace, ">>>>>>> REPLACE"]
    check(blocks, old, new, endings, apply)


# What one hunk adds makes the old side of the other, so that both seem to be still to do the second time.
REMADE = (
    ["}", "=", "=", "=", "a", "=", "a", "a", "=", "=", "a", "}"],
    ["a", "=", "=", "=", "a", "=", "a", "a", "new", "    new()", "}", "=", "a", "}"],
)
REMADE_ABOVE = (
    ["\t", "", "{", "b", "", *["\t"] * 4, "", "\t"],
    [*"\t", "", "{", "b", "    new()", "new", "", "\t", "\t", "new", "", "b", "", "\t"],
)
# The end of the file is as the last hunk leaves it, before and after.
ENDS_ALIKE = (
    [RET, RET, RET, "b", RET, "b", "b", RET, "b", "b", RET, "b", "b", "b"],
    [RET, "b", "b", RET, "b", "b", RET, "b", "b", "b", RET, "b", "b", "b"],
)


@settings(max_examples=300, deadline=None)
@given(edited(), ENDINGS, st.integers(0, 3), st.booleans())
@example(REMADE, ["\n"], 1, False)
@example(REMADE_ABOVE, ["\n"], 1, False)
@example(ENDS_ALIKE, ["\n"], 1, True)
def test_patch(apply, texts, endings, context, marked_end) -> None:
    old, new = texts
    out = ["*** Begin Patch", "*** Update File: f"]
    for group in grouped(old, new, context):
        out.append("@@")
        for tag, i, i_end, j, j_end in group:
            if tag == "equal":
                out += [f" {line}" for line in old[i:i_end]]
            else:
                out += [f"-{line}" for line in old[i:i_end]] + [f"+{line}" for line in new[j:j_end]]
        if marked_end and group[-1][2] == len(old):
            out.append("*** End of File")
    check([*out, "*** End Patch"], old, new, endings, apply)


@st.composite
def wrong_context(draw: st.DrawFn) -> tuple[list[str], list[str], list[str]]:
    """Distinct lines, the lines after one replacement, and a hunk for it with one kept line wrong or left out."""
    old = draw(st.lists(st.text("abcdef", min_size=3, max_size=6), min_size=7, max_size=20, unique=True))
    at = draw(st.integers(3, len(old) - 4))
    rows = [f" {line}" for line in old[at - 3 : at + 4]]
    rows[3:4] = [f"-{old[at]}", "+something new"]
    broken = draw(st.sampled_from([0, 1, 2, 5, 6, 7]))
    rows[broken : broken + 1] = draw(st.sampled_from([[" wrong"], []]))
    return old, [*old[:at], "something new", *old[at + 1 :]], ["@@", *rows]


@settings(max_examples=200, deadline=None)
@given(wrong_context())
def test_one_wrong_kept_line_does_no_harm(apply, case) -> None:
    old, new, rows = case
    done = apply("\n".join(rows), with_endings(old, ["\n"]))
    assert (bare(done.text), done.doubts) == (new, [])


PIECES = st.sampled_from(
    "@@|@@ -1,2 +1 @@|@@ -1,0 +1 @@|@@ a|--- a|+++ b|+++ /dev/null|diff --git a/x b/x|\\ No newline|<<<<<<< SEARCH"
    "|=======|>>>>>>> REPLACE|*** Begin Patch|*** Update File: x|*** Add File: x|*** End of File|*** Move to: y"
    "|```| a|-a|+a|a|-|+| ||x.py|See this:".split("|")
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES | ANY_TEXT, max_size=14).map("\n".join), LINES | st.lists(PIECES, max_size=6), ENDINGS)
@example("@@\n-\x00\n+\ud800\n", ["\x00"], ["\n"])
@example("\ufeff@@ -1 +1 @@\n-a\n+b\n", ["\ufeffa"], ["\r\n"])
@example("--- a\n+++ b\n--- a\n+++ b\n", ["a"], ["\n"])
@example("@@ -999999999,999999999 +999999999,0 @@\n+a\n", ["a"], ["\n"])
def test_nothing_raises(apply, snippet, lines, endings) -> None:
    original = with_endings(lines, endings)
    if read_format(snippet, split_lines(original)) is not None:
        apply(snippet, original)
        apply(snippet, original, "x.py")
