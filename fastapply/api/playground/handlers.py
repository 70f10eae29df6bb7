"""The routes of the page. They are for browsers, so the OpenAPI document leaves them out."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from litestar import HttpMethod, Request, Response, route
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from fastapply.api.playground.files import Playground

if TYPE_CHECKING:
    from fastapply.api.playground.files import File

__all__ = ["ROUTES"]

_READS = [HttpMethod.GET, HttpMethod.HEAD]
_A_YEAR = "public, max-age=31536000, immutable"
_OF_PAGES = {"X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin"}


@route("/", http_method=_READS, status_code=HTTPStatus.OK)
async def playground(request: Request[Any, Any, Any], pages: NamedDependency[Playground]) -> Response[bytes]:
    """Show the page."""
    return _answer(request, pages.page)


@route("/playground/{name:str}", http_method=_READS, status_code=HTTPStatus.OK)
async def playground_file(
    request: Request[Any, Any, Any], name: FromPath[str], pages: NamedDependency[Playground]
) -> Response[bytes]:
    """Give a file that the page loads."""
    if name not in pages.assets:
        raise NotFoundException
    return _answer(request, pages.assets[name])


ROUTES = [playground, playground_file]
"""The handlers of the page."""


def _answer(request: Request[Any, Any, Any], file: File) -> Response[bytes]:
    """`file`, or that the client has it already."""
    packed = bool(file.packed) and _takes_gzip(request)
    # Two forms of one content are two representations, and each has a tag of its own.
    tag = f'{file.tag[:-1]}-gzip"' if packed else file.tag
    headers = {
        "ETag": tag,
        "Cache-Control": _A_YEAR if file.lasting else "no-cache",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Vary": "Accept-Encoding",
        **({"Content-Security-Policy": file.policy, **_OF_PAGES} if file.policy else {}),
    }
    if _knows(request, tag):
        return Response(b"", status_code=HTTPStatus.NOT_MODIFIED, headers=headers, media_type=file.media_type)
    if packed:
        headers["Content-Encoding"] = "gzip"
    return Response(file.packed if packed else file.content, headers=headers, media_type=file.media_type)


def _takes_gzip(request: Request[Any, Any, Any]) -> bool:
    for coding in request.headers.get("accept-encoding", "").split(","):
        name, *parameters = (part.strip().lower() for part in coding.split(";"))
        if name == "gzip":
            return not any(parameter.replace(" ", "").rstrip("0.") == "q=" for parameter in parameters)
    return False


def _knows(request: Request[Any, Any, Any], tag: str) -> bool:
    known = request.headers.get("if-none-match", "")
    return known.strip() == "*" or tag in (one.strip().removeprefix("W/") for one in known.split(","))
