"""Asking a FastApply service from Python: the values and errors of `fastapply.apply`, over HTTP.

    from fastapply.client import Client

    with Client("http://127.0.0.1:8000") as client:
        result = client.apply(source, snippet, path="app.py")

`apply_batch` takes several files, as `FileEdit`s. `AsyncClient` is the same for asyncio. What is wrong raises what it
would in process (`EditRefused` with its doubts, `DeadlineExceeded` …), and `ServiceError` or one of its kin where the
service gave no answer.
"""

from __future__ import annotations

from fastapply.client.asynchronous import AsyncClient
from fastapply.client.calls import FileEdit, Warmth
from fastapply.client.synchronous import Client

__all__ = ["AsyncClient", "Client", "FileEdit", "Warmth"]
