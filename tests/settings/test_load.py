"""Where settings come from, which place wins, and what is said of what is wrong."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from fastapply.errors import InvalidSetting
from fastapply.settings.fields import environment_name, fields, key_fields
from fastapply.settings.files import find
from fastapply.settings.load import environment_of, load
from fastapply.settings.model import GIB, MIB, Key, Settings
from fastapply.settings.values import read, read_text

DIGEST = "0123456789abcdef" * 4
KEY = f'[[keys]]\nname = "ci"\nsha256 = "{DIGEST}"\n'


Write = Callable[[str], Path]


@pytest.fixture
def config(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        path = tmp_path / "fastapply.toml"
        path.write_text(text, "utf-8")
        return path

    return write


def fault(config: Path | None, environ: dict[str, str] | None = None, **overrides: object) -> str:
    with pytest.raises(InvalidSetting) as caught:
        load(config, environ or {}, overrides)
    return str(caught.value)


class TestWhoWins:
    def test_without_anything_said_the_defaults_hold(self) -> None:
        loaded = load(None, {}, {})
        assert loaded.settings == Settings()
        assert set(map(str, loaded.sources.values())) == {"default"}
        assert loaded.file is None

    def test_the_file_stands_over_defaults_the_environment_over_it_the_command_line_over_all(
        self, config: Write
    ) -> None:
        file = config("[pool]\nworkers = 2\nlarge_workers = 2\nqueue = 2\n")
        environ = {"FASTAPPLY_POOL_LARGE_WORKERS": "3", "FASTAPPLY_POOL_QUEUE": "3"}
        loaded = load(file, environ, {"pool.queue": 4, "pool.deadline": None})
        pool = loaded.settings.pool
        assert (pool.workers, pool.large_workers, pool.queue, pool.deadline) == (2, 3, 4, 5.0)
        said = [str(loaded.sources[f"pool.{name}"]) for name in ("workers", "large_workers", "queue", "deadline")]
        assert said == [f"{file}:2", "FASTAPPLY_POOL_LARGE_WORKERS", "command line", "default"]

    def test_a_child_loads_the_same_from_file_and_environment(self, config: Write) -> None:
        file = config(f'[server]\nhost = "::1"\nport = 1\n[log]\nformat = "json"\n{KEY}')
        overrides = {"server.port": 8001, "pool.deadline": 0.25, "log.file": None}
        here = load(file, {"FASTAPPLY_POOL_QUEUE": "9"}, overrides)
        child = load(None, {"FASTAPPLY_POOL_QUEUE": "9"} | environment_of(overrides, file), {})
        assert child.settings == here.settings
        assert child.file == file

    @pytest.mark.parametrize("path", fields())
    def test_each_setting_can_be_said_in_the_environment(self, path: str) -> None:
        default = fields()[path].default
        text = os.pathsep.join(default) if isinstance(default, tuple) else str(default)
        loaded = load(None, {environment_name(path): text}, {})
        assert loaded.settings == Settings()
        assert str(loaded.sources[path]) == environment_name(path)


class TestWhichFile:
    def test_the_users_file_comes_before_the_systems(self, tmp_path: Path) -> None:
        home = tmp_path / ".config" / "fastapply" / "config.toml"
        home.parent.mkdir(parents=True)
        home.write_text("[server]\nport = 1\n")
        assert load(None, {"HOME": str(tmp_path)}, {}).file == home
        assert load(None, {"XDG_CONFIG_HOME": str(tmp_path / ".config"), "HOME": "/nowhere"}, {}).file == home
        assert load(None, {"XDG_CONFIG_HOME": "relative", "HOME": str(tmp_path)}, {}).file == home

    def test_the_variable_comes_before_them_and_the_flag_before_it(self, tmp_path: Path, config: Write) -> None:
        flagged = config("[server]\nport = 1\n")
        named = tmp_path / "named.toml"
        named.write_text("[server]\nport = 2\n")
        environ = {"FASTAPPLY_CONFIG": str(named)}
        assert load(None, environ, {}).settings.server.port == 2
        assert load(flagged, environ, {}).settings.server.port == 1

    def test_the_directory_it_is_started_in_is_not_looked_at(
        self, config: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(config("[server]\nport = 1\n").parent)
        assert load(None, {}, {}).file is None

    def test_a_file_that_is_named_must_be_there(self, tmp_path: Path) -> None:
        assert fault(tmp_path / "none.toml") == f"{tmp_path}/none.toml: No such file or directory"
        assert "No such file" in fault(None, {"FASTAPPLY_CONFIG": "/nowhere/none.toml"})
        assert "Is a directory" in fault(tmp_path)

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_a_file_that_may_not_be_read_is_not_passed_over(self, tmp_path: Path) -> None:
        home = tmp_path / "fastapply" / "config.toml"
        home.parent.mkdir()
        home.touch(0)
        assert "Permission denied" in fault(None, {"XDG_CONFIG_HOME": str(tmp_path)})

    def test_a_byte_order_mark_is_no_fault(self, config: Write) -> None:
        assert load(config("\ufeff[server]\nport = 1\n"), {}, {}).settings.server.port == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[sever]\nport = 1\n", ":1: unknown sever; did you mean server?"),
        ("[server]\nprot = 1\n", ":2: unknown server.prot; did you mean port?"),
        ("[server]\n\nqueue = 1\n", ":3: unknown server.queue; did you mean pool.queue?"),
        ("port = 1\n", ":1: unknown port; did you mean server.port?"),
        ("[log]\nxyzzy = 1\n", ":2: unknown log.xyzzy; known are level, format, file"),
        ("server = 1\n", ":1: server must be a table, [server]"),
        ("server.port = 'a'\n", ":1: server.port must be an integer, not a text"),
        ("[server]\nport = true\n", ":2: server.port must be an integer, not true or false"),
        ("[server]\nport = 1.5\n", ":2: server.port must be an integer, not a number"),
        ("[server]\nport = [1,\n2]\n", ":2: server.port must be an integer, not a list"),
        ("[server]\nport = 1979-05-27\n", ":2: server.port must be an integer, not a date or time"),
        ("[server]\nport = 70000\n", ":2: server.port must be between 0 and 65535"),
        ("[server]\nhost = 8\n", ":2: server.host must be a text, not an integer"),
        ("[pool]\ndeadline = nan\n", ":2: pool.deadline must be more than 0 seconds"),
        ("[pool]\nmemory = '4 GiBs'\n", ":2: pool.memory must be a number of bytes or a text such as"),
        ("[pool]\nmemory = '4 MiB'\n", ":2: pool.memory must be 0 or at least 512 MiB"),
        ("[log]\nlevel = 'inof'\n", ":2: log.level must be debug, info, warning or error; did you mean info?"),
        ("[keys]\nname = 'a'\n", ":1: keys must be tables in a list, [[keys]] each"),
        ("keys = [1]\n", ":1: keys must be tables in a list, [[keys]] each"),
        (f"{KEY}nmae = 'x'\n", ":4: unknown keys[0].nmae; did you mean name?"),
        (f"{KEY}{KEY}", ": keys must have a name each, and 'ci' is there twice"),
        (f"{KEY}revoked = 'yes'\n", ":4: keys[0].revoked must be true or false, not a text"),
        ("[[keys]]\nname = 'ci'\n", ":1: keys[0] has no sha256"),
        (f"{KEY}[[keys]]\nname = ''\nsha256 = '{DIGEST}'\n", ":4: keys[1].name must not be empty"),
        ("[server]\nport = \n", ": is no TOML: "),
        ("[server]\nport = " + "9" * 5000, ": is no TOML: "),
        ("a = " + "[" * 100_000, ": is no TOML: "),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_the_nearest_right_name(config: Write, text: str, said: str) -> None:
    file = config(text)
    assert fault(file).startswith(f"{file}{said}")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("FASTAPPLY_SERVER_PROT", "1", "no setting has this name; did you mean FASTAPPLY_SERVER_PORT?"),
        ("FASTAPPLY_SERVER_PORT", "http", "server.port must be an integer, not a text"),
        ("FASTAPPLY_SERVER_PORT", "9" * 5000, "server.port must be an integer, not a text"),
        ("FASTAPPLY_SERVER_PORT", "-1", "server.port must be between 0 and 65535"),
        ("FASTAPPLY_POOL_DEADLINE", "soon", "pool.deadline must be a number, not a text"),
        ("FASTAPPLY_LOG_LEVEL", "LOUD", "log.level must be debug, info, warning or error"),
        ("FASTAPPLY_SERVER_HOST", "0.0.0.0", "server.host is 0.0.0.0, which others may reach: that needs a key"),
        ("FASTAPPLY_KEYS", "fa_secret", "keys are written NAME:SHA256"),
        ("FASTAPPLY_KEYS", "ci:fa_secret", "keys[0].sha256 must be 64"),
        ("FASTAPPLY_PORT", "1", "no setting has this name; did you mean FASTAPPLY_SERVER_PORT?"),
    ],
)
def test_what_is_wrong_in_the_environment_is_said_with_the_variable(name: str, text: str, said: str) -> None:
    assert fault(None, {name: text}).startswith(f"{name}: {said}")


def test_what_is_wrong_on_the_command_line_is_said_with_the_setting() -> None:
    assert fault(None, **{"server.port": -1}) == "command line: server.port must be between 0 and 65535"


def test_all_faults_are_said_at_once(config: Write) -> None:
    file = config("[server]\nprot = 1\nhost = 2\n[pool]\nqueue = 'x'\n[limits]\nrequests_per_minute = -1\n")
    assert len(fault(file, {"FASTAPPLY_LOG_FROMAT": "json"}).split("\n")) == 5


def test_keys_are_looked_at_beside_other_faults_and_each_once(config: Write) -> None:
    file = config(
        "[server]\nprot = 1\n[[keys]]\nname = 'a'\nsha256 = 'short'\n[[keys]]\nname = 'b'\n[pool]\ndeadline = 0\n"
    )
    said = sorted(line.removeprefix(f"{file}:") for line in fault(file).split("\n"))
    assert [line[0] for line in said] == ["2", "3", "6", "9"], said


def test_keys_of_the_environment_stand_in_place_of_the_files(config: Write) -> None:
    loaded = load(config(KEY), {"FASTAPPLY_KEYS": f"a:{DIGEST}, b:{'0' * 64}"}, {})
    assert [key.name for key in loaded.settings.keys] == ["a", "b"]
    assert str(loaded.sources["keys[1]"]) == "FASTAPPLY_KEYS"


def test_a_key_opens_the_door_to_others(config: Write) -> None:
    loaded = load(config(f'[server]\nhost = "0.0.0.0"\n{KEY}'), {}, {})
    assert loaded.settings.server.host == "0.0.0.0"
    assert str(loaded.sources["keys[0]"]).endswith(":3")


def test_what_kubernetes_sets_for_a_service_is_no_setting() -> None:
    links = {
        "FASTAPPLY_SERVICE_HOST": "10.0.0.1",
        "FASTAPPLY_SERVICE_PORT_HTTP": "8000",
        "FASTAPPLY_PORT": "tcp://10.0.0.1:8000",
        "FASTAPPLY_PORT_8000_TCP_ADDR": "10.0.0.1",
    }
    assert load(None, links | {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, {}).settings == Settings()
    assert "FASTAPPLY_SERVICE_HOST: no setting" in fault(None, links)


def test_a_secret_in_the_wrong_place_is_not_repeated(config: Write) -> None:
    secret = "fa_" + "s3cret" * 6
    for text in (f'[[keys]]\nname = "ci"\nsha256 = "{secret}"\n', f'[[keys]]\nname = "ci"\nkey = "{secret}"\n'):
        assert secret not in fault(config(text))
    assert secret not in fault(None, {"FASTAPPLY_KEYS": f"ci:{secret}"})
    assert secret not in fault(None, {"FASTAPPLY_KEYS": secret})
    assert secret not in fault(None, {"FASTAPPLY_LOG_LEVEL": secret})


def test_no_repr_shows_a_hash(config: Write) -> None:
    loaded = load(config(KEY), {}, {})
    assert DIGEST[:8] not in repr(loaded)
    assert DIGEST[:8] not in repr(find(config(KEY), {}))


@pytest.mark.parametrize(
    ("said", "size"),
    [("10 MiB", 10 * MIB), ("10mib", 10 * MIB), ("1.5 GiB", 3 * GIB // 2), ("2 kB", 2000), ("512 B", 512), (7, 7)],
)
def test_sizes_may_have_units(said: object, size: int) -> None:
    hint = fields()["pool.memory"].hint
    assert read(said, hint) == size
    assert read_text(str(said), hint) == size


@pytest.mark.parametrize("said", ["10M", "ten", "", "-1 MiB", 1.5, True])
def test_other_sizes_are_refused(said: object) -> None:
    with pytest.raises(InvalidSetting):
        read(said, fields()["pool.memory"].hint)


def test_every_type_of_the_model_can_be_read() -> None:
    for field in [*fields().values(), *key_fields().values()]:
        with pytest.raises(InvalidSetting):
            read({}, field.hint)


@pytest.mark.parametrize("said", ["/a", ["/a", 1], [["/a"]], ["a"]])
def test_roots_are_a_list_of_absolute_paths(said: object, config: Write) -> None:
    with pytest.raises(InvalidSetting, match=r"agent\.roots"):
        load(config(f"[agent]\nroots = {json.dumps(said)}\n"), {}, {})


def test_roots_are_parted_in_the_environment_as_in_path() -> None:
    loaded = load(None, {"FASTAPPLY_AGENT_ROOTS": os.pathsep.join(["/a", "/b c"])}, {})
    assert loaded.settings.agent.roots == ("/a", "/b c")


@pytest.mark.parametrize("name", ["a\nb", "\x1b[31m", "a\udcff"])
def test_a_key_has_a_name_that_fits_into_a_line_of_the_log(name: str) -> None:
    with pytest.raises(InvalidSetting, match="printable"):
        Key(name, "0" * 64)


@pytest.mark.parametrize(
    ("variable", "text"),
    [("POOL_DEADLINE", "1e300"), ("SERVER_CLIENT_TIMEOUT", "1e300"), ("POOL_MEMORY", "9000000000 GiB")],
)
def test_what_no_clock_and_no_memory_can_be_set_to_is_refused(variable: str, text: str) -> None:
    with pytest.raises(InvalidSetting, match=r"at most a day|below 8 EiB"):
        load(None, {f"FASTAPPLY_{variable}": text}, {})
