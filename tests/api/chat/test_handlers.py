"""`POST /v1/chat/completions` as plain HTTP; `tests/clients` asks with the real clients."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from support.service import Service

FILE = "def one():\n    return 1\n\n\ndef two():\n    return 2\n"
EDIT = "# ... existing code ...\ndef two():\n    return 22\n"
MERGED = "def one():\n    return 1\n\n\ndef two():\n    return 22\n"
MESSAGE = f"<instruction>Change two.</instruction>\n<code>{FILE}</code>\n<update>{EDIT}</update>"
DOUBTFUL = "<code>a = 1\nb = 2\n</code>\n<update># ...\nc = 3\n# ...\n</update>"


def ask(service: Service, content: Any = MESSAGE, **fields: object) -> httpx.Response:
    body = {"model": "morph-v3-fast", "messages": [{"role": "user", "content": content}], **fields}
    return httpx.post(f"{service.url}/v1/chat/completions", json=body, timeout=30)


def refused(reply: httpx.Response, status: int, code: str, param: str | None) -> str:
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/json"
    error = reply.json()["error"]
    assert (error["code"], error["param"]) == (code, param)
    assert error["type"] in ("invalid_request_error", "server_error")
    return str(error["message"])


def streamed(reply: httpx.Response) -> list[dict[str, Any]]:
    assert reply.status_code == 200, reply.text
    assert reply.headers["content-type"].startswith("text/event-stream")
    *events, done, rest = reply.text.split("\n\n")
    assert (done, rest) == ("data: [DONE]", "")
    return [json.loads(event.removeprefix("data: ")) for event in events]


def test_the_answer_is_the_merged_file_and_nothing_else(service: Service) -> None:
    answer = ask(service).json()
    assert answer["object"] == "chat.completion"
    assert answer["id"].startswith("chatcmpl-")
    assert answer["model"] == "fastapply-structural"
    assert answer["created"] > 1_700_000_000
    [choice] = answer["choices"]
    assert choice["message"] == {"role": "assistant", "content": MERGED, "refusal": None}
    assert choice["finish_reason"] == "stop"
    assert answer["usage"] == {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    assert answer["doubts"] == []


def test_the_answer_is_streamed_when_asked(service: Service) -> None:
    first, *middle, last = streamed(ask(service, stream=True))
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert "".join(chunk["choices"][0]["delta"]["content"] for chunk in middle) == MERGED
    assert last["choices"][0]["delta"] == {}
    assert last["choices"][0]["finish_reason"] == "stop"
    assert all(chunk["choices"][0]["finish_reason"] is None for chunk in [first, *middle])
    assert {chunk["object"] for chunk in [first, *middle, last]} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in [first, *middle, last]}) == 1


def test_usage_is_streamed_when_asked(service: Service) -> None:
    *_, before, last = streamed(ask(service, stream=True, stream_options={"include_usage": True}))
    assert before["usage"] is None
    assert last["choices"] == []
    assert last["usage"] == {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


def test_a_long_answer_comes_in_several_chunks(service: Service) -> None:
    file = "".join(f"value_{number} = '\U0001f600'\n" for number in range(5000))
    chunks = streamed(ask(service, f"<code>{file}</code>\n<update>{file}</update>", stream=True))
    assert len(chunks) > 3
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks) == file


def test_content_may_be_a_list_of_text_parts(service: Service) -> None:
    parts = [{"type": "text", "text": MESSAGE[:70]}, {"type": "text", "text": MESSAGE[70:]}]
    assert ask(service, parts).json()["choices"][0]["message"]["content"] == MERGED


def test_other_messages_and_fields_do_no_harm(service: Service) -> None:
    messages = [
        {"role": "system", "content": "You merge code."},
        {"role": "user", "content": "Hello", "name": "me"},
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "user", "content": MESSAGE},
    ]
    reply = ask(service, messages=messages, temperature=0, max_tokens=1, n=1, user="me", stream=None, stop=["\n"])
    assert reply.json()["choices"][0]["message"]["content"] == MERGED


@pytest.mark.parametrize("hint", [{"path": "a.py"}, {"filename": "a.py"}, {"language": "python"}])
def test_the_language_can_be_told(service: Service, hint: dict[str, str]) -> None:
    broken = "<code>def f():\n    return 1\n</code>\n<update>def f():\n    return (\n</update>"
    assert "syntax_regressed" in refused(ask(service, broken, **hint), 422, "edit_in_doubt", None)


def test_a_refusal_says_what_to_do_about_it(service: Service) -> None:
    reply = ask(service, DOUBTFUL)
    message = refused(reply, 422, "edit_in_doubt", None)
    assert "no_anchor" in message
    assert "Hint: show the line right before or right after the new text" in message
    assert "(the edit, line 2)" in message
    assert "lines 1 to 2 of the file" in message
    assert reply.json()["error"]["doubts"][0]["kind"] == "no_anchor"
    assert reply.json()["error"]["hint"]


def test_a_refusal_comes_before_the_stream(service: Service) -> None:
    refused(ask(service, DOUBTFUL, stream=True), 422, "edit_in_doubt", None)


def test_the_best_guess_comes_with_its_doubts(service: Service) -> None:
    assert ask(service, DOUBTFUL, on_doubt="best").json()["doubts"][0]["kind"] == "no_anchor"
    chunks = streamed(ask(service, DOUBTFUL, on_doubt="best", stream=True))
    assert chunks[-1]["doubts"][0]["kind"] == "no_anchor"
    assert not any(chunk["doubts"] for chunk in chunks[:-1])


@pytest.mark.parametrize(
    ("fields", "status", "code", "param"),
    [
        ({"model": "gpt-5"}, 404, "model_not_found", "model"),
        ({"model": 5}, 422, "invalid_request", "model"),
        ({"on_doubt": "model"}, 422, "model_unavailable", "on_doubt"),
        ({"on_doubt": "perhaps"}, 422, "invalid_request", "on_doubt"),
        ({"n": 2}, 422, "invalid_request", "n"),
        ({"stream": "yes"}, 422, "invalid_request", "stream"),
        ({"stream_options": {"include_usage": 1}}, 422, "invalid_request", "stream_options.include_usage"),
        ({"messages": None}, 422, "invalid_request", "messages"),
        ({"messages": []}, 422, "invalid_request", "messages"),
        ({"messages": "Hi"}, 422, "invalid_request", "messages"),
        ({"messages": [{"role": "system", "content": MESSAGE}]}, 422, "invalid_request", "messages"),
        ({"messages": [{"role": "robot", "content": MESSAGE}]}, 422, "invalid_request", "messages[0].role"),
        ({"messages": [{"role": "user"}]}, 422, "invalid_request", "messages[0].content"),
        ({"messages": [{"role": "user", "content": "Hi"}]}, 422, "invalid_request", "messages[0].content"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            422,
            "invalid_request",
            "messages[0].content[0].type",
        ),
        ({"language": "klingon"}, 422, "unknown_language", "language"),
    ],
)
def test_what_cannot_be_used_is_named(
    service: Service, fields: dict[str, object], status: int, code: str, param: str
) -> None:
    assert refused(ask(service, **fields), status, code, param)


def test_a_huge_file_behind_placeholders_is_too_large(service: Service) -> None:
    begin, line = "⟪MORPH_DEFINITIONS_BEGIN_0⟫", "x" * 10_000
    code = f'{begin}\n⟪M0:0:line⟫="{line}"\n⟪MORPH_DEFINITIONS_END_0⟫\n⟪MORPH_CODE_BEGIN_0⟫\n' + "⟪M0:0:line⟫\n" * 2000
    assert refused(ask(service, f"<code>{code}</code>\n<update>a</update>"), 413, "input_too_large", "messages")


@pytest.mark.parametrize("path", ["/chat/completions", "/models"])
def test_a_client_whose_base_url_lacks_the_version_is_told_in_its_own_words(service: Service, path: str) -> None:
    reply = httpx.post(f"{service.url}{path}", json={})
    refused(reply, 404, "not_found", None)
