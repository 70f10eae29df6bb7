"""The golden cases, for tests of other things than whether they come out right."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

GOLDEN = Path(__file__).parents[1] / "golden"


@dataclass(frozen=True)
class Golden:
    """One case: what goes in and what must come out, "" where it is to be refused."""

    name: str
    path: str
    before: str
    snippet: str
    after: str
    instruction: str


@cache
def merged_cases() -> tuple[Golden, ...]:
    """All that are to be merged."""
    found = (_read(before.parent) for before in sorted(GOLDEN.glob("*/*/before.*")))
    return tuple(case for case in found if case is not None)


@cache
def refused_cases() -> tuple[Golden, ...]:
    """All that are to be refused."""
    found = (_read(before.parent, "refused") for before in sorted(GOLDEN.glob("*/*/before.*")))
    return tuple(case for case in found if case is not None)


def _read(folder: Path, wanted: str = "merged") -> Golden | None:
    toml = folder / "case.toml"
    options = tomllib.loads(toml.read_text("utf-8")) if toml.exists() else {}
    if options.get("expect", "merged") != wanted:
        return None
    before, snippet = (_file(folder, stem).read_bytes().decode() for stem in ("before", "snippet"))
    after = _file(folder, "after").read_bytes().decode() if wanted == "merged" else ""
    name = f"{folder.parent.name}/{folder.name}"
    return Golden(name, _file(folder, "before").name, before, snippet, after, options.get("instruction", ""))


def _file(folder: Path, stem: str) -> Path:
    [found] = folder.glob(f"{stem}.*")
    return found
