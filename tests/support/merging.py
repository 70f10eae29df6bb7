"""Small merges, as the tests of the stages that only show in a whole merge want them."""

from __future__ import annotations

from typing import NamedTuple

from fastapply import apply

MODULE = """\
import os
import sys

LIMIT = 10


class Store:
    def load(self, path):
        size = os.stat(path).st_size
        if size > LIMIT:
            raise ValueError(path)
        return size

    def save(self, path, text):
        handle = open(path, "w")
        handle.write(text)
        handle.close()

    def close(self):
        self.open = False


def main():
    store = Store()
    store.load(sys.argv[1])
    store.close()
"""

SCRIPT = """\
import fs from "fs";

const LIMIT = 10;

export class Store {
  load(path) {
    const size = fs.statSync(path).size;
    if (size > LIMIT) {
      throw new Error(path);
    }
    return size;
  }

  save(path, text) {
    const handle = fs.openSync(path, "w");
    fs.writeSync(handle, text);
    fs.closeSync(handle);
  }

  close() {
    this.open = false;
  }
}

export function main(args) {
  const store = new Store();
  store.load(args[0]);
  store.close();
}
"""


class Merged(NamedTuple):
    """The best guess, and the kinds of the doubts about it."""

    text: str
    doubts: set[str]


def merge(original: str, snippet: str, path: str = "tool.py", instruction: str = "") -> Merged:
    """Merge and take the best guess together with what it is in doubt about."""
    result = apply(original, snippet, path=path, instruction=instruction, on_doubt="best")
    return Merged(result.merged_code, {doubt.kind for doubt in result.doubts})


def sure(original: str, snippet: str, path: str = "tool.py", instruction: str = "") -> str:
    """Merge what must be decided without a doubt."""
    return apply(original, snippet, path=path, instruction=instruction).merged_code


def replaced(text: str, old: str, new: str) -> str:
    """`text` with `old`, which it must hold once, replaced."""
    assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
    return text.replace(old, new)
