"""The values that pass between the stages of a merge and out of it. No behaviour beyond reading."""

from __future__ import annotations

from typing import Literal

import msgspec

DoubtKind = Literal[
    "ambiguous_anchor",  # the snippet's text fits several places equally well
    "no_anchor",  # nothing in the snippet says where it belongs
    "unexplained_deletion",  # original text would vanish, and nothing says that it should
    "undecided_place",  # new text between two markers: anywhere between them would do
    "twin",  # the result would hold two declarations of one name
    "shrunk_body",  # a function shown whole would lose many of its lines
    "syntax_regressed",  # the result parses worse than the original
    "marker_left",  # the result would hold a marker, a fence or a planted token
    "lost_snippet_line",  # a line of the snippet is not in the result
    "duplicated_line",  # a line that the original holds once would stand twice
    "indent_unknown",  # new lines whose depth nothing in the snippet settles
    "format_mismatch",  # a diff, search/replace block or patch whose text is not in the original
    "nothing_applied",  # nothing to apply, or a noted removal that removes nothing
    "invented_line",  # a model's answer holds a line that is in neither the original nor the snippet
    "answer_cut",  # a model's answer ends before its end
]

ChoiceAction = Literal["match", "insert", "replace", "remove", "keep", "accept"]

Source = Literal["original", "snippet", "model"]

STRUCTURAL = "structural"
"""The engine of merges that no model had a part in."""


class LineRange(msgspec.Struct, frozen=True):
    """Lines `start` up to but not including `end`, counted from 0. `start == end` is a place between lines."""

    start: int
    end: int


class Choice(msgspec.Struct, frozen=True):
    """What somebody decides about a doubt, of its `kind` and about the same lines of the `snippet`.

    `action` says what those lines are to the lines `place` of the original: they `match` them, are an `insert` before
    `place.start`, or `replace` them; or that the original's lines at `place` are to `remove` or to `keep`, or that all
    is to be as the best guess has it (`accept`).
    """

    kind: DoubtKind
    action: ChoiceAction
    snippet: LineRange
    place: LineRange


class Doubt(msgspec.Struct, frozen=True):
    """One thing the merge could not decide.

    `snippet` is where in the snippet (its lines), `candidates` the places in the original that would do,
    `hint` says what a better snippet would show, `choices` are the ways to settle it: one of them, given to the next
    merge of the same texts, does.
    """

    kind: DoubtKind
    message: str
    hint: str = ""
    snippet: LineRange | None = None
    candidates: tuple[LineRange, ...] = ()
    choices: tuple[Choice, ...] = ()


class LineEdit(msgspec.Struct, frozen=True):
    """Original lines `start` up to `end` become `lines` (without line endings).

    `snippet_lines[k]` is the snippet line that `lines[k]` shows, or -1 where it comes from the original.
    """

    start: int
    end: int
    lines: tuple[str, ...]
    snippet_lines: tuple[int, ...] = ()


class Edit(msgspec.Struct, frozen=True):
    """Characters `start` up to `end` of the original (code points) become `text`."""

    start: int
    end: int
    text: str


class Span(msgspec.Struct, frozen=True):
    """Lines `start` up to `end` of the result come from `source`, there beginning at line `source_start`."""

    start: int
    end: int
    source: Source
    source_start: int


class Note(msgspec.Struct, frozen=True):
    """Snippet line `line` was read as a message to the merger (`dropped`), or kept as code though it may be one."""

    line: int
    text: str
    dropped: bool


class Changes(msgspec.Struct, frozen=True):
    """Lines added and removed, as a unified diff counts them."""

    added: int
    removed: int


class Usage(msgspec.Struct, frozen=True):
    """Tokens of the model path; all 0 when the structural merge answered.

    `drafted_tokens` were proposed to the model, `accepted_tokens` of them it chose too. `passes` counts the steps that
    computed something of the answer, `mismatches` the proposed tokens that the model did not choose. `cached_tokens` of
    the prompt had been read before. A server that says nothing of these five leaves them at 0.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    drafted_tokens: int = 0
    accepted_tokens: int = 0
    passes: int = 0
    mismatches: int = 0
    cached_tokens: int = 0


class ApplyResult(msgspec.Struct, frozen=True):
    """The answer of `fastapply.apply`.

    `format` is how the snippet was read (`lazy`, `whole_file`, `unified_diff`, `search_replace`, `patch`, `new_file`,
    `empty`), `fallback` why structure could not be used, and that the language was guessed (empty when it was
    named and structure used), `timings` milliseconds by stage.
    """

    merged_code: str
    edits: tuple[Edit, ...]
    doubts: tuple[Doubt, ...]
    notes: tuple[Note, ...]
    provenance: tuple[Span, ...]
    diff: str
    changes: Changes
    engine: str
    language: str
    format: str
    fallback: str
    usage: Usage
    timings: dict[str, float]
