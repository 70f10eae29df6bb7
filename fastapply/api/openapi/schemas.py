"""JSON schemas of what is sent, from the types that it is read with."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import msgspec

from fastapply.aliases import names_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastapply.api.openapi.routes import Body

__all__ = ["NAME_OF", "OTHER_NAMES", "components", "reference", "request_schema"]

Schema = dict[str, Any]

OTHER_NAMES, NAME_OF = "x-other-names", "x-name-of"
"""Where a field says how else it is called, and a further name what it stands for."""

_TEMPLATE = "#/components/schemas/{name}"


def reference(name: str) -> Schema:
    """What stands for the component `name`."""
    return {"$ref": _TEMPLATE.format(name=name)}


def components(kinds: Iterable[type]) -> dict[str, Schema]:
    """The schemas of `kinds` and of all that they hold, by name."""
    _, found = msgspec.json.schema_components(kinds, ref_template=_TEMPLATE)
    for schema in found.values():
        schema["description"] = inspect.cleandoc(schema.get("description", ""))
    return dict(sorted(found.items()))


def request_schema(body: Body, plain: Schema, narrowed: dict[str, list[Any]]) -> Schema:
    """`plain`, the schema of the type, with all names of each field, and `null` as if absent.

    `narrowed` are the values that are accepted, for fields whose type allows more.
    """
    properties: Schema = {}
    for field in body.aliases:
        first, *others = names_of(field, body.aliases)
        properties[first] = _narrowed(plain["properties"][field], narrowed.get(field))
        for other in others:
            properties[other] = {**properties[first], "description": f"Another name for `{first}`.", NAME_OF: first}
        if others:
            properties[first][OTHER_NAMES] = others
    return {
        "type": "object",
        "description": plain["description"],
        "properties": properties,
        "allOf": [_one_of(names_of(field, body.aliases), plain["properties"][field]) for field in body.required],
    }


def _narrowed(schema: Schema, values: list[Any] | None) -> Schema:
    if values is not None:
        schema = {**schema, "enum": values}
    described = {key: schema[key] for key in ("description", "default") if schema.get(key) is not None}
    value = {key: schema[key] for key in schema if key not in ("description", "default")}
    if "anyOf" in value:  # one of ours that may be null already
        return {**value, **described}
    return {"anyOf": [value, {"type": "null"}], **described}


def _one_of(names: tuple[str, ...], schema: Schema) -> Schema:
    value = {key: schema[key] for key in schema if key != "description"}
    return {"anyOf": [{"required": [name], "properties": {name: value}} for name in names]}
