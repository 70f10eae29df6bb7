from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.vocabularies import CHAT_MARKS, LLAMA_MARKS, chat

if TYPE_CHECKING:
    from backend.tokenizer import Tokenizer


@pytest.fixture(scope="session")
def chat_coder(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    """A small tokenizer with the marks of ChatML."""
    from backend.tokenizer import open_tokenizer

    return open_tokenizer(chat(tmp_path_factory.mktemp("chatml"), CHAT_MARKS))


@pytest.fixture(scope="session")
def llama_coder(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    """A small tokenizer with the marks of Llama 3."""
    from backend.tokenizer import open_tokenizer

    return open_tokenizer(chat(tmp_path_factory.mktemp("llama"), LLAMA_MARKS))
