"""What the engine's process is told on its command line, as a value. The service makes one without torch."""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CONFIG", "DIED", "DTYPES", "Options", "parse"]

CONFIG = 78
"""Exit status where starting again would end the same way (EX_CONFIG of sysexits.h)."""
DIED = 70
"""Exit status where it may not (EX_SOFTWARE)."""
STEP_TOKENS, MOST_REQUESTS = 2048, 1024
STEP_SECONDS = 600.0
"""A full step of a 7B model takes some minutes on a CPU, and a fraction of a second on a GPU."""
DTYPES = ("auto", "float32", "bfloat16", "float16")


@dataclass(frozen=True, slots=True)
class Options:
    """How to run one model. Fields have the names of the options of `python -m backend.process`."""

    model: Path
    """Folder with `config.json` and, but for `dummy`, the weights."""
    socket: str = ""
    """Where clients connect: `ipc:///path` or `tcp://host:port`. Empty: the supervisor chooses a private place."""
    device: str = "auto"
    """`auto`, `cpu`, `cuda` or `cuda:i`; with several ranks on GPUs, the first of as many devices in a row."""
    dtype: str = "auto"
    """One of `DTYPES`; `auto`: the config's on a GPU, float32 on a CPU."""
    tensor_parallel: int = 1
    """Ranks: processes that share the model."""
    memory_share: float | None = None
    """Of the memory that is free once the weights are there, for pages; left out: 0.9 on a GPU, 0.5 on a CPU."""
    pages: int | None = None
    """How many pages, instead of a share of the memory."""
    context: int | None = None
    """Tokens of prompt and answer together; left out: what the model was made for."""
    step_tokens: int = STEP_TOKENS
    """Tokens of one step."""
    most_requests: int = MOST_REQUESTS
    """Requests that may be there at once."""
    step_seconds: float = STEP_SECONDS
    """Longest time of a step, after which the engine counts as hung and ends."""
    threads: int | None = None
    """Of each rank, on a CPU; left out: the cores there are, divided by the ranks."""
    dummy: int | None = None
    """Seed of noise instead of weights."""
    restarts: int = 0
    """How often the engine was started before, for its statistics."""
    parent: int | None = None
    """Process id of who started this: it ends with that."""
    rank: int = 0
    """Which rank this process is."""
    store: Path | None = None
    """File over which the ranks find each other; rank 0 makes one."""

    def arguments(self) -> list[str]:
        """The command line that `parse` reads these from."""
        found: list[str] = []
        for one in fields(self):
            value = getattr(self, one.name)
            if value is not None and value != one.default:
                found.append(f"--{one.name.replace('_', '-')}={value}")  # in one piece: a folder may begin with a dash
        return found


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """In one line, and with the status that says not to try again."""
        self.exit(CONFIG, f"error: {message}\n")


def parse(arguments: list[str] | None = None) -> Options:
    """Options from the command line. Ends the process with `CONFIG` and a line on stderr where they can't be used."""
    parser = _Parser(prog="python -m backend.process", description="Runs one model for clients on a socket.")
    parser.add_argument("--model", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--socket", required=True, metavar="ADDRESS", help="ipc:///path, or tcp://host:port")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:i")
    parser.add_argument("--dtype", default="auto", choices=DTYPES)
    parser.add_argument("--tensor-parallel", type=_whole(1), default=1, metavar="N", help="processes a model")
    memory = parser.add_mutually_exclusive_group()
    memory.add_argument("--memory-share", type=_share, metavar="SHARE", help="of the free memory, for pages")
    memory.add_argument("--pages", type=_whole(2), metavar="N", help="of 64 tokens each")
    parser.add_argument("--context", type=_whole(2), metavar="N", help="tokens of prompt and answer together")
    parser.add_argument("--step-tokens", type=_whole(1), default=STEP_TOKENS, metavar="N")
    parser.add_argument("--most-requests", type=_whole(1), default=MOST_REQUESTS, metavar="N")
    parser.add_argument("--step-seconds", type=_seconds, default=STEP_SECONDS, metavar="N", help="then it has hung")
    parser.add_argument("--threads", type=_whole(1), metavar="N", help="of each process, on a CPU")
    parser.add_argument(
        "--dummy", type=_whole(0), metavar="SEED", help="noise instead of weights: config.json is enough"
    )
    parser.add_argument("--restarts", type=_whole(0), default=0, help=argparse.SUPPRESS)
    parser.add_argument("--parent", type=_whole(1), help=argparse.SUPPRESS)
    parser.add_argument("--rank", type=_whole(0), default=0, help=argparse.SUPPRESS)
    parser.add_argument("--store", type=Path, help=argparse.SUPPRESS)
    return Options(**vars(parser.parse_args(sys.argv[1:] if arguments is None else arguments)))


def _whole(least: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number of {least} or more")
        return int(text)

    return read


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return value


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0 and at most 1")
    return value
