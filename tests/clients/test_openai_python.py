"""OpenAI's client for Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openai
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.service import Service

FILE = "\ufeffdef one():\r\n    return 1\r\n\r\n\r\ndef two():\r\n    return '\U0001f600'"
EDIT = "def one():\n    return 11\n# ... existing code ...\n"
MERGED = FILE.replace("return 1", "return 11")


@pytest.fixture
def client(service: Service) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key="unused", base_url=f"{service.url}/v1", max_retries=0) as client:
        yield client


def messages(edit: str = EDIT) -> Any:
    return [{"role": "user", "content": f"<code>{FILE}</code>\n<update>{edit}</update>"}]


def test_an_answer(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model="auto", messages=messages(), extra_body={"path": "a.py"})
    assert answer.choices[0].message.content == MERGED
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage
    assert answer.usage.total_tokens == 0


def test_a_streamed_answer(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model="auto", messages=messages(), stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == MERGED
    assert [chunk.usage is not None for chunk in chunks] == [False] * (len(chunks) - 1) + [True]


def test_the_stream_helper(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(model="auto", messages=messages()) as stream:
        assert stream.get_final_completion().choices[0].message.content == MERGED


def test_a_refusal_is_an_error_that_helps(client: openai.OpenAI) -> None:
    with pytest.raises(openai.UnprocessableEntityError) as refused:
        client.chat.completions.create(model="auto", messages=messages("# ...\nthree()\n# ...\n"))
    assert refused.value.code == "edit_in_doubt"
    assert refused.value.type == "invalid_request_error"
    assert "Hint: show the line right before or right after the new text" in refused.value.message
    assert refused.value.response.json()["error"]["doubts"][0]["kind"] == "no_anchor"


def test_the_best_guess_and_its_doubts(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model="auto",
        messages=messages("# ...\nthree()\n# ...\n"),
        extra_body={"on_doubt": "best", "path": "a.py"},
    )
    assert "three()" in str(answer.choices[0].message.content)
    assert answer.model_dump()["doubts"][0]["kind"] == "no_anchor"


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"model": "gpt-5"}, openai.NotFoundError),
        ({"messages": []}, openai.UnprocessableEntityError),
        ({"n": 2}, openai.UnprocessableEntityError),
    ],
)
def test_other_errors(client: openai.OpenAI, fields: dict[str, Any], kind: type[openai.APIStatusError]) -> None:
    with pytest.raises(kind) as refused:
        client.chat.completions.create(**{"model": "auto", "messages": messages(), **fields})
    assert refused.value.param == next(iter(fields))


def test_the_models(client: openai.OpenAI) -> None:
    assert {"auto", "morph-v3-fast"} <= {model.id for model in client.models.list()}
    assert client.models.retrieve("relace/relace-apply-3").id == "relace/relace-apply-3"
