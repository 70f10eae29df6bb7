"""Fenced blocks, and which file they name."""

from __future__ import annotations

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
