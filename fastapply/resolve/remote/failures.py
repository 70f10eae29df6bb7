"""What a model server says when it does not answer, as an error of ours.

Servers repeat parts of the prompt in their messages, so no message is passed on or logged: only the status, and a type
where it looks like an identifier.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from fastapply.errors import ModelBusy, ModelDown, ModelError, ModelFailed, QuestionTooLong
from fastapply.retries import retry_after

if TYPE_CHECKING:
    import httpx2

__all__ = ["Refusal", "read_refusal", "told_in_stream"]

_MOST_BYTES = 64 * 1024
_RETRIED = frozenset((429, 500, 502, 503, 504))
_DOWN = frozenset((502, 503, 504))
_HINTS = {401: "check its API key", 403: "check its API key", 404: "check its address and the model's name there"}
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
# OpenAI, vLLM, SGLang, TensorRT-LLM, llama.cpp and llama-cpp-python, in this order where they differ.
_TOO_LONG = re.compile(
    r"context_length_exceeded|maximum context length|maximum model length|model's context length"
    r"|max_seq_len|max_num_tokens|max_input_len"
    r"|exceed_context_size|exceeds? (?:the )?(?:available )?context (?:size|window)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Refusal:
    """What the server said in place of an answer."""

    status: int
    kind: str = ""
    """The server's type or code of the error; empty where it named none."""
    too_long: bool = False
    """Prompt and answer are longer than the model's context."""
    text: str = ""
    """All of it, to look for names of fields. Holds parts of prompts: never shown."""
    after: float | None = None
    """Seconds after which it wants to be asked again."""

    def __repr__(self) -> str:
        return f"Refusal(status={self.status}, kind={self.kind!r})"

    @property
    def is_passing(self) -> bool:
        """The same question may well be answered a little later."""
        return self.status in _RETRIED and not self.too_long

    @property
    def is_fault(self) -> bool:
        """Something is wrong with the server, and not with the question or the number of them."""
        return self.status >= 500 and not self.too_long

    def error(self) -> ModelError:
        """The error to raise."""
        said = f"{self.status}, {self.kind}" if self.kind else f"{self.status}"
        if self.too_long:
            return QuestionTooLong(f"the model server says that prompt and answer exceed its context ({said})")
        if self.status == 429:
            return ModelBusy(f"the model server takes no more questions now ({said})")
        if self.status in _DOWN:
            return ModelDown(f"the model server is not available ({said})")
        hint = _HINTS.get(self.status)
        return ModelFailed(f"the model server answered with an error ({said})" + (f": {hint}" if hint else ""))


async def read_refusal(response: httpx2.Response) -> Refusal:
    """What `response`, which is not a success, says. Reads 64 KiB of it at most."""
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part[: _MOST_BYTES - len(body)]
        if len(body) >= _MOST_BYTES:
            break
    said: Any = None
    with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
        said = msgspec.json.decode(body)
    text = bytes(body).decode("utf-8", "replace")
    return _refusal(response.status_code, said, text, retry_after(response.headers.get("retry-after", "")))


def told_in_stream(said: Any) -> Refusal:
    """The same for an error that came as an event, after a status of 200."""
    error = said.get("error", said) if isinstance(said, dict) else said
    code = error.get("code") if isinstance(error, dict) else None
    status = code if isinstance(code, int) and 400 <= code < 600 else 500
    return _refusal(status, said, str(said), None)


def _refusal(status: int, said: Any, text: str, after: float | None) -> Refusal:
    error = said.get("error", said) if isinstance(said, dict) else None
    names = [error.get(name) for name in ("code", "type")] if isinstance(error, dict) else []
    kind = next((name for name in names if isinstance(name, str) and _IDENTIFIER.fullmatch(name)), "")
    return Refusal(status, kind, status == 413 or bool(_TOO_LONG.search(text)), text, after)
