"""The page and its files as HTTP gives them, and what it is built from."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import subprocess
import sys
from html import unescape
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from fastapply.api.app import create_app
from fastapply.api.playground import files
from fastapply.merge.language import names
from fastapply.settings.model import Key, ServerSettings, Settings
from support.node import with_packages
from tools.playground import SOURCES, build

if TYPE_CHECKING:
    from pathlib import Path

KEYS = (Key(name="ci", sha256="0" * 64),)


def ask(path: str, settings: Settings | None = None, method: str = "GET", **headers: str) -> httpx.Response:
    """The answer of a service that is not started: no merge is asked of it."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(settings))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, headers={"accept-encoding": "identity", **named})

    return asyncio.run(send())


def told(page: str) -> dict[str, Any]:
    [content] = re.findall(r'<meta name="fastapply" content="([^"]*)">', page)
    return dict(json.loads(unescape(content)))


@pytest.fixture
def loaded(bundle: Path) -> list[str]:
    """The paths that the page loads."""
    assert bundle.is_dir()
    return re.findall(r'(?:href|src)="(/playground/[^"]+)"', ask("/").text)


def test_the_page_lets_in_its_own_files_and_nothing_else(bundle: Path) -> None:
    assert bundle.is_dir()
    reply = ask("/")
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    policy = dict(rule.split(" ", 1) for rule in reply.headers["content-security-policy"].split("; "))
    assert policy.pop("default-src") == policy.pop("frame-ancestors") == "'none'"
    assert policy.pop("base-uri") == policy.pop("form-action") == "'none'"
    assert set(policy.values()) == {"'self'"}
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_the_page_is_told_of_the_service(bundle: Path) -> None:
    assert bundle.is_dir()
    about = told(ask("/").text)
    assert about["languages"] == names()
    assert (about["needs_key"], about["model"]) == (False, "")
    assert told(ask("/", Settings(keys=KEYS)).text)["needs_key"] is True


def test_page_and_files_need_no_key_and_what_they_ask_does(loaded: list[str]) -> None:
    keyed = Settings(keys=KEYS)
    assert ask("/", keyed).status_code == 200
    assert len(loaded) == 4
    assert {ask(path, keyed).status_code for path in loaded} == {200}
    assert ask("/v1/models", keyed).status_code == 401


def test_files_have_types_and_last(loaded: list[str]) -> None:
    types = {path.rpartition(".")[2]: ask(path).headers for path in loaded}
    assert types["js"]["content-type"].startswith("text/javascript")
    assert types["css"]["content-type"].startswith("text/css")
    assert types["svg"]["content-type"].startswith("image/svg+xml")
    assert "immutable" in types["js"]["cache-control"]
    # This one's name stays when its content changes.
    assert types["svg"]["cache-control"] == "no-cache"


def test_what_a_browser_has_is_not_sent_again(loaded: list[str]) -> None:
    for path in ("/", *loaded):
        first = ask(path)
        again = ask(path, if_none_match=f'"other", W/{first.headers["etag"]}')
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert ask(path, if_none_match='"other"').status_code == 200


def test_files_are_compressed_for_whom_that_is_for(loaded: list[str], bundle: Path) -> None:
    [script] = (path for path in loaded if path.endswith(".js"))
    plain, packed = ask(script, accept_encoding="identity"), ask(script, accept_encoding="br, gzip")
    assert plain.content == packed.content == (bundle / script.rpartition("/")[2]).read_bytes()
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding"
    assert plain.headers["etag"] != packed.headers["etag"]
    assert "content-encoding" not in ask(script, accept_encoding="gzip;q=0, identity").headers


def test_head_has_the_same_headers(loaded: list[str]) -> None:
    for path in ("/", *loaded):
        got, head = ask(path), ask(path, method="HEAD")
        assert head.status_code == 200
        assert {**got.headers, "x-request-id": ""} == {**head.headers, "x-request-id": ""}


@pytest.mark.parametrize("path", ["/playground", "/playground/", "/playground/manifest.json", "/playground/index.html"])
def test_nothing_else_is_given(path: str) -> None:
    assert ask(path).status_code == 404


@pytest.mark.parametrize("path", ["/playground/..%2ffiles.py", "/playground/%2e%2e/files.py"])
def test_no_path_leads_out(path: str) -> None:
    assert ask(path).status_code == 404


def test_it_can_be_switched_off() -> None:
    off = Settings(server=ServerSettings(playground=False))
    assert {ask(path, off).status_code for path in ("/", "/playground/icon.svg")} == {404}
    assert ask("/schema", off).status_code == 200


def test_without_a_bundle_it_says_how_to_build_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(files, "BUNDLE", tmp_path)
    reply = ask("/")
    assert reply.status_code == 200
    assert "make playground" in reply.text
    assert "script" not in reply.text
    assert "style-src 'sha256-" in reply.headers["content-security-policy"]
    assert ask("/playground/icon.svg").status_code == 404


def test_the_notices_of_all_that_is_in_it_go_along(bundle: Path) -> None:
    notices = ask("/playground/LICENSES.txt").text
    lock = json.loads((SOURCES / "package-lock.json").read_bytes())["packages"]
    meant = {name.partition("node_modules/")[2]: entry for name, entry in lock.items() if name}
    shipped = set(re.findall(r"^(\S+) \d+\.\S+ \(\S+\)$", notices, re.MULTILINE))
    assert {"@codemirror/view", "@codemirror/merge", "@lezer/python", "style-mod"} <= shipped <= set(meant)
    assert notices.count("Permission is hereby granted, free of charge") == len(shipped)
    assert gzip.decompress((bundle / "LICENSES.txt.gz").read_bytes()).decode() == notices


def test_it_is_built_once(bundle: Path, tmp_path: Path) -> None:
    assert not build()
    other = tmp_path / "other"
    assert build(other)
    assert not build(other)
    assert {path.name: path.read_bytes() for path in other.iterdir()} == {
        path.name: path.read_bytes() for path in bundle.iterdir()
    }


def test_a_build_that_fails_leaves_what_was_there_and_says_why(tmp_path: Path, bundle: Path) -> None:
    before = (bundle / "manifest.json").read_bytes()
    script = (
        "import sys, tools.playground as p; from pathlib import Path;"
        "p._state_of_sources = lambda: 'another'; p.SOURCES = Path(sys.argv.pop()); sys.exit(p.main())"
    )
    (tmp_path / "package-lock.json").write_text("{}")
    (tmp_path / "package.json").write_text("{")
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 1
    assert done.stderr.startswith("warning: the playground at / could not be built: npm ci failed")
    assert (bundle / "manifest.json").read_bytes() == before


def test_the_sources_are_of_the_types_that_they_say(tmp_path: Path) -> None:
    node = with_packages(SOURCES)
    options = {"paths": {"*": [f"{node.packages}/*"]}}
    settings = {
        "extends": str(SOURCES / "tsconfig.json"), "compilerOptions": options, "include": [str(SOURCES / "src")]
    }  # fmt: skip
    (tmp_path / "tsconfig.json").write_text(json.dumps(settings))
    command = [str(node.packages / ".bin/tsc"), "-p", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout) == (0, "")
