"""What both fuzzers share: where inputs come from, how findings are kept, and the loop.

With `atheris` installed inputs are guided by coverage; without it they are mutated blindly, which finds the
same kinds of
faults more slowly. A finding is an input that breaks a promise; one of each kind is written as JSON.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import signal
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests")]

HANG_SECONDS = 5.0
_SPARE_SECONDS = 1.0
_LARGEST = 4000
_VARYING = re.compile(r"""'[^']*'|"[^"]*"|\d+|\([^)]*\)""")


class Hang(BaseException):
    """An input took longer than `HANG_SECONDS`; not an `Exception`, so that nothing on the way takes it for its own."""


class Findings:
    """Inputs that break a promise, one of each kind, as files in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.counts: Counter[str] = Counter()
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, kind: str, error: BaseException, **inputs: Any) -> None:
        """Count a finding and keep it where it is the first or the shortest of its kind."""
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/fastapply/" in frame.filename]
        place = f" in {frames[-1].name}" if frames and not isinstance(error, AssertionError) else ""
        said = " ".join(_VARYING.sub("_", str(error)).split()[:5]) if isinstance(error, AssertionError) else ""
        key = f"{kind}: {type(error).__name__}{place} {said}".strip()[:90]
        self.counts[key] += 1
        file = self.folder / (re.sub(r"\W+", "_", key) + ".json")
        record = {"kind": key, "message": str(error)[:2000], "trace": [str(frame) for frame in frames[-6:]], **inputs}
        text = json.dumps(record, indent=1)
        if not file.exists() or len(text) < file.stat().st_size:
            file.write_text(text, encoding="ascii")


@contextlib.contextmanager
def limited(seconds: float = HANG_SECONDS + _SPARE_SECONDS) -> Iterator[None]:
    """Raise `Hang` where the block takes more of the processor's time; regular expressions let the signal through."""

    def ring(*_: object) -> None:
        raise Hang(f"more than {seconds:g} s")

    signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def mutate(rng: Random, data: bytes) -> bytes:
    """`data` after one to six blind changes of bytes."""
    raw = bytearray(data or b"\0")
    for _ in range(rng.randrange(1, 7)):
        at, length = rng.randrange(len(raw) + 1), rng.randrange(1, 20)
        match rng.randrange(5):
            case 0:
                raw[at:at] = rng.randbytes(rng.randrange(1, 5))
            case 1:
                del raw[at : at + length]
            case 2:
                raw[at:at] = raw[at : at + length] * rng.choice((1, 1, 2, 30))
            case 3:
                other = rng.randrange(len(raw) + 1)
                raw[at : at + length] = raw[other : other + length]
            case _:
                if at < len(raw):
                    raw[at] = rng.randrange(256)
    return bytes(raw[:_LARGEST])


def run(name: str, seeds: list[bytes], one: Callable[[bytes, Findings], None]) -> None:
    """Feed `one` with inputs until the time is up, and say how many there were and what was found."""
    parser = argparse.ArgumentParser(prog=name)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--findings", type=Path, default=Path("/tmp/fastapply-fuzz") / name)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--blind", action="store_true", help="without atheris, even where it is installed")
    options = parser.parse_args()
    findings = Findings(options.findings)
    atheris = None
    if not options.blind:
        with contextlib.suppress(ImportError):
            import atheris
    state = {"tried": 0, "told": 0.0, "start": time.monotonic()}

    def counted(data: bytes) -> None:
        state["tried"] += 1
        one(data, findings)
        elapsed = time.monotonic() - state["start"]
        if elapsed - state["told"] > 60:
            state["told"] = elapsed
            _tell(name, state["tried"], elapsed, findings)
        if elapsed > options.minutes * 60:
            _tell(name, state["tried"], elapsed, findings)
            os._exit(0)  # libFuzzer takes any other way out for a crash

    if atheris is not None:
        _run_guided(atheris, seeds, counted, options)
    rng = Random(options.seed)
    while True:
        counted(mutate(rng, rng.choice(seeds)))


def _run_guided(
    atheris: Any, seeds: list[bytes], counted: Callable[[bytes], None], options: argparse.Namespace
) -> None:
    corpus = options.findings / "corpus"
    corpus.mkdir(exist_ok=True)
    for k, seed in enumerate(seeds):
        (corpus / f"seed{k}").write_bytes(seed)
    arguments = [sys.argv[0], str(corpus), f"-max_len={_LARGEST}", "-timeout=300", "-rss_limit_mb=6000", "-verbosity=0"]
    atheris.Setup([*arguments, f"-seed={options.seed + 1}"], counted)
    atheris.Fuzz()


def _tell(name: str, tried: int, elapsed: float, findings: Findings) -> None:
    lines = [f"{name}: {tried} inputs in {elapsed:.0f} s, {sum(findings.counts.values())} findings"]
    lines += [f"    {count:6} {key}" for key, count in findings.counts.most_common()]
    print("\n".join(lines), flush=True)
