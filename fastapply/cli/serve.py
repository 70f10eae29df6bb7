"""`fastapply serve`: the HTTP service."""

from __future__ import annotations

import atexit
import contextlib
import dataclasses
import functools
import logging
import math
import os
import signal
import sys
import tempfile
from typing import TYPE_CHECKING, NoReturn

from fastapply.cli.exit_codes import ERROR, OK
from fastapply.cli.overrides import overrides_of
from fastapply.errors import InvalidSetting
from fastapply.settings.load import environment_of, load

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from fastapply.settings.model import AgentSettings, ModelSettings, Settings

__all__ = ["run"]

# A server process that says nothing for this long is replaced. Under load a busy one may be silent for seconds; but one
# that dies while it is asked is waited for as long, and signals with it.
_HEALTH_SECONDS = 15


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted."""
    overrides = overrides_of(args)
    settings = load(args.config, os.environ, overrides).settings
    _check(settings.model)
    _check_roots(settings.agent)
    # The app reads its settings by itself: with several server processes it is made in each of them.
    os.environ.update(environment_of(overrides, args.config))
    with contextlib.ExitStack() as stack:
        if settings.model.folder and not settings.model.engine:
            os.environ.update(environment_of({"model.engine": stack.enter_context(_engine(settings.model))}))
        if settings.server.workers > 1 and "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            figures = stack.enter_context(tempfile.TemporaryDirectory(prefix="fastapply-metrics-"))
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = figures
        return _serve(settings)


def _check(model: ModelSettings) -> None:
    """Raise `InvalidSetting` for a model that can't be used: said once, and before anything is started for it."""
    if model.configured:
        from fastapply.resolve.configured import configured_model

        configured_model(dataclasses.replace(model, engine=model.engine or "ipc://unused" if model.folder else ""))


def _check_roots(agent: AgentSettings) -> None:
    """Raise `InvalidSetting` where a root is no folder."""
    for root in agent.roots:
        if not os.path.isdir(root):
            raise InvalidSetting(f"agent.roots: {root} is no folder", field="agent.roots")


@contextlib.contextmanager
def _engine(model: ModelSettings) -> Iterator[str]:
    """The engine of `model`, kept running for as long as the block; yields its socket.

    One for all server processes, which begin without it and find it when it is ready.
    """
    from fastapply.resolve.configured import engine_process

    with engine_process(model, _engine_says) as engine:
        yield engine.address


def _engine_says(line: str) -> None:
    logging.getLogger("fastapply.engine").info("%s", line)


def _serve(settings: Settings) -> int:
    import uvicorn

    from fastapply.api.logs import configure
    from fastapply.api.protocol import PatientProtocol

    last_words: list[str] = []
    atexit.register(_say, last_words)  # before the log's own function, so called after it, behind its last lines
    configure(settings.log)
    # uvicorn sends itself the signal once more when all is answered. Its default would end us at once: with a status
    # that looks like a failure, and without the last lines of the log.
    signal.signal(signal.SIGTERM, _end)
    try:
        uvicorn.run(
            "fastapply.api.app:app_from_environment",
            factory=True,
            http=functools.partial(PatientProtocol, patience=settings.server.client_timeout),  # type: ignore[arg-type]
            workers=settings.server.workers,
            host=settings.server.host,
            port=settings.server.port,
            log_config=None,
            access_log=False,
            server_header=False,
            # No X-Forwarded-For: whoever asks could say anything there, and be counted under another address each time.
            proxy_headers=False,
            ws="none",
            # No answer outlives its deadline, so nothing is cut off that could have been given.
            timeout_graceful_shutdown=math.ceil(_longest_answer(settings)) + 2,
            timeout_worker_healthcheck=_HEALTH_SECONDS,
        )
    except SystemExit as end:  # uvicorn has said why: a port in use, a worker that can't start
        if not end.code:
            return OK
        last_words.append(_failure(settings))
        return ERROR
    return OK


def _longest_answer(settings: Settings) -> float:
    """Seconds: the merge's, and with a model the question's, the model's and the judge's; or a batch's."""
    merge = settings.pool.deadline
    single = 3 * merge + settings.model.deadline if settings.model.configured else merge
    return max(single, settings.pool.batch_deadline)


def _say(lines: list[str]) -> None:
    for line in lines:
        print(line, file=sys.stderr)


def _failure(settings: Settings) -> str:
    """Where to look: the reason is a line of the log, among others or in a file."""
    place = f"{settings.server.host}, port {settings.server.port}"
    log = f"the log, {settings.log.file}," if settings.log.file else "the log"
    return (
        f"fastapply: error: the service on {place}, could not start or go on: "
        f"{log} says why, and `fastapply doctor` what may help"
    )


def _end(*_: object) -> NoReturn:
    raise SystemExit(OK)
