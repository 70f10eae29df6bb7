"""What a figure was measured on: device, versions, commit."""

from __future__ import annotations

import importlib.metadata
import platform
import subprocess
from pathlib import Path

import torch

__all__ = ["clocks", "commit", "described", "versions"]

_PACKAGES = ("torch", "transformers", "tokenizers", "triton", "numpy")


def described(device: torch.device) -> dict[str, object]:
    """Name and size of the device and its host."""
    found: dict[str, object] = {
        "device": device.type,
        "processor": _processor(),
        "threads": torch.get_num_threads(),
        "system": platform.platform(),
    }
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        found |= {
            "gpu": properties.name,
            "gpu_memory_bytes": properties.total_memory,
            "multiprocessors": properties.multi_processor_count,
            "cuda": torch.version.cuda,
        }
    return found


def clocks(device: torch.device) -> str:
    """The GPU's clocks, power and temperature as nvidia-smi says them now; empty without one."""
    if device.type != "cuda":
        return ""
    asked = "clocks.sm,clocks.mem,power.draw,temperature.gpu"
    return _said("nvidia-smi", f"--query-gpu={asked}", "--format=csv,noheader")


def versions() -> dict[str, str]:
    """Of Python and of the packages that decide the speed; those that are not installed are left out."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def commit() -> str:
    """Of this checkout, with a + if files differ from it; empty outside of one."""
    here = str(Path(__file__).parent)
    name = _said("git", "-C", here, "rev-parse", "--short", "HEAD")
    changed = _said("git", "-C", here, "status", "--porcelain", "--untracked-files=no", "..")
    return name + "+" if name and changed else name


def _said(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} x {names[0]}" if names else platform.processor()
