"""The examples under configs/: they load, they name every setting, and what they call a default is one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fastapply.settings.fields import fields, key_fields
from fastapply.settings.load import load
from fastapply.settings.model import Key

CONFIGS = Path(__file__).parents[2] / "configs"
DIGEST = "0123456789abcdef" * 4
# One a core: no example can say how many that is.
DEPENDS_ON_THE_MACHINE = {"pool.workers"}


@pytest.fixture
def uncommented(tmp_path: Path) -> Path:
    """The example of all settings, with each of them taken at its word."""
    text = (CONFIGS / "fastapply.toml").read_text("utf-8")
    said = re.sub(r"^#(\[\[\w+\]\]|\w+ = )", r"\1", text, flags=re.MULTILINE)
    path = tmp_path / "config.toml"
    path.write_text(said.replace('"…"', f'"{DIGEST}"'), "utf-8")
    return path


def test_as_it_comes_the_example_of_all_settings_changes_nothing() -> None:
    assert load(CONFIGS / "fastapply.toml", {}, {}).settings == load(None, {}, {}).settings


def test_it_names_every_setting_with_its_real_default(uncommented: Path) -> None:
    loaded = load(uncommented, {}, {})
    named = {path for path, source in loaded.sources.items() if source.kind == "file"}
    assert named == {*fields(), "keys[0]"}
    for path in fields().keys() - DEPENDS_ON_THE_MACHINE:
        section, _, name = path.partition(".")
        assert getattr(getattr(loaded.settings, section), name) == fields()[path].default, path


def test_it_names_all_that_a_key_may_have(uncommented: Path) -> None:
    block = uncommented.read_text("utf-8").partition("[[keys]]")[2]
    assert set(re.findall(r"^(\w+) = ", block, re.MULTILINE)) == set(key_fields())
    assert load(uncommented, {}, {}).settings.keys == (Key("ci", DIGEST, requests_per_minute=600),)


def test_every_setting_is_explained(uncommented: Path) -> None:
    lines = uncommented.read_text("utf-8").split("\n")
    for number, line in enumerate(lines):
        if re.match(r"\w+ = ", line) and not line.startswith(("name", "sha256")):
            assert lines[number - 1].startswith("# "), line


def test_the_example_for_a_team_is_one() -> None:
    settings = load(CONFIGS / "fastapply-team.toml", {}, {}).settings
    assert not settings.server.is_loopback
    assert settings.log.format == "json"
    assert settings.limits.requests_per_minute
    assert {key.revoked for key in settings.keys} == {True, False}
