#!/usr/bin/env python3
"""How long an editor waits for a code action: from the request to the edited text, beside the merge alone.

    python benchmarks/editor.py [--lines 1000] [--runs 200]

A snippet is pasted at the end of a generated file and selected. Each run changes a line of the file first, so that no
answer of the run before will do. The server is a real `fastapply lsp` over stdio; the merge alone is `fastapply.apply`
of the same texts in the process that measures.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from fastapply import apply
from fastapply.bench.generate import Sample, generate
from lsp_bridge.positions import Text
from lsp_bridge.uris import uri_of

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.editor import edited

_URI = uri_of(Path("/tmp/generated.py"))
_CAPABILITIES = {
    "workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}},
    "textDocument": {"codeAction": {"dataSupport": True, "resolveSupport": {"properties": ["edit"]}}},
}


class Server:
    """A language server over stdio, asked one thing at a time."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "fastapply", "lsp"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._count = 0
        options = {"diagnostics": False}
        params = {"processId": None, "rootUri": uri_of(Path("/tmp")), "capabilities": _CAPABILITIES}
        self.ask("initialize", {**params, "initializationOptions": options})
        self.tell("initialized", {})

    def tell(self, method: str, params: Any) -> None:
        """Send a notification."""
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, method: str, params: Any) -> Any:
        """Send a request and wait for what it gives."""
        self._count += 1
        self._send({"jsonrpc": "2.0", "id": self._count, "method": method, "params": params})
        while (message := self._receive()).get("id") != self._count:
            pass
        return message["result"]

    def close(self) -> None:
        """End it."""
        self.ask("shutdown", None)
        self.tell("exit", None)
        self._process.wait(10)

    def _send(self, message: Any) -> None:
        assert self._process.stdin
        content = json.dumps(message).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(content), content))
        self._process.stdin.flush()

    def _receive(self) -> Any:
        assert self._process.stdout
        length = 0
        while (line := self._process.stdout.readline()).strip():
            if line.startswith(b"Content-Length:"):
                length = int(line.split(b":")[1])
        return json.loads(self._process.stdout.read(length))


def measure(sample: Sample, runs: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each action and of each merge; raises where a text is not what it must be."""
    server = Server()
    tell_open(server, sample.original + sample.snippet)
    actions, merges = [], []
    for run in range(-5, runs):  # the first find nothing loaded
        original = f"# {run}\n{sample.original}"
        expected, merging = timed(
            lambda original=original: apply(original, sample.snippet, path=sample.path).merged_code
        )
        change(server, run + 10, original + sample.snippet)
        found, acting = timed(lambda original=original, run=run: act(server, run + 10, original, sample.snippet))
        assert found == expected, f"run {run}"
        if run >= 0:
            actions.append(acting)
            merges.append(merging)
    server.close()
    return actions, merges


def timed(work: Any) -> tuple[Any, float]:
    """What `work` gives, and how many milliseconds it took."""
    start = time.perf_counter()
    return work(), (time.perf_counter() - start) * 1e3


def tell_open(server: Server, text: str) -> None:
    """The editor opens the document."""
    item = {"uri": _URI, "languageId": "python", "version": 1, "text": text}
    server.tell("textDocument/didOpen", {"textDocument": item})


def change(server: Server, version: int, text: str) -> None:
    """The document holds something else; waits until the server knows."""
    name = {"uri": _URI, "version": version}
    server.tell("textDocument/didChange", {"textDocument": name, "contentChanges": [{"text": text}]})
    server.ask("textDocument/codeAction", asked(0, 0))


def act(server: Server, version: int, original: str, snippet: str) -> str:
    """Ask for the actions of the selected snippet, and make the edit of the first."""
    text = Text(original + snippet)
    [action] = server.ask("textDocument/codeAction", asked(text.line_of(len(original)), len(text.lines) - 1))
    if "edit" not in action:
        action = server.ask("codeAction/resolve", action)
    [document] = action["edit"]["documentChanges"]
    assert document["textDocument"]["version"] == version
    return edited(text.text, [Edit(edit) for edit in document["edits"]])


def asked(first: int, last: int) -> dict[str, Any]:
    """The request for the actions of some lines."""
    place = {"start": {"line": first, "character": 0}, "end": {"line": last, "character": 0}}
    return {"textDocument": {"uri": _URI}, "range": place, "context": {"diagnostics": []}}


class Edit:
    """A `TextEdit`, as the editor of the tests reads it."""

    def __init__(self, edit: Any) -> None:
        from lsprotocol.types import Position, Range

        start, end = edit["range"]["start"], edit["range"]["end"]
        self.range = Range(Position(**start), Position(**end))
        self.new_text = edit["newText"]


def row(name: str, values: list[float]) -> str:
    """A line of the table: the middle and the slow end."""
    return f"{name:<42}{statistics.median(values):8.1f}{statistics.quantiles(values, n=20)[-1]:8.1f}\n"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--lines", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=200)
    args = parser.parse_args()
    sample = generate("python", args.lines, 1)
    actions, merges = measure(sample, args.runs)
    lines = sample.original.count("\n")
    sys.stdout.write(f"{f'{args.runs} runs, {lines} lines':<42}{'p50 ms':>8}{'p95 ms':>8}\n")
    sys.stdout.write(row("request of the action to the edited text", actions))
    sys.stdout.write(row("the merge alone", merges))
    sys.stdout.write(row("what the way costs", [a - m for a, m in zip(actions, merges, strict=True)]))


if __name__ == "__main__":
    main()
