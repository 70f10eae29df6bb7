"""The books of the pages: which are free, held or kept for later. The memory itself belongs to the runner.

    free ──take──► held ──release──► free
                    │ ▲
            release │ │ share           a page is *kept* while the prefix index names it
                    ▼ │
                   idle ──evict──► free  kept and held by nobody: the least recently released goes first

A page's reference count is the number of tables that it stands in (and of copies under way that read it).
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from backend.batch import PAGE_TOKENS
from backend.errors import BadSetting, CorruptPages, OutOfPages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["PagePool"]


class PagePool:
    """`total` pages of `page_tokens` tokens each. Not thread-safe: the engine's thread alone uses it."""

    def __init__(self, total: int, page_tokens: int = PAGE_TOKENS) -> None:
        if total < 2:  # one to write to and one to copy from
            raise BadSetting("pages", f"{total} is too few: at least 2 are needed")
        if page_tokens < 1:
            raise BadSetting("page_tokens", f"{page_tokens} is not positive")
        self.total = total
        self.page_tokens = page_tokens
        self.on_evict: Callable[[int], None] | None = None
        """Told each page that is evicted, before it is handed out again."""
        self._holders = [0] * total
        self._free = list(range(total - 1, -1, -1))
        self._kept = [False] * total
        self._idle: OrderedDict[int, None] = OrderedDict()

    @property
    def available(self) -> int:
        """How many pages `take` can give now, evicting what is idle."""
        return len(self._free) + len(self._idle)

    @property
    def idle(self) -> int:
        """How many pages are kept though nobody holds them."""
        return len(self._idle)

    def holders(self, page: int) -> int:
        """How many tables `page` stands in."""
        return self._holders[page]

    def take(self, count: int) -> list[int]:
        """`count` pages with one holder each and undefined contents; all of them, or `OutOfPages` and none."""
        if count > self.available:
            raise OutOfPages(f"{count} pages asked for, {self.available} of {self.total} available")
        while len(self._free) < count:
            self._evict()
        pages = [self._free.pop() for _ in range(count)]
        for page in pages:
            self._holders[page] = 1
        return pages

    def share(self, page: int) -> None:
        """One holder more for a page that is held or idle."""
        if not self._holders[page]:
            if page not in self._idle:
                raise CorruptPages(f"page {page} is free and can't be shared")
            del self._idle[page]
        self._holders[page] += 1

    def release(self, pages: Iterable[int]) -> None:
        """One holder fewer for each. Give a table's pages from its end, so that a prefix outlives what follows it."""
        for page in pages:
            if self._holders[page] < 1:
                raise CorruptPages(f"page {page} is released, and nobody holds it")
            self._holders[page] -= 1
            if self._holders[page]:
                continue
            if self._kept[page]:
                self._idle[page] = None
            else:
                self._free.append(page)

    def keep(self, page: int) -> None:
        """Do not free this held page when its last holder leaves: the prefix index names it."""
        if not self._holders[page] or self._kept[page]:
            raise CorruptPages(f"page {page} can't be kept: {self._holders[page]} holders, kept {self._kept[page]}")
        self._kept[page] = True

    def writable(self, page: int) -> bool:
        """Whether its one holder may write to it: nobody else reads it, now or later."""
        return self._holders[page] == 1 and not self._kept[page]

    def _evict(self) -> None:
        page, _ = self._idle.popitem(last=False)
        self._kept[page] = False
        if self.on_evict is not None:
            self.on_evict(page)
        self._free.append(page)

    def check_integrity(self, held: Mapping[int, int] | None = None) -> None:
        """Raise `CorruptPages` where the books contradict each other, or `held` (page to holders, none left out)."""
        free, idle = set(self._free), set(self._idle)
        if len(free) != len(self._free):
            raise CorruptPages("a page is on the free list twice")
        if both := free & idle:
            raise CorruptPages(f"pages {sorted(both)} are free and idle at once")
        for page in range(self.total):
            self._check_page(page, page in free, page in idle)
        if held is not None:
            found = {page: count for page, count in enumerate(self._holders) if count}
            wrong = {page: (count, held.get(page, 0)) for page, count in found.items() if held.get(page, 0) != count}
            wrong |= {page: (0, count) for page, count in held.items() if page not in found}
            if wrong:
                raise CorruptPages(f"holders counted against holders there: {wrong}")

    def _check_page(self, page: int, free: bool, idle: bool) -> None:
        count, kept = self._holders[page], self._kept[page]
        if count < 0:
            raise CorruptPages(f"page {page} has {count} holders")
        if (count > 0) == (free or idle):
            raise CorruptPages(f"page {page} has {count} holders, free {free}, idle {idle}")
        if not count and kept != idle:
            raise CorruptPages(f"page {page} is held by nobody, kept {kept}, idle {idle}")
