"""The arithmetic of the decoder, each operation behind a name; importing this package registers all implementations."""

from __future__ import annotations

from backend.ops import attention, eager, experts, padded
from backend.ops.registry import Ops, names, register, select

__all__ = ["Ops", "attention", "eager", "experts", "names", "padded", "register", "select"]
