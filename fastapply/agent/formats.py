"""The tools as the interfaces of models want them: what goes into `tools` of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapply.agent.tools import TOOLS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fastapply.agent.tools import Schema, Tool

__all__ = ["FORMATS", "mcp_tools", "tools_as"]

_SAID = ("type", "description", "enum")
"""What of a schema all interfaces understand, beside what its type brings."""


def tools_as(name: str) -> list[Schema]:
    """The list for `tools` of a request, in the format `name`, one of `FORMATS`."""
    return FORMATS[name]()


def mcp_tools() -> list[Schema]:
    """As in the answer of `tools/list` of MCP."""
    return [
        {
            "name": tool.name,
            "title": tool.title,
            "description": tool.description,
            "inputSchema": tool.input_schema,
            "outputSchema": tool.output_schema,
            "annotations": {
                "title": tool.title,
                "readOnlyHint": tool.read_only,
                "destructiveHint": tool.destructive,
                "idempotentHint": tool.idempotent,
                "openWorldHint": tool.open_world,
            },
        }
        for tool in TOOLS
    ]


def _chat_tools() -> list[Schema]:
    """For OpenAI's Chat Completions, strict: the model's arguments always fit the schema."""
    return [{"type": "function", "function": _strict_function(tool)} for tool in TOOLS]


def _responses_tools() -> list[Schema]:
    """For OpenAI's Responses, where the function is not in an object of its own."""
    return [{"type": "function", **_strict_function(tool)} for tool in TOOLS]


def _strict_function(tool: Tool) -> Schema:
    return {
        "name": tool.name,
        "description": tool.description,
        "parameters": _strict(tool.input_schema),
        "strict": True,
    }


def _anthropic_tools() -> list[Schema]:
    """For Anthropic's Messages."""
    return [{"name": tool.name, "description": tool.description, "input_schema": tool.input_schema} for tool in TOOLS]


def _gemini_tools() -> list[Schema]:
    """For Gemini's `generateContent`: one tool that holds all functions."""
    declared = [
        {"name": tool.name, "description": tool.description, "parameters": _openapi(tool.input_schema)}
        for tool in TOOLS
    ]
    return [{"functionDeclarations": declared}]


def _strict(schema: Schema) -> Schema:
    """`schema` as strict mode takes it: every property required, those that may be left out may be null instead."""
    kept = _plain(schema, _strict)
    if "properties" in schema:
        needed = schema["required"]
        kept["properties"] = {
            name: _strict(one) if name in needed else _nullable(_strict(one))
            for name, one in schema["properties"].items()
        }
        kept |= {"required": list(schema["properties"]), "additionalProperties": False}
    return kept


def _nullable(schema: Schema) -> Schema:
    values = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {**schema, "type": [schema["type"], "null"], **values}


def _openapi(schema: Schema) -> Schema:
    """`schema` as Gemini takes it: a subset of OpenAPI 3.0, types in capitals."""
    kept = _plain(schema, _openapi)
    kept["type"] = kept["type"].upper()
    if "enum" in kept:
        kept["format"] = "enum"
    if "properties" in schema:
        kept["properties"] = {name: _openapi(one) for name, one in schema["properties"].items()}
        if schema["required"]:
            kept["required"] = schema["required"]
    return kept


def _plain(schema: Schema, inner: Callable[[Schema], Schema]) -> Schema:
    """What every interface understands of `schema`, without its properties; `inner` is for the items of a list."""
    if "anyOf" in schema:  # of ours, only what may be null
        schema = {**schema["anyOf"][0], **schema}
    kept = {name: schema[name] for name in _SAID if name in schema}
    if "items" in schema:
        kept["items"] = inner(schema["items"])
    return kept


FORMATS: Mapping[str, Callable[[], list[Schema]]] = {
    "openai": _chat_tools,
    "openai-responses": _responses_tools,
    "anthropic": _anthropic_tools,
    "gemini": _gemini_tools,
    "mcp": mcp_tools,
}
"""The formats by name."""
