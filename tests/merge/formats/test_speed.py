"""A megabyte of edits takes a second at most, however many hunks it has and however alike its lines are."""

from __future__ import annotations

import time

import pytest

ROWS = 60_000
DISTINCT = [f"value_{k} = {k}" for k in range(ROWS)]
ALIKE = ["x"] * (ROWS * 4)


def hunks(lines: list[str], step: int, sign: str = "@@") -> list[str]:
    out = []
    for k in range(0, len(lines) - 2, step):
        out += [sign, f" {lines[k]}", f"-{lines[k + 1]}", f"+{lines[k + 1]}!", f" {lines[k + 2]}"]
    return out


def block(search: list[str], replace: list[str]) -> list[str]:
    return ["<<<<<<< SEARCH", *search, "=======", *replace, ">>>>>>> REPLACE"]


CASES = [
    pytest.param(hunks(DISTINCT, 4), DISTINCT, id="fifteen thousand hunks"),
    pytest.param(block(DISTINCT, DISTINCT[:-1]), DISTINCT, id="one block for the whole file"),
    pytest.param(hunks(ALIKE, 5000), ALIKE, id="hunks that fit anywhere"),
    pytest.param(block(["x"] * 5000 + ["y"], ["z"]), ALIKE, id="a long block that nearly fits anywhere"),
    pytest.param(block(["y", *["x"] * 100], ["z"]) * 1000, ALIKE, id="a thousand blocks that nearly fit"),
    pytest.param(hunks(DISTINCT[::2], 4), DISTINCT, id="hunks with lines left out"),
    pytest.param(hunks(ALIKE, 2000, "@@ x"), ALIKE, id="heads that fit anywhere"),
    pytest.param(["@@", *[f"+{'y' * 1000}"] * 1000], DISTINCT, id="only added lines"),
    pytest.param(["@@", "-" + "x" * 1_000_000, "+" + " " * 1_000_000], ["x" * 1_000_000], id="one long line"),
    pytest.param(["@@"] * 200_000 + ["+a"], DISTINCT, id="only headers"),
    pytest.param(["--- a", "+++ b"] * 80_000 + ["@@", "+a"], DISTINCT, id="only file headers"),
    pytest.param(["<<<<<<< SEARCH"] * 60_000, DISTINCT, id="only opened blocks"),
    pytest.param([*block(["x"], ["y"]), *["Done" + " a" * 120 + "."] * 4000], DISTINCT, id="many sentences"),
    pytest.param(["@@", "+a", *[" ..." + " a" * 50 + "!"] * 9000], DISTINCT, id="many near-markers"),
]


@pytest.mark.parametrize(("snippet", "lines"), CASES)
def test_a_megabyte(snippet: list[str], lines: list[str], apply) -> None:
    text, original = "\n".join(snippet) + "\n", "\n".join(lines) + "\n"
    start = time.process_time()
    apply(text, original)
    assert time.process_time() - start < 3  # one second, and room for a busy machine
