"""Files with placeholders, as Morph's SDK sends large ones."""

from __future__ import annotations

import json
import time

import pytest

from fastapply import apply
from fastapply.api.chat.anchors import Anchored, own_words
from fastapply.errors import InputTooLarge

FILE = """\
class Connection:\r
    def connect(self, address, timeout):\r
        self.socket = open_socket(address, timeout)\r
\r
    def close(self):\r
        self.socket.close_and_forget_it()\r
        self.socket = None"""
EDIT = """\
    # ... existing code ...
    def close(self):
        if self.socket is None:
            return
        self.socket.close_and_forget_it()
        # ... existing code ...
"""


def shown(file: str, shortest: int = 24) -> tuple[str, dict[str, str]]:
    """`file` as the SDK sends it, and the placeholders."""
    table: dict[str, str] = {}
    skeleton = []
    for line in file.split("\n"):
        text = line.removesuffix("\r")
        if len(text) >= shortest:
            line = line.replace(text, table.setdefault(text, f"⟪M0:{len(table)}:line⟫"))
        skeleton.append(line)
    definitions = [f"{placeholder}={json.dumps(text, ensure_ascii=False)}" for text, placeholder in table.items()]
    head = ["⟪MORPH_DEFINITIONS_BEGIN_0⟫", *definitions, "⟪MORPH_DEFINITIONS_END_0⟫", "⟪MORPH_CODE_BEGIN_0⟫"]
    return "\n".join([*head, *skeleton]), {placeholder: text for text, placeholder in table.items()}


def opened(text: str, placeholders: dict[str, str]) -> str:
    for placeholder, meant in placeholders.items():
        text = text.replace(placeholder, meant)
    return text


def read(code: str) -> Anchored:
    anchored = Anchored.read(code, 1000)
    assert anchored
    return anchored


def test_the_file_behind_the_placeholders_is_read() -> None:
    assert read(shown(FILE)[0]).text == FILE


def test_what_was_left_alone_is_answered_as_its_placeholders() -> None:
    code, placeholders = shown(FILE)
    anchored = read(code)
    result = apply(anchored.text, EDIT, path="connection.py")
    answer = anchored.restore(result.edits)
    assert opened(answer, placeholders) == result.merged_code
    assert all(answer.count(placeholder) == code.count(placeholder) - 1 for placeholder in placeholders)


def test_without_an_edit_the_skeleton_comes_back() -> None:
    code, _ = shown(FILE)
    assert read(code).restore(()) == code.partition("⟪MORPH_CODE_BEGIN_0⟫\n")[2]


@pytest.mark.parametrize("shortest", [1, 3, 24])
def test_any_edit_of_a_part_of_a_placeholder_opens_it(shortest: int) -> None:
    code, placeholders = shown(FILE, shortest)
    anchored = read(code)
    snippet = FILE.replace("address", "place").replace("close_and_forget_it", "shut")
    result = apply(anchored.text, snippet, path="connection.py")
    assert result.merged_code == snippet
    assert opened(anchored.restore(result.edits), placeholders) == snippet


def test_a_placeholder_without_a_readable_definition_stays() -> None:
    code = shown(FILE)[0].replace('="    def connect', '="\\ud800    def connect')
    assert read(code).text.split("\n")[1] == "⟪M0:0:line⟫\r"


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("", id="empty"),
        pytest.param("a = 1\n", id="a file"),
        pytest.param("# " + shown(FILE)[0], id="a table that does not begin the file"),
        pytest.param("⟪MORPH_DEFINITIONS_BEGIN_0⟫\n⟪M0:0:line⟫\n", id="a table without an end"),
    ],
)
def test_any_other_file_is_taken_as_it_is(code: str) -> None:
    assert Anchored.read(code, 1000) is None


def test_a_small_table_may_not_mean_a_huge_file() -> None:
    code, _ = shown("x" * 100 + "\n")
    with pytest.raises(InputTooLarge):
        Anchored.read(code + "⟪M0:0:line⟫\n" * 20, 2000)


def test_what_the_sdk_says_of_placeholders_is_no_instruction() -> None:
    said = "Add a guard.\n\nLARGE-FILE ANCHOR PROTOCOL:\nYou may repeat, reorder, or remove placeholders."
    assert own_words(said) == "Add a guard."
    assert own_words("Add a guard.") == "Add a guard."


def test_placeholders_that_are_never_closed_take_no_longer_than_others() -> None:
    code = "⟪MORPH_DEFINITIONS_BEGIN_0⟫\n\n⟪MORPH_DEFINITIONS_END_0⟫\n⟪MORPH_CODE_BEGIN_0⟫\n" + "⟪M0:0:x" * 100_000
    start = time.perf_counter()
    anchored = Anchored.read(code, 10 << 20)
    assert time.perf_counter() - start < 5  # by the square of their number it takes half a minute
    assert anchored
    assert anchored.text == "⟪M0:0:x" * 100_000
