"""Parsing gives its memory back: a worker parses as long as the service runs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fastapply.merge.language import by_name
from fastapply.merge.tree import parse

STATM = Path("/proc/self/statm")


def megabytes() -> float:
    return int(STATM.read_text().split()[1]) * 4096 / 1e6


@pytest.mark.skipif(not STATM.exists(), reason="only Linux tells the size of a process this way")
def test_what_was_parsed_is_let_go() -> None:
    python = by_name("python")

    def parse_some(number: int) -> None:
        for each in range(number):
            assert parse(b"# %d\n" % each + b"#" * 1_000_000 + b"\nx = 1\n", python, limit_s=10)

    parse_some(10)
    before = megabytes()
    parse_some(100)
    assert megabytes() - before < 20


def test_the_text_of_a_node_is_its_own() -> None:
    first = parse(b"a = 1\n" * 40_000, by_name("python"), limit_s=10)
    second = parse(b"b = 22\n" * 40_000, by_name("python"), limit_s=10)
    assert first
    assert second
    assert first.root_node.children[30_000].text == b"a = 1"
    assert second.root_node.children[30_000].text == b"b = 22"


def test_threads_do_not_read_each_others_text() -> None:
    def outline(letter: bytes) -> set[bytes]:
        tree = parse((letter * 3 + b" = 1\n") * 20_000, by_name("python"), limit_s=30)
        assert tree
        assert not tree.root_node.has_error
        return {bytes(node.type, "ascii") for node in tree.root_node.children}

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(outline, [b"a", b"b", b"c", b"d"] * 3)) == [{b"expression_statement"}] * 12
