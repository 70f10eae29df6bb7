from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastapply.resolve.answer import Reader, closes_early, read_answer
from fastapply.resolve.completer import Question
from fastapply.resolve.profile import load_profile

KORTIX = load_profile("kortix-fastapply-1.5b")  # <updated-code>…</updated-code>
OSMOSIS = load_profile("osmosis-apply-1.7b")  # <code>\n…\n</code>
CODE = "a = 1\nb = 2\n"
QUESTION = Question(CODE, "b = 2\n", CODE)
TAG = "</updated-code>"


def question(code: str) -> Question:
    return Question(code, "", code)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(f"<updated-code>{CODE}{TAG}", id="as trained"),
        pytest.param(f"<updated-code>{CODE}{TAG}\n\nI changed b.", id="talk behind it"),
        pytest.param(f"Here it is:\n<updated-code>{CODE}{TAG}", id="talk before it"),
        pytest.param(f"<updated-code>\n{CODE}{TAG}", id="a line break more"),
        pytest.param(f"```python\n<updated-code>{CODE}{TAG}\n```", id="a fence around the tags"),
        pytest.param(f"<updated-code>\n```python\n{CODE}```\n{TAG}", id="a fence between the tags"),
        pytest.param(f"<updated-code>```\n{CODE}```\n\n{TAG}", id="a fence right at the tag"),
        pytest.param(f"<updated-code>{CODE}{TAG}{CODE}{TAG}", id="the first tag ends it"),
    ],
)
def test_the_code_in_an_answer(content: str) -> None:
    """Whatever models put around it."""
    assert read_answer(KORTIX, QUESTION, content) == (CODE, "stop")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        pytest.param("<updated-code>a = 1\n", "a = 1\n", id="no closing tag"),
        pytest.param("a = 1\n", "a = 1\n", id="no tag at all"),
        pytest.param("```\na = 1\n```", "a = 1\n", id="only a fence"),
        pytest.param("", "", id="nothing"),
        pytest.param("<updated-co", "<updated-co", id="broken off in the tag"),
        pytest.param("<updated-code>a = 1\n</updated-co", "a = 1\n</updated-co", id="broken off in the closing tag"),
    ],
)
def test_an_answer_without_its_closing_tag_is_cut(content: str, text: str) -> None:
    """Though the server says that it ended well."""
    assert read_answer(KORTIX, QUESTION, content, finished="stop") == (text, "length")


def test_line_breaks_that_belong_to_the_tags() -> None:
    """Osmosis' stand on lines of their own."""
    assert read_answer(OSMOSIS, QUESTION, f"<code>\n{CODE}\n</code>") == (CODE, "stop")
    assert read_answer(OSMOSIS, question("a = 1"), "<code>\na = 1\n</code>") == ("a = 1", "stop")
    assert read_answer(OSMOSIS, question("\na\n"), "<code>\n\na\n\n</code>") == ("\na\n", "stop")


def test_an_answer_whose_begin_was_given() -> None:
    """Servers go on from it, or repeat it."""
    assert read_answer(KORTIX, QUESTION, f"{CODE}{TAG}", begun=True) == (CODE, "stop")
    assert read_answer(KORTIX, QUESTION, f"<updated-code>{CODE}{TAG}", begun=True) == (CODE, "stop")


def test_a_file_that_is_fenced_itself() -> None:
    """Its fences are its own."""
    code = "```\na\n```\n"
    assert read_answer(KORTIX, question(code), f"<updated-code>{code}{TAG}") == (code, "stop")


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(f'end = "{TAG}"\nrest = 1\n', id="in a line"),
        pytest.param(f"{TAG}\nrest = 1\n", id="as a line"),
        pytest.param(f"a\n{TAG}", id="as the last line"),
        pytest.param(f"{TAG}{TAG}\n", id="twice"),
    ],
)
def test_code_that_holds_the_closing_tag(code: str) -> None:
    """The last one ends the answer, and one that was cut short is never taken for whole."""
    asked = question(code)
    assert closes_early(KORTIX, asked)
    assert read_answer(KORTIX, asked, f"<updated-code>{code}{TAG}") == (code, "stop")
    assert read_answer(KORTIX, asked, f"<updated-code>{code}{TAG}\n") == (code, "stop")
    assert read_answer(KORTIX, asked, f"<updated-code>{code}", finished="length")[1] == "length"
    if not code.rstrip().endswith(TAG):
        assert read_answer(KORTIX, asked, f"<updated-code>{code}") == (code, "length")


def test_the_tag_of_the_prompt_in_the_code_is_nothing_special() -> None:
    """Only the answer's own tag matters."""
    code = "x = '</code>'\n"
    assert not closes_early(KORTIX, question(code))
    assert read_answer(KORTIX, question(code), f"<updated-code>{code}{TAG}") == (code, "stop")


def test_bare_code_has_no_tags() -> None:
    """Where the engine takes them off, those that are left are the code's."""
    reader = Reader(KORTIX, QUESTION, bare=True)
    given = reader.push(f"x = '{TAG}'\n")
    rest, finished = reader.finish("stop")
    assert (given + rest, finished) == (f"x = '{TAG}'\n", "stop")
    assert not reader.closed


_PARTS = st.sampled_from(
    ["a = 1\n", "\n", "<", "</", TAG, "<updated-code>", "```\n", "```py\n", "é", "x", "updated-code>"]
)


@given(st.lists(_PARTS, max_size=12).map("".join), st.lists(_PARTS, max_size=8).map("".join), st.data())
@settings(max_examples=300, deadline=None, derandomize=True)
def test_in_pieces_as_in_whole(content: str, code: str, data: st.DataObject) -> None:
    """However it is cut, what is given out is the beginning of the code, and in the end all of it."""
    asked = question(code)
    for profile in (KORTIX, OSMOSIS):
        whole = read_answer(profile, asked, content)
        reader = Reader(profile, asked)
        at, given = 0, ""
        while at < len(content):
            size = data.draw(st.integers(1, 30))
            given += reader.push(content[at : at + size])
            at += size
            assert whole[0].startswith(given)
        rest, finished = reader.finish("stop")
        assert (given + rest, finished) == whole
        assert reader.text == whole[0]


@given(st.lists(_PARTS, max_size=12).map("".join), st.integers(0, 300))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_an_answer_that_breaks_off_is_never_whole(code: str, length: int) -> None:
    """Cut anywhere before its end by a limit, it is `length`, or holds all of the code."""
    content = f"<updated-code>{code}{TAG}"
    text, finished = read_answer(KORTIX, question(code), content[:length], finished="length")
    assert finished == "length" or text == read_answer(KORTIX, question(code), content)[0]


def test_long_answers_come_as_they_grow() -> None:
    """All but the last few characters."""
    reader = Reader(KORTIX, QUESTION, begun=True)
    given = sum(len(reader.push(f"line {i}\n")) for i in range(1000))
    assert given == len(reader.text) > 7000
    reader.push(TAG)
    assert reader.closed
    assert reader.push("more") == ""
