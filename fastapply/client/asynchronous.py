"""The client for asyncio."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from fastapply.client.calls import (
    Tools,
    Warmth,
    apply_ask,
    batch_ask,
    opened,
    opened_batch,
    opened_result,
    warm_ask,
)
from fastapply.client.connection import Ask, Connection, Service
from fastapply.client.streaming import stream

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Sequence

    from fastapply.client.calls import FileEdit
    from fastapply.errors import FastApplyError
    from fastapply.merge.values import ApplyResult, Choice, Edit
    from fastapply.resolve.route import OnDoubt

__all__ = ["AsyncClient"]


class AsyncClient:
    """`async with AsyncClient(url) as client: result = await client.apply(original, snippet, path="app.py")`.

    `key` is sent as a bearer token; without one, that of the variable FASTAPPLY_API_KEY. `timeout` is in seconds, for
    a call with all its retries. What failed in passing (no connection, 429, 503) is sent again, `retries` times at
    most, when the service says or after a growing, random pause. Code and key go over plain http to this machine
    only, but with `allow_http`, and to no proxy. To be used from one event loop.
    """

    def __init__(
        self, url: str, key: str | None = None, *, timeout: float = 60, retries: int = 2, allow_http: bool = False
    ) -> None:
        self._begin(Service.of(url, key, timeout, retries, allow_http))

    @classmethod
    def of(cls, service: Service) -> Self:
        """A client of `service`."""
        client = cls.__new__(cls)
        client._begin(service)
        return client

    def _begin(self, service: Service) -> None:
        self._service = service
        self._connection = Connection(service)

    def __repr__(self) -> str:
        return f"AsyncClient({self._service!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End all connections. The client can't be used any more."""
        await self._connection.close()

    async def apply(
        self,
        original_code: str,
        edit_snippet: str,
        *,
        instruction: str = "",
        path: str | None = None,
        language: str | None = None,
        model: str = "auto",
        on_doubt: OnDoubt | None = None,
        choices: Sequence[Choice] = (),
    ) -> ApplyResult:
        """The merge of `edit_snippet` into `original_code`, as `fastapply.apply` gives it.

        `model` is a name that the service knows. `on_doubt` is what becomes of an edit in doubt; None asks the model
        where one is configured, and refuses otherwise. `choices` settle doubts that this very edit was refused with.

        Raises `EditRefused` with the doubts (without a best guess, which is not sent: ask with `on_doubt="best"`) and
        whatever else `fastapply.apply` and a model raise; `ServiceError` and its kin.
        """
        ask = apply_ask(
            original_code,
            edit_snippet,
            instruction=instruction,
            path=path,
            language=language,
            model=model,
            on_doubt=on_doubt,
            choices=choices,
        )
        return opened_result(await self._connection.call(ask))

    async def apply_batch(
        self,
        files: Sequence[FileEdit],
        *,
        atomic: bool = False,
        model: str = "auto",
        on_doubt: OnDoubt | None = None,
    ) -> tuple[ApplyResult | FastApplyError, ...]:
        """The merge of each file, or the error that `apply` would raise, in the order of `files`: 1 to 256 of them,
        no two with one path.

        With `atomic` it is all or none: raises `BatchRefused` with the errors where a file can't be merged. Raises
        `DeadlineExceeded`, `InvalidRequest`, `ServiceError` and its kin for the batch as a whole.
        """
        ask = batch_ask(files, atomic=atomic, model=model, on_doubt=on_doubt)
        return opened_batch(await self._connection.call(ask), len(files))

    async def apply_stream(
        self,
        original_code: str,
        deltas: AsyncIterable[str] | Iterable[str],
        *,
        instruction: str = "",
        path: str | None = None,
        language: str | None = None,
        model: str = "auto",
        on_doubt: OnDoubt | None = None,
    ) -> AsyncGenerator[Edit | ApplyResult, None]:
        """The edits of a snippet that is still being written, each as soon as it is certain, then the result.

        `deltas` are the pieces of the snippet as a model writes them. Edits are in characters of `original_code`, and
        all of them are among `ApplyResult.edits`; apply nothing to a file before the result is there, as the end of
        the snippet may put all of it in doubt. Nothing is sent twice. `timeout` counts from the last piece.

        Raises what `apply` raises, at the end; `EarlyEditWrong` with the result where an edit was told too early; and
        whatever `deltas` raises, and then nothing is merged.
        """
        begin = {
            "original_code": original_code,
            "instruction": instruction,
            "path": path,
            "language": language,
            "model": model,
            "on_doubt": on_doubt,
        }
        async with aclosing(stream(self._service, begin, deltas)) as said:
            async for one in said:
                yield one

    async def warm(
        self, original_code: str, *, instruction: str = "", path: str | None = None, model: str = "auto"
    ) -> Warmth:
        """Have the model read a file ahead that an edit may come for. Without a model, or where it can't, that is no
        error: `Warmth.skipped` says why. Raises `ServiceError` and its kin."""
        ask = warm_ask(original_code, instruction=instruction, path=path, model=model)
        return opened(await self._connection.call(ask), Warmth)

    async def tools(self, format: str = "mcp") -> list[dict[str, Any]]:  # noqa: A002 - as the route calls it
        """The tools for agents, as a request to a model of that API takes them: `mcp`, `openai` …"""
        body = await self._connection.call(Ask("GET", f"/v1/tools?format={quote(format)}"))
        return opened(body, Tools).tools

    async def health(self) -> dict[str, Any]:
        """How the service is: `status`, `version`, `workers`, `models`. `ServiceError` where it is not well."""
        return opened(await self._connection.call(Ask("GET", "/health")), dict[str, Any])
