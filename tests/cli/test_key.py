"""`fastapply key`: the key is shown once, and the file gets only its hash."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from typing import TYPE_CHECKING

from fastapply.settings.load import load

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run


def test_stdout_appended_to_a_file_makes_it_hold_the_hash_of_the_key_on_stderr(run: Run, tmp_path: Path) -> None:
    done = run("key", "ci")
    assert done.returncode == 0
    [key] = re.findall(rb"fa_[\w-]{43}", done.stderr)
    assert key not in done.stdout
    file = tmp_path / "config.toml"
    file.write_bytes(b'[server]\nhost = "0.0.0.0"\n' + done.stdout)
    [made] = load(file, {}, {}).settings.keys
    assert (made.name, made.sha256, made.revoked) == ("ci", hashlib.sha256(key).hexdigest(), False)
    assert f"FASTAPPLY_KEYS=ci:{made.sha256}".encode() in done.stderr


def test_every_key_is_another(run: Run) -> None:
    made = [json.loads(run("key", "ci", "--json").stdout) for _ in range(2)]
    assert made[0]["key"] != made[1]["key"]
    assert made[0]["sha256"] == hashlib.sha256(made[0]["key"].encode()).hexdigest()


def test_a_file_that_lacks_nothing_but_the_key_is_no_obstacle(run: Run, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text('[server]\nhost = "0.0.0.0"\n')
    done = run("key", "ci", "--config", "c.toml")
    assert done.returncode == 0
    assert b"Append the following to c.toml" in done.stderr


def test_a_name_in_use_is_refused(run: Run, tmp_path: Path) -> None:
    first = run("key", "ci").stdout
    assert tomllib.loads(first.decode())["keys"][0]["name"] == "ci"
    (tmp_path / "c.toml").write_bytes(first)
    done = run("key", "ci", FASTAPPLY_CONFIG="c.toml")
    assert done.returncode == 2
    assert done.stderr == b"fastapply: error: c.toml has a key ci already\n"


def test_a_name_that_logs_or_the_environment_could_not_hold_is_refused(run: Run) -> None:
    for name in ("", "a b", "a:b", "a\nb", 'a"b', "x" * 65):
        done = run("key", name)
        assert done.returncode == 2
        assert done.stdout == b""


def test_a_file_that_is_not_there_is_an_error_only_where_it_is_named(run: Run) -> None:
    assert run("key", "ci", "--config", "none.toml").returncode == 2
    assert run("key", "ci", FASTAPPLY_CONFIG="none.toml").returncode == 0
