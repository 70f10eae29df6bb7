"""One name, several implementations, chosen once per device: a faster kernel is an entry and no other change."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from backend.errors import UnknownOp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import torch

    from backend.step import Step

__all__ = ["Ops", "names", "register", "select"]

_Function = TypeVar("_Function", bound="Callable[..., Any]")


class RmsNorm(Protocol):
    """`weight * x / sqrt(mean(x^2) + eps)` over the last dimension, computed in float32 (arXiv 1910.07467)."""

    def __call__(self, x: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
        """`x` [..., d]; `weight` is [d] or has the last dimensions of `x`. A new tensor in the type of `x`."""


class AddRmsNorm(Protocol):
    """The residual stream's step: add what a block gave, and normalise the sum for the next block."""

    def __call__(
        self, x: torch.Tensor, residual: torch.Tensor, weight: torch.Tensor, eps: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Both [n, d]; returns the normalised sum and the sum."""


class Linear(Protocol):
    """`x weight^T + bias`."""

    def __call__(self, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
        """`x` [n, in], `weight` [out, in], `bias` [out]; returns [n, out]."""


class Rope(Protocol):
    """Turn dimension `i` of a head with dimension `i + d / 2` by the position's angle (arXiv 2104.09864)."""

    def __call__(self, x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
        """`x` [n, heads, d], `cos` and `sin` [n, d / 2]; a new tensor like `x`."""


class Store(Protocol):
    """Write keys and values of this step's tokens into their pages."""

    def __call__(self, key: torch.Tensor, value: torch.Tensor, pages: torch.Tensor, step: Step) -> None:
        """`key`, `value` [n, kv_heads, d]; `pages` [pages, 2, 64, kv_heads, d] of one layer, changed in place."""


class Attention(Protocol):
    """`softmax(q k^T / sqrt(d)) v` of each token over its sequence up to itself, with keys and values from pages."""

    def __call__(self, query: torch.Tensor, pages: torch.Tensor, step: Step) -> torch.Tensor:
        """`query` [n, heads, d], `pages` [pages, 2, 64, kv_heads, d] with this step's stored; returns [n, heads, d]."""


class Swiglu(Protocol):
    """`silu(gate) * up` (arXiv 2002.05202)."""

    def __call__(self, gate_up: torch.Tensor) -> torch.Tensor:
        """`gate_up` [n, 2 i], the gate first; returns [n, i]."""


class Experts(Protocol):
    """The weighted sum of the chosen experts' MLPs."""

    def __call__(
        self, x: torch.Tensor, chosen: torch.Tensor, shares: torch.Tensor, gate_up: torch.Tensor, down: torch.Tensor
    ) -> torch.Tensor:
        """`x` [n, hidden]; `chosen` [n, active] int64 and `shares` [n, active] in the type of `x`; `gate_up`
        [experts, 2 i, hidden], `down` [experts, hidden, i]; returns [n, hidden]."""


class Best(Protocol):
    """The highest logit of each row, where it stands, and the second highest, without keeping all logits."""

    def __call__(self, hidden: torch.Tensor, head: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """`hidden` [m, hidden], `head` [v, hidden]; returns float32, int64 and float32, each [m]. Of equal logits the
        lowest index wins, and the second is as high; -inf where there is none."""


@dataclass(frozen=True, slots=True)
class Ops:
    """The chosen implementation of every op. A field's name is the op's name."""

    rms_norm: RmsNorm
    add_rms_norm: AddRmsNorm
    linear: Linear
    rope: Rope
    store: Store
    attention: Attention
    swiglu: Swiglu
    experts: Experts
    best: Best


@dataclass(frozen=True, slots=True)
class _Implementation:
    function: Callable[..., Any]
    devices: frozenset[str]
    preference: int


_known: dict[str, dict[str, _Implementation]] = {field.name: {} for field in fields(Ops)}


def register(op: str, name: str, devices: tuple[str, ...], preference: int = 0) -> Callable[[_Function], _Function]:
    """Decorator: make a function the implementation `name` of `op` on these kinds of device.

    Where nothing else is asked for, the highest `preference` is chosen. Raises `UnknownOp` for an op that is not a
    field of `Ops`.
    """
    if op not in _known:
        raise UnknownOp(f"{op!r} is no op; there are {', '.join(_known)}")

    def keep(function: _Function) -> _Function:
        _known[op][name] = _Implementation(function, frozenset(devices), preference)
        return function

    return keep


def names(op: str, device: torch.device) -> list[str]:
    """Implementations of `op` that run on `device`, the preferred first."""
    fitting = [(-one.preference, name) for name, one in _known[op].items() if device.type in one.devices]
    return [name for _, name in sorted(fitting)]


def select(device: torch.device, wanted: Mapping[str, str] | None = None) -> Ops:
    """The implementation of every op for `device`; `wanted` names some by hand.

    Raises `UnknownOp` where one that is wanted, or any at all, is not there for this device.
    """
    wanted = wanted or {}
    for op in wanted:
        if op not in _known:
            raise UnknownOp(f"{op!r} is no op; there are {', '.join(_known)}")
    return Ops(**{op: _one(op, device, wanted.get(op)) for op in _known})


def _one(op: str, device: torch.device, wanted: str | None) -> Callable[..., Any]:
    there = names(op, device)
    if not there or (wanted is not None and wanted not in there):
        raise UnknownOp(
            f"{op}: no {wanted or 'implementation'} for {device.type}; there are {', '.join(there) or 'none'}"
        )
    return _known[op][wanted or there[0]].function
