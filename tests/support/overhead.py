"""What a step costs besides the model: planning, drafting, assembling, verifying, the books of the pages.

    python -m support.overhead     (with tests/ on the path) prints a table; the tests hold the same numbers to bounds.

Times are the thread's own: what else runs on the machine is not counted.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backend.batch import Scores
from backend.engine import Engine
from backend.kv.pages import PagePool
from backend.request import Drafts, Request, Splice
from backend.settings import DraftSettings, EngineSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.batch import Batch

VOCAB = 151_936
NEWLINES = frozenset(range(0, VOCAB, 200))
_LOGITS = np.empty((0, VOCAB), np.float32)


class ScriptedRunner:
    """Knows the answers by position, so that its own time is next to nothing; and counts it."""

    def __init__(self, whole: Sequence[int]) -> None:
        self.whole = np.array([*whole, 0], np.int64)
        self.seconds = 0.0

    def copy_pages(self, pairs: Sequence[tuple[int, int]]) -> None:
        pass

    def run(self, batch: Batch) -> Scores:
        start = time.thread_time()
        best = self.whole[np.array(batch.positions)[np.array(batch.rows, int)] + 1]
        scores = Scores(best, np.ones(len(best), np.float32), _LOGITS, self._choices(batch))
        self.seconds += time.thread_time() - start
        return scores

    def _choices(self, batch: Batch) -> np.ndarray:
        """1 for the token that comes, of those that may, and 0 for the others."""
        if batch.choices is None:
            return np.empty(0, np.float32)
        ids = np.split(batch.choices.ids, batch.choices.starts[1:-1])
        comes = self.whole[np.array(batch.positions)[np.array(batch.choices.rows)] + 1]
        rows = zip(batch.choices.sets, comes, strict=True)
        return np.concatenate([(ids[one] == token).astype(np.float32) for one, token in rows])


@dataclass(frozen=True)
class Cost:
    """Of one answer of 4k tokens, or of several at once."""

    name: str
    passes: int
    add_ms: float
    """Taking a request."""
    step_ms: float
    """Mean over the steps, without the runner."""
    worst_ms: float


def file_of(tokens: int, seed: int = 1) -> np.ndarray:
    """Token ids in lines of 4 to 14, from few enough words that 4-grams recur as they do in code."""
    rng = np.random.default_rng(seed)
    words = (rng.zipf(1.3, tokens) * 7919 + 1) % VOCAB
    words[np.cumsum(rng.integers(4, 15, tokens // 4)).clip(max=tokens - 1)] = 200
    return words.astype(np.int64)


def changed(answer: np.ndarray, places: int) -> np.ndarray:
    """`answer` with a token replaced at each of so many places."""
    draft = answer.copy()
    for place in np.linspace(0, len(answer), places + 2, dtype=int)[1:-1]:
        draft[place] = (draft[place] + 1) % VOCAB
    return draft


def without_lines(answer: np.ndarray, places: int) -> np.ndarray:
    """`answer` without a line at each of so many places."""
    ends = np.flatnonzero(answer == 200) + 1
    gone = np.linspace(0, len(ends) - 1, places + 2, dtype=int)[1:-1]
    return np.delete(answer, [place for i in gone for place in range(ends[i - 1], ends[i])])


def lines_of(*texts: np.ndarray) -> list[list[int]]:
    """The distinct lines of some texts, their ends included."""
    lines = [line.tolist() for text in texts for line in np.split(text, np.flatnonzero(text == 200) + 1) if len(line)]
    return [list(line) for line in dict.fromkeys(map(tuple, lines))]


def measure(
    name: str,
    draft: np.ndarray,
    answer: np.ndarray,
    prompt: np.ndarray,
    requests: int = 1,
    lines: list[list[int]] | None = None,
) -> Cost:
    """The engine's own time for `requests` equal answers at once, put together from `lines` if they are given."""
    splice = Splice(lines) if lines is not None else None
    runner = ScriptedRunner([*prompt.tolist(), *answer.tolist()])
    settings = EngineSettings(VOCAB, 32768, step_tokens=4096, line_ends=NEWLINES, drafts=DraftSettings())
    engine = Engine(runner, PagePool(200 * requests), settings)
    start = time.thread_time()
    for i in range(requests):
        drafts = Drafts(given=draft, original=changed(draft, 7), snippet=answer[500:700]) if len(draft) else Drafts()
        engine.add(Request(prompt, len(answer), drafts=drafts, salt=bytes([i]), splice=splice))
    add = (time.thread_time() - start) / requests
    times = []
    while engine.busy:
        runner.seconds, start = 0.0, time.thread_time()
        engine.step()
        times.append(time.thread_time() - start - runner.seconds)
    return Cost(name, len(times), add * 1e3, float(np.mean(times)) * 1e3, float(np.max(times)) * 1e3)


def costs() -> list[Cost]:
    answer, prompt = file_of(4096), file_of(5000, seed=2)
    found = [measure(f"{places} mismatches", changed(answer, places), answer, prompt) for places in (0, 1, 3, 10, 100)]
    found.append(measure("no draft fits", file_of(4096, seed=9), answer[:600], prompt))
    found.append(measure("32 at once, 3 mismatches", changed(answer, 3), answer, prompt, requests=32))
    lines = lines_of(answer, file_of(4096, seed=9))
    drafts = {"right": answer, "3 lines missing": without_lines(answer, 3), "none": answer[:0]}
    for kind, draft in drafts.items():
        found.append(measure(f"spliced, draft: {kind}", draft, answer, prompt, lines=lines))
    found.append(measure("32 at once, spliced", without_lines(answer, 3), answer, prompt, requests=32, lines=lines))
    return found


if __name__ == "__main__":
    costs()  # the first run pays for imports and caches
    lines = [f"{'4k answer, 5k prompt':28}{'passes':>8}{'add ms':>9}{'ms/step':>9}{'worst':>8}"]
    lines += [f"{one.name:28}{one.passes:8}{one.add_ms:9.3f}{one.step_ms:9.3f}{one.worst_ms:8.3f}" for one in costs()]
    sys.stdout.write("\n".join([*lines, ""]))
