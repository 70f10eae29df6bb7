"""Verbs that speak a protocol over standard input tell a person who types them what they wait for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = (sys.executable, "-m", "fastapply")


@pytest.mark.parametrize(("arguments", "client"), [(("mcp", "--root", "."), "an agent"), (("lsp",), "an editor")])
def test_at_a_terminal_they_say_who_starts_them_and_end_with_it(
    arguments: tuple[str, ...], client: str, tmp_path: Path
) -> None:
    keyboard, terminal = os.openpty()
    with subprocess.Popen(
        [*COMMAND, *arguments], cwd=tmp_path, stdin=terminal, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        os.close(terminal)
        assert process.stderr
        said = process.stderr.readline().decode()
        os.write(keyboard, b"\x04")
        process.wait(60)
        os.close(keyboard)
    assert (
        said == f"fastapply {arguments[0]}: {client} starts this and speaks to it over standard input; Ctrl D ends it\n"
    )


def test_to_a_client_they_say_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "mcp", "--root", "."], cwd=tmp_path, input=b"", capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
