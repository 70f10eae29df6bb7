"""Arguments as models write them: what is understood, and what is refused and how."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastapply.agent.arguments import read_arguments
from fastapply.agent.tools import ALIASES, EditFile, EditFiles, FileEdit, PreviewEdit, UndoEdit
from fastapply.aliases import names_of
from fastapply.errors import InvalidRequest

PATHS = ("path", "target_file", "target_filepath", "filePath", "file_path", "file")
EDITS = ("code_edit", "edit", "edit_snippet", "code", "content", "new_string")
PLAIN = {"path": "a.py", "code_edit": "x = 1\n"}


def complaint(given: dict[str, Any], kind: type = EditFile) -> tuple[str, str | None]:
    with pytest.raises(InvalidRequest) as caught:
        read_arguments(given, kind)
    return str(caught.value), caught.value.field


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("instruction", ["instruction", "instructions"])
def test_every_name_of_the_contract_is_understood(path: str, edit: str, instruction: str) -> None:
    read = read_arguments({path: "a.py", edit: "x = 1\n", instruction: "set x", "dryRun": True}, EditFile)
    assert read == EditFile(path="a.py", code_edit="x = 1\n", instruction="set x", dry_run=True)


def test_all_names_of_all_arguments_differ() -> None:
    names = [name for first in ALIASES for name in names_of(first, ALIASES)]
    assert len(names) == len(set(names))


def test_the_same_value_under_two_names_is_one() -> None:
    assert read_arguments({**PLAIN, "file_path": "a.py"}, EditFile) == EditFile(**PLAIN)


def test_two_values_for_one_argument_are_refused() -> None:
    assert complaint({**PLAIN, "file_path": "b.py"}) == (
        "file_path: differs from path, which means the same; send path alone",
        "file_path",
    )


@pytest.mark.parametrize(
    ("name", "question"),
    [("code_edits", "did you mean code_edit?"), ("dryrun", "did you mean dry"), ("expected_sha", "expected_sha256")],
)
def test_an_unknown_name_is_refused_with_the_nearest_one(name: str, question: str) -> None:
    message, field = complaint({**PLAIN, name: "x"})
    assert question in message
    assert field == name


def test_a_name_near_to_none_is_refused_with_all() -> None:
    message, _ = complaint({**PLAIN, "zzz": 1})
    assert message == (
        "zzz: no such argument; there are path, code_edit, instruction, expected_sha256, on_doubt, dry_run"
    )


def test_an_edit_written_for_a_tool_that_replaces_text_is_told_how_to_write_it() -> None:
    message, _ = complaint({"file_path": "a.py", "old_string": "x", "new_string": "y"})
    assert "code_edit shows the lines as they are to be" in message


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"path": 3}, "path: must be text, not a number"),
        ({"path": ["a.py"]}, "path: must be text, not a list"),
        ({"code_edit": {"a": 1}}, "code_edit: must be text, not an object"),
        ({"code_edit": " \n"}, "code_edit: is empty"),
        ({"path": ""}, "path: is empty"),
        ({"path": "file:///a.py"}, "path: must be a path, not a URL"),
        ({"path": "a.py\n"}, "path: white space around it, or a character that can't be shown"),
        ({"path": "a\0.py"}, "path: white space around it, or a character that can't be shown"),
        ({"dry_run": "yes"}, "dry_run: must be true or false, not text"),
        ({"dry_run": 1}, "dry_run: must be true or false, not a number"),
        ({"on_doubt": "model"}, "on_doubt: must be refuse or best"),
        ({"expected_sha256": "abc"}, "expected_sha256: must be a SHA-256, 64 hexadecimal digits"),
        ({"instruction": 1.5}, "instruction: must be text, not a number"),
        ({"path": None}, "path: missing"),
    ],
)
def test_what_can_not_be_used_is_refused_by_name(changed: dict[str, Any], message: str) -> None:
    assert complaint({**PLAIN, **changed})[0] == message


@pytest.mark.parametrize(
    ("loose", "plain"),
    [
        ({"dryRun": "True"}, {"dry_run": True}),
        ({"dry_run": " false "}, {"dry_run": False}),
        ({"instruction": None, "on_doubt": None, "dry_run": None, "expected_sha256": None}, {}),
        ({"expected_sha256": "", "on_doubt": ""}, {}),
        ({"expectedSha256": "AB" * 32}, {"expected_sha256": "ab" * 32}),
    ],
)
def test_what_can_only_mean_one_thing_is_taken_for_it(loose: dict[str, Any], plain: dict[str, Any]) -> None:
    assert read_arguments({**PLAIN, **loose}, EditFile) == EditFile(**PLAIN, **plain)


@pytest.mark.parametrize("edits", [[PLAIN], PLAIN, json.dumps([PLAIN]), json.dumps(PLAIN)])
def test_a_list_may_come_as_text_or_as_its_only_item(edits: object) -> None:
    assert read_arguments({"edits": edits}, EditFiles) == EditFiles(edits=(FileEdit(**PLAIN),))


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        ([], "edits: is empty"),
        ([PLAIN] * 201, "edits: has 201 items; send at most 200 at once"),
        ("not json", "edits: must be a list of objects, not text"),
        ("3", "edits: must be a list of objects, not a number"),
        ([PLAIN, "b.py"], "edits[1]: must be an object, not text"),
        ([{"path": "a.py"}], "edits[0].code_edit: missing"),
        ([PLAIN, {**PLAIN, "file": "b.py"}], "edits[1].file: differs from path, which means the same; send path alone"),
        ([{**PLAIN, "dry_run": True}], "edits[0].dry_run: no such argument"),
    ],
)
def test_an_item_that_can_not_be_used_is_named_by_its_number(edits: object, message: str) -> None:
    assert complaint({"edits": edits}, EditFiles)[0].startswith(message)


def test_each_tool_has_arguments_of_its_own() -> None:
    assert read_arguments({}, UndoEdit) == UndoEdit()
    assert read_arguments({"editId": "e1"}, UndoEdit) == UndoEdit("e1")
    assert "no such argument" in complaint({**PLAIN, "dry_run": True}, PreviewEdit)[0]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from([name for first in ALIASES for name in names_of(first, ALIASES)]) | st.text(max_size=12)


@given(st.dictionaries(NAMES, VALUES, max_size=5), st.sampled_from([EditFile, EditFiles, PreviewEdit, UndoEdit]))
def test_whatever_comes_is_read_or_refused(given: dict[str, Any], kind: type) -> None:
    with contextlib.suppress(InvalidRequest):
        assert isinstance(read_arguments(given, kind), kind)
