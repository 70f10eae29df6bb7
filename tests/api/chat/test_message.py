"""The parts of a chat message. `field` is where the problem says the fault is."""

from __future__ import annotations

import pytest

from fastapply.api.chat.message import Parts, read_message
from fastapply.api.problems import Problem

SAMPLE = "<code>a</code>\n<update>b</update>"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        pytest.param("<code>a</code>\n<update>b</update>", ("", "a", "b"), id="no instruction"),
        pytest.param("<code></code>\n<update></update>", ("", "", ""), id="all empty"),
        pytest.param("<instruction>do</instruction>\n<code>a</code>\n<update>b</update>", ("do", "a", "b"), id="all"),
        pytest.param("<instructions>do</instructions><code>a</code><update>b</update>", ("do", "a", "b"), id="plural"),
        pytest.param("\n <code>a</code>\r\n\r\n<update>b</update>\n", ("", "a", "b"), id="white space around"),
        pytest.param(
            "<code>\ufeffa\r\n\r\n</code>\n<update>\n b \n</update>",
            ("", "\ufeffa\r\n\r\n", "\n b \n"),
            id="bytes",
        ),
        pytest.param(
            "<instruction>use <code> and </instruction> in it</instruction>\n<code>a</code>\n<update>b</update>",
            ("use <code> and </instruction> in it", "a", "b"),
            id="tags in the instruction",
        ),
        pytest.param(
            "Put the <update> into the <code> below.\n\n<code>a</code>\n\n<update>b</update>\n\nSay the whole code.",
            ("", "a", "b"),
            id="prose around",
        ),
        pytest.param("<code>a <code> b</code>\n<update>c</update>", ("", "a <code> b", "c"), id="unpaired, one place"),
        pytest.param("<code>a </update> b</code>\n<update>c</update>", ("", "a </update> b", "c"), id="end in file"),
        pytest.param("<code>a</code> b</code>\n<update>c</update>", ("", "a</code> b", "c"), id="two ends of the file"),
        pytest.param(f"<code>{SAMPLE}</code>\n<update>c</update>", ("", SAMPLE, "c"), id="a message as the file"),
        pytest.param(f"<code>c</code>\n<update>{SAMPLE}</update>", ("", "c", SAMPLE), id="a message as the edit"),
        pytest.param(f"<code>{SAMPLE}</code>\n<update>{SAMPLE}</update>", ("", SAMPLE, SAMPLE), id="as both"),
        pytest.param(
            "<code>```html\n<code>x</code>\n```\n</code>\n<update>```html\n<code>y</code>\n```</update>",
            ("", "```html\n<code>x</code>\n```\n", "```html\n<code>y</code>\n```"),
            id="fences",
        ),
    ],
)
def test_the_outermost_pairs_count(text: str, parts: tuple[str, str, str]) -> None:
    assert read_message(text, "messages[0].content") == Parts(*parts)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("change a to b", id="prose"),
        pytest.param("<code>a</code>", id="no edit"),
        pytest.param("<update>b</update>", id="no file"),
        pytest.param("<update>b</update>\n<code>a</code>", id="the wrong way round"),
        pytest.param("<code>a</code> and <update>b</update>", id="text between"),
        pytest.param("<code>a</code>\n<update>b", id="not closed"),
        pytest.param("<code>a <code></code>\n<update>b</code>\n<update>c</update>", id="two places, tags not paired"),
        pytest.param(f"<code>a</update></code>\n<update>{SAMPLE}</update>", id="two places, an end too many"),
    ],
)
def test_what_cannot_be_told_is_refused(text: str) -> None:
    with pytest.raises(Problem) as refused:
        read_message(text, "messages[2].content")
    assert refused.value.status == 422
    assert refused.value.members["field"] == "messages[2].content"
    assert "/v1/apply" in refused.value.detail
