"""How the ranks of one model, all on this machine, find each other and agree."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import torch
import torch.distributed as dist

from backend.parallel import Alone, Group, Ranks
from backend.ranks import control_group

if TYPE_CHECKING:
    from backend.process.options import Options

__all__ = ["agree", "join"]

_MEET = timedelta(minutes=30)
"""For all ranks to have read their weights. One that ends before is seen to end."""


def join(options: Options, device: torch.device) -> tuple[Group, dist.ProcessGroup | None]:
    """Meet the other ranks: the group of the model, and the one for control messages, None where this is the only one.

    All ranks call it at the same time. They are on one machine, and nothing of what they exchange leaves it.
    """
    if options.tensor_parallel == 1:
        return Alone(), None
    if sys.platform == "linux":
        for name in ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME"):
            os.environ.setdefault(name, "lo")
    dist.init_process_group(
        "nccl" if device.type == "cuda" else "gloo",
        store=dist.FileStore(str(options.store), options.tensor_parallel),  # type: ignore[attr-defined]
        rank=options.rank,
        world_size=options.tensor_parallel,
        timeout=_MEET,
        device_id=device if device.type == "cuda" else None,
    )
    return Ranks(), control_group()


def agree(least: int, control: dist.ProcessGroup | None) -> int:
    """The least of all ranks' numbers. All ranks call it, and none goes on before all have."""
    if control is None:
        return least
    number = torch.tensor([least])
    dist.all_reduce(number, dist.ReduceOp.MIN, group=control)
    return int(number)
