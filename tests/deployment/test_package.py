"""The package as it is published: built, installed into an environment of its own, and run from there."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tarfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from support.node import do_without
from support.service import free_port, is_up, wait_until
from tools.npm import NpmError
from tools.playground import BUNDLE, build

ROOT = Path(__file__).parents[2]
EDIT = "a = 1\nb = 3\n"


@dataclass(frozen=True)
class Installed:
    """An environment that has the wheel, and the packages it needs from this one."""

    folder: Path
    wheel: Path
    sdist: Path

    def command(self, *arguments: object) -> list[str]:
        return [str(self.folder / "bin" / "fastapply"), *map(str, arguments)]

    def run(self, *arguments: object, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            input=stdin,
            env=environment(),
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


def environment() -> dict[str, str]:
    """Ours without what would lead to the sources."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "FASTAPPLY_"))}


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel that is built from the sdist that is built from the sources."""
    built = tmp_path_factory.mktemp("dist")
    with contextlib.suppress(NpmError):  # a wheel without the page at / works, and one test says that it was not there
        build()
    # In an environment of its own the build would fetch its backend from a registry.
    isolation = ["--no-isolation"] if importlib.util.find_spec("hatchling") else []
    run(sys.executable, "-m", "build", *isolation, "--outdir", built, ROOT)
    [wheel], [sdist] = built.glob("*.whl"), built.glob("*.tar.gz")
    folder = tmp_path_factory.mktemp("installed") / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    python = folder / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", wheel)
    # What it needs is here already. A folder that is named in a .pth file has its own .pth files left unread, so the
    # sources, which may be installed here by one, are out of reach.
    [site] = (folder / "lib").glob("python*/site-packages")
    (site / "packages_of_the_tests.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return Installed(folder, wheel, sdist)


def run(*command: object) -> None:
    done = subprocess.run(list(map(str, command)), env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_is_imported_from_the_wheel(installed: Installed) -> None:
    script = "import fastapply.cli, fastapply.api.app; print(fastapply.__file__, fastapply.api.__file__)"
    python = installed.folder / "bin" / "python"
    said = subprocess.run([python, "-P", "-c", script], env=environment(), capture_output=True, text=True, check=True)
    assert all(path.startswith(str(installed.folder)) for path in said.stdout.split())


def test_the_wheel_holds_the_packages_and_nothing_else(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as wheel:
        names = wheel.namelist()
    about = installed.wheel.name.split("-py3")[0] + ".dist-info"
    assert {name.split("/")[0] for name in names} == {"fastapply", "backend", "lsp_bridge", about}
    languages = {path.name for path in (ROOT / "fastapply" / "merge" / "languages").glob("*.toml")}
    assert {Path(name).name for name in names if "/languages/" in name} == languages
    models = {path.name for path in (ROOT / "configs" / "models").glob("*.toml")}
    assert {Path(name).name for name in names if "/resolve/models/" in name} == models
    assert {"fastapply/py.typed", "backend/py.typed"} <= set(names)
    assert not [name for name in names if name.endswith(".pyc") or name.startswith("lsp_bridge/clients/")]


def test_the_wheel_holds_the_page_and_the_notices_of_what_is_in_it(installed: Installed) -> None:
    if not BUNDLE.exists():
        do_without("the page at / could not be built")
    with zipfile.ZipFile(installed.wheel) as wheel:
        names = {Path(name).name for name in wheel.namelist() if "/playground/bundle/" in name}
    assert names == {path.name for path in BUNDLE.iterdir()}
    assert {"index.html", "LICENSES.txt"} <= names


def test_the_sdist_holds_what_an_operator_and_a_packager_need(installed: Installed) -> None:
    with tarfile.open(installed.sdist) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    wanted = {"Dockerfile", ".dockerignore", "constraints.txt", "CHANGELOG.md", "LICENSE", "tests/test_package.py"}
    for folder in ("configs", "docs"):
        wanted |= {str(path.relative_to(ROOT)) for path in (ROOT / folder).rglob("*") if path.is_file()}
    assert wanted <= names


def test_it_finds_its_profiles_of_models(installed: Installed) -> None:
    script = "from fastapply.resolve import profile; print(*map(profile.load_profile, profile.profile_names()))"
    python = installed.folder / "bin" / "python"
    said = subprocess.run([python, "-P", "-c", script], env=environment(), capture_output=True, text=True, check=True)
    assert said.stdout.count("Profile(") == len(list((ROOT / "configs" / "models").glob("*.toml"))) > 0


def test_it_merges(installed: Installed) -> None:
    file = installed.folder / "x.py"
    file.write_text("a = 1\nb = 2\n")
    done = installed.run("apply", file, "--edit", "-", "--write", stdin=EDIT)
    assert done.returncode == 0, done.stderr
    assert file.read_text() == EDIT


def test_its_doctor_finds_the_grammars(installed: Installed) -> None:
    findings = json.loads(installed.run("doctor", "--port", 0, "--json").stdout)
    assert {"level": "ok", "remedy": ""}.items() <= next(one for one in findings if "grammars" in one["what"]).items()


def serve(installed: Installed, *before: str) -> None:
    """Start it, have it merge, and end it with SIGTERM."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [*before, *installed.command("serve", "--port", port, "--pool-workers", 1)]
    with subprocess.Popen(command, env=environment(), cwd="/", stderr=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: process.poll() is not None or is_up(url), 60)
            answer = httpx.post(f"{url}/v1/apply", json={"original_code": "a = 1\nb = 2\n", "edit_snippet": EDIT})
            assert answer.json()["merged_code"] == EDIT
        finally:
            process.send_signal(signal.SIGTERM)
            started = time.monotonic()
            assert process.wait(20) in (0, -signal.SIGTERM, 128 + signal.SIGTERM)
        assert time.monotonic() - started < 10


def test_it_serves(installed: Installed) -> None:
    serve(installed)


def test_it_serves_from_a_file_system_that_can_not_be_written(installed: Installed) -> None:
    read_only = "mount --make-rprivate / && mount -o bind,remount,ro / && ! touch /tmp/written 2>/dev/null"
    unshare = ["unshare", "--mount", "--map-root-user"]
    if not shutil.which("unshare") or subprocess.run([*unshare, "sh", "-c", read_only], check=False).returncode:
        pytest.skip("no user namespace, or /tmp is a file system of its own")
    serve(installed, *unshare, "sh", "-c", f'{read_only} && exec "$@"', "sh")
