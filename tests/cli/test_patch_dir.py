"""`fastapply apply --patch-dir`: many edits, all or none, and a difference that `git apply` takes."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

ONE = b"def one():\n    return 1\n\n\ndef two():\n    return 2\n"
EDIT = b"# ... existing code ...\ndef two():\n    return 22\n"
EDITED = ONE.replace(b"return 2", b"return 22")
TWICE = b"def f():\n    go()\n\n\ndef g():\n    go()\n"
DOUBTFUL = b"# ...\n    stop()\n# ...\n"
FILES = {
    "plain.py": ONE,
    "src/windows.py": ONE.replace(b"\n", b"\r\n"),
    "src/unfinished.py": ONE.removesuffix(b"\n"),
    "a b/marked é.py": b"\xef\xbb\xbf" + ONE,
    "same.py": EDITED,
}
AFTER = {
    "plain.py": EDITED,
    "src/windows.py": EDITED.replace(b"\n", b"\r\n"),
    "src/unfinished.py": EDITED.removesuffix(b"\n"),
    "a b/marked é.py": b"\xef\xbb\xbf" + EDITED,
    "same.py": EDITED,
    "new/made é.py": ONE,
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Files under `tree`, and edits of them, and of one that does not exist, under `edits`."""
    for name, content in FILES.items():
        put(tmp_path / "tree" / name, content)
        put(tmp_path / "edits" / name, EDIT)
    put(tmp_path / "edits/new/made é.py", ONE)
    return tmp_path / "tree"


def put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def contents(tree: Path) -> dict[str, bytes]:
    return {str(path.relative_to(tree)): path.read_bytes() for path in tree.rglob("*") if path.is_file()}


MANY = ("apply", "--patch-dir", "edits", "--root", "tree")


def test_the_difference_of_all_is_what_git_applies(run: Run, tree: Path) -> None:
    done = run(*MANY, "--create")
    assert done.returncode == 0, done.stderr
    assert contents(tree) == FILES, "nothing is written unless asked for"
    for option in ("--check", "--whitespace=nowarn"):
        subprocess.run(["git", "apply", option, "-"], cwd=tree, input=done.stdout, check=True, capture_output=True)
    assert contents(tree) == AFTER
    assert not (tree.parent / ".local").exists(), "to look is to leave nothing behind"


def test_all_are_written_in_one_edit(run: Run, tree: Path) -> None:
    (tree / "plain.py").chmod(0o751)
    done = run(*MANY, "--create", "--write")
    assert done.returncode == 0, done.stderr
    assert contents(tree) == AFTER
    assert (tree / "plain.py").stat().st_mode & 0o777 == 0o751
    assert b"same.py: no change" in done.stderr
    assert b"plain.py: written, 1 line added, 1 removed" in done.stderr
    assert run(*MANY, "--create", "--write").stdout == b"", "nothing is left to do"


def test_the_current_folder_is_the_root(run: Run, tmp_path: Path) -> None:
    put(tmp_path / "a.py", ONE)
    put(tmp_path / "edits/a.py", EDIT)
    assert run("apply", "--patch-dir", "edits", "--write").returncode == 0
    assert (tmp_path / "a.py").read_bytes() == EDITED


@pytest.mark.parametrize("write", [(), ("--write",)])
def test_one_in_doubt_is_none_done(run: Run, tree: Path, write: tuple[str, ...]) -> None:
    for name in ("b.py", "c.py"):
        put(tree / name, TWICE)
        put(tree.parent / "edits" / name, DOUBTFUL)
    before = contents(tree)
    done = run(*MANY, "--create", *write)
    assert done.returncode == 1
    assert done.stdout == b""
    assert done.stderr.count(b"hint:") == 2
    assert b"b.py: the edit can't be decided" in done.stderr
    assert b"nothing was changed: 2 of 8 edits can't be applied" in done.stderr
    assert contents(tree) == before


def test_the_best_guess_is_written_and_exits_with_1(run: Run, tree: Path) -> None:
    put(tree / "b.py", TWICE)
    put(tree.parent / "edits/b.py", DOUBTFUL)
    done = run(*MANY, "--create", "--write", "--on-doubt", "best")
    assert done.returncode == 1
    assert b"hint:" in done.stderr
    assert (tree / "plain.py").read_bytes() == EDITED


