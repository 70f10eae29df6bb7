"""The tools in each format, held against the rules of who reads it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from mcp_types import Tool as McpTool
from openai.types.chat import ChatCompletionToolParam
from openai.types.responses import FunctionToolParam
from pydantic import ConfigDict, TypeAdapter, with_config

from fastapply.agent.arguments import read_arguments
from fastapply.agent.formats import FORMATS, tools_as
from fastapply.agent.tools import ADVICE, TOOLS, EditFile
from fastapply.cli.parser import build_parser

if TYPE_CHECKING:
    from collections.abc import Iterator

Schema = dict[str, Any]
NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_-]{0,62}")
PLAIN = {"path": "a.py", "code_edit": "x = 1\n"}


def schemas_in(schema: Schema) -> Iterator[Schema]:
    yield schema
    for inner in (*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])):
        yield from schemas_in(inner)


def functions(name: str) -> list[Schema]:
    """Each tool as name, description and schema of its arguments."""
    tools = tools_as(name)
    if name == "openai":
        tools = [tool["function"] for tool in tools]
    if name == "gemini":
        tools = tools[0]["functionDeclarations"]
    keys = {"anthropic": "input_schema", "mcp": "inputSchema"}
    return [{**tool, "schema": tool[keys.get(name, "parameters")]} for tool in tools]


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_has_every_tool_and_is_json(name: str) -> None:
    assert [tool["name"] for tool in functions(name)] == [tool.name for tool in TOOLS]
    assert json.loads(json.dumps(tools_as(name))) == tools_as(name)
    for tool in functions(name):
        assert NAME.fullmatch(tool["name"])
        assert 20 < len(tool["description"]) <= 1024  # OpenAI's limit
        assert not re.search(r'"\$(ref|defs)"', json.dumps(tool["schema"]))


def test_the_command_names_every_format() -> None:
    [action] = [action for action in _arguments("tools") if action.dest == "format"]
    assert tuple(action.choices or ()) == tuple(FORMATS)


def _arguments(verb: str) -> list[Any]:
    [verbs] = [action.choices for action in build_parser()._actions if isinstance(action.choices, dict)]
    return list(verbs[verb]._actions)


def test_the_command_prints_what_goes_into_a_request() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "fastapply", "tools", "--format", "anthropic"], capture_output=True, check=True
    )
    assert json.loads(printed.stdout) == tools_as("anthropic")
    assert not printed.stderr


@pytest.mark.parametrize(
    ("name", "kind"), [("openai", ChatCompletionToolParam), ("openai-responses", FunctionToolParam)]
)
def test_openai_takes_them(name: str, kind: Any) -> None:
    closed: Any = with_config(ConfigDict(extra="forbid"))(kind)
    for tool in tools_as(name):
        TypeAdapter(closed).validate_python(tool, strict=True)


@pytest.mark.parametrize("name", ["openai", "openai-responses"])
def test_the_schemas_keep_to_the_rules_of_strict_mode(name: str) -> None:
    known = {"type", "description", "enum", "properties", "required", "additionalProperties", "items"}
    for tool in functions(name):
        assert tool["strict"] is True
        for schema in schemas_in(tool["schema"]):
            assert set(schema) <= known
            if schema["type"] == "object":
                assert schema["additionalProperties"] is False
                assert schema["required"] == list(schema["properties"])
        assert tool["schema"]["type"] == "object"


@pytest.mark.parametrize("name", ["openai", "openai-responses"])
def test_what_a_strict_model_sends_is_read(name: str) -> None:
    schema = functions(name)[0]["schema"]
    sent = {**dict.fromkeys(schema["properties"]), **PLAIN}
    jsonschema.validate(sent, schema)
    assert read_arguments(sent, EditFile) == EditFile(**PLAIN)


@pytest.mark.parametrize("name", ["anthropic", "mcp"])
def test_the_schemas_are_json_schema_and_say_what_is_read(name: str) -> None:
    for tool in functions(name):
        jsonschema.Draft202012Validator.check_schema(tool["schema"])
        assert tool["schema"]["type"] == "object"
    schema = functions(name)[0]["schema"]
    jsonschema.validate(PLAIN, schema)
    for wrong in ({"path": "a.py"}, {**PLAIN, "dry_run": "yes"}, {**PLAIN, "on_doubt": "model"}, {**PLAIN, "x": 1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


def test_anthropic_gets_the_fields_it_knows() -> None:
    assert all(set(tool) == {"name", "description", "input_schema"} for tool in tools_as("anthropic"))


def test_gemini_gets_its_subset_of_openapi() -> None:
    known = {"type", "description", "enum", "format", "properties", "required", "items"}
    assert [set(tool) for tool in tools_as("gemini")] == [{"functionDeclarations"}]
    for tool in functions("gemini"):
        assert set(tool) == {"name", "description", "parameters", "schema"}
        for schema in schemas_in(tool["schema"]):
            assert set(schema) <= known
            assert schema["type"] in ("OBJECT", "ARRAY", "STRING", "BOOLEAN")
            assert ("items" in schema) == (schema["type"] == "ARRAY")
            assert ("enum" in schema) == (schema.get("format") == "enum")
            assert set(schema.get("required", ())) <= set(schema.get("properties", ()))


def test_mcp_gets_hints_that_are_true() -> None:
    tools = {tool.name: tool for tool in map(McpTool.model_validate, tools_as("mcp"))}
    hints = {name: tool.annotations for name, tool in tools.items()}
    assert {name for name, hint in hints.items() if hint and hint.read_only_hint} == {"preview_edit"}
    assert {name for name, hint in hints.items() if hint and hint.destructive_hint} == set(tools) - {"preview_edit"}
    assert not any(hint and hint.open_world_hint for hint in hints.values())
    for tool in tools.values():
        assert tool.output_schema
        jsonschema.Draft202012Validator.check_schema(tool.output_schema)
        assert tool.output_schema["type"] == "object"


def test_the_description_holds_every_sentence_of_the_advice() -> None:
    for name in FORMATS:
        assert all(sentence in functions(name)[0]["description"] for sentence in ADVICE.values())
