"""How the engine's process is told what to do, what it can't, and how it ends with its parent."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from backend.process.__main__ import run
from backend.process.choices import device_of, line_ends, settings_of, spec_of
from backend.process.counting import Rate
from backend.process.ending import ended
from backend.process.options import CONFIG, DTYPES, Options, parse
from backend.process.room import available_cores, available_memory, step_memory
from backend.settings import EngineSettings
from backend.split import Split
from backend.tokenizer import open_tokenizer
from support.models import Saved, save
from support.processes import SECONDS, runs
from support.service import wait_until
from support.vocabularies import FORMS

COUNT = st.none() | st.integers(2, 10**6)


@given(
    st.builds(
        Options,
        model=st.sampled_from([Path("/models/a b"), Path("relative"), Path("-odd")]),
        socket=st.just("ipc:///tmp/x"),
        device=st.sampled_from(["auto", "cpu", "cuda:3"]),
        dtype=st.sampled_from(DTYPES),
        tensor_parallel=st.integers(1, 8),
        memory_share=st.none() | st.floats(0.01, 1),
        context=COUNT,
        step_tokens=st.integers(1, 10**5),
        most_requests=st.integers(1, 10**5),
        step_seconds=st.floats(0.1, 1e6),
        threads=COUNT,
        dummy=st.none() | st.integers(0, 9),
        restarts=st.integers(0, 9),
        parent=COUNT,
        rank=st.integers(0, 7),
        store=st.none() | st.just(Path("/tmp/store")),
    )
)
def test_options_are_what_their_command_line_says(options: Options) -> None:
    assert parse(options.arguments()) == options


def test_seeds_of_noise_and_pages_are_told() -> None:
    options = Options(Path("m"), "ipc://x", pages=64, dummy=0)
    assert parse(options.arguments()) == options


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "the following arguments are required: --model, --socket"),
        (["--pages", "1"], "argument --pages: '1' is no whole number of 2 or more"),
        (["--threads", "x"], "argument --threads: 'x' is no whole number of 1 or more"),
        (["--memory-share", "1.5"], "argument --memory-share: '1.5' is no number above 0 and at most 1"),
        (["--memory-share", "nan"], "argument --memory-share: 'nan' is no number above 0 and at most 1"),
        (["--memory-share", "half"], "argument --memory-share: 'half' is no number above 0 and at most 1"),
        (["--memory-share", "0.5", "--pages", "9"], "argument --pages: not allowed with argument --memory-share"),
    ],
)
def test_a_command_line_that_is_wrong_is_said_in_a_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(arguments)
    assert caught.value.code == CONFIG
    assert capsys.readouterr().err == f"error: {said}\n"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"context": 513}, "context: 513 is more than the 512 tokens that the model was made for"),
        ({"device": "tpu"}, "device: 'tpu' is none of auto, cpu, cuda and cuda:i"),
        ({"device": "cuda:99"}, "device: cuda:99 are asked for, and there are "),
        ({"socket": "ipc:///nowhere/at/all"}, "socket: ipc:///nowhere/at/all: "),
        ({"socket": "carrier-pigeon"}, "socket: carrier-pigeon: "),
        ({"pages": None, "memory_share": 1e-9}, "too little memory for one request of 512 tokens"),
    ],
)
def test_what_can_not_be_run_is_said(llama: Saved, tmp_path: Path, changes: dict[str, object], said: str) -> None:
    usual = {"device": "cpu", "threads": 1, "pages": 12, "socket": f"ipc://{tmp_path / 's'}"}
    status, why = run(Options(llama.folder, **{**usual, **changes}))
    assert status == CONFIG
    assert why.startswith(said)


def test_a_checkpoint_that_is_damaged_is_said(llama: Saved, tmp_path: Path) -> None:
    folder = tmp_path / "cut"
    shutil.copytree(llama.folder, folder)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    status, why = run(Options(folder, f"ipc://{tmp_path / 's'}", device="cpu", threads=1, pages=12))
    assert status == CONFIG
    assert str(weights) in why


@pytest.mark.parametrize("positions", [10**9, 10**30])
def test_a_context_that_no_machine_holds_is_said(llama: Saved, tmp_path: Path, positions: int) -> None:
    """And not asked of the system, which would end the process each time that it is started."""
    folder = tmp_path / "endless"
    shutil.copytree(llama.folder, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "max_position_embeddings": positions}))
    status, why = run(Options(folder, f"ipc://{tmp_path / 's'}", device="cpu", threads=1))
    assert status == CONFIG
    assert f"{positions:,} positions" in why
    assert "max_position_embeddings" in why


def test_a_model_that_can_not_be_split_is_said(tmp_path: Path) -> None:
    """By the process itself: of the ranks that see the same, one says it last."""
    save(tmp_path, "llama", num_attention_heads=3, num_key_value_heads=3, hidden_size=48)
    options = Options(tmp_path, f"ipc://{tmp_path / 's'}", device="cpu", threads=1, pages=12, tensor_parallel=2)
    command = [sys.executable, "-P", "-m", "backend.process", *options.arguments()]
    found = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert found.returncode == CONFIG
    lines = found.stderr.splitlines()
    assert lines
    for line in lines:
        assert line.removeprefix("error: ").removeprefix("rank 1 of 2: ").startswith("3 attention heads can't be split")


def test_types_follow_the_device_unless_they_are_asked_for(llama: Saved, tmp_path: Path) -> None:
    saved = save(tmp_path, "llama", torch.bfloat16)
    options, cpu = Options(saved.folder), torch.device("cpu")
    assert saved.spec().dtype == torch.bfloat16
    assert spec_of(options, cpu).dtype == torch.float32
    assert spec_of(options, torch.device("cuda", 0)).dtype == torch.bfloat16
    assert spec_of(Options(saved.folder, dtype="float16"), cpu).dtype == torch.float16
    assert device_of(Options(saved.folder, device="cpu", tensor_parallel=3, rank=2)) == cpu
    assert settings_of(options, saved.spec()).context == 512


@pytest.mark.parametrize("form", FORMS)
def test_line_ends_are_those_of_the_tokenizer(form: str, tmp_path: Path) -> None:
    assert line_ends(tmp_path, 1000) == frozenset()
    tokenizer = open_tokenizer(FORMS[form](tmp_path))
    found = line_ends(tmp_path, 1000)
    assert set(tokenizer.encode("a\n")[-1:]) <= found
    assert not found & set(tokenizer.encode("a"))
    assert all(tokenizer.decode([i])[-1] in "\n\r" for i in found)
    highest = max(found)
    assert line_ends(tmp_path, highest) == found - {highest}


def test_memory_is_what_the_container_leaves(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal:  900 kB\nMemAvailable:  500 kB\n")
    assert available_memory(meminfo, tmp_path) == 500 * 1024
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("100000\n")
    assert available_memory(meminfo, tmp_path) == 500 * 1024
    (tmp_path / "memory.max").write_text("300000\n")
    assert available_memory(meminfo, tmp_path) == 200_000
    (tmp_path / "memory.current").write_text("400000\n")
    assert available_memory(meminfo, tmp_path) == 0


def test_cores_are_what_the_container_leaves(tmp_path: Path) -> None:
    machine = available_cores(tmp_path)
    assert machine >= 1
    for quota, cores in [
        ("max 100000", machine),
        ("50000 100000", 1),
        ("150000 100000", min(2, machine)),
        ("", machine),
    ]:
        (tmp_path / "cpu.max").write_text(quota)
        assert available_cores(tmp_path) == cores


def test_a_step_needs_less_on_each_of_more_ranks(llama: Saved) -> None:
    spec = llama.spec()
    settings = EngineSettings(vocab_size=131, context=512)
    sizes = [step_memory(spec, Split.of(spec, 0, ranks), settings)[0] for ranks in (1, 2, 4)]
    assert sizes == sorted(sizes, reverse=True)
    longer = EngineSettings(vocab_size=131, context=512, step_tokens=4096)
    assert step_memory(spec, Split.of(spec, 0, 1), longer)[0] > sizes[0]
    keys = 2 * 2**17 * spec.kv_heads * spec.head_dim * 4
    assert step_memory(spec, Split.of(spec, 0, 1), settings, recorded=True)[0] == sizes[0] + keys


@given(st.lists(st.tuples(st.integers(0, 100), st.floats(0.01, 5)), min_size=1, max_size=30))
def test_a_rate_is_between_the_least_and_the_most(events: list[tuple[int, float]]) -> None:
    """Each event comes at the end of a time in which it was made at one speed."""
    now, rate = 0.0, Rate(0.0)
    for count, seconds in events:
        now += seconds
        rate.add(count, now)
    speeds = [count / seconds for count, seconds in events]
    found = rate.read(now)
    # An event that has just come weighs all of itself, and the time that it took a little less.
    assert min(speeds) <= found * (1 + 1e-9)
    assert found <= max(speeds) * 5.0 / 10 / (1 - 2.718281828 ** (-5.0 / 10)) * (1 + 1e-6)


def test_how_a_process_ended_is_said_in_words() -> None:
    assert ended(3) == "ended with status 3"
    assert ended(-signal.SIGSEGV) == "was ended by SIGSEGV"
    assert ended(-200) == "was ended by signal 200"


CHILD = (
    "import os, sys, time; from backend.process.lifeline import end_with\n"
    "end_with(int(sys.argv[1]), by_kernel=sys.argv[2] == 'kernel')\n"
    "print(os.getpid(), flush=True)\n"
    "time.sleep(1000)\n"
)
PARENT = (
    "import os, subprocess, sys, time\n"
    "child = [sys.executable, '-c', sys.argv[1], str(os.getpid()), sys.argv[2]]\n"
    "subprocess.Popen(child)\n"
    "time.sleep(1000)\n"
)


@pytest.mark.parametrize("way", ["kernel", "thread"])
def test_a_child_ends_with_its_parent(way: str) -> None:
    command = [sys.executable, "-c", PARENT, CHILD, way]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert runs(child)
        parent.kill()
        parent.wait()
        wait_until(lambda: not runs(child), SECONDS)


def test_a_child_whose_parent_ended_before_it_asked_ends_at_once() -> None:
    code = "from backend.process.lifeline import end_with; end_with(1); print('still here')"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (found.returncode, found.stdout) == (-signal.SIGKILL, b"")
