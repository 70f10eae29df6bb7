"""Where code may be sent."""

from __future__ import annotations

import pytest

from fastapply.addresses import checked_address
from fastapply.errors import InvalidSetting
from fastapply.resolve.remote import RemoteCompleter
from support.model_server import PROFILE


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("http://127.0.0.1:8080/v1/", "http://127.0.0.1:8080/v1"),
        ("http://localhost:8080", "http://localhost:8080/v1"),
        ("http://127.8.9.1/", "http://127.8.9.1/v1"),
        ("http://[::1]:8080/v1", "http://[::1]:8080/v1"),
        ("https://models.example/team/openai", "https://models.example/team/openai"),
    ],
)
def test_addresses_that_can_be_used(given: str, taken: str) -> None:
    assert checked_address(given) == taken


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("", "must begin with"),
        ("127.0.0.1:8080", "must begin with"),
        ("ftp://127.0.0.1/", "must begin with"),
        ("https:///v1", "name a host"),
        ("https://me:word@models.example/v1", "user or a password"),
        ("https://word@models.example/v1", "user or a password"),
        ("https://models.example/v1?key=1", "query"),
        ("https://models.example/v1#part", "fragment"),
        ("https://models.example:http/v1", "not a URL"),
        ("https://models.example/a b", "not a URL"),
        ("https://models.example/\nv1", "not a URL"),
        ("https://[::1/v1", "not a URL"),
    ],
)
def test_addresses_that_cannot(address: str, why: str) -> None:
    with pytest.raises(InvalidSetting, match=why) as caught:
        checked_address(address)
    assert caught.value.field == "address"
    assert "word" not in str(caught.value).replace("a password", "")


@pytest.mark.parametrize("host", ["models.example", "vllm", "10.0.0.7", "localhost.models.example", "[fe80::1]"])
def test_plain_http_to_another_machine_must_be_allowed(host: str) -> None:
    """Whether there is a key or not: it is the code that others could read."""
    address = f"http://{host}:8000/v1"
    for key in ("", "a-key"):
        with pytest.raises(InvalidSetting, match="plain http"):
            RemoteCompleter(PROFILE, address, "m", api_key=key)
    assert RemoteCompleter(PROFILE, address, "m", allow_http=True).name == PROFILE.name


@pytest.mark.parametrize("key", ["two\nlines", "ключ", "two words", "end\r"])
def test_a_key_that_is_no_header(key: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        RemoteCompleter(PROFILE, "https://models.example/v1", "m", api_key=key)
    assert caught.value.field == "api_key"
    assert key not in str(caught.value)


def test_a_model_must_be_named() -> None:
    with pytest.raises(InvalidSetting) as caught:
        RemoteCompleter(PROFILE, "https://models.example/v1", "")
    assert caught.value.field == "model"
