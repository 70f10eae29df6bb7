"""`fastapply apply`: what is shown, what is written, and how it exits."""

from __future__ import annotations

import json
import os
import pty
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Run

ORIGINAL = b"def one():\n    return 1\n\n\ndef two():\n    return 2\n"
SNIPPET = b"# ... existing code ...\ndef two():\n    return 22\n"
MERGED = ORIGINAL.replace(b"return 2", b"return 22")
DOUBTFUL = b"# ...\n    stop()\n# ...\n"
TWICE = b"def f():\n    go()\n\n\ndef g():\n    go()\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "numbers.py"
    path.write_bytes(ORIGINAL)
    return path


@pytest.fixture
def doubtful(tmp_path: Path) -> Path:
    path = tmp_path / "twice.py"
    path.write_bytes(TWICE)
    return path


def test_the_difference_is_shown_and_the_file_left_alone(run: Run, file: Path) -> None:
    done = run("apply", file.name, "--edit", "-", stdin=SNIPPET)
    assert done.returncode == 0, done.stderr
    assert b"-    return 2\n+    return 22\n" in done.stdout
    assert b"\x1b" not in done.stdout
    assert file.read_bytes() == ORIGINAL


def test_what_is_shown_is_a_patch(run: Run, file: Path) -> None:
    patch = run("apply", file.name, "--edit", "-", stdin=SNIPPET).stdout
    subprocess.run(["git", "apply", "-"], input=patch, cwd=file.parent, check=True)
    assert file.read_bytes() == MERGED


def test_the_edit_may_be_in_a_file(run: Run, file: Path, tmp_path: Path) -> None:
    (tmp_path / "edit.txt").write_bytes(SNIPPET)
    assert run("apply", file.name, "--edit", "edit.txt", "--write").returncode == 0
    assert file.read_bytes() == MERGED


def test_colours_where_they_are_forced_and_not_where_they_are_refused(run: Run, file: Path) -> None:
    forced = run("apply", file.name, "--edit", "-", stdin=SNIPPET, FORCE_COLOR="1")
    assert b"\x1b[32m+    return 22\x1b[0m" in forced.stdout
    refused = run("apply", file.name, "--edit", "-", stdin=SNIPPET, FORCE_COLOR="1", NO_COLOR="1")
    assert b"\x1b" not in refused.stdout
    refused = run("apply", file.name, "--edit", "-", "--no-color", stdin=SNIPPET, FORCE_COLOR="1")
    assert b"\x1b" not in refused.stdout


def test_json_holds_the_whole_answer(run: Run, file: Path) -> None:
    done = run("apply", file.name, "--edit", "-", "--json", stdin=SNIPPET)
    answer = json.loads(done.stdout)
    assert done.returncode == 0
    assert answer["merged_code"].encode() == MERGED
    assert answer["written"] is False
    assert answer["changes"] == {"added": 1, "removed": 1}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems' file names are always Unicode")
def test_a_file_name_need_not_be_unicode(run: Run, tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff.py")
    (tmp_path / name).write_bytes(ORIGINAL)
    done = run("apply", name, "--edit", "-", "--json", "--write", stdin=SNIPPET)
    assert json.loads(done.stdout)["written"], done.stderr
    assert (tmp_path / name).read_bytes() == MERGED


def test_control_characters_do_not_reach_a_terminal(file: Path) -> None:
    unsafe = "x = '\x1b[2J\u202e'\n".encode()
    command = [str(Path(sys.executable).with_name("fastapply")), "apply", str(file), "--edit", "-"]
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "wb") as terminal:
        environment = os.environ | {"TERM": "xterm", "NO_COLOR": "1"}
        subprocess.run(command, input=ORIGINAL + unsafe, stdout=terminal, env=environment, timeout=60, check=True)
        shown = os.read(ours, 65536)
    os.close(ours)
    assert b"+x = '^[[2J<U+202E>'" in shown
    assert b"\x1b" not in shown


def test_a_doubt_exits_with_1_and_shows_where(run: Run, doubtful: Path) -> None:
    done = run("apply", doubtful.name, "--edit", "-", "--write", stdin=DOUBTFUL)
    assert done.returncode == 1
    assert done.stdout == b""
    assert b"hint:" in done.stderr
    assert b"2 |     stop()" in done.stderr
    assert doubtful.read_bytes() == TWICE


