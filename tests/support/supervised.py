"""`python supervised.py OPTIONS`: what `fastapply serve` will do, alone, so that a test can kill it.

Keeps an engine running and writes, each as a line: where it is, what it says, and each state it is in.
"""

from __future__ import annotations

import os
import signal
import sys

from backend.process.options import parse
from backend.process.supervisor import EngineProcess, Pauses, State


def main() -> None:
    def say(line: str) -> None:
        os.write(1, f"{line}\n".encode())  # whole lines, from two threads

    with EngineProcess(parse(), on_line=say, pauses=Pauses(first=0.05)) as engine:
        seen = State("starting")
        while seen.name not in ("failed", "closed"):
            before = seen
            seen = engine.wait(lambda state, before=before: state != before, 3600)
            say(f"state {seen.name} {seen.restarts} {engine.pid} {seen.why}")
        signal.pause()


if __name__ == "__main__":
    sys.exit(main())
