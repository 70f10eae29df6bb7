"""The log: one line a request and what the service says of itself. Never code, never a key.

Lines are written by a thread of their own, behind a bounded queue: a disk that is full or a pipe that nobody reads
costs lines, which are counted, and no request.
"""

from __future__ import annotations

import atexit
import logging
import logging.handlers
import queue
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import structlog
from prometheus_client import Counter

from fastapply.faults import describe

if TYPE_CHECKING:
    from fastapply.settings.model import LogSettings

__all__ = ["configure", "request_fields", "start_request"]

_MOST_WAITING_LINES = 10_000

_LOST = Counter("fastapply_log_lines_lost", "Lines of the log that could not be written")
_fields: ContextVar[dict[str, Any]] = ContextVar("request_fields")


def start_request() -> dict[str, Any]:
    """Fields for the log line of the request that begins here; all tasks of the request share them."""
    fields: dict[str, Any] = {}
    _fields.set(fields)
    return fields


def request_fields() -> dict[str, Any]:
    """The fields of the log line of this request; outside of any, a dictionary that nobody reads."""
    return _fields.get({})


class _Counted(logging.Handler):
    """A handler that counts what it can't write, and says nothing: its place to say it is what fails."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        _LOST.inc()


class _ToFile(_Counted, logging.handlers.WatchedFileHandler):
    """Opens the file anew when a rotation has moved it away."""


class _ToStandardError(_Counted, logging.StreamHandler):  # type: ignore[type-arg]
    """For a service manager that collects it."""


class _ToQueue(_Counted, logging.handlers.QueueHandler):
    """Never waits: a line that finds the queue full is lost."""

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """`record` as it is; the standard one would make text of it here."""
        return record


def _keep_to_what_may_be_said(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """Type and place of an exception in place of its message and traceback: these may quote the user's code."""
    record = event["_record"]
    if record.exc_info and record.exc_info[1] is not None:
        event["error"] = describe(record.exc_info[1])
    event.pop("exc_info", None)
    event.pop("color_message", None)  # uvicorn's message once more, with escapes for a terminal
    record.exc_info = record.exc_text = record.stack_info = None
    return event


def configure(settings: LogSettings) -> None:
    """Send the log of this process where `settings` say, from now to its end."""
    if any(isinstance(handler, _ToQueue) for handler in logging.getLogger().handlers):
        return
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        _keep_to_what_may_be_said,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    writer: Any = structlog.processors.JSONRenderer()
    if settings.format == "text":
        writer = structlog.dev.ConsoleRenderer(
            colors=False,
            pad_event_to=0,
            pad_level=False,
            sort_keys=False,
            exception_formatter=structlog.dev.plain_traceback,
        )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, writer]
    )
    handler: logging.Handler = _ToFile(settings.file) if settings.file else _ToStandardError()
    handler.setFormatter(formatter)
    waiting: queue.Queue[Any] = queue.Queue(_MOST_WAITING_LINES)
    root = logging.getLogger()
    root.handlers = [_ToQueue(waiting)]
    root.setLevel(settings.level.upper())
    for talkative in ("httpx2", "mcp"):  # else a line for each question to a remote model, and for each call of a tool
        logging.getLogger(talkative).setLevel(logging.WARNING)
    listener = logging.handlers.QueueListener(waiting, handler)
    listener.start()
    atexit.register(listener.stop)
