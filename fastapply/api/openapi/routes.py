"""Each route, described: what `document` can't tell from the types."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fastapply.agent.formats import FORMATS
from fastapply.api.agent import McpMessage, ToolList
from fastapply.api.batch import wire as batch
from fastapply.api.chat import wire as chat
from fastapply.api.envelopes import ErrorEnvelope, ProblemBody
from fastapply.api.live import wire as live
from fastapply.api.live.lines import MEDIA_TYPE
from fastapply.api.metrics import TEXT_FORMAT
from fastapply.api.models import Model, ModelList
from fastapply.api.state import Health, Readiness
from fastapply.api.warming import ALIASES as WARM_ALIASES
from fastapply.api.warming import REQUIRED as WARM_REQUIRED
from fastapply.api.warming import WarmAnswer, WarmRequest
from fastapply.api.wire import ALIASES, REQUIRED, ApplyAnswer, ApplyRequest, CodeApplyAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ERRORS", "ROUTES", "Answer", "Body", "Route"]


@dataclass(frozen=True)
class Body:
    """The body of a request: how it is read, and one that works."""

    name: str
    kind: type
    aliases: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]
    example: dict[str, Any] | str
    """A text where the body is lines: `lines` has the types of the further ones."""
    parts: tuple[Body, ...] = ()
    """Objects in it whose fields go by several names, too."""
    lines: tuple[type, ...] = ()
    """Where the body is lines of JSON, and `kind` the first one: what the others are."""

    @property
    def media_type(self) -> str:
        """What it is announced as."""
        return MEDIA_TYPE if self.lines else "application/json"


@dataclass(frozen=True)
class Answer:
    """One answer. Without a `kind` it is text."""

    status: int
    description: str
    kind: type | None
    media_type: str = "application/json"


@dataclass(frozen=True)
class Route:
    """One route. `errors` are statuses in `ERRORS`, in the envelope of the route; `queries` what may follow its `?`."""

    method: str
    path: str
    name: str
    summary: str
    description: str
    answers: tuple[Answer, ...]
    errors: tuple[int, ...] = ()
    body: Body | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    queries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    needs_key: bool = True


ERRORS = {
    400: "The body is no JSON, no object, not UTF-8, or holds a lone surrogate (`malformed`).",
    401: "No key, or one that is not known (`unauthorized`; in OpenAI's envelope `invalid_api_key`).",
    403: "The key was revoked (`key_revoked`), or a service without keys was asked under a name that is not local "
    "(`host_not_allowed`), or a page of another site asked `/mcp` (`origin_not_allowed`).",
    404: "There is no such model (`model_not_found`), or there are no tools (`agent_off`).",
    413: "The body, or the file behind its placeholders, is too large (`input_too_large`).",
    415: "The body does not say that it is JSON, or it is compressed (`unsupported_media_type`).",
    422: "The edit is refused (`edit_in_doubt`, with doubts and a hint), a field can't be used (`invalid_request`, "
    "`unknown_language`), a model is asked for and none is configured (`model_unavailable`), or the edit is too long "
    "for the model or holds its marks (`question_too_long`, `question_unfit`). Of an atomic batch: a file of it is "
    "(`batch_refused`, with `files`); where a file failed with a higher status, it is that one.",
    429: "Too many requests in a minute (`rate_limited`; in OpenAI's envelope `rate_limit_exceeded`).",
    500: "The process of this merge was lost (`worker_died`), or a fault of the service (`error`). Other requests are "
    "not affected.",
    502: "The model answered with an error of its own (`model_failed`).",
    503: "Too many requests wait (`queue_full`, `model_busy`), or the model that is asked for does not run "
    "(`model_down`; `model_unusable`, without `Retry-After`, where it can't be run at all).",
    504: "The merge took longer than its deadline, waiting included (`deadline_exceeded`).",
}
"""When each status of an error is answered. 499 is for the log alone: its client has gone."""

_ADMISSION = (401, 403, 429)
_MERGE = (400, *_ADMISSION, 413, 415, 422, 500, 502, 503, 504)
_GREET = 'def greet(name):\n    print("hi " + name)\n\n\ngreet("you")\n'
_GREET_BETTER = 'def greet(name):\n    print(f"hi {name}")\n# ... existing code ...\n'
_STREAM = (
    {"path": "greet.py", "original_code": _GREET},
    {"delta": 'def greet(name):\n    print(f"hi {name}")\n'},
    {"delta": "# ... existing code ...\n"},
    {"end": True},
)

ROUTES = (
    Route(
        method="post",
        path="/v1/apply",
        name="apply",
        summary="Merge a lazy edit into a file",
        description="FastApply's own route: the answer has all there is to know. With `stream` the text comes as it "
        "is final: in one piece from the structural merge, bit by bit from a model.",
        body=Body(
            "ApplyRequest",
            ApplyRequest,
            ALIASES,
            REQUIRED,
            {"path": "greet.py", "original_code": _GREET, "edit_snippet": _GREET_BETTER},
        ),
        answers=(
            Answer(200, "The merged file.", ApplyAnswer),
            Answer(
                200,
                "With `stream`: events `text`, whose data are `TextDelta`s and together the merged file, then one "
                "`result` (`ApplyAnswer`), or one `error` (`ProblemBody`) where the answer of the model is refused.",
                None,
                "text/event-stream",
            ),
        ),
        errors=_MERGE,
    ),
    Route(
        method="post",
        path="/v1/apply/batch",
        name="applyBatch",
        summary="Merge lazy edits into several files",
        description="Each file is merged by itself, and what becomes of it is said in its place: a `result` or a "
        "`problem`. With `atomic` it is all or none: where a file can't be merged, the answer is a problem "
        "(`batch_refused`) whose `files` say which and why. A path may stand in a batch once.",
        body=Body(
            "BatchRequest",
            batch.BatchRequest,
            batch.ALIASES_OF_BATCH,
            batch.REQUIRED_OF_BATCH,
            {"atomic": True, "files": [{"path": "greet.py", "original_code": _GREET, "edit_snippet": _GREET_BETTER}]},
            (Body("BatchFile", batch.BatchFile, batch.ALIASES_OF_FILE, REQUIRED, {}),),
        ),
        answers=(Answer(200, "What became of each file.", batch.BatchAnswer),),
        errors=_MERGE,
    ),
    Route(
        method="post",
        path="/v1/apply/stream",
        name="applyStream",
        summary="Merge a lazy edit while it is written",
        description="The body is lines of JSON: first a `StreamRequest`, then `Piece`s as the model writes, at last "
        "one with `end`; blank lines say that the client is there. The answer is lines, too, each a `Said`, and begins "
        "while the body still comes: edits as soon as they are certain, then the `answer` or the `problem`. All edits "
        "are among those of the answer, or it comes with the problem `early_edit_wrong`. What is wrong with the first "
        "line has the status of its error. A body that ends without `end` is not merged.",
        body=Body(
            "StreamRequest",
            live.StreamRequest,
            live.ALIASES_OF_STREAM,
            live.REQUIRED_OF_STREAM,
            "".join(f"{json.dumps(line)}\n" for line in _STREAM),
            lines=(live.Piece,),
        ),
        answers=(Answer(200, "Edits as they are certain, then the answer or the problem.", live.Said, MEDIA_TYPE),),
        errors=(400, *_ADMISSION, 413, 415, 422),
    ),
    Route(
        method="post",
        path="/v1/code/apply",
        name="codeApply",
        summary="Merge a lazy edit, in Morph's and Relace's form",
        description="For clients of these services. `relace_metadata` and other fields are ignored; `stream` changes "
        "nothing: the answer is one JSON object.",
        body=Body(
            "CodeApplyRequest",
            ApplyRequest,
            ALIASES,
            REQUIRED,
            {"model": "auto", "initial_code": _GREET, "edit_snippet": _GREET_BETTER, "instruction": "Use an f-string."},
        ),
        answers=(Answer(200, "The merged file.", CodeApplyAnswer),),
        errors=(*_MERGE, 404),
    ),
    Route(
        method="post",
        path="/v1/chat/completions",
        name="chatCompletions",
        summary="Merge a lazy edit, in OpenAI's form",
        description="The last message of the user is `<instruction>…</instruction>`, `<code>…</code>`, "
        "`<update>…</update>`, the first one optional, and the outermost pairs count. The content of the answer is the "
        "merged file and nothing else. Files with the placeholders of Morph's SDK are understood.",
        body=Body(
            "ChatRequest",
            chat.ChatRequest,
            chat.ALIASES,
            chat.REQUIRED,
            {
                "model": "auto",
                "messages": [
                    {
                        "role": "user",
                        "content": f"<instruction>Use an f-string.</instruction>\n<code>{_GREET}</code>\n"
                        f"<update>{_GREET_BETTER}</update>",
                    }
                ],
            },
        ),
        answers=(
            Answer(200, "The merged file.", chat.Completion),
            Answer(200, "With `stream`: events whose data are `Chunk`s, then `[DONE]`.", None, "text/event-stream"),
        ),
        errors=(*_MERGE, 404),
    ),
    Route(
        method="post",
        path="/v1/warm",
        name="warm",
        summary="Have the model read a file ahead",
        description="For editors: the next edit of this file that the model is asked about finds the file read, and "
        "is answered sooner. It waits for every other request, and ends when its client goes. It is counted by itself "
        "where requests are limited: so many warm-ups a minute as other requests, whatever was used of these.",
        body=Body(
            "WarmRequest", WarmRequest, WARM_ALIASES, WARM_REQUIRED, {"path": "greet.py", "original_code": _GREET}
        ),
        answers=(Answer(200, "The model has read it, or `skipped` says why not.", WarmAnswer),),
        errors=(400, *_ADMISSION, 413, 415, 422, 500),
    ),
    Route(
        method="get",
        path="/v1/models",
        name="listModels",
        summary="The names under which models can be asked for",
        description="Names of hosted services are among them, as other names for `auto`.",
        answers=(Answer(200, "All names.", ModelList),),
        errors=_ADMISSION,
    ),
    Route(
        method="get",
        path="/v1/models/{model_id}",
        name="getModel",
        summary="Whether there is a model of this name",
        description="",
        parameters={"model_id": "auto"},
        answers=(Answer(200, "There is.", Model),),
        errors=(*_ADMISSION, 404),
    ),
    Route(
        method="get",
        path="/v1/tools",
        name="listTools",
        summary="The tools for agents, for function calling",
        description="What goes into `tools` of a request to a model. The same tools can be called at `/mcp`.",
        queries={"format": tuple(FORMATS)},
        answers=(Answer(200, "The tools.", ToolList),),
        errors=(*_ADMISSION, 422),
    ),
    Route(
        method="post",
        path="/mcp",
        name="mcp",
        summary="The tools for agents, by the Model Context Protocol",
        description="MCP's streamable HTTP, without sessions: any revision since 2024-11-05. There where the setting "
        "`agent.roots` names the folders whose files may be edited. What is wrong with a message is said in JSON-RPC.",
        body=Body(
            "McpMessage",
            McpMessage,
            dict.fromkeys(McpMessage.__struct_fields__, ()),
            ("jsonrpc", "method"),
            {"jsonrpc": "2.0", "id": 1, "method": "tools/list"},
        ),
        answers=(
            Answer(200, "The answer, in JSON-RPC.", dict),
            Answer(200, "The same as an event, behind those that tell how far it is.", None, "text/event-stream"),
            Answer(202, "A notification was taken.", None),
        ),
        errors=(*_ADMISSION, 400, 404, 413, 415),
    ),
    Route(
        method="get",
        path="/health",
        name="health",
        summary="Whether merges can be made",
        description="Restart a service that stays unavailable.",
        answers=(Answer(200, "They can.", Health), Answer(503, "No worker for small merges is up.", Health)),
        needs_key=False,
    ),
    Route(
        method="get",
        path="/ready",
        name="ready",
        summary="Whether to send requests here",
        description="For a load balancer.",
        answers=(
            Answer(200, "Yes.", Readiness),
            Answer(503, "Not now: workers are missing, or the service is about to end.", Readiness),
        ),
        needs_key=False,
    ),
    Route(
        method="get",
        path="/metrics",
        name="metrics",
        summary="Figures for Prometheus",
        description="",
        answers=(Answer(200, "In Prometheus' text format.", None, TEXT_FORMAT),),
        errors=_ADMISSION,
    ),
    Route(
        method="get",
        path="/schema",
        name="documentation",
        summary="This document, for people",
        description="One page without scripts and without anything from elsewhere.",
        answers=(Answer(200, "The page.", None, "text/html"),),
        needs_key=False,
    ),
    Route(
        method="get",
        path="/schema/openapi.json",
        name="openapi",
        summary="This document, for programs",
        description="",
        answers=(Answer(200, "OpenAPI 3.1.", dict),),
        needs_key=False,
    ),
)
"""All routes, in the order in which they are shown."""

ENVELOPES = {"problem": (ProblemBody, "application/problem+json"), "openai": (ErrorEnvelope, "application/json")}
"""For each family of routes, the envelope of its errors and how it is announced."""
