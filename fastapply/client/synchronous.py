"""The client for callers without an event loop: the one for asyncio, in a thread of its own."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, Self, TypeVar

from fastapply.client.asynchronous import AsyncClient
from fastapply.client.connection import Service
from fastapply.client.loop import LoopThread
from fastapply.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterable, Sequence

    from fastapply.client.calls import FileEdit, Warmth
    from fastapply.errors import FastApplyError
    from fastapply.merge.values import ApplyResult, Choice, Edit
    from fastapply.resolve.route import OnDoubt

__all__ = ["Client"]

T = TypeVar("T")


class Client:
    """`with Client(url) as client: result = client.apply(original, snippet, path="app.py")`.

    The arguments are `AsyncClient`'s. Threads may share a client; a forked process gets connections of its own.
    """

    def __init__(
        self, url: str, key: str | None = None, *, timeout: float = 60, retries: int = 2, allow_http: bool = False
    ) -> None:
        self._service = Service.of(url, key, timeout, retries, allow_http)
        self._lock = threading.Lock()
        self._running: tuple[int, LoopThread, AsyncClient] | None = None
        self._closed = False

    def __repr__(self) -> str:
        return f"Client({self._service!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all connections. The client can't be used any more."""
        with self._lock:
            self._closed = True
            running, self._running = self._running, None
        if running and running[0] == os.getpid():
            _, thread, client = running
            thread.run(client.close())
            thread.close()

    def apply(
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
        """The merge of `edit_snippet` into `original_code`; see `AsyncClient.apply`."""
        return self._run(
            lambda client: client.apply(
                original_code,
                edit_snippet,
                instruction=instruction,
                path=path,
                language=language,
                model=model,
                on_doubt=on_doubt,
                choices=choices,
            )
        )

    def apply_batch(
        self,
        files: Sequence[FileEdit],
        *,
        atomic: bool = False,
        model: str = "auto",
        on_doubt: OnDoubt | None = None,
    ) -> tuple[ApplyResult | FastApplyError, ...]:
        """The merge of each file, or its error, in order; see `AsyncClient.apply_batch`."""
        return self._run(lambda client: client.apply_batch(files, atomic=atomic, model=model, on_doubt=on_doubt))

    def apply_stream(
        self,
        original_code: str,
        deltas: Iterable[str],
        *,
        instruction: str = "",
        path: str | None = None,
        language: str | None = None,
        model: str = "auto",
        on_doubt: OnDoubt | None = None,
    ) -> Generator[Edit | ApplyResult, None, None]:
        """Edits of a snippet that is still being written, then the result; see `AsyncClient.apply_stream`. `deltas` is
        read in another thread."""
        thread, client = self._started()
        said = client.apply_stream(
            original_code,
            deltas,
            instruction=instruction,
            path=path,
            language=language,
            model=model,
            on_doubt=on_doubt,
        )
        try:
            while (one := thread.run(_next(said))) is not None:
                yield one
        finally:
            thread.run(said.aclose())

    def warm(
        self, original_code: str, *, instruction: str = "", path: str | None = None, model: str = "auto"
    ) -> Warmth:
        """Have the model read a file ahead; see `AsyncClient.warm`."""
        return self._run(lambda client: client.warm(original_code, instruction=instruction, path=path, model=model))

    def tools(self, format: str = "mcp") -> list[dict[str, Any]]:  # noqa: A002 - as the route calls it
        """The tools for agents; see `AsyncClient.tools`."""
        return self._run(lambda client: client.tools(format))

    def health(self) -> dict[str, Any]:
        """How the service is; see `AsyncClient.health`."""
        return self._run(lambda client: client.health())

    def _run(self, call: Callable[[AsyncClient], Coroutine[Any, Any, T]]) -> T:
        thread, client = self._started()
        return thread.run(call(client))

    def _started(self) -> tuple[LoopThread, AsyncClient]:
        with self._lock:
            if self._closed:
                raise ServiceError("this client is closed")
            if self._running is None or self._running[0] != os.getpid():  # a fork has no threads but one
                self._running = (os.getpid(), LoopThread(), AsyncClient.of(self._service))
            return self._running[1:]


async def _next(said: AsyncIterator[Edit | ApplyResult]) -> Edit | ApplyResult | None:
    return await anext(said, None)
