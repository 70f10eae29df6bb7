"""Morph's SDK for JavaScript. It always streams, never says which language it is, and shortens long files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from support.node import Node
    from support.service import Service

SCRIPT = Path(__file__).with_name("morph_client.cjs")
ANCHORED_FROM = 131_072


def apply_edit(node: Node, service: Service, original: str, edit: str, instruction: str = "") -> dict[str, Any]:
    asked = {"originalCode": original, "codeEdit": edit, "instruction": instruction}
    return dict(node.run(SCRIPT, baseURL=service.url, applyEdit=asked))


SMALL = "\ufeffdef one():\r\n    return 1\r\n\r\n\r\ndef two():\r\n    return '\U0001f600'"


def test_an_edit(node: Node, service: Service) -> None:
    told = apply_edit(node, service, SMALL, "def one():\n    return 11\n# ... existing code ...\n", "Change one.")
    assert told["success"]
    assert told["mergedCode"] == SMALL.replace("return 1", "return 11")
    assert told["changes"] == {"linesAdded": 0, "linesRemoved": 0, "linesModified": 1}
    assert told["completionId"].startswith("chatcmpl-")


def test_an_edit_of_a_file(node: Node, service: Service, tmp_path: Path) -> None:
    file = tmp_path / "numbers.py"
    file.write_bytes(SMALL.encode())
    asked = {"target_filepath": "numbers.py", "instruction": "", "code_edit": "# ...\ndef two():\n    return 2\n"}
    told = node.run(SCRIPT, baseURL=service.url, execute=asked, baseDir=str(tmp_path))
    assert told["success"], told
    assert file.read_bytes() == SMALL.replace("return '\U0001f600'", "return 2").encode()


def large(ending: str) -> str:
    """A file that is long enough to be shortened, with lines that recur and short ones that stay."""
    functions = (
        f"def handle_request_{number}(request, timeout=30):\n"
        f"    connection = open_connection(request.address, timeout)\n"
        f"    if not connection:\n"
        f"        return None\n"
        f"    return connection.answer({number}, '\u2028\U0001f600 </code>')\n\n\n"
        for number in range(1000)
    )
    return "".join(functions).rstrip().replace("\n", ending)


@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_an_edit_of_a_file_that_is_shortened(node: Node, service: Service, ending: str) -> None:
    original = large(ending)
    assert len(original) > ANCHORED_FROM
    old = next(line for line in original.split(ending) if "answer(500, " in line)
    new = old.replace("answer(500, ", "answer_slowly(500, ")
    edit = (
        "# ... existing code ...\n"
        "def handle_request_500(request, timeout=30):\n"
        "    connection = open_connection(request.address, timeout)\n"
        "    if not connection:\n"
        "        return None\n"
        f"    log(connection)\n{new}\n"
        "\n\n"
        "def handle_request_501(request, timeout=30):\n"
        "# ... existing code ...\n"
    )
    told = apply_edit(node, service, original, edit, "I log the connection of request 500, and answer it slowly.")
    assert told["success"], told
    assert told["mergedCode"] == original.replace(old, f"    log(connection){ending}{new}")


def test_an_edit_of_a_page_that_is_shortened(node: Node, service: Service) -> None:
    """Of HTML the SDK replaces tags and texts, not lines."""
    row = '  <tr class="row row-{0}" id="row-{1}"><td>{1}</td></tr>\n'
    rows = "".join(row.format(number % 7, number) for number in range(3000))
    original = f"<!doctype html>\n<html>\n<body>\n<table>\n{rows}</table>\n</body>\n</html>\n"
    assert len(original) > ANCHORED_FROM
    line = '  <tr class="row row-4" id="row-2006"><td>2006</td></tr>\n'
    assert line in original
    edit = f"<!-- ... existing code ... -->\n{line}  <tr><td>between</td></tr>\n<!-- ... existing code ... -->\n"
    told = apply_edit(node, service, original, edit)
    assert told["success"], told
    assert told["mergedCode"] == original.replace(line, f"{line}  <tr><td>between</td></tr>\n")


def test_the_merge_of_a_file_with_itself_that_is_shortened(node: Node, service: Service) -> None:
    original = large("\n")
    told = apply_edit(node, service, original, original)
    assert told["mergedCode"] == original
    assert told["changes"] == {"linesAdded": 0, "linesRemoved": 0, "linesModified": 0}


@pytest.mark.parametrize("original", [SMALL, large("\n")], ids=["small", "shortened"])
def test_a_refusal_tells_the_agent_what_to_do(node: Node, service: Service, original: str) -> None:
    told = apply_edit(node, service, original, "# ...\nthree()\n# ...\n")
    assert not told["success"]
    assert told["error"].startswith("422 The edit can't be decided")
    assert "Hint: show the line right before or right after the new text" in told["error"]