def test_a_doubt_as_json(run: Run, doubtful: Path) -> None:
    done = run("apply", doubtful.name, "--edit", "-", "--json", stdin=DOUBTFUL)
    answer = json.loads(done.stdout)
    assert done.returncode == 1
    assert answer["code"] == "edit_in_doubt"
    assert answer["doubts"]
    assert answer["written"] is False


def test_the_best_guess_is_written_and_still_exits_with_1(run: Run, doubtful: Path) -> None:
    done = run("apply", doubtful.name, "--edit", "-", "--write", "--on-doubt", "best", stdin=DOUBTFUL)
    assert done.returncode == 1
    assert b"hint:" in done.stderr
    assert doubtful.read_bytes() != TWICE or b"no change" in done.stderr


@pytest.mark.parametrize(
    "original",
    [
        pytest.param(ORIGINAL.replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(b"\xef\xbb\xbf" + ORIGINAL, id="byte order mark"),
        pytest.param(ORIGINAL.replace(b"1\n", b"1\r\n"), id="mixed endings"),
        pytest.param(ORIGINAL.replace(b"1\n", b"1  # \xe2\x80\xa8\x0c \t\n"), id="U+2028, form feed, trailing blanks"),
    ],
)
def test_bytes_that_are_not_edited_are_kept(run: Run, file: Path, original: bytes) -> None:
    file.write_bytes(original)
    done = run("apply", file.name, "--edit", "-", "--write", stdin=SNIPPET)
    assert done.returncode == 0, done.stderr
    assert file.read_bytes() == original.replace(b"return 2", b"return 22")


def test_the_mode_is_kept(run: Run, file: Path) -> None:
    file.chmod(0o751)
    run("apply", file.name, "--edit", "-", "--write", stdin=SNIPPET)
    assert file.read_bytes() == MERGED
    assert stat.S_IMODE(file.stat().st_mode) == 0o751


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_the_owner_is_kept(run: Run, file: Path) -> None:
    os.chown(file, 1234, 5678)
    run("apply", file.name, "--edit", "-", "--write", stdin=SNIPPET)
    assert file.read_bytes() == MERGED
    assert (file.stat().st_uid, file.stat().st_gid) == (1234, 5678)


def test_a_symbolic_link_stays_one(run: Run, file: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    link = elsewhere / "link.py"
    link.symlink_to("../numbers.py")
    assert run("apply", link, "--edit", "-", "--write", stdin=SNIPPET).returncode == 0
    assert link.is_symlink()
    assert file.read_bytes() == MERGED
    assert os.listdir(elsewhere) == ["link.py"]


def test_no_other_file_is_left_behind(run: Run, file: Path, tmp_path: Path) -> None:
    run("apply", file.name, "--edit", "-", "--write", stdin=SNIPPET)
    assert os.listdir(tmp_path) == ["numbers.py"]


def test_an_edit_that_changes_nothing_writes_nothing(run: Run, file: Path) -> None:
    os.utime(file, (1, 1))
    done = run("apply", file.name, "--edit", "-", "--write", stdin=ORIGINAL)
    assert done.returncode == 0
    assert b"no change" in done.stderr
    assert file.stat().st_mtime == 1


def test_a_file_that_is_not_there_is_made_only_when_asked_for(run: Run, tmp_path: Path) -> None:
    done = run("apply", "new.py", "--edit", "-", "--write", stdin=ORIGINAL)
    assert done.returncode == 2
    assert b"new.py: no such file; --create" in done.stderr
    assert run("apply", "new.py", "--edit", "-", "--create", "--write", stdin=ORIGINAL).returncode == 0
    assert (tmp_path / "new.py").read_bytes() == ORIGINAL


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("numbers.py", "--edit", "nothing.txt"), b"nothing.txt: No such file or directory"),
        (("numbers.py", "--edit", "."), b".: Is a directory"),
        ((".", "--edit", "-"), b".: Is a directory"),
        (("latin.py", "--edit", "-"), b"latin.py: line 2 is not UTF-8"),
        (("numbers.py", "--edit", "latin.py"), b"latin.py: line 2 is not UTF-8"),
        (("numbers.py", "--edit", "-", "--language", "klingon"), b"klingon"),
    ],
)
def test_errors_exit_with_2_and_one_line(
    run: Run, file: Path, tmp_path: Path, arguments: tuple[str, ...], said: bytes
) -> None:
    (tmp_path / "latin.py").write_bytes(b"# x\n# \xe9t\xe9\n")
    done = run("apply", *arguments, stdin=SNIPPET)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count(b"\n") == 1
    assert file.read_bytes() == ORIGINAL


