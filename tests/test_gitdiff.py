"""Differences that `git apply` makes the very bytes of."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastapply.gitdiff import git_diff
from fastapply.merge.values import Edit

File = tuple[str | None, str, tuple[Edit, ...]]
PIECES = st.lists(
    st.sampled_from(["a", "bb", "\n", "\n", "\n", "\r\n", "\r", "\ufeff", "\u2028", "é", "\\ No newline", "--- a/x\n"])
).map("".join)


@st.composite
def edited(draw: st.DrawFn) -> File:
    before = draw(PIECES)
    places = sorted(draw(st.lists(st.integers(0, len(before)), max_size=8)))
    pairs = zip(places[::2], places[1::2], strict=False)
    edits = tuple(Edit(start, end, draw(PIECES)) for start, end in pairs)
    return before, edited_text(before, edits), edits


def edited_text(text: str, edits: tuple[Edit, ...]) -> str:
    for edit in reversed(edits):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def git_apply(folder: Path, patch: str, *options: str) -> None:
    command = ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", *options, "-"]
    done = subprocess.run(command, cwd=folder, input=patch.encode(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def made(files: dict[str, File]) -> dict[str, str]:
    """What `git apply` makes of the files before, with one patch for all."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        for file, (before, _, _) in files.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            if before is not None:
                (folder / file).write_bytes(before.encode())
        patch = "".join(git_diff(file, before, edits) for file, (before, _, edits) in files.items())
        if patch:
            git_apply(folder, patch, "--check")
            git_apply(folder, patch)
        return {file: (folder / file).read_bytes().decode() for file in files}


@settings(max_examples=60, deadline=None)
@given(st.lists(edited(), min_size=1, max_size=8))
def test_git_makes_the_same_bytes(drawn: list[File]) -> None:
    files = {f"{number}.txt": file for number, file in enumerate(drawn)}
    assert made(files) == {name: after for name, (_, after, _) in files.items()}


@pytest.mark.parametrize(
    "name",
    [
        "a b/c d.py",
        "é.py",
        'quote".py',
        "back\\slash",
        "tab\t.py",
        "line\n.py",
        "-x",
        "folder/ü ü",
        "b/a",
        " ",
        "\U0001f600",
    ],
)
def test_names_are_quoted_as_git_does(name: str) -> None:
    edits = (Edit(0, 1, "z"),)
    assert made({name: ("a\n", "z\n", edits)}) == {name: "z\n"}
    assert made({name: (None, "new", (Edit(0, 0, "new"),))}) == {name: "new"}


def test_a_name_need_not_be_unicode(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff.py")
    (tmp_path / name).write_bytes(b"a\n")
    patch = git_diff(name, "a\n", (Edit(0, 1, "b"),))
    assert patch.isascii()
    git_apply(tmp_path, patch)
    assert (tmp_path / name).read_bytes() == b"b\n"


def test_an_empty_file_is_made() -> None:
    assert made({"empty": (None, "", ())}) == {"empty": ""}


def test_what_changes_nothing_is_no_difference() -> None:
    assert git_diff("a", "x\ny\n", ()) == ""
    assert git_diff("a", "x\ny\n", (Edit(0, 4, "x\ny\n"),)) == ""


def test_it_is_what_git_itself_writes(tmp_path: Path) -> None:
    before = "".join(f"line {number}\r\n" for number in range(30)) + "last"
    after = before.replace("line 3\r", "three\r").replace("line 20", "twenty").replace("last", "end\n")
    edits = tuple(
        Edit(before.index(old), before.index(old) + len(old), new)
        for old, new in [("line 3\r", "three\r"), ("line 20", "twenty"), ("last", "end\n")]
    )
    (tmp_path / "a b").mkdir()
    (tmp_path / "a b/x é.py").write_bytes(before.encode())
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@y", "-c", "core.autocrlf=false"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *command], cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "a b/x é.py").write_bytes(after.encode())
    theirs = subprocess.run([*git, "diff"], cwd=tmp_path, check=True, capture_output=True).stdout.decode()
    ours = git_diff("a b/x é.py", before, edits)
    assert ours.split("\n") == [comparable(line) for line in theirs.split("\n") if not line.startswith("index ")]


def comparable(line: str) -> str:
    """A line of git's, which shows behind the numbers of a hunk what the hunk is in."""
    return line.partition(" @@")[0] + " @@" if line.startswith("@@") else line
