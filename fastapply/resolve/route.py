"""What becomes of a merge in doubt: refused, given as the best guess, or asked of a model."""

from __future__ import annotations

from typing import Literal

from fastapply.errors import EditRefused, InvalidRequest, ModelUnavailable
from fastapply.merge.values import ApplyResult

OnDoubt = Literal["refuse", "best", "model"]
CHOICES: tuple[OnDoubt, ...] = ("refuse", "best", "model")


def check_choice(on_doubt: str) -> None:
    """Raise `InvalidRequest` for an unknown choice, `ModelUnavailable` for a model where none is configured."""
    if on_doubt not in CHOICES:
        raise InvalidRequest(f"on_doubt must be one of {', '.join(CHOICES)}, not {on_doubt!r}", field="on_doubt")
    if on_doubt == "model":
        raise ModelUnavailable('on_doubt="model" needs a model, and none is configured; use "refuse" or "best"')


def route(result: ApplyResult, on_doubt: OnDoubt) -> ApplyResult:
    """`result` itself where it is sure or the best guess is wanted; raises `EditRefused` otherwise."""
    if result.doubts and on_doubt == "refuse":
        raise EditRefused(result.doubts, result)
    return result