def test_an_error_as_json(run: Run, file: Path) -> None:
    done = run("apply", file.name, "--edit", "nothing.txt", "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["code"] == "io_error"


@pytest.mark.parametrize(
    "arguments",
    [(), ("apply",), ("apply", "a.py"), ("merge",), ("apply", "a", "--edit", "b", "--on-doubt", "guess"), ("--what",)],
)
def test_wrong_usage_exits_with_64(run: Run, arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 64
    assert not done.stdout
    assert b"usage:" in done.stderr
    assert done.stderr.endswith(b" --help says more\n")


def test_the_version_and_the_help_exit_with_0(run: Run) -> None:
    assert run("--version").stdout.startswith(b"fastapply ")
    assert b"exit codes" in run("--help").stdout


def test_modules_in_the_users_directory_are_not_imported(run: Run, file: Path, tmp_path: Path) -> None:
    for name in ("msgspec", "ast", "difflib"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the working directory')")
    assert run("apply", file.name, "--edit", "-", stdin=SNIPPET).returncode == 0


def test_a_reader_that_leaves_is_no_error(file: Path) -> None:
    line = "def f%d(): return '" + 200 * "." + "'\n"
    file.write_text("".join(line % number for number in range(1000)))
    (file.parent / "edit").write_text(file.read_text().replace("return", "return  "))
    command = Path(sys.executable).with_name("fastapply")
    pipe = f"'{command}' apply '{file}' --edit '{file.parent / 'edit'}' --on-doubt best | head -1"
    done = subprocess.run(["bash", "-c", pipe], capture_output=True, check=True)
    assert b"Broken" not in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_cost_nothing(file: Path, closed: str) -> None:
    (file.parent / "edit").write_bytes(SNIPPET)
    command = Path(sys.executable).with_name("fastapply")
    shell = f"'{command}' apply '{file}' --edit '{file.parent / 'edit'}' --write {closed}"
    assert subprocess.run(["bash", "-c", shell], capture_output=True, check=False).returncode == 0
    assert file.read_bytes() == MERGED


@pytest.mark.parametrize("content", [None, b"\xe9"])
def test_an_error_about_a_name_that_is_not_unicode_as_json(run: Run, tmp_path: Path, content: bytes | None) -> None:
    name = os.fsdecode(b"\xff.py")
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = run("apply", name, "--edit", "-", "--json", stdin=SNIPPET)
    assert done.returncode == 2
    assert json.loads(done.stdout)["detail"].startswith("\ufffd.py: ")


def test_a_pipe_is_not_waited_for_where_it_can_not_be_written(run: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    done = run("apply", "pipe.py", "--edit", "-", "--write", stdin=SNIPPET)
    assert done.returncode == 2
    assert b"no regular file" in done.stderr


@pytest.mark.parametrize("exists", [True, False])
def test_control_characters_of_a_name_do_not_reach_a_terminal(tmp_path: Path, exists: bool) -> None:
    file = tmp_path / "\x1b[2J.py"
    if exists:
        file.write_bytes(TWICE)
    command = [str(Path(sys.executable).with_name("fastapply")), "apply", str(file), "--edit", "-"]
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "wb") as terminal:
        environment = os.environ | {"TERM": "xterm", "NO_COLOR": "1"}
        subprocess.run(command, input=DOUBTFUL, stderr=terminal, env=environment, timeout=60, check=False)
        shown = os.read(ours, 65536)
    os.close(ours)
    assert b"^[[2J.py" in shown
    assert b"\x1b" not in shown


def test_doubts_are_told_though_the_reader_has_left(doubtful: Path) -> None:
    (doubtful.parent / "edit").write_bytes(DOUBTFUL)
    command = Path(sys.executable).with_name("fastapply")
    reader, writer = os.pipe()
    os.close(reader)
    arguments = [command, "apply", doubtful, "--edit", doubtful.parent / "edit", "--on-doubt", "best"]
    with os.fdopen(writer, "wb") as gone:
        done = subprocess.run(arguments, stdout=gone, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert b"hint:" in done.stderr
    assert b"Broken" not in done.stderr


@pytest.mark.parametrize("seconds", ["1e300", "nan", "0"])
def test_a_deadline_that_no_clock_can_be_set_to_is_wrong_usage(run: Run, file: Path, seconds: str) -> None:
    assert run("apply", file.name, "--edit", "-", "--deadline", seconds, stdin=SNIPPET).returncode == 64
