"""Which full pages hold which tokens, so that a request that begins as an earlier one did need not compute it again.

A page's key is `blake2b(key of the page before, tokens)`, the first page's parent key that of the request's salt. A key
that is found only proposes a page: its tokens must be equal and its parent must be the very page matched before it, so
equal keys of different texts (an accident or an attack) match nothing. By induction a match has the whole prefix right.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from backend.errors import CorruptPages

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from backend.kv.pages import PagePool

__all__ = ["Node", "PrefixIndex", "digest"]


def digest(parent: bytes, content: bytes) -> bytes:
    """The 256-bit key of `content` after `parent`, whose length goes first, so that no two pairs read alike."""
    return blake2b(len(parent).to_bytes(8, "little") + parent + content, digest_size=32).digest()


@dataclass(slots=True, eq=False)
class Node:
    """A full page that is kept: its tokens (int64 bytes) after those of all its parents."""

    page: int
    key: bytes
    parent: Node | None
    salt: bytes
    content: bytes
    children: int = 0


class PrefixIndex:
    """All kept pages of a pool, found by their tokens. The pool tells it what it evicts."""

    def __init__(self, pool: PagePool, digest: Callable[[bytes, bytes], bytes] = digest) -> None:
        self._pool = pool
        self._digest = digest
        self._by_key: dict[bytes, Node] = {}
        self._by_page: dict[int, Node] = {}
        pool.on_evict = self._forget

    def __len__(self) -> int:
        return len(self._by_key)

    def match(self, tokens: NDArray[np.int64], salt: bytes) -> list[Node]:
        """The kept pages of the longest prefix of `tokens`, in order. Takes no hold of them: `share` them at once."""
        size = self._pool.page_tokens
        found: list[Node] = []
        parent: Node | None = None
        for start in range(0, len(tokens) - size + 1, size):
            parent = self._find(parent, tokens[start : start + size].tobytes(), salt)
            if parent is None:
                break
            found.append(parent)
        return found

    def publish(self, parent: Node | None, tokens: NDArray[np.int64], salt: bytes, page: int) -> Node | None:
        """Keep the held `page`, full of `tokens` [page_tokens] after `parent`.

        Returns its node; the node of another page if one with the same tokens is kept already (use that one); None if
        another text has the same key: then neither this page nor any after it can be published.
        """
        content = tokens.tobytes()
        key = self._key(parent, content, salt)
        node = self._by_key.get(key)
        if node is not None:
            return node if _same(node, parent, content, salt) else None
        node = Node(page, key, parent, salt, content)
        self._pool.keep(page)
        self._by_key[key] = self._by_page[page] = node
        if parent is not None:
            parent.children += 1
        return node

    def _find(self, parent: Node | None, content: bytes, salt: bytes) -> Node | None:
        node = self._by_key.get(self._key(parent, content, salt))
        return node if node is not None and _same(node, parent, content, salt) else None

    def _key(self, parent: Node | None, content: bytes, salt: bytes) -> bytes:
        before = parent.key if parent is not None else self._digest(b"", salt)
        return self._digest(before, content)

    def _forget(self, page: int) -> None:
        node = self._by_page.pop(page)
        if node.children:  # tables are released from their end, so what follows was idle for longer
            raise CorruptPages(f"page {page} is evicted before the {node.children} that follow it")
        del self._by_key[node.key]
        if node.parent is not None:
            node.parent.children -= 1

    def check_integrity(self) -> None:
        """Raise `CorruptPages` where a node's parent is gone, children are miscounted or a page is named twice."""
        if len(self._by_key) != len(self._by_page):
            raise CorruptPages(f"{len(self._by_key)} keys for {len(self._by_page)} pages")
        counted = dict.fromkeys(self._by_page, 0)
        for page, node in self._by_page.items():
            if node.page != page or self._by_key.get(node.key) is not node:
                raise CorruptPages(f"page {page}: its node is another's")
            if node.parent is None:
                continue
            if self._by_page.get(node.parent.page) is not node.parent:
                raise CorruptPages(f"page {page} follows page {node.parent.page}, which is forgotten")
            counted[node.parent.page] += 1
        wrong = {page for page, count in counted.items() if self._by_page[page].children != count}
        if wrong:
            raise CorruptPages(f"pages {sorted(wrong)} miscount what follows them")


def _same(node: Node, parent: Node | None, content: bytes, salt: bytes) -> bool:
    return node.parent is parent and node.content == content and node.salt == salt
