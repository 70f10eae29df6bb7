from __future__ import annotations

import pytest

from fastapply.merge.layout import Layout
from fastapply.merge.near import near_lines

LINES = [
    "connection = open_connection(host, port)",
    "payload = encode(message)",
    "logger.info('first message sent')",
    "logger.info('third message sent')",
    *(f"value_{k} = common(value)" for k in range(20)),
]


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("", id="nothing"),
        pytest.param("}", id="no word at all"),
        pytest.param("database = create_database(url)", id="no word in common"),
        pytest.param("payload.discard()", id="a word in common, little else"),
        pytest.param(
            "logger.info('third message was sent'), logger.info('first message was sent')", id="two lines as like"
        ),
        pytest.param("value_x = common(value)", id="words that occur everywhere"),
    ],
)
def test_no_line_is_near(key: str) -> None:
    """Likeness that does not single out one line is no evidence."""
    assert near_lines(Layout(LINES), key) == []


@pytest.mark.parametrize(
    ("key", "line"),
    [
        pytest.param("connection = open_connection(host, port, timeout)", 0, id="an argument more"),
        pytest.param("payload = encode(message, strict)", 1, id="another call"),
        pytest.param("connection = await open_connection(host, port)", 0, id="a word in the midst"),
    ],
)
def test_the_one_line_that_is_near(key: str, line: int) -> None:
    """A changed line is found again by the words it kept."""
    ((found, alike),) = near_lines(Layout(LINES), key)
    assert found == line
    assert 0.8 <= alike < 1.0
