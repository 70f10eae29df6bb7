"""`fastapply explain`, run as users run it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

SNIPPET = b"a = 1\n# ... existing code ...\nc = 4\n"


@pytest.fixture(autouse=True)
def _file(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"a = 1\r\nb = 2\r\nc = 3\r\n")


def test_it_explains_and_changes_nothing(run: Run, tmp_path: Path) -> None:
    done = run("explain", "a.py", "--edit", "-", stdin=SNIPPET)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"outcome   ")
    assert b"original  3 lines of python (by its name)\n" in done.stdout
    assert b"     2 \xe2\x80\xa6 marker    # ... existing code ...\n" in done.stdout
    assert (tmp_path / "a.py").read_bytes() == b"a = 1\r\nb = 2\r\nc = 3\r\n"


def test_colours_are_for_those_who_want_them(run: Run) -> None:
    assert b"\x1b[" not in run("explain", "a.py", "--edit", "-", stdin=SNIPPET).stdout
    assert b"\x1b[" in run("explain", "a.py", "--edit", "-", stdin=SNIPPET, FORCE_COLOR="1").stdout
    assert b"\x1b[" not in run("explain", "a.py", "--edit", "-", "--no-color", stdin=SNIPPET, FORCE_COLOR="1").stdout


def test_the_language_can_be_told(run: Run) -> None:
    done = run("explain", "a.py", "--edit", "-", "--language", "ruby", stdin=SNIPPET)
    assert b"3 lines of ruby (as told)" in done.stdout
    unknown = run("explain", "a.py", "--edit", "-", "--language", "klingon", stdin=SNIPPET)
    assert unknown.returncode == 2
    assert b"unknown language" in unknown.stderr