def test_json_has_each_file(run: Run, tree: Path) -> None:
    answer = json.loads(run(*MANY, "--create", "--write", "--json").stdout)
    assert answer["written"]
    assert answer["edit_id"]
    assert [(file["path"], file["created"]) for file in answer["files"]] == [
        (name, name not in FILES) for name in sorted(AFTER)
    ]
    assert {file["path"]: file["merged_code"].encode() for file in answer["files"]} == AFTER
    assert answer["diff"] == "".join(file["diff"] for file in answer["files"])
    put(tree / "b.py", TWICE)
    put(tree.parent / "edits/b.py", DOUBTFUL)
    done = run(*MANY, "--json")
    [refused] = [file for file in json.loads(done.stdout)["files"] if "code" in file]
    assert (done.returncode, refused["path"], refused["code"]) == (1, "b.py", "edit_in_doubt")
    assert refused["doubts"][0]["hint"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.py", EDIT, b"missing.py: no such file under the root; --create"),
        (".git/config", EDIT, b""),
        ("latin.py", b"\xe9", b"edits/latin.py: line 1 is not UTF-8"),
        ("out/x.py", EDIT, b"outside of every root"),
        ("src", EDIT, b"src: names a folder"),
        ("binary.py", EDIT, b"binary.py: holds NUL bytes"),
    ],
)
def test_what_can_not_be_edited_is_an_error(run: Run, tmp_path: Path, name: str, content: bytes, said: bytes) -> None:
    tree = tmp_path / "tree"
    for file, text in {
        "plain.py": ONE,
        "src/x.py": ONE,
        ".git/config": ONE,
        "binary.py": b"\0",
        "latin.py": ONE,
    }.items():
        put(tree / file, text)
    (tree / "out").symlink_to("..")
    put(tmp_path / "edits/plain.py", EDIT)
    put(tmp_path / "edits" / name, content)
    before = contents(tree)
    done = run(*MANY, "--write")
    if name.startswith(".git"):  # the folder of edits may be a repository of its own
        assert done.returncode == 0
        assert (tree / ".git/config").read_bytes() == ONE
        return
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == b""
    assert contents(tree) == before


def test_folders_that_hold_no_edits(run: Run, tmp_path: Path) -> None:
    (tmp_path / "edits").mkdir()
    (tmp_path / "tree").mkdir()
    assert b"holds no edits" in run(*MANY).stderr
    assert run("apply", "--patch-dir", "nowhere").returncode == 2
    (tmp_path / "edits/link").symlink_to("../tree")
    assert b"is a link to a folder" in run(*MANY).stderr
    (tmp_path / "edits/link").unlink()
    os.mkfifo(tmp_path / "edits/pipe")
    assert b"is no regular file" in run(*MANY).stderr
    assert run("apply", "--patch-dir", "edits", "--root", "nowhere").returncode == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("apply", "a.py", "--patch-dir", "edits"),
        ("apply", "--edit", "-", "--patch-dir", "edits"),
        ("apply", "--language", "python", "--patch-dir", "edits"),
        ("apply", "a.py", "--edit", "-", "--root", "tree"),
    ],
)
def test_what_does_not_go_together_is_wrong_usage(run: Run, arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 64
    assert b"usage: fastapply apply" in done.stderr


@pytest.mark.parametrize("name", FILES)
def test_the_difference_of_one_file_is_what_git_applies(run: Run, tree: Path, name: str) -> None:
    for shown in (f"tree/{name}", f"./tree//{name}", tree / name):
        patch = run("apply", shown, "--edit", "-", stdin=EDIT).stdout
        if patch:
            subprocess.run(["git", "apply", "--check", "-"], cwd=tree.parent, input=patch, check=True)
    if patch:
        subprocess.run(["git", "apply", "--whitespace=nowarn", "-"], cwd=tree.parent, input=patch, check=True)
    assert (tree / name).read_bytes() == AFTER[name]
