"""How much memory is free for pages on a rank's device, and what a step needs besides."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from backend.errors import NotEnoughMemory
from backend.graphs import GATHERED
from backend.kv.memory import GIB
from backend.rope import table_bytes

if TYPE_CHECKING:
    from backend.settings import EngineSettings
    from backend.spec import ModelSpec
    from backend.split import Split

__all__ = ["available_cores", "available_memory", "free_memory", "require_tables", "step_memory"]

_CGROUP = Path("/sys/fs/cgroup")
_HEAD_ROWS = 256
"""Rows whose logits are there at once (`ops.eager`)."""


def free_memory(device: torch.device, ranks: int) -> int:
    """Bytes free on `device`; on a CPU, this rank's share of what the machine or the container has left."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
        return int(torch.cuda.mem_get_info(device)[0])
    return available_memory() // ranks


def require_tables(spec: ModelSpec, ranks: int) -> None:
    """Raise `NotEnoughMemory` where the tables of all positions are more than this machine could hold: a config may
    say any number, and what is asked of the system then ends the process."""
    needed = ranks * table_bytes(spec.head_dim, spec.max_positions)
    if needed > (free := available_memory()):
        raise NotEnoughMemory(
            f"config.json gives the model {spec.max_positions:,} positions (max_position_embeddings, rope_scaling), "
            f"whose tables take {needed / GIB:,.1f} GiB of memory, and {free / GIB:.1f} GiB are free"
        )


def available_cores(cgroup: Path = _CGROUP) -> int:
    """Cores that this process may use, by affinity and by the quota of a container."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, _, period = (cgroup / "cpu.max").read_text("ascii").strip().partition(" ")
    except (OSError, ValueError):
        return cores
    if quota.isdecimal() and period.isdecimal():
        return max(1, min(cores, math.ceil(int(quota) / int(period))))
    return cores


def available_memory(meminfo: Path = Path("/proc/meminfo"), cgroup: Path = _CGROUP) -> int:
    """Bytes that could be taken without swapping; where the system does not say, all there are."""
    found = _available(meminfo)
    limit, used = _number(cgroup / "memory.max"), _number(cgroup / "memory.current")
    return found if limit is None or used is None else max(min(found, limit - used), 0)


def step_memory(spec: ModelSpec, split: Split, settings: EngineSettings, *, recorded: bool = False) -> tuple[int, str]:
    """Bytes that the largest step may need besides weights and pages, and the arithmetic.

    An upper estimate from the plain ops: what a layer holds at once, masks and gathered keys of one sequence, logits;
    where short steps are `recorded`, the keys that those gather, in memory that they keep.
    """
    size, tokens = spec.dtype.itemsize, settings.step_tokens
    inner = max(len(split.intermediate), len(split.expert_intermediate) * (spec.experts.active if spec.experts else 0))
    width = 4 * spec.hidden + 3 * (len(split.heads) + 2 * len(split.kv_heads)) * spec.head_dim + 3 * inner
    layer = tokens * width * max(size, 4)  # norms are computed in float32
    mask = tokens * settings.context * (1 + size)
    gathered = 2 * settings.context + (GATHERED if recorded else 0)
    keys = 2 * gathered * len(split.kv_heads) * spec.head_dim * size
    rows = min(_HEAD_ROWS, tokens)
    logits = 2 * rows * len(split.vocab) * size + 3 * min(settings.sampled_rows, tokens) * spec.vocab_size * 4
    total = layer + mask + keys + logits
    text = (
        f"a step of {tokens:,} tokens: layer {layer / GIB:.2f} + masks {mask / GIB:.2f} + gathered keys and values "
        f"{keys / GIB:.2f} + logits {logits / GIB:.2f} = {total / GIB:.2f} GiB"
    )
    return total, text


def _available(meminfo: Path) -> int:
    try:
        lines = meminfo.read_text("ascii").splitlines()
    except OSError:
        lines = []
    for line in lines:
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


def _number(path: Path) -> int | None:
    try:
        text = path.read_text("ascii").strip()
    except (OSError, ValueError):
        return None
    return int(text) if text.isdecimal() else None
