"""`transformers serve`, a server of OpenAI's API by others, over a tiny random model that is made here."""

from __future__ import annotations

import contextlib
import os
import string
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support.models import save
from support.service import free_port, is_up, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@dataclass(frozen=True)
class TinyModel:
    """A model whose vocabulary is ASCII, so that no token is half a character. It writes no mark."""

    folder: Path
    theirs: Any
    coder: Any

    def continuation(self, prompt: str, tokens: int) -> str:
        """What transformers' own greedy decoding makes of a prompt."""
        inputs = self.coder(prompt, return_tensors="pt")
        found = self.theirs.generate(**inputs, max_new_tokens=tokens, do_sample=False)[0]
        return str(self.coder.decode(found[inputs["input_ids"].shape[1] :]))

    def count(self, text: str) -> int:
        return len(self.coder(text)["input_ids"])


def tiny_model(folder: Path) -> TinyModel:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

    marks = ["<|im_start|>", "<|im_end|>"]
    # One token a character: what a trainer makes of ties differs from run to run.
    characters = [{" ": "Ġ", "\n": "Ċ"}.get(character, character) for character in string.printable[:95] + "\n"]
    coder = Tokenizer(models.BPE(vocab={token: at for at, token in enumerate(marks + characters)}, merges=[]))
    coder.add_special_tokens(marks)
    coder.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    coder.decoder = decoders.ByteLevel()
    theirs = PreTrainedTokenizerFast(tokenizer_object=coder, eos_token="<|im_end|>", chat_template=TEMPLATE)
    theirs.save_pretrained(folder)
    save(folder, "qwen2", vocab_size=coder.get_vocab_size(), max_position_embeddings=2048, eos_token_id=1)
    model = AutoModelForCausalLM.from_pretrained(folder)
    model.generation_config.suppress_tokens = [0, 1]
    model.generation_config.save_pretrained(folder)
    return TinyModel(folder, model, theirs)


@contextlib.contextmanager
def transformers_serving(folder: Path, log: Path) -> Iterator[str]:
    """Its base URL; the model is the one in `folder`, by that name."""
    port = free_port()
    program = str(Path(sys.executable).with_name("transformers"))
    command = [program, "serve", str(folder), "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    offline = {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    with (
        log.open("wb") as output,
        subprocess.Popen(command, stdout=output, stderr=output, env=os.environ | offline) as process,
    ):
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until(lambda: process.poll() is not None or is_up(url), 300)
            assert process.poll() is None, log.read_text()
            yield f"{url}/v1"
        finally:
            process.terminate()
            process.wait(20)
