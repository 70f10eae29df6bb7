"""Text to token ids and back, from a model's `tokenizer.json` or sentencepiece model.

Both kinds are seen as a table of bytes, one entry a token: a token is a run of bytes, a text is their concatenation,
and half a character is bytes that do not end one. So decoding is exact, and the same for all ids at once or one by one.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import TYPE_CHECKING, Any, Protocol

import sentencepiece
import tokenizers

from backend.errors import DamagedFile, MissingFile, UnsupportedCheckpoint
from backend.vocabulary import Entry, byte_level, piece, without_prefix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

__all__ = ["TextStream", "Tokenizer", "open_tokenizer"]

_NOTHING = Entry(b"")
# A second `normalizer_spec` (field 3) with `add_dummy_prefix` (field 3) off: of a field that is there twice the last
# value holds, by protobuf's own rule for concatenated messages.
_NO_DUMMY_PREFIX = b"\x1a\x02\x18\x00"


def open_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of a model's folder. Raises `MissingFile`, `DamagedFile` or `UnsupportedCheckpoint`."""
    if (folder / "tokenizer.json").is_file():
        return Tokenizer(_Fast(folder / "tokenizer.json"))
    if (folder / "tokenizer.model").is_file():
        return Tokenizer(_Pieces(folder / "tokenizer.model"))
    raise MissingFile(f"{folder}: neither tokenizer.json nor tokenizer.model is there")


class _Coder(Protocol):
    """One library's side of a tokenizer."""

    entries: dict[int, Entry]
    """By id; ids may be missing."""
    prefixed: bool
    """Whether the vocabulary wants a space before the first word of a sequence."""

    def encode(self, text: str, special: bool) -> list[int]: ...


class Tokenizer:
    """Thread-safe; ids that the vocabulary has no entry for, as padded embeddings have, decode to nothing."""

    def __init__(self, coder: _Coder) -> None:
        self._coder = coder
        self._entries = coder.entries
        self._special = {entry.content: i for i, entry in coder.entries.items() if entry.special}
        self.size = max(coder.entries, default=-1) + 1
        """One more than the highest id; the model's `vocab_size` may be larger."""

    def encode(self, text: str, *, special: bool = False, first: bool = False) -> list[int]:
        """The ids of `text`, without marks of begin and end.

        `special`: marks such as `<|im_end|>` in the text become their tokens; otherwise they are text like any other,
        as they must be in a user's code. `first`: the text begins the sequence, before which some vocabularies want a
        space.
        """
        if not text:
            return []
        return self._coder.encode(" " + text if first and self._coder.prefixed else text, special)

    def decode(self, ids: Iterable[int], *, special: bool = False, first: bool = False) -> str:
        """The text of `ids`; with `special`, marks are shown. `first` as they were encoded.

        Bytes that are no UTF-8 become U+FFFD.
        """
        stream = TextStream(self, special=special, first=first)
        return stream.push(ids) + stream.finish()

    def special_id(self, mark: str) -> int | None:
        """The id of a mark such as `<|im_end|>`, if there is one."""
        return self._special.get(mark.encode())

    def is_special(self, token: int) -> bool:
        """Whether that id is a mark."""
        return self._entries.get(token, _NOTHING).special

    def bytes_of(self, token: int) -> bytes:
        """The bytes that a token stands for; a mark's are its name."""
        return self._entries.get(token, _NOTHING).content

    @property
    def prefixed(self) -> bool:
        """Whether `first` makes a difference."""
        return self._coder.prefixed


class TextStream:
    """Text of tokens as they come, which never ends in half a character."""

    def __init__(self, tokenizer: Tokenizer, *, special: bool = False, first: bool = False) -> None:
        self._tokenizer = tokenizer
        self._special = special
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._space_due = first and tokenizer.prefixed

    def push(self, ids: Iterable[int]) -> str:
        """The characters that these tokens complete; what they begin is kept."""
        shown = (token for token in ids if self._special or not self._tokenizer.is_special(token))
        return self._begun(self._decoder.decode(b"".join(map(self._tokenizer.bytes_of, shown))))

    def finish(self) -> str:
        """What is left when no token follows: U+FFFD for half a character, mostly nothing."""
        return self._begun(self._decoder.decode(b"", final=True))

    def _begun(self, text: str) -> str:
        if text and self._space_due:
            self._space_due = False
            return text.removeprefix(" ")
        return text


