"""`fastapply config`: every setting, and where it was said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from fastapply.settings.fields import fields

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

DIGEST = "0123456789abcdef" * 4


@pytest.fixture
def file(tmp_path: Path) -> str:
    name = "c.toml"
    text = f'[pool]\nmemory = "2 GiB"\n\n[[keys]]\nname = "ci"\nsha256 = "{DIGEST}"\nrevoked = true\n'
    (tmp_path / name).write_text(text)
    return name


def test_every_setting_is_shown_with_its_source(run: Run, file: str) -> None:
    done = run("config", "--config", file, "--port", 9, FASTAPPLY_LOG_LEVEL="debug")
    assert done.returncode == 0, done.stderr
    head, blank, *rows = done.stdout.decode().splitlines()
    assert (head, blank) == ("configuration file: c.toml", "")
    table = {row.split()[0]: row.split(None, 1)[1].strip() for row in rows}
    assert set(table) == {*fields(), "keys[0]"}
    assert table["server.port"].split(None, 1) == ["9", "command line"]
    assert table["log.level"].split() == ["debug", "FASTAPPLY_LOG_LEVEL"]
    assert table["log.format"].split() == ["text", "default"]
    assert table["pool.memory"].split() == ["2", "GiB", "c.toml:2"]
    assert table["keys[0]"].split() == ["ci,", "01234567…,", "revoked", "c.toml:4"]


def test_the_same_as_json_with_values_for_machines(run: Run, file: str) -> None:
    told = json.loads(run("config", "--json", "--config", file, "--port", 9).stdout)
    assert told["file"] == file
    assert told["settings"]["server.port"] == {"value": 9, "source": "command line", "place": ""}
    assert told["settings"]["pool.memory"] == {"value": 2 << 30, "source": "file", "place": "c.toml:2"}
    assert told["keys"][0]["name"] == "ci"


def test_hashes_of_keys_are_shortened(run: Run, file: str) -> None:
    for arguments in ((), ("--json",)):
        assert DIGEST.encode() not in run("config", "--config", file, *arguments).stdout


def test_without_a_file_it_says_so(run: Run) -> None:
    assert run("config").stdout.startswith(b"configuration file: none")


def test_what_is_wrong_is_an_error(run: Run) -> None:
    done = run("config", FASTAPPLY_SERVER_PROT="1", FASTAPPLY_LOG_LEVEL="loud")
    assert done.returncode == 2
    assert done.stderr.count(b"FASTAPPLY_") == 3  # two names, and the one that was meant
