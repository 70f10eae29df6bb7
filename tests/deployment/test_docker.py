"""The Dockerfile, as far as it can be tried without an engine: the linter, its command, its health check."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from support.service import free_port, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "Dockerfile"
TEXT = DOCKERFILE.read_text("utf-8")
DIGEST = "0123456789abcdef" * 4


def test_the_linter_has_nothing_to_say_against_it() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([str(hadolint), str(DOCKERFILE)], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")


def test_it_runs_as_a_number_that_is_not_root_and_by_no_shell() -> None:
    user = re.findall(r"^USER (\d+):(\d+)$", TEXT, re.MULTILINE)
    assert user == [("10001", "10001")]
    for instruction in ("ENTRYPOINT", "CMD"):
        assert json.loads(re.findall(rf"^{instruction} (.*)$", TEXT, re.MULTILINE)[-1])


def test_what_it_copies_is_there_and_not_ignored() -> None:
    allowed = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text("utf-8"), re.MULTILINE))
    copied = {name for line in re.findall(r"^COPY (?!--)(.*) \S+$", TEXT, re.MULTILINE) for name in line.split()}
    assert copied == allowed
    assert all((ROOT / name).exists() for name in copied)


def environment() -> Iterator[tuple[str, str]]:
    """What the image has in its environment, but for the path."""
    block = re.search(r"^ENV PATH=\S+ \\\n((?:.*\\\n)*.*)$", TEXT, re.MULTILINE)
    assert block
    for setting in block[1].replace("\\\n", " ").split():
        name, _, value = setting.partition("=")
        yield name, value


def health_check(**environ: str) -> int:
    [command] = re.findall(r"^HEALTHCHECK .*\\\n\s+CMD (.*)$", TEXT, re.MULTILINE)
    python, *arguments = json.loads(command)
    assert python == "python"
    done = subprocess.run([sys.executable, *arguments], env=environ, capture_output=True, check=False, timeout=60)
    return done.returncode


def test_with_a_key_it_serves_and_is_healthy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("FASTAPPLY_KEYS", f"ci:{DIGEST}")
    with running(tmp_path / "log", "--pool-workers", "1") as service:
        port = service.url.rpartition(":")[2]
        assert health_check(FASTAPPLY_SERVER_PORT=port) == 0
        assert service.apply(original_code="a\n", edit_snippet="a\n").status_code == 401
    assert health_check(FASTAPPLY_SERVER_PORT=str(free_port())) != 0


def test_without_a_key_it_says_how_to_make_one() -> None:
    environ = dict(environment()) | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "fastapply", "serve"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "FASTAPPLY_SERVER_HOST: server.host is 0.0.0.0" in done.stderr
    assert "fastapply key NAME" in done.stderr
