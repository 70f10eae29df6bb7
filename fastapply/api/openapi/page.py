"""The OpenAPI document as one page of HTML, made on the server: no script, nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shlex
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from fastapply.api.openapi.schemas import NAME_OF, OTHER_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["CONTENT_SECURITY_POLICY", "STYLE", "render"]

Json = dict[str, Any]

STYLE = files(__package__).joinpath("page.css").read_text("utf-8")
"""How pages without scripts look."""

_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Lets the page's own style in and nothing else."""

_SERVED_AT = "http://localhost:8000"


def render(document: Json) -> str:
    """The page that shows `document`."""
    return "".join(_page(document))


def _page(document: Json) -> Iterator[str]:
    info, schemas = document["info"], document["components"]["schemas"]
    operations = [
        (method, path, operation) for path, item in document["paths"].items() for method, operation in item.items()
    ]
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield f"<title>{escape(info['title'])} {escape(info['version'])}</title>\n"
    yield f"<style>{STYLE}</style>\n</head>\n<body>\n"
    yield f"<header>\n<h1>{escape(info['title'])} <small>{escape(info['version'])}</small></h1>\n"
    yield f"{_prose(info['description'])}\n"
    yield '<p>For programs: <a href="/schema/openapi.json">openapi.json</a>, OpenAPI 3.1.</p>\n</header>\n'
    yield '<nav aria-label="Routes">\n<ul>\n'
    yield from (_entry(method, path, operation) for method, path, operation in operations)
    yield "</ul>\n</nav>\n<main>\n"
    for method, path, operation in operations:
        yield from _operation(method, path, operation, document)
    yield '<section id="schemas">\n<h2>Objects</h2>\n'
    for name, schema in schemas.items():
        yield from _object(name, schema)
    yield "</section>\n</main>\n</body>\n</html>\n"


def _entry(method: str, path: str, operation: Json) -> str:
    link = f'<a href="#{operation["operationId"]}"><span class="method">{method}</span> <code>{escape(path)}</code></a>'
    return f"<li>{link} {escape(operation['summary'])}</li>\n"


def _operation(method: str, path: str, operation: Json, document: Json) -> Iterator[str]:
    yield f'<section id="{operation["operationId"]}">\n'
    yield f'<h2><span class="method">{method}</span> <code>{escape(path)}</code></h2>\n'
    yield _prose(f"{operation['summary']}.\n\n{operation.get('description', '')}")
    yield f"<pre><code>{escape(_curl(method, path, operation, document))}</code></pre>\n"
    if "requestBody" in operation:
        ((kind, body),) = operation["requestBody"]["content"].items()
        yield f"<p>Send {_type(body['schema'])} as <code>{escape(kind)}</code>.</p>\n"
    yield from _table(("Status", "When", "Body"), map(_response, operation["responses"].items()))
    yield "</section>\n"


def _curl(method: str, path: str, operation: Json, document: Json) -> str:
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", parameter["example"])
    words = [f"curl {_SERVED_AT}{path}"]
    if operation.get("security", document["security"]):
        words.append('-H "Authorization: Bearer $FASTAPPLY_KEY"')
    if body := operation.get("requestBody"):
        ((kind, content),) = body["content"].items()
        example = content["example"]
        text = example if isinstance(example, str) else json.dumps(example, indent=2, ensure_ascii=False)
        words += [f"-H 'Content-Type: {kind}'", f"-d {shlex.quote(text)}"]
    return " \\\n  ".join(words)


def _response(response: tuple[str, Json]) -> tuple[str, str, str]:
    status, said = response
    bodies = (f"{_type(content['schema'])} as <code>{escape(kind)}</code>" for kind, content in said["content"].items())
    headers = f" Headers: {_codes(said['headers'])}." if "headers" in said else ""
    return status, _inline(said["description"]) + headers, "<br>".join(bodies)


def _object(name: str, schema: Json) -> Iterator[str]:
    yield f'<h3 id="{escape(name)}">{escape(name)}</h3>\n{_prose(schema.get("description", ""))}'
    fields = schema["properties"].items()
    rows = ((_names(name, field), _type(field), _about(field)) for name, field in fields if NAME_OF not in field)
    yield from _table(("Field", "Type", "Meaning"), rows)


def _names(name: str, field: Json) -> str:
    others = f"<br>also {_codes(field[OTHER_NAMES])}" if OTHER_NAMES in field else ""
    return f"{_codes([name])}{others}"


def _codes(words: Iterable[str]) -> str:
    return ", ".join(f"<code>{escape(word)}</code>" for word in words)


def _about(field: Json) -> str:
    default = field.get("default")
    told = f" Default: <code>{escape(json.dumps(default))}</code>." if default not in (None, "", [], {}) else ""
    return _inline(field.get("description", "")) + told


def _type(schema: Json) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(map(_type, schema["anyOf"]))
    if "enum" in schema:
        return " or ".join(f"<code>{escape(json.dumps(value))}</code>" for value in schema["enum"])
    if "const" in schema:
        return f"<code>{escape(json.dumps(schema['const']))}</code>"
    if schema.get("type") == "array" and "items" in schema:
        return f"array of {_type(schema['items'])}"
    return escape(str(schema.get("type", "anything")))


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield '<div class="scroll"><table>\n<thead><tr>'
    yield from (f'<th scope="col">{head}</th>' for head in heads)
    yield "</tr></thead>\n<tbody>\n"
    yield from ("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n" for row in rows)
    yield "</tbody></table></div>\n"


def _prose(text: str) -> str:
    return "".join(f"<p>{_inline(part)}</p>\n" for part in text.split("\n\n") if part.strip())


def _inline(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
