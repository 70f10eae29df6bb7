"""Text to ids and back to the byte, and one by one without half a character."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sentencepiece
import tokenizers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.errors import DamagedFile, MissingFile, UnsupportedCheckpoint
from backend.tokenizer import TextStream, Tokenizer, open_tokenizer
from support.vocabularies import FORMS, MARK, TEXT, byte_level, pieces, pieces_json

CODE = [
    "",
    "\n",
    " ",
    "x",
    " x",
    "\tif x:\r\n\t\treturn 'π'\r\n",
    "def f():\n    return 1  \n\n\n",
    "emoji 👩‍👩‍👧 and 🏳️‍🌈, 漢字 und Umlaute äöü",
    "e\u0301 stays two characters",
    "a\x00b\x0b\x0c\u2028\ufeff",
    "trailing  \t ",
    "no newline at the end",
    "▁ is a character too"[1:],
]


@pytest.fixture(scope="module", params=FORMS)
def tokenizer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    return open_tokenizer(FORMS[request.param](tmp_path_factory.mktemp("tokenizer")))


@pytest.mark.parametrize("text", [*CODE, "\n".join(TEXT)])
@pytest.mark.parametrize("first", [False, True])
def test_text_comes_back(text: str, first: bool, tokenizer: Tokenizer) -> None:
    assert tokenizer.decode(tokenizer.encode(text, first=first), first=first) == text


TEXTS = st.text(st.sampled_from("ab \t\r\n_ßπ漢😀\u0301'(=<|>") | st.characters(exclude_categories=["Cs"]), max_size=40)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS.filter(lambda text: "▁" not in text), first=st.booleans())
def test_any_text_comes_back_and_never_in_half_characters(text: str, first: bool, tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode(text, first=first)
    stream, parts = TextStream(tokenizer, first=first), []
    for token in ids:
        parts.append(stream.push([token]))
        assert text.startswith("".join(parts))
        assert "\ufffd" not in parts[-1] or "\ufffd" in text
    assert "".join(parts) + stream.finish() == text


def test_an_emoji_comes_when_its_last_byte_does(tokenizer: Tokenizer) -> None:
    stream = TextStream(tokenizer)
    ids = tokenizer.encode("😀")
    assert len(ids) > 1
    assert [stream.push([token]) for token in ids] == [""] * (len(ids) - 1) + ["😀"]
    assert stream.finish() == ""


def test_half_a_character_at_the_end_is_said_at_the_end(tokenizer: Tokenizer) -> None:
    stream = TextStream(tokenizer)
    assert stream.push(tokenizer.encode("a😀")[:-1]) == "a"
    assert stream.finish() == "\ufffd"
    assert tokenizer.decode(tokenizer.encode("a😀")[:-1]) == "a\ufffd"


def test_texts_in_two_halves_have_no_space_between(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode("def are", first=True) + tokenizer.encode("a(width)")
    assert tokenizer.decode(ids, first=True) == "def area(width)"


def test_ids_without_an_entry_decode_to_nothing(tokenizer: Tokenizer) -> None:
    assert tokenizer.decode([*tokenizer.encode("a"), tokenizer.size, 10**6]) == "a"


def test_marks_are_text_unless_they_are_asked_for(tmp_path: Path) -> None:
    for form in (byte_level, pieces):
        tokenizer = open_tokenizer(form(tmp_path))
        mark = tokenizer.special_id(MARK)
        assert mark is not None
        text = f"a {MARK} b"
        assert mark not in tokenizer.encode(text)
        assert tokenizer.decode(tokenizer.encode(text)) == text
        marked = tokenizer.encode(text, special=True)
        assert marked.count(mark) == 1
        assert tokenizer.decode(marked) == "a  b"
        assert tokenizer.decode(marked, special=True) == text
        (tmp_path / "tokenizer.json").unlink(missing_ok=True)


def test_added_words_that_are_no_marks_stay_in_the_text(tmp_path: Path) -> None:
    tokenizer = open_tokenizer(byte_level(tmp_path))
    ids = tokenizer.encode("a<tool_call>b")
    assert len(ids) == 3
    assert tokenizer.decode(ids) == "a<tool_call>b"
    assert tokenizer.special_id("<tool_call>") is None


@pytest.mark.parametrize("text", [text for text in [*CODE, *TEXT[:6]] if text])
def test_ids_are_the_libraries_own(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("own")
    own = sentencepiece.SentencePieceProcessor(model_file=str(pieces(folder) / "tokenizer.model"))
    assert open_tokenizer(folder).encode(text, first=True) == own.encode(text)
    for form in (byte_level, pieces_json):
        theirs = tokenizers.Tokenizer.from_file(str(form(folder) / "tokenizer.json"))
        ids = open_tokenizer(folder).encode(text, first=True)
        assert ids == theirs.encode(text).ids
        assert open_tokenizer(folder).decode(ids, first=True) == theirs.decode(ids)


def test_what_can_not_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match=r"neither tokenizer\.json nor tokenizer\.model"):
        open_tokenizer(tmp_path)
    (tmp_path / "tokenizer.model").write_bytes(b"no model")
    with pytest.raises(DamagedFile, match=r"tokenizer\.model"):
        open_tokenizer(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(DamagedFile, match=r"tokenizer\.json"):
        open_tokenizer(tmp_path)


def test_a_vocabulary_that_is_neither_bytes_nor_pieces_is_refused(tmp_path: Path) -> None:
    config = json.loads((byte_level(tmp_path) / "tokenizer.json").read_text())
    config["decoder"] = {"type": "WordPiece", "prefix": "##", "cleanup": True}
    (tmp_path / "tokenizer.json").write_text(json.dumps(config))
    with pytest.raises(UnsupportedCheckpoint, match="WordPiece"):
        open_tokenizer(tmp_path)
