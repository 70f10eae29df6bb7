"""OpenAI's client for JavaScript."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from support.node import Node
    from support.service import Service

SCRIPT = Path(__file__).with_name("openai_client.cjs")
FILE = "\ufeffdef one():\r\n    return 1\r\n\r\n\r\ndef two():\r\n    return '\U0001f600'"
EDIT = "def one():\n    return 11\n# ... existing code ...\n"
MERGED = FILE.replace("return 1", "return 11")
NOTHING = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


def ask(node: Node, service: Service, file: str = FILE, edit: str = EDIT, **fields: object) -> dict[str, Any]:
    message = {"role": "user", "content": f"<code>{file}</code>\n<update>{edit}</update>"}
    question = {"model": "morph-v3-large", "messages": [message], "path": "a.py", **fields}
    return dict(node.run(SCRIPT, baseURL=f"{service.url}/v1", ask=question))


def test_an_answer(node: Node, service: Service) -> None:
    assert ask(node, service) == {"content": MERGED, "finish": "stop", "usage": NOTHING}


def test_a_streamed_answer(node: Node, service: Service) -> None:
    told = ask(node, service, stream=True, stream_options={"include_usage": True})
    assert told == {"content": MERGED, "finish": "stop", "usage": NOTHING}


@pytest.mark.parametrize("stream", [False, True])
def test_a_refusal_is_an_error_that_helps(node: Node, service: Service, stream: bool) -> None:
    error = ask(node, service, edit="# ...\nthree()\n# ...\n", stream=stream)
    assert (error["kind"], error["status"]) == ("UnprocessableEntityError", 422)
    assert (error["code"], error["type"]) == ("edit_in_doubt", "invalid_request_error")
    assert "Hint: show the line right before or right after the new text" in error["message"]


def test_a_model_that_is_not_there(node: Node, service: Service) -> None:
    error = ask(node, service, model="gpt-5")
    assert (error["kind"], error["status"]) == ("NotFoundError", 404)
    assert (error["code"], error["param"]) == ("model_not_found", "model")


def test_the_models(node: Node, service: Service) -> None:
    told = node.run(SCRIPT, baseURL=f"{service.url}/v1", list="morph/morph-v3-fast")
    assert told["one"] == "morph/morph-v3-fast"
    assert {"auto", "morph-v3-fast", "relace-apply-3"} <= set(told["names"])
