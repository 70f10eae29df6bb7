"""The pipeline on one screen: from an original and a snippet to the merged text, or to doubts.

detect or guess the language → read the format → merge → validate → splice → route
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from fastapply.errors import DeadlineExceeded, InputTooLarge, InvalidRequest
from fastapply.merge.choices import Choices, chosen_of, not_offered
from fastapply.merge.deadline import Deadline
from fastapply.merge.formats import read_format
from fastapply.merge.guess import recognise
from fastapply.merge.language import Profile
from fastapply.merge.lazy import PROSE, merge_lazy
from fastapply.merge.newfile import new_file
from fastapply.merge.splice import Spliced, splice
from fastapply.merge.text import BOM, split_lines, without_mark
from fastapply.merge.tree import Tree, error_count, original_tree
from fastapply.merge.validate import syntax_doubt
from fastapply.merge.values import STRUCTURAL, ApplyResult, Choice, Doubt, Edit, Note, Usage
from fastapply.resolve.route import OnDoubt, check_choice, route

MAX_CHARACTERS = 32_000_000  # of the original and of the snippet, each


def apply(
    original_code: str,
    edit_snippet: str,
    *,
    instruction: str = "",
    path: str | None = None,
    language: str | None = None,
    on_doubt: OnDoubt = "refuse",
    deadline: float = 5.0,
    choices: Sequence[Choice] = (),
) -> ApplyResult:
    """Merge `edit_snippet` into `original_code`.

    `path` or `language` chooses the grammar; without them it is guessed from what the snippet's fence or the
    instruction names and from the content, and a file that nothing tells is text. `instruction` is what the author
    of the snippet said it does: it is used as evidence for deletions, never to complete the edit. `deadline` is in
    seconds. `choices` settle doubts that an earlier merge of the same texts had: some of those that its doubts offer.

    Raises `EditRefused` (with the doubts and the best guess) when the edit can't be decided and `on_doubt` is
    "refuse"; `ModelUnavailable`, `InvalidRequest`, `UnknownLanguage`, `InputTooLarge`, `DeadlineExceeded`.
    """
    _check(original_code, edit_snippet, instruction, on_doubt)
    try:
        result = _apply(original_code, edit_snippet, instruction, path, language, deadline, choices)
    except DeadlineExceeded:
        raise DeadlineExceeded(deadline) from None
    return route(result, on_doubt)


def _apply(
    original_code: str,
    edit_snippet: str,
    instruction: str,
    path: str | None,
    language: str | None,
    deadline: float,
    given: Sequence[Choice],
) -> ApplyResult:
    clock = _Clock()
    limit = Deadline(deadline)
    mark = BOM if original_code.startswith(BOM) else ""
    text, snippet = original_code[len(mark) :], without_mark(edit_snippet)
    profile, tree, path, guessed = recognise(text, path, language, limit, snippet, instruction)
    lines = split_lines(text)
    clock.lap("read")
    tree = tree or original_tree(text, profile, limit)
    clock.lap("parse")
    merged = _settled(
        lambda choices: _merge(lines, text, tree, profile, snippet, instruction, path, limit, choices), given
    )
    clock.lap("merge")
    result = _result(merged, mark, profile, tree, clock)
    return msgspec.structs.replace(result, fallback=_told(profile, result.fallback)) if guessed else result


class _Merged(msgspec.Struct):
    spliced: Spliced
    doubts: list[Doubt]
    notes: list[Note]
    format: str


def _settled(merge: Callable[[Choices], _Merged], given: Sequence[Choice]) -> _Merged:
    """The merge under the choices `given`. One that settles a doubt may bring up the next, so they are taken up as far
    as they are offered, again and again. Raises `InvalidRequest` for one that never is: it was made for other texts,
    and would put lines where nobody wants them."""
    merged, taken = merge(Choices()), set[Choice]()
    while len(taken) < len(set(given)):
        offered = chosen_of(merged.doubts, given) - taken
        if not offered:
            raise not_offered(next(number for number, choice in enumerate(given) if choice not in taken))
        taken |= offered
        merged = merge(Choices([choice for choice in given if choice in taken]))
    return merged


def _merge(
    lines: list[str],
    text: str,
    tree: Tree | None,
    profile: Profile,
    snippet: str,
    instruction: str,
    path: str | None,
    limit: Deadline,
    choices: Choices,
) -> _Merged:
    """Each kind of snippet by its own reader; all of them end in line edits that are spliced and validated."""
    if not text.strip():
        spliced, doubts = new_file(lines, snippet, path, profile.name in PROSE, limit)
        return _Merged(spliced, doubts, [], "new_file")
    if snippet == text:
        return _Merged(splice(lines, (), path), [], [], "whole_file")
    if found := read_format(snippet, lines, path, limit, choices):
        spliced = splice(lines, found.edits, path)
        regressed = syntax_doubt(text, tree, spliced.text, profile, limit)
        return _Merged(spliced, [*found.doubts, *([regressed] if regressed else [])], [], found.format)
    lazy = merge_lazy(lines, text, tree, profile, snippet, instruction, path, limit, choices)
    return _Merged(lazy.chosen.spliced, lazy.chosen.doubts, lazy.snippet.notes, lazy.format)


def _result(merged: _Merged, mark: str, profile: Profile, tree: Tree | None, clock: _Clock) -> ApplyResult:
    spliced = merged.spliced
    shift = len(mark)
    return ApplyResult(
        merged_code=mark + spliced.text,
        edits=tuple(Edit(edit.start + shift, edit.end + shift, edit.text) for edit in spliced.edits)
        if shift
        else spliced.edits,
        doubts=tuple(merged.doubts),
        notes=tuple(merged.notes),
        provenance=spliced.provenance,
        diff=spliced.diff,
        changes=spliced.changes,
        engine=STRUCTURAL,
        language=profile.name,
        format=merged.format,
        fallback=_fallback(profile, tree),
        usage=Usage(),
        timings=clock.laps(),
    )


def _fallback(profile: Profile, tree: Tree | None) -> str:
    """Why the merge went by lines alone, or in part; empty where the grammar read the whole original."""
    if tree is None and profile.grammar is not None:
        return f"the grammar of {profile.name} came to no end with the original: merged by lines, syntax unchecked"
    if tree is None:
        return f"no grammar for {profile.name}: merged by lines"
    if errors := error_count(tree):
        return f"the original has {errors} syntax error(s): lines decide where the grammar can't"
    return ""


def _told(profile: Profile, fallback: str) -> str:
    """`fallback`, and that nobody named the language."""
    return f"neither path nor language given: {profile.name} guessed" + (f"; {fallback}" if fallback else "")


def _check(original_code: Any, edit_snippet: Any, instruction: Any, on_doubt: str) -> None:
    for name, value in (("original_code", original_code), ("edit_snippet", edit_snippet), ("instruction", instruction)):
        if not isinstance(value, str):
            raise InvalidRequest(f"{name} must be text, not {type(value).__name__}", field=name)
        if len(value) > MAX_CHARACTERS:
            raise InputTooLarge(f"{name} has {len(value)} characters, the limit is {MAX_CHARACTERS}", field=name)
    check_choice(on_doubt)


class _Clock:
    """Milliseconds by stage."""

    def __init__(self) -> None:
        self._start = self._last = time.perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self._laps[stage] = round((now - self._last) * 1e3, 3)
        self._last = now

    def laps(self) -> dict[str, float]:
        return {**self._laps, "total": round((time.perf_counter() - self._start) * 1e3, 3)}
