"""What README and docs/ name is there: links, verbs and their flags, settings, variables, metrics."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from fastapply.cli.parser import build_parser
from fastapply.settings.fields import CLIENT_KEY_VARIABLE, CONFIG_VARIABLE, KEYS_VARIABLE, environment_name, fields

ROOT = Path(__file__).parent.parent
PAGES = {
    path.relative_to(ROOT): path.read_text("utf-8") for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
}
EXAMPLES = [*PAGES.values(), *(path.read_text("utf-8") for path in (ROOT / "configs").iterdir() if path.is_file())]
[VERBS] = [action.choices for action in build_parser()._actions if isinstance(action, argparse._SubParsersAction)]


def flags(verb: str) -> set[str]:
    return {flag for action in VERBS[verb]._actions for flag in action.option_strings if flag.startswith("--")}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", PAGES[page]):
        assert (ROOT / page.parent / target).exists(), target


def test_the_table_of_the_readme_has_every_verb_and_no_other() -> None:
    rows = dict(re.findall(r"^\| `fastapply (\w+)[^|]*\| (.*) \|$", PAGES[Path("README.md")], re.MULTILINE))
    assert set(rows) == set(VERBS)
    for verb, row in rows.items():
        named = set(re.findall(r"`(--[\w-]+)", row))
        assert named <= flags(verb), verb
        if verb in ("serve", "key"):
            assert named == flags(verb) - {"--help"}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_commands_exist(page: Path) -> None:
    for verb, rest in re.findall(r"(?:^|`|/|\(|rm )fastapply (\w+)([^`\n]*)", PAGES[page], re.MULTILINE):
        assert verb in VERBS, verb
        assert set(re.findall(r"(?<= )--[\w-]+", rest)) <= flags(verb), rest


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_settings_exist(page: Path) -> None:
    sections = "|".join({path.partition(".")[0] for path in fields()})
    assert set(re.findall(rf"`((?:{sections})\.\w+)`", PAGES[page])) <= set(fields())
    for section, name in re.findall(rf"`\[({sections})\] (\w+)", PAGES[page]):
        assert f"{section}.{name}" in fields()


def test_variables_exist() -> None:
    known = {environment_name(path) for path in fields()} | {CONFIG_VARIABLE, KEYS_VARIABLE, CLIENT_KEY_VARIABLE}
    of_kubernetes = {"FASTAPPLY_PORT"}
    for text in EXAMPLES:
        assert set(re.findall(r"FASTAPPLY_[A-Z_]*[A-Z]", text)) <= known | of_kubernetes


def test_metrics_exist() -> None:
    source = (ROOT / "fastapply/api/metrics.py").read_text() + (ROOT / "fastapply/api/logs.py").read_text()
    for text in PAGES.values():
        for name in re.findall(r"fastapply_\w+[a-z]", text):
            assert f'"{name.removesuffix("_total")}"' in source, name
