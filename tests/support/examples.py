"""What the examples are run on, and how."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.scripted_model import ScriptedModel

EXAMPLES = Path(__file__).parents[2] / "examples"
FASTAPPLY = str(Path(sys.executable).with_name("fastapply"))
STORE = """class Store:
    def __init__(self):
        self.items = {}

    def put(self, key, value):
        self.items[key] = value

    def delete(self, key):
        del self.items[key]

    def get(self, key):
        return self.items.get(key)
"""
EDIT = """# ... existing code ...

    def delete(self, key):
        return self.items.pop(key)

    def get(self, key):
        return self.items.get(key)
"""
EDITED = STORE.replace("        del self.items[key]\n", "        return self.items.pop(key)\n")


def run(command: Sequence[str], model: ScriptedModel, **environment: str) -> str:
    """What an example prints, with `model` in OpenAI's place."""
    theirs = {"OPENAI_BASE_URL": model.url, "OPENAI_API_KEY": "sk-none", "FASTAPPLY": FASTAPPLY, "no_proxy": "*"}
    settings: dict[str, str] = {**os.environ, **theirs, "LANGSMITH_TRACING": "false", **environment}
    done = subprocess.run(command, env=settings, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
