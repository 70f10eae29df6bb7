"""Fenced blocks, and which file they name."""

from __future__ import annotations

import signal

import pytest

from fastapply.merge.text import split_lines
from lsp_bridge.fences import blocks


def found(text: str) -> list[tuple[str, str]]:
    return [(block.path, block.text) for block in blocks(split_lines(text))]


@pytest.mark.parametrize(
    "text",
    [
        "```python title=src/a.py\nx\n```\n",
        '```python title="src/a.py" linenums="1"\nx\n```\n',
        "```js {path: 'src/a.py'}\nx\n```\n",
        "```python:src/a.py\nx\n```\n",
        "```12:40:src/a.py\nx\n```\n",
        "```src/a.py\nx\n```\n",
        "~~~~python src/a.py\nx\n~~~~\n",
        "src/a.py\n```python\nx\n```\n",
        "**src/a.py**\n\n```python\nx\n```\n",
        "### `src/a.py`:\n```python\nx\n```\n",
        "File: src/a.py\n```python\nx\n```\n",
        "```python\n# src/a.py\nx\n```\n",
        "```ts\n// file: src/a.py\nx\n```\n",
        "Text.\n\n  ```python title=src/a.py\n  x\n  ```\n",
    ],
)
def test_a_block_names_its_file(text: str) -> None:
    assert found(text) == [("src/a.py", "x\n")]


@pytest.mark.parametrize(
    "text",
    [
        "```python\nx\n```\n",
        "```python 3.11\nx\n```\n",
        "See it at https://example.org/a.py\n```python\nx\n```\n",
        "https://example.org/a.py\n```python\nx\n```\n",
        "Then we change a.py.\n```python\nx\n```\n",
        "```python\n# ... existing code ...\nx\n```\n",
        "```python title=src/a.py\nx\n",
        "src/a.py\n\n\n\n```python\nx\n```\n",
    ],
)
def test_other_blocks_name_none(text: str) -> None:
    assert found(text) == []


def test_blocks_within_blocks_are_content() -> None:
    text = "````md title=a.md\n```python title=b.py\nx\n```\n````\n```python title=c.py\r\ny\r\n```\n"
    assert found(text) == [("a.md", "```python title=b.py\nx\n```\n"), ("c.py", "y\r\n")]


@pytest.mark.parametrize(
    "line",
    ["__init__.py", "**__init__.py**", "`__init__.py`:", "File: __init__.py", "*`__init__.py`*"],
)
def test_a_name_keeps_its_underscores(line: str) -> None:
    assert found(f"{line}\n```python\nx\n```\n")[0][0] == "__init__.py"


def test_a_name_may_be_emphasised_by_underscores() -> None:
    assert found("_src/a.py_\n```python\nx\n```\n") == [("src/a.py", "x\n")]


@pytest.mark.parametrize(
    "text",
    [
        "{}\n```\nx\n```\n",
        "```{}`\nx\n```\n",
        "~~~{}`\nx\n~~~\n",
        "```python {}x\nx\n```\n",
        "```\n# {}\nx\n```\n",
        "```\nx\n```{}x\n",
    ],
)
@pytest.mark.parametrize("sign", ["*", "_", "`", "~", " ", "\t", "a.", "a/", "#", "- ", "path", '"', "file:"])
def test_no_line_is_long_enough_to_keep_an_editor_waiting(text: str, sign: str) -> None:
    """Each takes milliseconds; what tries every way to part a line would take hours."""
    signal.alarm(60)
    try:
        found(text.format(sign * 100_000))
    finally:
        signal.alarm(0)
