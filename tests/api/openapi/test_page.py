"""The page that shows the document."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
from html import unescape
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import httpx
import pytest

from fastapply.api.models import Models
from fastapply.api.openapi.document import build
from fastapply.api.openapi.page import render
from fastapply.api.openapi.routes import ROUTES

if TYPE_CHECKING:
    from support.service import Service

VOID = {"meta", "br"}


class Outline(HTMLParser):
    """Tags in their nesting, ids and links."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.links += [value for name, value in attrs if name in ("href", "src", "action") and value]
        assert not [name for name, _ in attrs if name.startswith("on") or name == "style"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def reply(service: Service) -> httpx.Response:
    return httpx.get(f"{service.url}/schema")


@pytest.fixture(scope="module")
def outline(reply: httpx.Response) -> Outline:
    outline = Outline()
    outline.feed(reply.text)
    outline.close()
    assert outline.open == []
    return outline


def test_it_is_a_page_that_runs_nothing(reply: httpx.Response, outline: Outline) -> None:
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert not outline.tags & {"script", "iframe", "img", "link", "form", "object"}
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_its_own_style_is_let_in(reply: httpx.Response) -> None:
    style = re.findall(r"<style>(.*?)</style>", reply.text, re.DOTALL)
    assert len(style) == 1
    hashed = base64.b64encode(hashlib.sha256(style[0].encode()).digest()).decode()
    assert f"style-src 'sha256-{hashed}'" in reply.headers["content-security-policy"]
    assert "prefers-color-scheme: dark" in style[0]
    assert "url(" not in style[0]
    assert "@import" not in style[0]


def test_links_stay_here(outline: Outline) -> None:
    inner = {link.removeprefix("#") for link in outline.links if link.startswith("#")}
    assert inner <= set(outline.ids)
    assert [link for link in outline.links if not link.startswith("#")] == ["/schema/openapi.json"]
    assert len(set(outline.ids)) == len(outline.ids)


def test_every_route_is_on_it(outline: Outline) -> None:
    assert {route.name for route in ROUTES} <= set(outline.ids)


def test_texts_are_escaped() -> None:
    document = build(needs_key=False, models=Models())
    document["info"]["description"] = "<b>&`<i>`"
    assert "<p>&lt;b&gt;&amp;<code>&lt;i&gt;</code></p>" in render(document)


def commands(page: str) -> list[str]:
    return [unescape(found) for found in re.findall(r"<pre><code>(curl .*?)</code></pre>", page, re.DOTALL)]


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_every_command_on_it_works(service: Service, reply: httpx.Response) -> None:
    assert len(commands(reply.text)) == len(ROUTES)
    for command in commands(reply.text):
        there = command.replace("http://localhost:8000", service.url).replace("curl ", "curl --fail --silent ")
        done = subprocess.run(["/bin/sh", "-c", there], capture_output=True, env={**os.environ, "no_proxy": "*"})
        off = "/mcp" in command  # tests/api/test_agent.py sends it to a service that has tools
        assert done.returncode == (22 if off else 0), command
        if "/v1/" in command:
            for text in done.stdout.splitlines() if "ndjson" in command else [done.stdout]:
                json.loads(text)


def test_commands_send_the_key_where_one_is_asked_for() -> None:
    page = render(build(needs_key=True, models=Models()))
    with_key = [command for command in commands(page) if "Authorization: Bearer" in command]
    assert len(with_key) == sum(route.needs_key for route in ROUTES)
    assert not any("Authorization" in command for command in commands(render(build(needs_key=False, models=Models()))))
