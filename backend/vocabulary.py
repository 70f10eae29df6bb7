"""What bytes each token stands for, for the two ways in which vocabularies write bytes down.

Byte-level BPE (GPT-2's `bytes_to_unicode`) writes each byte as one printable character. sentencepiece writes text, with
U+2581 for a space and `<0x0A>` for a byte that is no character of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SPACE", "Entry", "byte_level", "piece", "without_prefix"]

SPACE = "\u2581"
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")


@dataclass(frozen=True, slots=True)
class Entry:
    """One token."""

    content: bytes
    special: bool = False
    """Whether it is a mark of the template and no text: left out when text is decoded."""


def byte_level(token: str) -> bytes:
    """The bytes of a token of byte-level BPE."""
    table = _byte_table()
    return bytes(table[character] for character in token)


def piece(token: str) -> bytes:
    """The bytes of a piece of sentencepiece, which may be half a character."""
    byte = _BYTE.fullmatch(token)
    return bytes([int(byte[1], 16)]) if byte else token.replace(SPACE, " ").encode()


@cache
def _byte_table() -> dict[str, int]:
    """Printable bytes stand for themselves; the others, in order, for the characters from U+0100."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in set(printable)]
    return {chr(byte): byte for byte in printable} | {chr(0x100 + i): byte for i, byte in enumerate(others)}


def without_prefix(config: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """A `tokenizer.json` that puts no space before the text, and whether it did.

    Llama's vocabularies want a space before a text's first word, and only there; their files ask for it before every
    text, so that a text in two halves would get two.
    """
    changed = dict(config)
    found = False
    for key in ("normalizer", "pre_tokenizer"):
        changed[key], here = _no_prefix(config.get(key))
        found = found or here
    return changed, found


def _no_prefix(part: Any) -> tuple[Any, bool]:
    """A normalizer or pre-tokenizer without its prefix, None where nothing is left of it."""
    if not isinstance(part, dict):
        return part, False
    kind = part.get("type")
    if kind == "Sequence":
        return _no_prefix_in_sequence(part)
    if kind == "Prepend":
        return None, True
    if kind == "Metaspace":
        prefixed = part.get("prepend_scheme", "always") != "never" and part.get("add_prefix_space", True)
        # The old key would contradict the new one.
        kept = {key: value for key, value in part.items() if key != "add_prefix_space"}
        return {**kept, "prepend_scheme": "never"}, prefixed
    if kind == "ByteLevel" and part.get("add_prefix_space"):
        return {**part, "add_prefix_space": False}, True
    return part, False


def _no_prefix_in_sequence(part: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    key = "normalizers" if "normalizers" in part else "pretokenizers"
    steps = [_no_prefix(step) for step in part.get(key, [])]
    kept = [step for step, _ in steps if step is not None]
    return {**part, key: kept}, any(found for _, found in steps)
