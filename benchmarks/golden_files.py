"""The golden cases of the tests as cases to measure with: few, in every language, and part of the repository."""

from __future__ import annotations

import tomllib
from pathlib import Path

from fastapply.evaluate import Case

__all__ = ["golden_cases"]

REFUSED = "\0refused\0"  # no merge gives this: an edit that ought to be refused is wrong whatever comes out of it


def golden_cases(folder: Path) -> list[Case]:
    """All cases below `folder`, laid out as tests/merge/test_golden.py says, but for those that are known to fail."""
    found = sorted(folder.glob("*/*/before.*"))  # known failures lie one folder deeper
    return [_case(before.parent, before) for before in found]


def _case(folder: Path, before: Path) -> Case:
    options = tomllib.loads((folder / "case.toml").read_text("utf-8")) if (folder / "case.toml").exists() else {}
    return Case(
        id=f"{folder.parent.name}/{folder.name}",
        path=before.name,
        language=folder.parent.name,
        before=_text(folder, "before"),
        snippet=_text(folder, "snippet"),
        after=REFUSED if options.get("expect") == "refused" else _text(folder, "after"),
        instruction=options.get("instruction", ""),
    )


def _text(folder: Path, stem: str) -> str:
    (found,) = folder.glob(f"{stem}.*")
    return found.read_bytes().decode("utf-8")
