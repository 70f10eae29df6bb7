"""The books of the pages, and that their check sees every fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from backend.errors import BadSetting, CorruptPages, NotEnoughMemory, OutOfPages
from backend.kv.memory import page_bytes, plan_pages
from backend.kv.pages import PagePool
from backend.kv.prefix import PrefixIndex, digest
from backend.kv.table import PageTable

if TYPE_CHECKING:
    from collections.abc import Callable

TOKENS = np.arange(40)


def filled(pool: PagePool, index: PrefixIndex, tokens: np.ndarray, salt: bytes = b"") -> PageTable:
    """A table whose pages hold `tokens`, the full ones published."""
    table = PageTable(pool, index, salt)
    assert table.extend(0, len(tokens)) == []
    table.publish(tokens)
    return table


def test_pages_come_back_when_their_last_holder_leaves() -> None:
    pool = PagePool(4)
    (page,) = pool.take(1)
    pool.share(page)
    assert not pool.writable(page)
    pool.release([page])
    assert (pool.holders(page), pool.available, pool.writable(page)) == (1, 3, True)
    pool.release([page])
    assert pool.available == 4
    pool.check_integrity({})


def test_all_or_nothing_is_taken() -> None:
    pool = PagePool(4)
    with pytest.raises(OutOfPages, match="5 pages asked for, 4 of 4"):
        pool.take(5)
    assert pool.available == 4


def test_the_least_recently_released_is_evicted_first() -> None:
    pool = PagePool(3, 4)
    index = PrefixIndex(pool)
    old, new = filled(pool, index, TOKENS[:4]), filled(pool, index, TOKENS[4:8])
    old.release()
    new.release()
    pool.take(2)
    assert index.match(TOKENS[:4], b"") == []
    assert len(index.match(TOKENS[4:8], b"")) == 1


def test_a_prefix_outlives_what_follows_it() -> None:
    pool = PagePool(3, 4)
    index = PrefixIndex(pool)
    filled(pool, index, TOKENS[:12]).release()
    pool.take(1)
    assert len(index.match(TOKENS[:12], b"")) == 2
    index.check_integrity()


def test_a_page_in_use_is_never_evicted() -> None:
    pool = PagePool(3, 4)
    index = PrefixIndex(pool)
    held = filled(pool, index, TOKENS[:8])
    with pytest.raises(OutOfPages):
        pool.take(2)
    assert len(index.match(TOKENS[:8], b"")) == 2
    held.release()


def test_a_shared_page_is_copied_before_it_is_written_to() -> None:
    pool = PagePool(4, 4)
    index = PrefixIndex(pool)
    filled(pool, index, TOKENS[:8]).release()
    table = PageTable(pool, index, b"")
    nodes, held = table.lookup(TOKENS[:8])
    assert (table.adopt(nodes), held) == (8, 0)
    shared = table.pages[1]
    assert table.short(7, 9) == 2
    ((source, fresh),) = table.extend(7, 9)
    assert (source, table.pages[1]) == (shared, fresh)
    assert pool.holders(source) == 1  # until the copy is made
    pool.release([source])
    table.publish(TOKENS[:8])
    assert table.pages[1] == shared  # the same again, so the copy is given back
    pool.check_integrity(dict.fromkeys(table.pages, 1))


def test_an_equal_page_is_kept_once() -> None:
    pool = PagePool(8, 4)
    index = PrefixIndex(pool)
    one, other = filled(pool, index, TOKENS[:9]), filled(pool, index, TOKENS[:9])
    assert one.pages[:2] == other.pages[:2]
    assert one.pages[2] != other.pages[2]
    assert pool.available == 8 - 4


def same_for_all(parent: bytes, content: bytes) -> bytes:
    return b"forged"


def same_for_equal_ends(parent: bytes, content: bytes) -> bytes:
    return content[-8:]


@pytest.mark.parametrize("stub", [same_for_all, same_for_equal_ends])
def test_a_forged_key_matches_nothing(stub: Callable[[bytes, bytes], bytes]) -> None:
    pool = PagePool(16, 4)
    index = PrefixIndex(pool, digest=stub)
    page = np.array([1, 2, 3, 4])
    filled(pool, index, page)
    assert index.match(np.array([9, 2, 3, 4]), b"") == []
    assert len(index.match(page, b"")) == 1
    assert index.match(page, b"other tenant") == []
    # Equal tokens and an equal key, but after another page: these are other keys and values.
    assert len(index.match(np.concatenate((page, page)), b"")) == 1
    other = filled(pool, index, np.array([9, 2, 3, 4, 5, 6, 7, 8]))
    index.check_integrity()
    assert all(pool.writable(one) for one in other.pages)


def test_keys_depend_on_where_parent_and_content_part() -> None:
    assert digest(b"ab", b"c") != digest(b"a", b"bc")
    assert len(digest(b"", b"")) == 32


def released_twice(pool: PagePool) -> None:
    pool.release([0])


def shared_while_free(pool: PagePool) -> None:
    pool.share(0)


def kept_while_free(pool: PagePool) -> None:
    pool.keep(0)


@pytest.mark.parametrize("fault", [released_twice, shared_while_free, kept_while_free])
def test_faults_are_refused(fault: Callable[[PagePool], None]) -> None:
    with pytest.raises(CorruptPages, match="page 0"):
        fault(PagePool(2))


def lost(pool: PagePool) -> None:
    pool._free.pop()


def doubled(pool: PagePool) -> None:
    pool._free.append(pool._free[0])


def held_and_free(pool: PagePool) -> None:
    pool._holders[pool._free[0]] = 1


def negative(pool: PagePool) -> None:
    pool._holders[pool._free[0]] = -1


def idle_but_not_kept(pool: PagePool) -> None:
    pool._idle[pool._free.pop()] = None


def free_and_idle(pool: PagePool) -> None:
    pool._idle[pool._free[0]] = None


@pytest.mark.parametrize("fault", [lost, doubled, held_and_free, negative, idle_but_not_kept, free_and_idle])
def test_the_check_sees_every_fault_of_the_pool(fault: Callable[[PagePool], None]) -> None:
    pool = PagePool(4)
    pool.check_integrity({})
    fault(pool)
    with pytest.raises(CorruptPages):
        pool.check_integrity()


def test_the_check_sees_holders_that_are_not_there_and_those_not_counted() -> None:
    pool = PagePool(4)
    (page,) = pool.take(1)
    with pytest.raises(CorruptPages, match="holders"):
        pool.check_integrity({})
    with pytest.raises(CorruptPages, match="holders"):
        pool.check_integrity({page: 1, page - 1: 1})
    pool.check_integrity({page: 1})


def test_the_check_sees_every_fault_of_the_index() -> None:
    pool = PagePool(8, 4)
    index = PrefixIndex(pool)
    filled(pool, index, TOKENS[:12])
    index.check_integrity()
    nodes = index.match(TOKENS[:12], b"")
    nodes[0].children = 2
    with pytest.raises(CorruptPages, match="miscount"):
        index.check_integrity()
    nodes[0].children = 1
    with pytest.raises(CorruptPages, match="evicted before"):
        index._forget(nodes[0].page)


def test_the_arithmetic_of_memory_is_told() -> None:
    size = page_bytes(layers=28, kv_heads=4, head_dim=128, value_bytes=2)
    assert size[0] == 2 * 28 * 4 * 128 * 64 * 2
    plan = plan_pages(free=8 * 2**30, page=size, context=32768, reserve=2**30)
    assert plan.pages == (int(8 * 2**30 * 0.9) - 2**30) // size[0]
    assert "free 8.00 GiB x 0.9 - reserve 1.00 GiB = 6.20 GiB" in plan.text
    assert f"{plan.pages:,}" in plan.text


def test_too_little_memory_is_said_with_the_arithmetic() -> None:
    size = page_bytes(layers=28, kv_heads=4, head_dim=128, value_bytes=2)
    with pytest.raises(NotEnoughMemory, match=r"one request of 32,768 tokens needs 513 pages"):
        plan_pages(free=2**30, page=size, context=32768)


@pytest.mark.parametrize(("pages", "page_tokens"), [(1, 64), (4, 0)])
def test_senseless_pools_are_refused(pages: int, page_tokens: int) -> None:
    with pytest.raises(BadSetting):
        PagePool(pages, page_tokens)
