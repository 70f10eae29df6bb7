"""The decoder on a CUDA device: each op against float64, recorded steps against plain ones, the engine against itself.

make test-gpu GPU_PYTHON=/path/to/python
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from backend.batch import Batch
from backend.bench.__main__ import main
from backend.dummy import dummy_weights
from backend.engine import Engine
from backend.kv.pages import PagePool
from backend.model import Decoder
from backend.ops import names, select
from backend.request import Drafts, Request
from backend.runner import ModelRunner
from backend.settings import EngineSettings
from backend.spec import ModelSpec
from backend.step import Step
from support.engines import drain
from support.models import COMMON, FAMILIES, greedy, some_tokens

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here: `make test-gpu` on one that has"),
]
GPU = torch.device("cuda")
CPU = torch.device("cpu")
BOUNDS = {torch.float32: 1e-5, torch.float16: 2e-3, torch.bfloat16: 1e-2}
"""Of the error's norm over that of the result in float64."""
STEP = Batch([1] * 6, [70, 71, 3, 4, 0, 1], [0, 2, 4, 6], [70, 3, 0], [[5, 2], [7], [1]], [0, 5])
"""Sequences of two query tokens each, so that both forms of attention take it."""


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed + sum(shape)), dtype=torch.float64)


def calls() -> dict[str, tuple[Callable[..., object], list[torch.Tensor]]]:
    """How each op is called with its inputs, all in float64."""
    shared, weight, vector = noise(6, 64), noise(96, 64), noise(64)
    heads, angles = noise(6, 4, 32), noise(6, 16)
    experts = [noise(6, 8).topk(2).values, noise(8, 48, 64), noise(8, 64, 24)]
    chosen = noise(6, 8, seed=3).topk(2).indices
    return {
        "rms_norm": (lambda op, x, w: op(x, w, 1e-6), [shared, vector]),
        "add_rms_norm": (lambda op, x, r, w: op(x, r, w, 1e-6)[0], [shared, noise(6, 64, seed=1), vector]),
        "linear": (lambda op, x, w, b: op(x, w, b), [shared, weight, noise(96)]),
        "rope": (lambda op, x, a: op(x, a.cos(), a.sin()), [heads, angles]),
        "swiglu": (lambda op, x: op(x), [noise(6, 96)]),
        "experts": (lambda op, x, s, g, d: op(x, chosen.to(x.device), s, g, d), [shared, *experts]),
        "best": (lambda op, x, w: torch.stack(op(x, w)[::2]), [shared, weight]),
        "attention": (lambda op, q, p: op(q, p, Step.of(STEP, q.device)), [heads, noise(8, 2, 64, 2, 32)]),
    }


@pytest.mark.parametrize("dtype", BOUNDS)
@pytest.mark.parametrize("op", calls())
def test_every_implementation_is_near_the_op_in_float64(op: str, dtype: torch.dtype) -> None:
    call, inputs = calls()[op]
    for name in names(op, GPU):
        rounded = [one.to(dtype) for one in inputs]
        truth = call(getattr(select(CPU), op), *(one.double() for one in rounded))
        found = call(getattr(select(GPU, {op: name}), op), *(one.to(GPU) for one in rounded))
        assert isinstance(found, torch.Tensor)
        assert isinstance(truth, torch.Tensor)
        error = (found.cpu().double() - truth).norm() / truth.norm()
        assert error < BOUNDS[dtype], f"{name}: {error}"  # false for NaN, too


def runner_of(family: str, dtype: str = "float32", pages: int = 40) -> ModelRunner:
    spec = ModelSpec.from_config({**COMMON, **FAMILIES[family], "model_type": family, "dtype": dtype})
    return ModelRunner(Decoder(spec, dummy_weights(spec, device=GPU)), pages)


class _Plain(Decoder):
    """Whose steps are never recorded."""

    @property
    def capturable(self) -> bool:
        return False


def plain_runner(runner: ModelRunner) -> ModelRunner:
    """The same weights without recordings."""
    decoder = runner.decoder
    return ModelRunner(_Plain(decoder.spec, decoder._weights, decoder.group), runner.pages.shape[0])


@pytest.mark.parametrize("family", FAMILIES)
def test_replayed_steps_score_and_write_what_plain_ones_do(family: str) -> None:
    recorded = runner_of(family)
    plain = plain_runner(recorded)
    for context in (0, 3, 63, 64, 130, 131, 200):
        for count in (1, 2, 7):
            places = list(range(context, context + count))
            tokens = some_tokens(count, seed=context)
            batch = Batch(tokens, places, [0, count], [context], [[9, 4, 7, 30]], list(range(count)))
            ours, theirs = recorded.run(batch), plain.run(batch)
            assert ours.best.tolist() == theirs.best.tolist()
            assert np.allclose(ours.margin, theirs.margin, atol=1e-4)
    assert (recorded.pages - plain.pages).abs().max() < 1e-4
    assert recorded._graphs is not None
    assert plain._graphs is None


@pytest.mark.parametrize("family", FAMILIES)
def test_engines_answer_as_one_by_one_with_and_without_recordings(family: str) -> None:
    runner = runner_of(family)
    plain = plain_runner(runner)
    prompts = [some_tokens(count, seed=count) for count in (90, 20, 64)]
    wanted = [greedy(plain, prompt, 60) for prompt in prompts]
    for one in (runner, plain):
        engine = Engine(one, PagePool(40), EngineSettings(131, 512, step_tokens=128))
        drafts = [wanted[0], [], [*wanted[2][:9], *wanted[2][11:]]]
        handles = [engine.add(Request(p, 60, drafts=Drafts(given=d))) for p, d in zip(prompts, drafts, strict=True)]
        outcomes = drain(engine)
        assert [outcomes[handle].tokens for handle in handles] == wanted


def test_scores_come_back_through_pinned_memory_and_steps_may_be_launched_ahead() -> None:
    runner = runner_of("qwen2")
    first = Batch([5], [0], [0, 1], [0], [[3]], [0])
    second = Batch([9], [1], [0, 1], [1], [[3]], [0])
    alone = [runner.run(batch).best.tolist() for batch in (first, second)]
    ahead = [runner.launch(batch) for batch in (first, second)]
    assert all(part.is_pinned() for part in ahead[0]._host if part.numel())
    assert [pending.scores().best.tolist() for pending in ahead] == alone


def test_the_benchmark_runs_here(tmp_path: Path) -> None:
    text = "".join(f"def f{i}(x):\n    return x + {i}\n\n\n" for i in range(60))
    cases = [{"id": str(i), "path": "a.py", "before": text[: 400 + 90 * i], "snippet": "x"} for i in range(6)]
    with gzip.open(tmp_path / "cases.jsonl.gz", "wt") as file:
        file.writelines(json.dumps(case | {"after": case["before"] + "# end\n"}) + "\n" for case in cases)
    arguments = ["--device", "cuda", "--quick", "--cases", f"{tmp_path}/cases.jsonl.gz", "--json", f"{tmp_path}/a.json"]
    assert main(arguments) == 0
    assert json.loads((tmp_path / "a.json").read_text())["machine"]["gpu"]
