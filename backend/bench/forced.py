"""An engine whose answers are given beforehand, and which says where its time goes."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import torch

from backend.batch import Scores
from backend.engine import Engine
from backend.model import Decoder
from backend.runner import ModelRunner

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from backend.batch import Batch, Choices, Runner
    from backend.kv.pages import PagePool
    from backend.model import DeviceScores
    from backend.request import Event, Handle, Request
    from backend.scheduler import Plan
    from backend.settings import EngineSettings
    from backend.step import Step

__all__ = [
    "MODEL_STAGES",
    "OWN_STAGES",
    "STAGES",
    "ForcedEngine",
    "StagedDecoder",
    "StagedEngine",
    "StagedRunner",
    "Stages",
]

STAGES = ("schedule and draft", "assemble", "move", "forward", "score", "verify")
"""`move`: checks of the batch, its way to the device, the scores' way back; `score`: the head over the vocabulary, the
best token and its margin."""
MODEL_STAGES = ("forward", "score")
OWN_STAGES = ("schedule and draft", "assemble", "verify")
"""The engine's own work on the host."""


class ForcedEngine(Engine):
    """Takes the tokens of a given answer in the place of the model's choices, all of which are computed."""

    def __init__(self, runner: Runner, pool: PagePool, settings: EngineSettings) -> None:
        super().__init__(runner, pool, settings)
        self._truth: dict[Handle, NDArray[np.int64]] = {}
        self.chosen: dict[Handle, NDArray[np.int64]] = {}
        """What the model itself chose after the answer so far, at each place of each answer; with a splice, among what
        was allowed there, and -1 where there was no choice."""

    def add_forced(self, request: Request, truth: Sequence[int]) -> Handle:
        """Take `request`, whose answer will be `truth` [max_tokens]; at temperature 0."""
        handle = self.add(request)
        self._truth[handle] = np.array(truth, np.int64)
        self.chosen[handle] = np.full(len(truth), -1, np.int64)
        return handle

    def _run(self, plan: Plan) -> Scores:
        scores = super()._run(plan)
        best = scores.best.copy()
        choices = scores.choices.copy()
        row = first = 0
        for share in plan.shares:
            handle, at = share.sequence.handle, share.sequence.answered
            rows, places = slice(row, row + share.rows), slice(at, at + share.rows)
            # Rows behind a refused token are written here too, and again by the step that computes them in earnest.
            self.chosen[handle][places] = best[rows]
            best[rows] = self._truth[handle][places]
            row += share.rows
            for offset, point in share.places or ():
                self._force(choices[first : first + point.count], handle, at + offset, point.ids)
                first += point.count
        return Scores(best, scores.margin, scores.logits, choices)

    def _force(self, logits: NDArray[np.float32], handle: Handle, place: int, ids: NDArray[np.int64]) -> None:
        """Put the true token of `place` above the others that are allowed, `ids` [n] with `logits` [n]."""
        if place >= len(self._truth[handle]):
            return  # behind a refused token, as are places where the true token is not allowed
        self.chosen[handle][place] = ids[logits.argmax()]
        logits[ids == self._truth[handle][place]] = np.inf


class Stages:
    """Seconds of each stage, for every step."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._steps: list[dict[str, float]] = []
        self.now: defaultdict[str, float] = defaultdict(float)
        """Of the step under way."""

    def clock(self) -> float:
        """The time when all that was launched is done."""
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        return time.perf_counter()

    def end_step(self) -> None:
        """Begin the next step."""
        self._steps.append({stage: self.now[stage] for stage in STAGES})
        self.now.clear()

    @property
    def steps(self) -> list[dict[str, float]]:
        """Of each step that ended, the seconds of every stage."""
        return self._steps


class StagedDecoder(Decoder):
    """Times the model's passes and waits for the end of each, so that it is not told as the read-back's."""

    stages: Stages

    @property
    def capturable(self) -> bool:
        """No: a clock can't be read in a recording."""
        return False

    def forward(self, step: Step, pages: torch.Tensor) -> torch.Tensor:
        """See `Decoder.forward`."""
        start = self.stages.clock()
        hidden = super().forward(step, pages)
        self.stages.now["forward"] += self.stages.clock() - start
        return hidden

    def score(self, hidden: torch.Tensor, sampled: torch.Tensor, choices: Choices | None = None) -> DeviceScores:
        """See `Decoder.score`."""
        start = self.stages.clock()
        scores = super().score(hidden, sampled, choices)
        self.stages.now["score"] += self.stages.clock() - start
        return scores


class StagedRunner:
    """A `Runner` that notes when it was asked and when it answered."""

    def __init__(self, runner: ModelRunner) -> None:
        self._runner = runner
        self.asked = self.answered = 0.0

    def copy_pages(self, pairs: Sequence[tuple[int, int]]) -> None:
        """See `Runner.copy_pages`."""
        self._runner.copy_pages(pairs)

    def run(self, batch: Batch) -> Scores:
        """See `Runner.run`."""
        self.asked = time.perf_counter()
        scores = self._runner.run(batch)
        self.answered = time.perf_counter()
        return scores


class StagedEngine(ForcedEngine):
    """A forced engine that fills `stages`. What forcing itself costs is in no stage."""

    def __init__(self, runner: StagedRunner, pool: PagePool, settings: EngineSettings, stages: Stages) -> None:
        super().__init__(runner, pool, settings)
        self._clocked = runner
        self._stages = stages
        self._forced = 0.0

    def step(self) -> list[Event]:
        """See `Engine.step`."""
        self._began = time.perf_counter()
        events = super().step()
        self._stages.now["verify"] += time.perf_counter() - self._forced
        self._stages.end_step()
        return events

    def _run(self, plan: Plan) -> Scores:
        planned = time.perf_counter()
        scores = super()._run(plan)
        now, runner = self._stages.now, self._clocked
        now["schedule and draft"] += planned - self._began
        now["assemble"] += runner.asked - planned
        now["move"] += runner.answered - runner.asked - now["forward"] - now["score"]
        self._forced = time.perf_counter()
        return scores
