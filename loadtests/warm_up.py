"""`python -m loadtests.warm_up`: what `POST /v1/warm` saves the edit that comes after it.

The service runs with a model that knows the right answers by heart, so every answer is the right one, and costs what a
model of its shape costs. Files of so many lines take turns: one is edited as it comes, the next is read ahead first,
and so on, each file once. Times are those of a client: to the first text of the streamed answer, and to its end.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from statistics import median
from typing import Any

from backend.bench.checkpoints import WORDS, write_parrot
from backend.bench.shapes import CONFIGS
from loadtests.results import commit, machine_and_versions
from loadtests.servers import Server, apply_server

_PROFILE = "kortix-fastapply-1.5b"
_SHAPE = ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads")
_START_SECONDS = 300

Row = dict[str, Any]


class File:
    """A file that no other begins like, and an edit of it that the structural merge leaves in doubt."""

    def __init__(self, number: int, lines: int) -> None:
        rows = [f"a{number}x{line} = step ( x , b{number}x{line})\n" for line in range(lines)]
        new = f"new{number} = step ( x , last{number})\n"
        self.text = "".join(rows)
        self.snippet = f"# ... existing code ...\n{new}# ... existing code ...\n"
        self.merged = "".join([*rows[: lines // 2], new, *rows[lines // 2 :]])


def main() -> int:
    """0 where every answer was right."""
    args = _parser().parse_args()
    files = {
        lines: [File(1000 * place + turn, lines) for turn in range(2 * args.rounds + 1)]
        for place, lines in enumerate(args.lines)
    }
    with tempfile.TemporaryDirectory(prefix="fastapply-warm-") as name:
        folder = Path(name)
        config = {key: CONFIGS[args.shape][key] for key in _SHAPE}
        texts = [file.merged for some in files.values() for file in some]
        write_parrot(folder / "model", texts, split=WORDS, max_position_embeddings=16_384, **config)
        options = ["--model", str(folder / "model"), "--profile", _PROFILE, "--device", args.device]
        options += ["--pool-workers", "1", "--deadline", "30"]
        settings = folder / "fastapply.toml"
        settings.write_text(f'[model]\ndtype = "{args.dtype}"\ndeadline = 600.0\n')
        with apply_server([*options, "--config", str(settings)], folder / "serve.log") as server:
            _wait_for_model(server)
            rows = [row for some in files.values() for row in _measured(server, some)]
    summary = [_summary(rows, lines) for lines in args.lines]
    report = {
        "command": "python -m loadtests.warm_up " + " ".join(sys.argv[1:]),
        "commit": commit(),
        "machine": machine_and_versions(),
        "shape": args.shape,
        "dtype": args.dtype,
        "summary": summary,
        "answers": rows,
    }
    if args.out:
        args.out.write_text(json.dumps(report, indent=1) + "\n")
    print(f"commit {report['commit']}, {args.shape}, {args.dtype}; medians of {args.rounds} files each, in ms")
    for row in summary:
        print(json.dumps(row))
    return 0 if all(row["right"] for row in rows) else 1


def _measured(server: Server, files: list[File]) -> list[Row]:
    """One row a file but the first, which is for the code that runs for the first time: cold and warm by turns."""
    _edit(server, files[0])
    rows = []
    for turn, file in enumerate(files[1:]):
        warm = _warm(server, file) if turn % 2 else {}
        rows.append({"lines": file.text.count("\n"), "warm": bool(warm), **warm, **_edit(server, file)})
    return rows


def _warm(server: Server, file: File) -> Row:
    with _post(server, "/v1/warm", {"original_code": file.text}) as reply:
        answer = json.load(reply)
    return {"warm_ms": answer["ms"], "warmed_tokens": answer["warmed_tokens"]}


def _edit(server: Server, file: File) -> Row:
    asked = {"original_code": file.text, "edit_snippet": file.snippet, "path": "a.py", "stream": True}
    first, event, result = 0.0, "", {}
    begun = time.perf_counter()
    with _post(server, "/v1/apply", asked) as reply:
        for line in reply:
            name, _, data = line.decode().rstrip("\n").partition(": ")
            event = data if name == "event" else event
            if name == "data" and event == "text" and not first:
                first = time.perf_counter()
            elif name == "data" and event == "result":
                result = json.loads(data)
            elif name == "data" and event == "error":
                raise RuntimeError(f"the edit was not answered: {data}; see {server.log}")
    ended = time.perf_counter()
    usage = result.get("usage", {})
    return {
        "first_ms": 1000 * (first - begun),
        "whole_ms": 1000 * (ended - begun),
        "prompt_tokens": usage.get("prompt_tokens"),
        "cached_tokens": usage.get("cached_tokens"),
        "completion_tokens": usage.get("completion_tokens"),
        "right": result.get("merged_code") == file.merged and result.get("engine") == _PROFILE,
    }


def _post(server: Server, path: str, body: Row) -> Any:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(server.url + path, json.dumps(body).encode(), headers)
    return urllib.request.urlopen(request, timeout=600)


def _wait_for_model(server: Server) -> None:
    due = time.monotonic() + _START_SECONDS
    while time.monotonic() < due:
        with urllib.request.urlopen(f"{server.url}/health", timeout=30) as reply:
            if json.load(reply)["models"][_PROFILE] == "up":
                return
        time.sleep(0.2)
    raise TimeoutError(f"the model does not run; see {server.log}")


def _summary(rows: list[Row], lines: int) -> Row:
    def middle(warm: bool, field: str) -> float:
        return round(float(median(row[field] for row in rows if row["lines"] == lines and row["warm"] == warm)), 1)

    found: Row = {"lines": lines, "prompt_tokens": middle(False, "prompt_tokens"), "warm_ms": middle(True, "warm_ms")}
    for name, warm in (("cold", False), ("warm", True)):
        found |= {f"{name}_{field}": middle(warm, field) for field in ("cached_tokens", "first_ms", "whole_ms")}
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m loadtests.warm_up", description="What reading a file ahead saves.")
    parser.add_argument("--lines", type=int, nargs="+", default=[100, 500], help="of the files (100 500)")
    parser.add_argument("--rounds", type=int, default=5, help="files of each length without and with it (5)")
    parser.add_argument("--shape", choices=[*CONFIGS], default="small", help="of backend/bench/shapes.py (small)")
    parser.add_argument("--dtype", default="bfloat16", help="of weights and activations (bfloat16)")
    parser.add_argument("--device", default="cpu", help="of the engine (cpu)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="for all figures, as JSON")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
