"""`python -m backend.process --model FOLDER --socket ADDRESS`: one model, for clients on a socket.

Exit status: 0 when told to end, 78 where a start would fail again, 70 for all else that ends it. The reason is a last
line on stderr that begins with `error: `.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import traceback
from typing import TYPE_CHECKING

from backend.errors import BackendError, BadSetting, CheckpointError, IndivisibleModel, NotEnoughMemory
from backend.process.followers import Followers
from backend.process.lifeline import end_with
from backend.process.options import CONFIG, DIED, parse

if TYPE_CHECKING:
    from backend.process.options import Options

_LOSS_SECONDS = 5.0
"""For the end of a rank to be seen, once its silence is."""
_CONFIG_ERRORS = (BadSetting, CheckpointError, IndivisibleModel, NotEnoughMemory)


def main() -> None:
    """Run what the command line says."""
    options = parse()
    if options.parent is not None:
        end_with(options.parent)
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    status, why = run(options)
    if why:
        who = f"rank {options.rank} of {options.tensor_parallel}: " if options.rank else ""
        print(f"error: {who}{why}", file=sys.stderr, flush=True)  # noqa: T201
    # Not `sys.exit`: a group whose ranks are gone, or a device that failed, may never let go of the interpreter.
    os._exit(status)


def run(options: Options) -> tuple[int, str]:
    """Be one rank until the end; the exit status and, but for 0, the reason."""
    if options.rank:
        for number in (signal.SIGTERM, signal.SIGINT):  # sent to all ranks at once: rank 0 ends the others
            signal.signal(number, signal.SIG_IGN)
        return _tried(options)
    if options.tensor_parallel == 1:
        return _tried(options)
    followers = Followers(options)
    try:
        status, why = _tried(followers.options)
        if status == 0:
            followers.close()
        elif status == DIED:
            followers.await_loss(_LOSS_SECONDS)
        return status, why
    finally:
        followers.kill()


def _tried(options: Options) -> tuple[int, str]:
    """Be one rank, with errors as words."""
    try:
        from backend.process.launch import follow_rank, serve
    except ImportError as error:
        return CONFIG, f"{error}; pip install 'fastapply[model]' brings what a model needs"
    try:
        (follow_rank if options.rank else serve)(options)
    except _CONFIG_ERRORS as error:
        return CONFIG, str(error)
    except KeyboardInterrupt:
        return DIED, "interrupted before it was ready"
    except Exception as error:
        return DIED, _told(error)
    return 0, ""


def _told(error: Exception) -> str:
    """An unexpected error in one line: of a step's error only type and place, since its message might hold a text."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{type(error).__name__} at {frame.filename}:{frame.lineno} in {frame.name}"
    if isinstance(error, (BackendError, OSError)) or type(error).__module__.partition(".")[0] == "torch":
        return f"{place}: {' '.join(str(error).split())}"
    return place


if __name__ == "__main__":
    main()
