"""Several ranks as processes on this machine, with gloo between them, and what they are told to do."""

from __future__ import annotations

import dataclasses
import os
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from backend.batch import Choices
from backend.checkpoint import load
from backend.errors import RankLost
from backend.model import Decoder
from backend.parallel import Ranks
from backend.ranks import Leader, control_group, follow
from backend.runner import ModelRunner
from backend.spec import ModelSpec
from backend.split import Split
from support.models import chunk, greedy, logits_of, some_tokens

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from backend.batch import Runner

SECONDS = 60.0
"""After which the ranks of a test are ended."""


def on_ranks(size: int, work: Callable[..., None], *arguments: object) -> None:
    """Call `work(rank, size, *arguments)` in `size` processes; raises what one of them raised, or `TimeoutError`."""
    from support.service import free_port

    end = time.monotonic() + SECONDS
    begin = (size, free_port(), work, arguments)
    # Each rank is a fresh process, forked from one that has nothing but torch imported, which takes seconds.
    mp.get_context("forkserver").set_forkserver_preload(["torch", "torch.distributed", "safetensors"])
    ranks = mp.start_processes(_begin, begin, nprocs=size, join=False, start_method="forkserver")
    try:
        while not ranks.join(timeout=max(end - time.monotonic(), 0)):
            if time.monotonic() >= end:
                raise TimeoutError(f"{size} ranks did not end within {SECONDS:g} s")
    finally:
        for process in ranks.processes:
            process.kill()
            process.join()


def _begin(rank: int, size: int, port: int, work: Callable[..., None], arguments: tuple[object, ...]) -> None:
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")  # where the host has no name of its own
    address, limit = f"tcp://127.0.0.1:{port}", timedelta(seconds=SECONDS)
    dist.init_process_group("gloo", address, rank=rank, world_size=size, timeout=limit)
    work(rank, size, *arguments)
    dist.destroy_process_group()


def answers(runner: Runner) -> dict[str, list[object]]:
    """What a test compares: logits whole and in chunks, best tokens, margins, greedy tokens, choices, copied pages."""
    tokens = some_tokens(100)
    found = {
        "logits": logits_of(runner, tokens).tolist(),
        "chunked": logits_of(runner, tokens, [1, 64]).tolist(),
        "greedy": greedy(runner, tokens[:10], 12),
    }
    plain = chunk(tokens, 0, 100, [3, 4])
    scores = runner.run(dataclasses.replace(plain, sampled=()))
    found |= {"best": scores.best.tolist(), "margin": scores.margin.tolist()}
    found["choices"] = runner.run(
        dataclasses.replace(plain, rows=[0], sampled=(), choices=some_choices())
    ).choices.tolist()
    runner.copy_pages([(3, 5), (4, 6)])
    found["copied"] = runner.run(chunk([*tokens, 1], 100, 101, [5, 6])).logits.tolist()
    return found


def some_choices() -> Choices:
    """Sets that lie on one rank alone, on several, and on none but the last; rows share them."""
    sets = [[0, 1], [5, 40, 70, 99, 130], list(range(131)), [130]]
    starts = np.cumsum([0, *map(len, sets)]).tolist()
    return Choices([3, 4, 20, 21, 99], [0, 1, 3, 1, 2], starts, np.concatenate(sets))


def answer_all(rank: int, size: int, folders: dict[str, Path], out: Path) -> None:
    """`answers` of each folder's model, split over the ranks, saved by the first."""
    control = control_group()
    found = {}
    for name, folder in folders.items():
        runner = _share(folder, rank, size)
        if rank == 0:
            leader = Leader(runner, control)
            found[name] = answers(leader)
            leader.close()
        else:
            follow(runner, control)
    if rank == 0:
        torch.save(found, out)


def lose_one(rank: int, size: int, folder: Path, out: Path) -> None:
    """The last rank dies before the first step; every other one writes down what it is told."""
    control = control_group()
    runner = _share(folder, rank, size)
    if rank == size - 1:
        os._exit(0)
    try:
        if rank == 0:
            Leader(runner, control).run(chunk(some_tokens(5), 0, 5, [0]))
        else:
            follow(runner, control)
    except RankLost as error:
        out.with_suffix(f".{rank}").write_text(str(error))
    os._exit(0)


def _share(folder: Path, rank: int, size: int) -> ModelRunner:
    spec = ModelSpec.from_folder(folder)
    weights = load(folder, spec, Split.of(spec, rank, size))
    return ModelRunner(Decoder(spec, weights, Ranks()), 16)
