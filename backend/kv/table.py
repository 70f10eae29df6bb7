"""One sequence's pages, in order: position `p` lives in `pages[p // page_tokens]`, slot `p % page_tokens`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from backend.kv.pages import PagePool
    from backend.kv.prefix import Node, PrefixIndex

__all__ = ["PageTable"]


class PageTable:
    """Holds its pages in the pool until `release`. The first `len(nodes)` of them are published."""

    def __init__(self, pool: PagePool, index: PrefixIndex, salt: bytes) -> None:
        self._pool = pool
        self._index = index
        self._salt = salt
        self.pages: list[int] = []
        self._nodes: list[Node] = []
        self._collided = False

    @property
    def capacity(self) -> int:
        """How many tokens fit the pages."""
        return len(self.pages) * self._pool.page_tokens

    def lookup(self, tokens: NDArray[np.int64]) -> tuple[list[Node], int]:
        """The kept pages that `tokens` begin with, and how many of them others hold now. Takes no hold of them."""
        found = self._index.match(tokens, self._salt)
        return found, sum(self._pool.holders(node.page) > 0 for node in found)

    def adopt(self, nodes: list[Node]) -> int:
        """Begin an empty table with kept pages; returns how many tokens they hold."""
        for node in nodes:
            self._pool.share(node.page)
        self.pages = [node.page for node in nodes]
        self._nodes = list(nodes)
        return self.capacity

    def short(self, start: int, end: int) -> int:
        """How many pages must be taken before the positions `start` to `end` (excluded) can be written."""
        grown = -(-end // self._pool.page_tokens) - len(self.pages)
        return max(grown, 0) + self._shared(start)

    def extend(self, start: int, end: int) -> list[tuple[int, int]]:
        """Make the positions `start` to `end` writable: take `short(start, end)` pages.

        Returns the (source, destination) pages to copy first, at most one. The source stays held: release it once it is
        copied, so that no page of one step is both.
        """
        copies = []
        if self._shared(start):
            slot = start // self._pool.page_tokens
            (fresh,) = self._pool.take(1)
            copies.append((self.pages[slot], fresh))
            self.pages[slot] = fresh
            del self._nodes[slot:]
        self.pages += self._pool.take(self.short(start, end))
        return copies

    def _shared(self, start: int) -> bool:
        """Whether the page that `start` lies in is there, and others read it too. Pages after it are never shared."""
        slot = start // self._pool.page_tokens
        return slot < len(self.pages) and not self._pool.writable(self.pages[slot])

    def publish(self, tokens: NDArray[np.int64]) -> None:
        """Let others find the pages that `tokens`, all computed and accepted, fill to the end.

        Where an equal page is kept already, the table changes over to it and gives its own back.
        """
        size = self._pool.page_tokens
        for slot in range(len(self._nodes), 0 if self._collided else len(tokens) // size):
            parent = self._nodes[-1] if slot else None
            page = self.pages[slot]
            node = self._index.publish(parent, tokens[slot * size : (slot + 1) * size], self._salt, page)
            if node is None:
                self._collided = True
                return
            if node.page != page:
                self._pool.share(node.page)
                self.pages[slot] = node.page
                self._pool.release([page])
            self._nodes.append(node)

    def trim(self, length: int) -> None:
        """Give back the pages that hold nothing of the first `length` tokens."""
        kept = -(-length // self._pool.page_tokens)
        self._pool.release(reversed(self.pages[kept:]))
        del self.pages[kept:]

    def release(self) -> None:
        """Give back all pages; what is published stays findable until it is evicted."""
        self.trim(0)
        self._nodes.clear()
        self._collided = False
