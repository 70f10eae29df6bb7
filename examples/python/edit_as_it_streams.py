"""Shows the edits of a model's answer while it still writes, with FastApply's own client.

    pip install openai
    OPENAI_API_KEY=… python examples/python/edit_as_it_streams.py FILE "Let delete() say what it removed."

A service must run (`make serve`); SERVICE leads to another one. The file is written once the answer is whole.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from openai import OpenAI

from fastapply.client import Client
from fastapply.errors import EditRefused
from fastapply.merge.values import Edit

INSTRUCTIONS = """Answer with the changed code of the file and nothing else. Leave unchanged code out: put the comment
"... existing code ..." in its place, and show one unchanged line on each side of a change."""


def written(original: str, task: str) -> Iterator[str]:
    """The pieces of the snippet as the model writes them."""
    messages = [
        {"role": "system", "content": INSTRUCTIONS},
        {"role": "user", "content": f"{original}\n\n{task}"},
    ]
    stream = OpenAI().chat.completions.create(model=os.environ.get("MODEL", "gpt-5"), messages=messages, stream=True)
    for chunk in stream:
        if chunk.choices and chunk.choices[0].delta.content:
            yield chunk.choices[0].delta.content


def main(file: Path, task: str) -> int:
    """Edit `file`; 1 where the edit is in doubt."""
    original = file.read_bytes().decode()
    shown: set[Edit] = set()
    with Client(os.environ.get("SERVICE", "http://127.0.0.1:8000")) as client:
        try:
            for one in client.apply_stream(original, written(original, task), path=file.name):
                edits = {one} if isinstance(one, Edit) else set(one.edits)
                for edit in edits - shown:
                    print(f"line {original.count(chr(10), 0, edit.start) + 1}: {edit.text.strip()}", flush=True)
                shown |= edits
                if not isinstance(one, Edit):
                    file.write_bytes(one.merged_code.encode())
        except EditRefused as refused:
            print(*(f"{doubt.message}; {doubt.hint}" for doubt in refused.doubts), sep="\n", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
