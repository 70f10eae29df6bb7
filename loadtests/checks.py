"""What an answer must be: a merge, or a refusal with its doubts, and the same bytes each time for the same edit."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from loadtests.edits import Edit

__all__ = ["Check", "Echoed", "Merged"]

_ITS_OWN = ("id", "timings", "usage")
"""Fields that may differ from answer to answer: how much of a draft is verified at once depends on who else asks."""

_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Check(Protocol):
    """Looks at answers."""

    def fault(self, edit: Edit, status: int, content: bytes) -> str | None:
        """What is wrong with the answer to `edit`, or `None`."""


class Merged:
    """`POST /v1/apply`: 200, or 422 with doubts. `known` has a digest of the first answer to each edit."""

    def __init__(self, known: dict[str, str] | None = None) -> None:
        self.known = {} if known is None else known

    def fault(self, edit: Edit, status: int, content: bytes) -> str | None:
        """What is wrong with the answer to `edit`, or `None`."""
        if status not in (200, 422):
            return f"status {status}"
        try:
            fields = _FIELDS.decode(content)
        except msgspec.DecodeError:
            return f"{status}, and no JSON object"
        if status == 200 and "merged_code" not in fields:
            return "200 without a merge"
        if status == 422 and not _is_refusal(fields):
            return "422 without a doubt"
        digest = _digest(status, fields)
        if self.known.setdefault(edit.name, digest) != digest:
            return "another answer than before to the same edit"
        return None


def _is_refusal(fields: dict[str, msgspec.Raw]) -> bool:
    return bytes(fields.get("code", b"")) == b'"edit_in_doubt"' and len(fields.get("doubts", b"")) > len("[]")


def _digest(status: int, fields: dict[str, msgspec.Raw]) -> str:
    whole = hashlib.blake2b(str(status).encode(), digest_size=16)
    for name in sorted(fields.keys() - _ITS_OWN):
        whole.update(name.encode())
        whole.update(fields[name])
    return whole.hexdigest()


class Echoed:
    """`POST /echo`: the body, with whatever white space."""

    def fault(self, edit: Edit, status: int, content: bytes) -> str | None:
        """What is wrong with the answer to `edit`, or `None`."""
        if status != 200:
            return f"status {status}"
        return None if content == edit.body else "not what was sent"
