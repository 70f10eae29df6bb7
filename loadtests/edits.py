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

SMALL = 6_000
"""Characters of original and snippet up to which a model is asked."""

_GENERATED = 48


class Edit(msgspec.Struct, frozen=True):
    """One request body, and the name under which its faults are told."""

    name: str
    body: bytes


def cases_in(patterns: Sequence[str]) -> list[str]:
    """The files that `patterns` match: those given, or of the environment, or beside the repository."""
    patterns = patterns or os.environ.get(CASES_VARIABLE, DEFAULT_CASES).split(os.pathsep)
    return sorted({path for pattern in patterns for path in glob.glob(pattern)})


def load_edits(paths: Sequence[str], model: str = "") -> list[Edit]:
    """The edits of the files `paths`; without any, generated ones. `model` is asked for those of small files."""
    return list(_recorded(paths, model) if paths else _generated(model))


def _recorded(paths: Sequence[str], model: str) -> Iterator[Edit]:
    for path in paths:
        for number, case in enumerate(load_cases(path), 1):
            yield Edit(
                f"{Path(path).name}, line {number} ({case.id})",
                _body(case.before, case.snippet, case.path, case.instruction, model),
            )


def _generated(model: str) -> Iterator[Edit]:
    for number, sample in enumerate(samples_from((), _GENERATED)):
        body = _body(sample.original, sample.snippet, sample.path, sample.instruction, model)
        yield Edit(f"generated-{number}", body)


def _body(original: str, snippet: str, path: str, instruction: str, model: str) -> bytes:
    fields = {"original_code": original, "edit_snippet": snippet, "path": path, "instruction": instruction}
    asks_model = model and len(original) + len(snippet) <= SMALL
    return msgspec.json.encode(fields | ({"model": model} if asks_model else {"on_doubt": "refuse"}))
