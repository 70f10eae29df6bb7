"""How many pages fit into what memory is free, with the arithmetic as text for whoever starts the engine."""

from __future__ import annotations

from dataclasses import dataclass

from backend.batch import PAGE_TOKENS
from backend.errors import NotEnoughMemory

__all__ = ["MemoryPlan", "page_bytes", "plan_pages"]

GIB = 2**30
SPARE_PAGES = 1
"""Besides those of the longest request, so that a shared page can be copied before it is written to."""


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """How many pages there will be, and why."""

    pages: int
    text: str


def page_bytes(
    *, layers: int, kv_heads: int, head_dim: int, value_bytes: int, page_tokens: int = PAGE_TOKENS
) -> tuple[int, str]:
    """Bytes of one page on one rank, all layers, and the arithmetic. `kv_heads` are the rank's own."""
    size = 2 * layers * kv_heads * head_dim * page_tokens * value_bytes
    text = (
        f"one page: 2 (keys and values) x {layers} layers x {kv_heads} heads x {head_dim} wide x "
        f"{page_tokens} tokens x {value_bytes} B = {size:,} B"
    )
    return size, text


def plan_pages(
    *,
    free: int,
    page: tuple[int, str],
    context: int,
    share: float = 0.9,
    reserve: int = 0,
    page_tokens: int = PAGE_TOKENS,
) -> MemoryPlan:
    """Pages for `share` of the `free` bytes less `reserve` bytes (activations of the largest step).

    `page` is what `page_bytes` gave. `NotEnoughMemory` where not even one request of `context` tokens fits.
    """
    size, how = page
    usable = max(int(free * share) - reserve, 0)
    pages = usable // size
    needed = -(-context // page_tokens) + SPARE_PAGES
    text = (
        f"free {free / GIB:.2f} GiB x {share:g} - reserve {reserve / GIB:.2f} GiB = {usable / GIB:.2f} GiB\n"
        f"{how}\n"
        f"pages: {usable:,} B / {size:,} B = {pages:,}, which is {pages * page_tokens:,} tokens\n"
        f"one request of {context:,} tokens needs {needed:,} pages"
    )
    if pages < needed:
        raise NotEnoughMemory(f"too little memory for one request of {context:,} tokens\n{text}")
    return MemoryPlan(pages, text)
