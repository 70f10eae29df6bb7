"""The golden cases: lazy edits as coding models write them, and the merges that any expert would agree on.

`tests/golden/<language>/<case>/` holds `before.<ext>`, `snippet.<ext>` (or `snippet.txt`) and `after.<ext>`;
`case.toml` may give `instruction`, `note`, and `expect`: "merged", or "refused" with `doubt`, the kind of doubt or a
list of kinds any of which will do. A known failure lies in `tests/golden/known_wrong/<language>/<case>/`, with
`after_now.<ext>` and `after_ideally.<ext>` in place of `after`; an empty `after_now.refused` or
`after_ideally.refused` says that the edit is, or ought to be, refused.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import pytest

from fastapply import apply
from fastapply.errors import EditRefused
from fastapply.merge.values import DoubtKind

GOLDEN = Path(__file__).parent.parent / "golden"
DOUBT_KINDS = set(get_args(DoubtKind))
REFUSED = None  # the outcome of an edit in doubt, where other outcomes are texts


@dataclass(frozen=True)
class Case:
    """One folder of files."""

    folder: Path

    @property
    def path(self) -> str:
        return self.file("before").name

    @property
    def options(self) -> dict[str, Any]:
        toml = self.folder / "case.toml"
        return tomllib.loads(toml.read_text("utf-8")) if toml.exists() else {}

    def file(self, stem: str) -> Path:
        (found,) = self.folder.glob(f"{stem}.*")
        return found

    def text(self, stem: str) -> str:
        """The file's text to the byte; `Path.read_text` would translate line endings."""
        return self.file(stem).read_bytes().decode("utf-8")

    def outcome(self, stem: str) -> str | None:
        return REFUSED if self.file(stem).suffix == ".refused" else self.text(stem)

    def merge(self, original: str, snippet: str) -> str:
        result = apply(
            original_code=original,
            edit_snippet=snippet,
            instruction=self.options.get("instruction", ""),
            path=self.path,
            on_doubt="refuse",
        )
        return result.merged_code

    def attempt(self, original: str, snippet: str) -> str | set[str]:
        """The merged text, or the kinds of the doubts of an edit that is refused."""
        try:
            return self.merge(original, snippet)
        except EditRefused as refusal:
            return {doubt.kind for doubt in refusal.doubts}

    @property
    def accepted_doubts(self) -> set[str]:
        named = self.options["doubt"]
        return {named} if isinstance(named, str) else set(named)


def cases_in(root: Path) -> list[Case]:
    return [Case(before.parent) for before in sorted(root.glob("*/*/before.*"))]


def case_id(case: Case) -> str:
    return f"{case.folder.parent.name}/{case.folder.name}"


def judge_known_wrong(outcome: str | None, now: str | None, ideally: str | None) -> str:
    """How a known failure comes out today."""
    if outcome == ideally:
        return "now right: move it"
    return "fails as known" if outcome == now else "fails in a new way"


ALL = cases_in(GOLDEN)
MERGED = [case for case in ALL if case.options.get("expect", "merged") == "merged"]
REFUSALS = [case for case in ALL if case.options.get("expect") == "refused"]
KNOWN_WRONG = cases_in(GOLDEN / "known_wrong")


@pytest.mark.parametrize("case", ALL + KNOWN_WRONG, ids=case_id)
def test_a_file_merged_into_itself_does_not_change(case: Case) -> None:
    """The original as its own snippet is no edit."""
    before = case.text("before")
    assert case.merge(before, before) == before


@pytest.mark.parametrize("case", MERGED, ids=case_id)
def test_merged_to_the_byte(case: Case) -> None:
    """The merge is what any expert would agree on."""
    assert case.merge(case.text("before"), case.text("snippet")) == case.text("after")


@pytest.mark.parametrize("case", MERGED, ids=case_id)
def test_the_same_edit_again_changes_nothing(case: Case) -> None:
    """An edit that is in the file already gives the same file, or is refused with a typed doubt."""
    after = case.text("after")
    again = case.attempt(after, case.text("snippet"))
    if isinstance(again, str):
        assert again == after
    else:
        assert again
        assert again <= DOUBT_KINDS


@pytest.mark.parametrize("case", REFUSALS, ids=case_id)
def test_refused_where_an_expert_could_not_decide(case: Case) -> None:
    """No guess is passed off as a merge, and the doubt is of the kind that the case names."""
    kinds = case.attempt(case.text("before"), case.text("snippet"))
    assert not isinstance(kinds, str), "merged"
    assert kinds & case.accepted_doubts


@pytest.mark.parametrize("case", KNOWN_WRONG, ids=case_id)
def test_known_failures_fail_as_known(case: Case) -> None:
    """A known failure may stay one, but neither change unseen nor be kept once it is mended."""
    merged = case.attempt(case.text("before"), case.text("snippet"))
    outcome = merged if isinstance(merged, str) else REFUSED
    verdict = judge_known_wrong(outcome, case.outcome("after_now"), case.outcome("after_ideally"))
    assert verdict == "fails as known", f"{case_id(case)}: {verdict}"


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        pytest.param("today", "fails as known", id="as known"),
        pytest.param("ideal", "now right: move it", id="mended"),
        pytest.param("other", "fails in a new way", id="another text"),
        pytest.param(REFUSED, "fails in a new way", id="a refusal where there was a text"),
    ],
)
def test_verdicts_on_known_failures(outcome: str | None, verdict: str) -> None:
    """The three verdicts are told apart."""
    assert judge_known_wrong(outcome, now="today", ideally="ideal") == verdict


@pytest.mark.parametrize("case", ALL, ids=case_id)
def test_the_case_is_well_formed(case: Case) -> None:
    """A merged case shows a change; a refused one names doubts that exist and no result."""
    if case in MERGED:
        assert case.text("after") != case.text("before")
    else:
        assert case.accepted_doubts <= DOUBT_KINDS
        assert not list(case.folder.glob("after.*"))
