"""`fastapply completion`: the shells themselves are asked what they would offer."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

# What is typed, and what must be among what is offered.
TYPED = [("fastapply ser", "serve"), ("fastapply serve --pool", "--pool-workers"), ("fastapply key --conf", "--config")]

BASH = """
source "$1"
words=($2)
COMP_WORDS=("${words[@]}") COMP_CWORD=$((${#words[@]} - 1)) COMP_LINE=$2 COMP_POINT=${#2}
_shtab_fastapply
echo "${COMPREPLY[@]}"
"""
# Completion of zsh works in its line editor alone, so a shell of its own is typed to, over a terminal.
ZSH = r"""
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "fpath=($1 \$fpath); autoload -Uz compinit; compinit -D -u; echo rea''dy"
while zpty -r z line; do [[ $line == *ready* ]] && break; done
zpty -w -n z "$2"$'\t\t'
for try in {1..100}; do
  zpty -r -t z line && out+=$line || sleep 0.05
  [[ $out == *$3* ]] && break
done
print -r -- $out
"""


@pytest.fixture
def asked(run: Run, tmp_path: Path, request: pytest.FixtureRequest) -> list[str]:
    """The command that sources the completion of the shell that the test is named after; what it runs comes behind."""
    shell = request.node.name.split("_")[1].split("[")[0]
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    done = run("completion", shell)
    assert done.returncode == 0, done.stderr
    (tmp_path / "_fastapply").write_bytes(done.stdout)
    return [shell, str(tmp_path / "_fastapply")]


def offered(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.mark.parametrize(("typed", "offer"), TYPED)
def test_bash_offers_it(asked: list[str], typed: str, offer: str) -> None:
    shell, file = asked
    assert offer in offered(shell, "--norc", "-c", BASH, shell, file, typed).split()


@pytest.mark.parametrize(("typed", "offer"), TYPED)
def test_zsh_offers_it(asked: list[str], typed: str, offer: str) -> None:
    shell, file = asked
    assert offer in offered(shell, "-f", "-c", ZSH, shell, file.rpartition("/")[0], typed, offer)


@pytest.mark.parametrize(("typed", "offer"), TYPED)
def test_fish_offers_it(asked: list[str], typed: str, offer: str) -> None:
    shell, file = asked
    assert offer in offered(shell, "--no-config", "-c", 'source $argv[1]; complete -C "$argv[2]"', file, typed).split()


def test_tcsh_takes_it(asked: list[str]) -> None:
    shell, file = asked
    assert "pool-workers" in offered(shell, "-f", "-c", f"source {file}; complete fastapply")


def test_files_are_offered_where_a_file_is_wanted(run: Run, tmp_path: Path) -> None:
    (tmp_path / "settings.toml").touch()
    (tmp_path / "completion").write_bytes(run("completion", "bash").stdout)
    typed = f"fastapply serve --config {tmp_path}/sett"
    assert offered("bash", "--norc", "-c", BASH, "bash", str(tmp_path / "completion"), typed).strip().endswith(".toml")


def test_another_shell_is_wrong_usage(run: Run) -> None:
    assert run("completion", "cmd").returncode == 64
