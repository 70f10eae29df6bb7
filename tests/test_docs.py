"""What README and docs/ name is there: links, verbs and their flags, settings, variables, metrics."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import get_args

import pytest

from fastapply.agent.tools import ADVICE
from fastapply.cli.parser import build_parser
from fastapply.merge.values import DoubtKind
from fastapply.settings.fields import CLIENT_KEY_VARIABLE, CONFIG_VARIABLE, KEYS_VARIABLE, environment_name, fields

ROOT = Path(__file__).parent.parent
PAGES = {
    path.relative_to(ROOT): path.read_text("utf-8") for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
}
LINKING = [
    *PAGES,
    *map(
        Path,
        [
            "ARCHITECTURE.md",
            "BENCHMARKS.md",
            "CHANGELOG.md",
            "examples/README.md",
            "lsp_bridge/README.md",
            "lsp_bridge/clients/vscode/README.md",
        ],
    ),
]
EXAMPLES = [*PAGES.values(), *(path.read_text("utf-8") for path in (ROOT / "configs").iterdir() if path.is_file())]
[VERBS] = [action.choices for action in build_parser()._actions if isinstance(action, argparse._SubParsersAction)]


def flags(verb: str) -> set[str]:
    return {flag for action in VERBS[verb]._actions for flag in action.option_strings if flag.startswith("--")}


def headings(page: Path) -> set[str]:
    """The anchors that a page of Markdown has on GitHub."""
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    found = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("page", LINKING, ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", (ROOT / page).read_text("utf-8")):
        leads_to = ROOT / page.parent / target if target else ROOT / page
        assert leads_to.exists(), target
        assert not anchor or anchor in headings(leads_to), f"{target}#{anchor}"


def test_every_code_of_a_problem_is_told() -> None:
    problems = set(
        re.findall(r"^    \"(\w+)\": \"", (ROOT / "fastapply/api/problems.py").read_text("utf-8"), re.MULTILINE)
    )
    unseen = {"client_closed_request"}
    assert problems - unseen <= set(re.findall(r"`(\w+)`", PAGES[Path("docs/http.md")] + PAGES[Path("docs/agents.md")]))


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


def test_every_kind_of_doubt_is_told() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", PAGES[Path("docs/doubts.md")].partition("Examples:")[0], re.MULTILINE)
    assert sorted(rows) == sorted(["kind", *get_args(DoubtKind)])


def test_models_are_told_the_same_everywhere() -> None:
    for sentence in ADVICE.values():
        assert sentence in PAGES[Path("README.md")]
        assert sentence in PAGES[Path("docs/agents.md")]
