"""What holds of all routes alike: bytes, envelopes, readiness."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.service import Service

EDIT = "a = 100\n# ... existing code ...\n"
BYTES = [
    pytest.param("a = 1\nb = 2\n", "a = 100\nb = 2\n", id="plain"),
    pytest.param("a = 1\r\nb = 2\r\n", "a = 100\r\nb = 2\r\n", id="CRLF"),
    pytest.param("a = 1\r\nb = 2\nc = 3\rd = 4\n", "a = 100\r\nb = 2\nc = 3\rd = 4\n", id="mixed endings"),
    pytest.param("\ufeffa = 1\nb = 2\n", "\ufeffa = 100\nb = 2\n", id="byte order mark"),
    pytest.param("a = 1\nb = 2", "a = 100\nb = 2", id="no final newline"),
    pytest.param("a = 1\n\tb = 2  \n\n\n", "a = 100\n\tb = 2  \n\n\n", id="blanks"),
    pytest.param(
        "a = 1\nb = '\u2028é\U0001f600\x00\x0c'\n", "a = 100\nb = '\u2028é\U0001f600\x00\x0c'\n", id="odd characters"
    ),
    pytest.param("a = 1\nb = '</code><code>'\n```\n", "a = 100\nb = '</code><code>'\n```\n", id="tags and fences"),
]


def by_apply(service: Service, file: str, edit: str) -> str:
    return str(service.apply(original_code=file, edit_snippet=edit, path="a.txt").json()["merged_code"])


def by_code_apply(service: Service, file: str, edit: str) -> str:
    reply = httpx.post(f"{service.url}/v1/code/apply", json={"initialCode": file, "editSnippet": edit, "path": "a.txt"})
    return str(reply.json()["mergedCode"])


def by_chat(service: Service, file: str, edit: str) -> str:
    return str(chat(service, file, edit).json()["choices"][0]["message"]["content"])


def by_streamed_chat(service: Service, file: str, edit: str) -> str:
    lines = chat(service, file, edit, stream=True).text.split("\n\n")
    chunks = [json.loads(line.removeprefix("data: ")) for line in lines[:-2]]
    return "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)


def chat(service: Service, file: str, edit: str, **fields: object) -> httpx.Response:
    messages = [{"role": "user", "content": f"<code>{file}</code>\n<update>{edit}</update>"}]
    return httpx.post(f"{service.url}/v1/chat/completions", json={"messages": messages, "path": "a.txt", **fields})


@pytest.mark.parametrize("ask", [by_apply, by_code_apply, by_chat, by_streamed_chat])
@pytest.mark.parametrize(("file", "merged"), BYTES)
def test_every_byte_outside_the_edit_survives_every_route(
    service: Service, ask: Callable[[Service, str, str], str], file: str, merged: str
) -> None:
    assert ask(service, file, EDIT) == merged
    assert ask(service, file, file) == file


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/chat/completions", 405, "method_not_allowed"),
        ("GET", "/v1/code/apply", 405, "method_not_allowed"),
        ("POST", "/v1/models", 405, "method_not_allowed"),
        ("GET", "/v1/chat/nothing", 404, "not_found"),
    ],
)
def test_where_others_made_the_route_known_errors_are_theirs(
    service: Service, method: str, path: str, status: int, code: str
) -> None:
    reply = httpx.request(method, service.url + path)
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/json"
    assert reply.json()["error"]["code"] == code
    assert ("allow" in reply.headers) == (status == 405)


@pytest.mark.parametrize("route", ["code/apply", "chat/completions"])
def test_limits_and_types_of_the_body_are_told_in_their_envelope(service: Service, route: str) -> None:
    url = f"{service.url}/v1/{route}"
    large = httpx.post(url, content=b" " * (10 * 1024 * 1024 + 1), headers={"content-type": "application/json"})
    assert (large.status_code, large.json()["error"]["code"]) == (413, "input_too_large")
    plain = httpx.post(url, content=b"{}", headers={"content-type": "text/plain"})
    assert (plain.status_code, plain.json()["error"]["code"]) == (415, "unsupported_media_type")
    cut = httpx.post(url, content=b"{", headers={"content-type": "application/json"})
    assert (cut.status_code, cut.json()["error"]["code"]) == (400, "malformed")


def test_a_late_merge_is_not_to_be_sent_again(start_service: Callable[..., Service]) -> None:
    """OpenAI's clients send a 5xx again, unless they are told not to."""
    service = start_service("--pool-workers", "1", "--deadline", "0.5")
    service.signal_workers(signal.SIGSTOP)
    reply = chat(service, "a = 1\n", "a = 2\n")
    assert (reply.status_code, reply.json()["error"]["code"]) == (504, "deadline_exceeded")
    assert reply.headers["x-should-retry"] == "false"
