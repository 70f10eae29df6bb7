"""A server of OpenAI's API whose model does one thing: it calls `edit_file`, and says that it is done."""

from __future__ import annotations

import contextlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

DONE = "delete() returns what it removed."


@dataclass
class ScriptedModel:
    """`arguments` is what it calls `edit_file` with; streamed, it writes the edit in pieces of 5 characters."""

    arguments: dict[str, str]
    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.requests.append(asked)
        if asked["messages"][-1]["role"] == "tool":
            return {"role": "assistant", "content": DONE}
        function = {"name": "edit_file", "arguments": json.dumps(self.arguments)}
        call = {"id": "call_1", "type": "function", "function": function}
        return {"role": "assistant", "content": None, "tool_calls": [call]}

    def pieces(self, asked: dict[str, Any]) -> Iterator[str]:
        self.requests.append(asked)
        text = self.arguments["code_edit"]
        return (text[at : at + 5] for at in range(0, len(text), 5))

    @property
    def tool_outcomes(self) -> list[str]:
        """What its calls were answered with."""
        contents = [one["content"] for asked in self.requests for one in asked["messages"] if one["role"] == "tool"]
        return [one if isinstance(one, str) else "".join(part["text"] for part in one) for one in contents]


@contextlib.contextmanager
def scripted_model(**arguments: str) -> Iterator[ScriptedModel]:
    model = ScriptedModel(arguments)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if asked.get("stream"):
                chunks = [{"delta": {"content": piece}, "index": 0} for piece in model.pieces(asked)]
                said = [{"id": "1", "object": "chat.completion.chunk", "choices": [chunk]} for chunk in chunks]
                text = "".join(f"data: {json.dumps(one)}\n\n" for one in said) + "data: [DONE]\n\n"
                self.reply(text.encode(), "text/event-stream")
                return
            message = model.answer(asked)
            choice = {"index": 0, "message": message, "finish_reason": "stop" if message["content"] else "tool_calls"}
            usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
            body = {"id": "1", "object": "chat.completion", "created": 1, "model": asked["model"], "usage": usage}
            self.reply(json.dumps({**body, "choices": [choice]}).encode(), "application/json")

        def reply(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        model.url = f"http://127.0.0.1:{server.server_port}/v1"
        try:
            yield model
        finally:
            server.shutdown()
