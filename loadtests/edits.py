"""What the users ask: recorded edits where there are any, else generated ones of our own."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from fastapply.bench import samples_from
from fastapply.evaluate import load_cases

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["CASES_VARIABLE", "DEFAULT_CASES", "Edit", "cases_in", "load_edits"]

CASES_VARIABLE = "LOADTEST_CASES"
"""Environment variable with the files of recorded edits, separated as in `PATH`; wildcards are fine."""

DEFAULT_CASES = str(Path(__file__).parents[2] / "shared/cases/*.jsonl.gz")
"""Beside the repository, which holds none: they are other people's code."""

_GENERATED = 48


class Edit(msgspec.Struct, frozen=True):
    """One request body, and the name under which its faults are told."""

    name: str
    body: bytes


def cases_in(patterns: Sequence[str]) -> list[str]:
    """The files that `patterns` match: those given, or of the environment, or beside the repository."""
    patterns = patterns or os.environ.get(CASES_VARIABLE, DEFAULT_CASES).split(os.pathsep)
    return sorted({path for pattern in patterns for path in glob.glob(pattern)})


def load_edits(paths: Sequence[str]) -> list[Edit]:
    """The edits of the files `paths`; without any, generated ones."""
    return list(_recorded(paths) if paths else _generated())


def _recorded(paths: Sequence[str]) -> Iterator[Edit]:
    for path in paths:
        for number, case in enumerate(load_cases(path), 1):
            yield Edit(
                f"{Path(path).name}, line {number} ({case.id})",
                _body(case.before, case.snippet, case.path, case.instruction),
            )


def _generated() -> Iterator[Edit]:
    for number, sample in enumerate(samples_from((), _GENERATED)):
        yield Edit(f"generated-{number}", _body(sample.original, sample.snippet, sample.path, sample.instruction))


def _body(original: str, snippet: str, path: str, instruction: str) -> bytes:
    fields = {"original_code": original, "edit_snippet": snippet, "path": path, "instruction": instruction}
    return msgspec.json.encode(fields | {"on_doubt": "refuse"})