class _Fast:
    """`tokenizer.json`, by the `tokenizers` library."""

    def __init__(self, path: Path) -> None:
        try:
            config, self.prefixed = without_prefix(json.loads(path.read_text(encoding="utf-8")))
            self._marks = tokenizers.Tokenizer.from_str(json.dumps(config))
            self._plain = tokenizers.Tokenizer.from_str(json.dumps(config))
        except Exception as error:  # the library raises plain `Exception`
            raise DamagedFile(f"{path}: {error}") from error
        self._plain.encode_special_tokens = True
        to_bytes = _byte_rule(config.get("decoder"))
        added = self._marks.get_added_tokens_decoder()
        self.entries = {i: Entry(token.content.encode(), token.special) for i, token in added.items()}
        for token, i in self._marks.get_vocab(with_added_tokens=False).items():
            if i not in self.entries:
                self.entries[i] = Entry(to_bytes(token))

    def encode(self, text: str, special: bool) -> list[int]:
        coder = self._marks if special else self._plain
        return list(coder.encode(text, add_special_tokens=False).ids)


class _Pieces:
    """A sentencepiece model; marks that it does not know come from the files beside it."""

    def __init__(self, path: Path) -> None:
        model = path.read_bytes()
        try:
            original = sentencepiece.SentencePieceProcessor(model_proto=model)
            self._coder = sentencepiece.SentencePieceProcessor(model_proto=model + _NO_DUMMY_PREFIX)
        except RuntimeError as error:
            raise DamagedFile(f"{path}: {error}") from error
        self.prefixed = original.encode("a") != self._coder.encode("a")
        self.entries = {i: self._entry(i) for i in range(self._coder.get_piece_size())} | _added(path.parent)
        known = self._coder.get_piece_size()
        marks = {i: entry for i, entry in self.entries.items() if entry.special}
        words = {i: entry for i, entry in self.entries.items() if i >= known and not entry.special}
        self._ids = {entry.content.decode(): i for i, entry in (marks | words).items()}
        self._plain, self._marked = _splitter(words), _splitter(marks | words)

    def encode(self, text: str, special: bool) -> list[int]:
        splitter = self._marked if special else self._plain
        if splitter is None:
            return list(self._coder.encode(text))
        parts = splitter.split(text)
        # Every second part is one of the tokens that were split by.
        coded = ([self._ids[part]] if i % 2 else self._coder.encode(part) for i, part in enumerate(parts))
        return [token for part in coded for token in part]

    def _entry(self, i: int) -> Entry:
        token = self._coder.id_to_piece(i)
        if self._coder.is_control(i) or self._coder.is_unknown(i):
            return Entry(token.encode(), special=True)
        return Entry(piece(token))


def _splitter(entries: dict[int, Entry]) -> re.Pattern[str] | None:
    """What finds these tokens in a text, the longest first."""
    names = sorted((entry.content.decode() for entry in entries.values() if entry.content), key=len, reverse=True)
    return re.compile("(" + "|".join(map(re.escape, names)) + ")") if names else None


def _byte_rule(decoder: Any) -> Callable[[str], bytes]:
    """How this vocabulary's tokens become bytes, told by the decoder of its `tokenizer.json`."""
    kinds = {step.get("type") for step in [decoder or {}, *(decoder or {}).get("decoders", [])]}
    if "ByteLevel" in kinds:
        return byte_level
    if kinds & {"ByteFallback", "Metaspace", "Replace"}:
        return piece
    raise UnsupportedCheckpoint("decoder", f"{sorted(map(str, kinds))} in tokenizer.json is neither bytes nor pieces")


def _added(folder: Path) -> dict[int, Entry]:
    """Tokens that `tokenizer_config.json` or `added_tokens.json` add to a sentencepiece model."""
    found: dict[int, Entry] = {}
    for name, content in _json(folder / "added_tokens.json").items():
        found[int(content)] = Entry(name.encode(), special=True)
    for i, token in (_json(folder / "tokenizer_config.json").get("added_tokens_decoder") or {}).items():
        found[int(i)] = Entry(token["content"].encode(), special=bool(token.get("special")))
    return found


def _json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}
    except ValueError as error:
        raise DamagedFile(f"{path}: {error}") from error
