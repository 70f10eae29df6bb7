"""Where a server is that code is sent to, checked before anything is."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

from fastapply.errors import InvalidSetting

__all__ = ["checked_address", "checked_key"]


def checked_address(address: str, allow_http: bool = False, path: str = "/v1") -> str:
    """`address` without a slash at its end; `path` is added where it has none.

    Raises `InvalidSetting` for what is no address of a server, for one with a password in it, and, unless `allow_http`,
    for plain http to another machine: what is sent there is the user's code.
    """
    parts = _split(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _invalid("must begin with http:// or https:// and name a host")
    if parts.username is not None or parts.password is not None:
        raise _invalid("must not hold a user or a password; give the key as a key")
    if parts.query or parts.fragment:
        raise _invalid("must not hold a query or a fragment")
    if parts.scheme == "http" and not allow_http and not _is_loopback(parts.hostname):
        raise _invalid(
            "is plain http to another machine, and code would be readable on the way: use https or a tunnel such as "
            "ssh -L, or allow it where that can be (allow_http of a client, model.remote_plain_http)"
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/') or path}"


def checked_key(api_key: str) -> str:
    """`api_key` itself; raises `InvalidSetting` where it can't be part of a header."""
    if not (api_key.isascii() and api_key.isprintable()) or " " in api_key:
        raise InvalidSetting("api_key must be of printable ASCII characters without spaces", field="api_key")
    return api_key


def _split(address: str) -> SplitResult:
    try:
        if not address.isascii() or not address.isprintable() or " " in address:
            raise ValueError
        parts = urlsplit(address)
        _ = parts.port  # raises where it is no number of a port
    except ValueError:
        raise _invalid("is not a URL") from None
    return parts


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _invalid(what: str) -> InvalidSetting:
    return InvalidSetting(f"address {what}", field="address")
