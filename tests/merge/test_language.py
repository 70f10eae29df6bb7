from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from fastapply.errors import UnknownLanguage
from fastapply.merge import language
from fastapply.merge.language import Profile, by_name, detect, names
from fastapply.merge.rules import TEXTS, grammar

ALL = names()
FILES = Path(language.__file__).with_name("languages")
WITH_GRAMMAR = [name for name in ALL if by_name(name).grammar]


def _paths(profile: Profile) -> list[str]:
    """Every path in the rules of `profile`."""
    paths: list[str] = []
    for rule in (*profile.items.values(), *profile.values.values()):
        for field in ("name", "owner", "body", "value", "inner", "group", "word"):
            value = getattr(rule, field)
            paths += (value,) if isinstance(value, str) else value
    return paths


def _steps(profile: Profile) -> set[str]:
    """Every field or node kind that a path of `profile` goes through."""
    steps = {step for path in _paths(profile) for part in path.split("+") for step in part.split("/")}
    return steps - {"@self", "@item", "@last", *TEXTS}


@pytest.mark.parametrize("name", WITH_GRAMMAR)
def test_grammar_knows_every_node_kind_of_the_profile(name: str) -> None:
    """An update of a grammar that renames a node kind can't disable a rule quietly."""
    profile = by_name(name)
    tongue = grammar(profile.grammar or "")
    kinds = [*profile.items, *profile.values, *profile.transparent, *profile.leading]
    assert [kind for kind in kinds if tongue.id_for_node_kind(kind, True) is None] == []


@pytest.mark.parametrize("name", WITH_GRAMMAR)
def test_grammar_knows_every_field_of_the_profile(name: str) -> None:
    """An update of a grammar that renames a field can't disable a rule quietly."""
    tongue = grammar(by_name(name).grammar or "")

    def known(step: str) -> bool:
        if step.endswith("*"):
            return tongue.field_id_for_name(step[:-1]) is not None
        kinds = (tongue.id_for_node_kind(step, named) for named in (True, False))
        return tongue.field_id_for_name(step) is not None or any(kind is not None for kind in kinds)

    assert [step for step in sorted(_steps(by_name(name))) if not known(step)] == []


@pytest.mark.parametrize("name", WITH_GRAMMAR)
def test_a_block_needs_a_body(name: str) -> None:
    """A rule whose role is `block` without a path to the body would never make an item."""
    rules = by_name(name).items
    assert [kind for kind, rule in rules.items() if rule.role == "block" and not rule.body] == []


@pytest.mark.parametrize("name", ALL)
def test_a_profile_is_named_like_its_file(name: str) -> None:
    """`by_name` finds the file by the name."""
    assert by_name(name).name == name


@pytest.mark.parametrize("field", ["extensions", "filenames", "aliases"])
def test_no_two_profiles_claim_the_same(field: str) -> None:
    """An extension, a file name or an alias leads to one profile; an alias is no profile's name."""
    claims = Counter(claim for name in ALL for claim in getattr(by_name(name), field))
    claims.update(ALL if field == "aliases" else ())
    assert [claim for claim, count in claims.items() if count > 1] == []


@pytest.mark.parametrize("name", ALL)
def test_what_recognises_a_language_is_in_the_head_of_its_file(name: str) -> None:
    """Only the head is read to find a profile."""
    head = tomllib.loads((FILES / f"{name}.toml").read_text("utf-8").partition("\n\n")[0])
    profile = by_name(name)
    assert tuple(head.get("extensions", ())) == profile.extensions
    assert tuple(head.get("filenames", ())) == profile.filenames
    assert tuple(head.get("aliases", ())) == profile.aliases


