"""Every finding of the doctor, provoked."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import metadata
from pathlib import Path

import pytest

from backend.bench.checkpoints import write_parrot
from fastapply.doctor import Finding, examine
from fastapply.doctor.installed import look_at_dependencies, look_at_grammars, look_at_python
from fastapply.doctor.machine import look_at_cores, look_at_log, look_at_memory, look_at_port
from fastapply.doctor.model import look_at_model
from fastapply.doctor.said import look_at_file, look_at_keys, look_at_roots, look_at_transport
from fastapply.machine import available_cores, available_memory
from fastapply.merge import rules
from fastapply.settings.model import GIB, AgentSettings, Key, ModelSettings, PoolSettings, ServerSettings, Settings

A, B = "a" * 64, "b" * 64


def levels(findings: Iterator[Finding]) -> list[str]:
    return [finding.level for finding in findings]


def test_a_finding_has_a_remedy_unless_all_is_well() -> None:
    with pytest.raises(ValueError, match="remedy"):
        Finding("problem", "something")
    with pytest.raises(ValueError, match="remedy"):
        Finding("ok", "nothing", "do it")


class TestInstalled:
    def test_python(self) -> None:
        assert look_at_python().level == "ok"
        assert look_at_python((3, 10, 1)).level == "problem"

    def test_python_elsewhere(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.platform", "darwin")
        assert look_at_python().level == "note"

    def test_all_packages_fit(self) -> None:
        wanted = ["a>=1.9", "b<3,>=2.25", "c>=25; sys_platform != 'win32'", "d>=9; extra == 'test'", "e"]
        have = {"a": "1.10.0", "b": "2.25", "c": "25.0rc1", "e": "0"}
        [finding] = look_at_dependencies(wanted, have.__getitem__)
        assert finding == Finding("ok", "4 packages are installed in versions that fit")

    @pytest.mark.parametrize(("wanted", "have"), [("a>=2", "1.9"), ("a<3,>=2.25", "3.0.1"), ("a>=2.25", "2.3")])
    def test_a_package_that_does_not_fit(self, wanted: str, have: str) -> None:
        [finding] = look_at_dependencies([wanted], lambda _: have)
        assert finding == Finding("problem", f"a is {have}, and {wanted[1:]} is needed", f"pip install '{wanted}'")

    def test_a_package_that_is_missing(self) -> None:
        [finding] = look_at_dependencies(["no-such-package>=1"])
        assert finding == Finding("problem", "no-such-package is not installed", "pip install 'no-such-package>=1'")

    def test_no_installation_to_compare_with(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def requires(_: str) -> list[str]:
            raise metadata.PackageNotFoundError

        monkeypatch.setattr(metadata, "requires", requires)
        assert levels(look_at_dependencies()) == ["note"]

    def test_all_grammars_load(self) -> None:
        [finding] = look_at_grammars()
        assert finding.level == "ok"

    def test_a_grammar_that_does_not_load(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def grammar(entry: str) -> object:
            raise ValueError("Incompatible Language version 16")

        monkeypatch.setattr(rules, "grammar", grammar)
        [first, *_] = look_at_grammars(["csharp", "text"])
        assert first.level == "problem"
        assert first.remedy == "pip install --force-reinstall tree-sitter-c-sharp"


class TestSaid:
    def test_every_fault_is_a_finding(self, tmp_path: Path) -> None:
        file = tmp_path / "c.toml"
        file.write_text("[server]\nprot = 1\n[log]\nlevel = 'x'\n")
        *_, key, level, variable, rest = examine(file, {"FASTAPPLY_NEW_THING": "1"}, {})
        assert key.what == f"{file}:2: unknown server.prot; did you mean port?"
        assert "upgrade" in key.remedy
        assert level.what.startswith(f"{file}:4: log.level must be ")
        assert variable.what.startswith("FASTAPPLY_NEW_THING: no setting has this name")
        assert "upgrade" in variable.remedy
        assert [one.level for one in (key, level, variable, rest)] == ["problem"] * 3 + ["note"]

    def test_no_file(self) -> None:
        assert levels(look_at_file(None)) == ["ok"]

    @pytest.mark.parametrize(("mode", "level"), [(0o600, "ok"), (0o644, "ok"), (0o664, "note"), (0o666, "problem")])
    def test_who_may_write_the_file(self, tmp_path: Path, mode: int, level: str) -> None:
        tmp_path.chmod(0o755)
        file = tmp_path / "c.toml"
        file.touch()
        file.chmod(mode)
        assert levels(look_at_file(file)) == [level]

    def test_a_folder_that_all_may_write_is_as_bad(self, tmp_path: Path) -> None:
        (tmp_path / "c.toml").touch(0o600)
        tmp_path.chmod(0o777)
        [finding] = look_at_file(tmp_path / "c.toml")
        assert finding.level == "problem"
        assert finding.remedy == f"chmod o-w {tmp_path}"

    def test_roots_that_agents_can_edit_and_others(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = Settings(agent=AgentSettings((str(tmp_path), f"{tmp_path}/none")))
        assert levels(look_at_roots(settings)) == ["ok", "problem"]
        monkeypatch.setattr("os.access", lambda *_: False)
        assert levels(look_at_roots(settings)) == ["problem", "problem"]
        assert levels(look_at_roots(Settings())) == []

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
    def test_a_file_of_another_user(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o755)
        (tmp_path / "c.toml").touch(0o600)
        os.chown(tmp_path / "c.toml", 12345, -1)
        assert levels(look_at_file(tmp_path / "c.toml")) == ["note"]

    @pytest.mark.parametrize(
        ("keys", "expected"),
        [
            ((), ["ok"]),
            ((Key("a", A), Key("b", B, revoked=True)), ["ok"]),
            ((Key("a", A, revoked=True),), ["problem"]),
            ((Key("a", A), Key("b", A)), ["ok", "problem"]),
        ],
    )
    def test_keys(self, keys: tuple[Key, ...], expected: list[str]) -> None:
        assert levels(look_at_keys(Settings(keys=keys))) == expected

    def test_others_can_reach_it_over_plain_http(self) -> None:
        assert levels(look_at_transport(Settings())) == []
        open_to_all = Settings(server=ServerSettings(host="0.0.0.0"), keys=(Key("a", A),))
        assert levels(look_at_transport(open_to_all)) == ["note"]


class TestPort:
    def test_free(self) -> None:
        assert look_at_port("127.0.0.1", 0).level == "ok"
        assert look_at_port("localhost", 0).level == "ok"

    def test_taken_by_something_that_never_answers(self) -> None:
        with socket.create_server(("127.0.0.1", 0), backlog=1) as taken:
            threading.Thread(target=lambda: taken.accept()[0].close(), daemon=True).start()
            finding = look_at_port("127.0.0.1", taken.getsockname()[1])
        assert finding.level == "problem"
        assert "not by FastApply" in finding.what

    @pytest.mark.parametrize(
        ("answer", "level"),
        [(b'{"status":"ok","version":"0.1.0","workers":{}}', "note"), (b"[]", "problem"), (b"<html>", "problem")],
    )
    def test_taken_by_a_server(self, answer: bytes, level: str) -> None:
        with answering(answer) as port:
            assert look_at_port("127.0.0.1", port).level == level

    def test_no_address_of_this_machine(self) -> None:
        assert "correct server.host" in look_at_port("192.0.2.1", 0).remedy
        assert look_at_port("nowhere.invalid", 0).level == "problem"

    def test_a_port_that_only_root_may_have(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Refusing(socket.socket):
            def bind(self, _: object) -> None:
                raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(socket, "socket", Refusing)
        finding = look_at_port("127.0.0.1", 80)
        assert finding.level == "problem"
        assert "1024" in finding.remedy


@contextlib.contextmanager
def answering(body: bytes) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        yield server.server_port


class TestMachine:
    def test_the_log(self, tmp_path: Path) -> None:
        assert look_at_log("").level == "ok"
        assert look_at_log(str(tmp_path / "log")).level == "ok"
        assert look_at_log(str(tmp_path)).level == "problem"
        assert look_at_log(str(tmp_path / "none" / "log")).remedy == f"mkdir -p {tmp_path}/none"
        assert not (tmp_path / "log").exists()

    def test_a_log_that_may_not_be_written(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "access", lambda *_: False)
        assert look_at_log(str(tmp_path / "log")).level == "problem"

    def test_cores(self) -> None:
        settings = Settings(server=ServerSettings(workers=2), pool=PoolSettings(workers=4))
        assert look_at_cores(settings, 8).level == "ok"
        assert look_at_cores(settings, 4).remedy.endswith("pool.workers = 2")

    def test_memory(self) -> None:
        settings = Settings(pool=PoolSettings(workers=8))
        assert look_at_memory(settings, 8 * GIB).level == "ok"
        assert look_at_memory(settings, GIB).level == "note"
        assert look_at_memory(settings, GIB // 4).level == "problem"

    def test_a_container_has_what_its_limits_leave_it(self, tmp_path: Path) -> None:
        (tmp_path / "cpu.max").write_text("50000 100000\n")
        (tmp_path / "memory.max").write_text("268435456\n")
        assert available_cores(tmp_path) == 1
        assert available_memory(tmp_path) == GIB // 4
        (tmp_path / "cpu.max").write_text("max 100000\n")
        (tmp_path / "memory.max").write_text("max\n")
        assert available_cores(tmp_path) == available_cores(tmp_path / "none")
        assert available_memory(tmp_path) == available_memory(tmp_path / "none")


class TestModel:
    def test_without_one_all_is_well(self) -> None:
        assert levels(look_at_model(ModelSettings())) == ["ok"]

    def test_a_checkpoint_that_is_there(self, tmp_path: Path) -> None:
        folder = write_parrot(tmp_path, ["one\n"])
        model = ModelSettings(profile="kortix-fastapply-1.5b", folder=str(folder))
        assert levels(look_at_model(model)) == ["ok"]
        (folder / "model.safetensors").unlink()
        [finding] = look_at_model(model)
        assert finding.level == "problem"
        assert "safetensors" in finding.what

    @pytest.mark.parametrize(
        ("profile", "folder", "said"),
        [("kortix-1.5b", ".", "kortix-fastapply-1.5b"), ("generic-chatml", "/nowhere", "no folder")],
    )
    def test_what_is_wrong_is_named(self, profile: str, folder: str, said: str) -> None:
        [finding] = look_at_model(ModelSettings(profile=profile, folder=folder))
        assert finding.level == "problem"
        assert said in finding.what

    def test_a_profile_of_other_marks_than_the_vocabulary_s(self, tmp_path: Path) -> None:
        [finding] = look_at_model(
            ModelSettings(profile="generic-llama3", folder=str(write_parrot(tmp_path, ["one\n"])))
        )
        assert finding.level == "problem"
        assert "<|begin_of_text|>" in finding.what

    def test_where_code_is_sent_is_said(self) -> None:
        [finding] = look_at_model(ModelSettings(profile="generic-chatml", url="http://127.0.0.1:1/v1"))
        assert finding.level == "note"
        assert "http://127.0.0.1:1/v1" in finding.what
