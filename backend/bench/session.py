"""One model of the benchmark from its weights to its tables."""

from __future__ import annotations

import itertools
import sys
from typing import TYPE_CHECKING

from backend.batch import PAGE_TOKENS
from backend.bench import machine
from backend.bench.arithmetic import work
from backend.bench.cases import nearest
from backend.bench.measure import Bench, Variant, variants
from backend.bench.report import Row, row_of, stage_row, summed_up, table
from backend.kv.memory import page_bytes
from backend.settings import EngineSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from backend.bench.cases import Edit
    from backend.bench.plan import Plan
    from backend.spec import ModelSpec

__all__ = ["Session", "show"]

_STAGED_TOKENS = 64
"""Of plain decoding, whose steps are all alike."""
_TOGETHER_MISMATCHES = 3


class Session:
    """Measures one model by a plan."""

    def __init__(
        self,
        spec: ModelSpec,
        name: str,
        plan: Plan,
        edits: Sequence[Edit],
        line_ends: frozenset[int],
        device: torch.device,
        seed: int,
    ) -> None:
        """`spec` is that of the config `name`; of `edits` those nearest to the plan's sizes are made."""
        self._name = name
        self._plan = plan
        self._seed = seed
        self._device = device
        self._files = [nearest(edits, size) for size in plan.sizes]
        self._crowd = sorted(edits, key=lambda edit: abs(len(edit.truth) - plan.sizes[0]))[: plan.together]
        self._spec = spec
        settings = EngineSettings(
            self._spec.vocab_size,
            self._spec.max_positions,
            step_tokens=plan.step_tokens,
            line_ends=line_ends,
            drafts=plan.drafts,
        )
        self._pages = self._pages_needed()
        self._bench = Bench(name, self._spec, seed, device, settings, self._pages)

    def run(self) -> Row:
        """All figures of this model."""
        self._warm_up()
        before = machine.clocks(self._device)
        rows = self._answers()
        staged = [self._staged(variant) for variant in variants() if not (variant.peer or variant.cached)]
        together = self._together()
        return {
            "model": self._name,
            "dtype": str(self._spec.dtype).removeprefix("torch."),
            "memory": self._memory(),
            "transformers": self._bench.peer is not None,
            "answers": rows,
            "summary": summed_up(rows),
            "stages": staged,
            "together": together,
            "clocks": [before, machine.clocks(self._device)],
            "correct": all(row["correct"] for row in rows) and together["correct"],
        }

    def _ways(self) -> list[Variant]:
        return [variant for variant in variants() if self._bench.peer is not None or not variant.peer]

    def _warm_up(self) -> None:
        """Every way once, on a short answer, so that nothing is loaded, compiled or recorded while the clock runs."""
        # Only on a GPU are steps recorded, for each size of context.
        files = self._files if self._device.type == "cuda" else self._files[:1]
        for edit, variant in itertools.product(files, self._ways()):
            self._bench.run(variant, edit.cut(24), self._seed)
        self._bench.forget()

    def _answers(self) -> list[Row]:
        """The ways take turns on each file; slow ones in the first round only."""
        return [
            self._answer(variant, edit, self._seed + turn)
            for edit in self._files
            for turn in range(self._plan.rounds)
            for variant in self._ways()
            if turn == 0 or not variant.slow
        ]

    def _answer(self, variant: Variant, edit: Edit, seed: int) -> Row:
        limit = self._plan.slow_tokens if variant.slow and not variant.lookup else 0
        made = edit.cut(limit) if limit else edit
        result = self._bench.run(variant, made, seed)
        if len(made.truth) < len(edit.truth):
            result = result.for_all(len(edit.truth))
        print(f"{result.file}: {variant.name}: {result.seconds:.2f} s", file=sys.stderr, flush=True)
        least = work(self._spec, result.prompt, result.tokens, result.computed, result.scored, result.passes)
        return row_of(result, least)

    def _staged(self, variant: Variant) -> Row:
        edit = self._files[len(self._files) // 2]
        made = edit.cut(_STAGED_TOKENS) if variant.slow else edit
        steps = self._bench.stages(variant, made, self._seed)
        return stage_row(variant.name, edit.name, steps)

    def _together(self) -> Row:
        one_by_one, at_once, correct = self._bench.together(self._crowd, _TOGETHER_MISMATCHES, self._seed)
        tokens = sum(len(edit.truth) for edit in self._crowd)
        return {
            "requests": len(self._crowd),
            "mismatches": _TOGETHER_MISMATCHES,
            "forced": True,
            "tokens": tokens,
            "rate_one_by_one": tokens / one_by_one,
            "rate_at_once": tokens / at_once,
            "correct": correct,
        }

    def _pages_needed(self) -> int:
        """For the longest file alone, and for the crowd at once."""
        longest = max(_page_count(edit) for edit in self._files)
        return max(longest, sum(_page_count(edit) for edit in self._crowd)) + 2

    def _memory(self) -> Row:
        """What weights and pages take, with the arithmetic of a page."""
        spec = self._spec
        size, how = page_bytes(
            layers=spec.layers, kv_heads=spec.kv_heads, head_dim=spec.head_dim, value_bytes=spec.dtype.itemsize
        )
        return {
            "weights_bytes": self._bench.weights.bytes,
            "page_bytes": size,
            "pages": self._pages,
            "text": f"weights {self._bench.weights.bytes:,} B; {how}; {self._pages} pages = {self._pages * size:,} B",
        }


_COLUMNS = {
    "passes": "passes",
    "missed": "missed",
    "choices": "choices",
    "no choice": "no_choice",
    "tok/s": "rate",
    "x plain": "x_plain",
    "x lookup": "x_lookup",
    "| tok/s": "rate_after_prompt",
    "x plain ": "x_plain_after_prompt",
    "x lookup ": "x_lookup_after_prompt",
    "| p50 s": "seconds_p50",
    "p95 s": "seconds_p95",
    "TFLOP/s": "tflops",
    "GB/s": "gb_per_second",
    "agreed": "agreement",
}


def show(found: Row) -> str:
    """The tables of one model."""
    cells = [[row["variant"], *(row[field] for field in _COLUMNS.values())] for row in found["summary"]]
    rates = table(["forced; prompt included | without", *_COLUMNS], cells)
    stages = found["stages"][0]["shares"].keys()
    shares = table(
        ["forced", "steps", "p50 ms", "p95 ms", *(f"{stage} %" for stage in stages), "overhead %", "own %"],
        [_stage_cells(row) for row in found["stages"]],
    )
    crowd = found["together"]
    return "\n\n".join(
        [
            f"{found['model']}, {found['dtype']}: {found['memory']['text']}",
            rates,
            shares,
            f"{crowd['requests']} requests, {crowd['mismatches']} mismatches each (forced): "
            f"{crowd['rate_one_by_one']:,.0f} tok/s one by one, {crowd['rate_at_once']:,.0f} at once",
            f"every answer is the recorded edit's file: {'yes' if found['correct'] else 'NO'}\n",
        ]
    )


def _stage_cells(row: Row) -> list[object]:
    shares = [100 * share for share in row["shares"].values()]
    times = [row["steps"], row["step_ms_p50"], row["step_ms_p95"]]
    return [row["variant"], *times, *shares, 100 * row["overhead"], 100 * row["engine"]]


def _page_count(edit: Edit) -> int:
    return -(-(len(edit.prompt) + len(edit.truth)) // PAGE_TOKENS) + 1