@pytest.mark.parametrize("name", ALL)
def test_names_to_look_up_are_lower_case(name: str) -> None:
    """What is looked up is lowered first, but for whole file names."""
    claims = (*by_name(name).extensions, *by_name(name).aliases)
    assert [claim for claim in claims if claim != claim.lower()] == []
    assert [end for end in by_name(name).extensions if not end.startswith(".")] == []


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        pytest.param("src/app.py", "", "python", id="extension"),
        pytest.param("SRC/APP.PY", "", "python", id="extension in capitals"),
        pytest.param("C:\\src\\app.ts", "", "typescript", id="Windows path"),
        pytest.param("types.d.ts", "", "typescript", id="two extensions"),
        pytest.param("v1.2/notes", "", "text", id="dot in a folder's name"),
        pytest.param("view.jsx", "", "javascript", id="jsx"),
        pytest.param("view.tsx", "", "tsx", id="tsx is not typescript"),
        pytest.param("Makefile", "", "text", id="file name without a grammar"),
        pytest.param("app/Gemfile", "", "ruby", id="file name"),
        pytest.param(".bashrc", "", "bash", id="hidden file"),
        pytest.param("a.h", "int a;\n", "c", id="C header"),
        pytest.param("a.h", "#pragma once\n\nnamespace a {\n}\n", "cpp", id="C++ header"),
        pytest.param("run", "#!/usr/bin/env python3\n", "python", id="shebang"),
        pytest.param("run", "#!/usr/bin/env -S node --harmony\n", "javascript", id="shebang with options"),
        pytest.param("run", "#! /bin/sh\n", "bash", id="shebang without env"),
        pytest.param("run", "#!/usr/bin/perl\n", "text", id="shebang of no profile"),
        pytest.param("run.rb", "#!/bin/sh\n", "ruby", id="extension before shebang"),
        pytest.param(None, "\ufeff<?php\n", "php", id="first line after a BOM"),
        pytest.param("page", "<!DOCTYPE html>\n", "html", id="doctype"),
        pytest.param(None, "hello\n", "text", id="no sign at all"),
        pytest.param("", "", "text", id="nothing"),
        pytest.param('a."\\', "", "text", id="a path that is no TOML string"),
    ],
)
def test_detect(path: str | None, text: str, expected: str) -> None:
    """The path decides, then the first line, else the file is text."""
    assert detect(path, None, text).name == expected


def test_the_language_named_decides() -> None:
    """What the caller says is not second-guessed."""
    assert detect("a.py", "ruby", "#!/bin/sh\n").name == "ruby"


@pytest.mark.parametrize("name", ["python", "py", "PY", " Python3 "])
def test_by_name_takes_aliases_in_any_case(name: str) -> None:
    """Fences and editors write a language's name in many ways."""
    assert by_name(name) is by_name("python")


def test_an_unknown_language_names_the_nearest() -> None:
    """A typing error is answered with what was meant."""
    with pytest.raises(UnknownLanguage, match="did you mean 'python'") as caught:
        by_name("pyton")
    assert caught.value.field == "language"


def test_an_unknown_language_without_near_ones_lists_all() -> None:
    """A language that we don't know is answered with those that we do."""
    with pytest.raises(UnknownLanguage, match="known are bash, c, cpp"):
        detect(None, "brainfuck")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        pytest.param({"colour": 1}, r"languages/x.toml: Object contains unknown field `colour`", id="profile"),
        pytest.param({"items": {"call": {"rôle": "block"}}}, r"unknown field `rôle` - at `\$.items\[...\]`", id="rule"),
        pytest.param({"items": {"call": {"role": "verb"}}}, r"Invalid enum value 'verb' - at", id="role"),
    ],
)
def test_a_profile_with_a_mistake_is_refused(fields: dict[str, object], message: str) -> None:
    """A misspelt key would be a rule that never applies."""
    with pytest.raises(ValueError, match=message):
        language._decode({"name": "x", **fields}, "languages/x.toml")


def test_a_profile_based_on_another_starts_from_its_rules() -> None:
    """TSX is TypeScript with another grammar, and claims none of its names."""
    tsx, typescript = by_name("tsx"), by_name("typescript")
    assert tsx.items == typescript.items
    assert tsx.grammar != typescript.grammar
    assert not set(tsx.extensions) & set(typescript.extensions)


def test_only_the_profile_asked_for_is_decoded() -> None:
    """One merge pays for one language."""
    language._load.cache_clear()
    detect("a.go", None)
    assert language._load.cache_info().currsize == 1


def test_profiles_do_not_change() -> None:
    """They are shared by all merges of a process."""
    with pytest.raises(AttributeError):
        by_name("go").name = "golang"  # type: ignore[misc]
    assert msgspec.structs.asdict(by_name("text"))["grammar"] is None
