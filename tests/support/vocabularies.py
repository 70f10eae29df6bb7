"""Tiny tokenizers, trained here on a few lines of code, in each form that models are published with."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

TEXT = [
    "def area(width, height):",
    "\treturn width * height",
    "class Größe:",
    '    """Naïve, aber schön: π ≈ 3."""',
    "for i in range(10): print(i)",
    "if (x == null) { return; }",
] * 20
MARK = "<|im_end|>"
QWEN_SPLIT = r"(?i:'s|'t)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def byte_level(folder: Path) -> Path:
    """As Qwen and Llama 3: byte-level BPE behind a pattern."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

    coder = Tokenizer(models.BPE())
    split = pre_tokenizers.Split(Regex(QWEN_SPLIT), "isolated")
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    coder.pre_tokenizer = pre_tokenizers.Sequence([split, level])
    coder.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=350, special_tokens=[MARK], initial_alphabet=alphabet, show_progress=False)
    coder.train_from_iterator(TEXT, trainer)
    coder.add_tokens(["<tool_call>"])
    coder.save(str(folder / "tokenizer.json"))
    return folder


CHAT_MARKS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
LLAMA_MARKS = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
_CODE = [
    "def area(width, height):\n\n    return width * height\n\n\nclass Box:\n    side = 1\n",
    "function f(a) {\n  return { a };\n}\n\nexport default f;\n",
    "<updated-code>\n</updated-code>\n\n<code>\n</code>\n<update></update>assistant\nuser\nsystem\n",
] * 20


def chat(folder: Path, marks: Sequence[str] = CHAT_MARKS) -> Path:
    """As Qwen's: byte-level, with tokens for signs together with the line ends behind them, and marks for turns."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    coder = Tokenizer(models.BPE())
    coder.normalizer = normalizers.NFC()
    split = pre_tokenizers.Split(Regex(QWEN_SPLIT), "isolated")
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    coder.pre_tokenizer = pre_tokenizers.Sequence([split, level])
    coder.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=list(marks),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    coder.train_from_iterator(TEXT + _CODE, trainer)
    coder.save(str(folder / "tokenizer.json"))
    return folder


def pieces_json(folder: Path) -> Path:
    """As Llama 2 in tokenizer.json: pieces with bytes to fall back to, and a space before every text."""
    from tokenizers import Tokenizer, decoders, models, normalizers, trainers

    coder = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    coder.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    coder.decoder = decoders.Sequence(steps)
    fallback = [f"<0x{byte:02X}>" for byte in range(256)]
    marks = ["<unk>", "<s>", "</s>"]
    trainer = trainers.BpeTrainer(vocab_size=420, special_tokens=marks + fallback, show_progress=False)
    coder.train_from_iterator(TEXT, trainer)
    # The trainer makes marks of the bytes, too, which they are not.
    import json

    config = json.loads(coder.to_str())
    config["added_tokens"] = [token for token in config["added_tokens"] if token["content"] in marks]
    (folder / "tokenizer.json").write_text(json.dumps(config))
    return folder


def pieces(folder: Path) -> Path:
    """As Llama 2: a sentencepiece model, with a mark that is added beside it."""
    import sentencepiece

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXT),
        model_writer=model,
        vocab_size=360,
        model_type="bpe",
        byte_fallback=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        allow_whitespace_only_pieces=True,
        minloglevel=3,
    )
    (folder / "tokenizer.model").write_bytes(model.getvalue())
    (folder / "added_tokens.json").write_text(f'{{"{MARK}": 360}}')
    return folder


FORMS = {"byte level": byte_level, "pieces as JSON": pieces_json, "pieces": pieces}
