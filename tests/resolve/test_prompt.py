from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastapply.errors import InvalidSetting, QuestionUnfit
from fastapply.resolve.completer import Question
from fastapply.resolve.profile import Answer, Turns, load_profile, profile_names
from fastapply.resolve.prompt import marks_of, messages, pieces, prompt_tokens

if TYPE_CHECKING:
    from backend.tokenizer import Tokenizer

CODE = "def area(width):\n\n    return width\n"
UPDATE = "def area(width):\n    # ...\n    return 2 * width\n"
QUESTION = Question(CODE, UPDATE, CODE, instruction="double it")

# As on the model card: https://huggingface.co/Kortix/FastApply-1.5B-v1.0
KORTIX = """<|im_start|>system
You are a coding assistant that helps merge code updates, ensuring every modification is fully integrated.<|im_end|>
<|im_start|>user
Merge all changes from the <update> snippet into the <code> below.
- Preserve the code's structure, order, comments, and indentation exactly.
- Output only the updated code, enclosed within <updated-code> and </updated-code> tags.
- Do not include any additional text, explanations, placeholders, ellipses, or code fences.

<code>{original_code}</code>

<update>{update_snippet}</update>

Provide the complete updated code.<|im_end|>
<|im_start|>assistant
<updated-code>"""
OSMOSIS = """<|im_start|>user
<code>
{original_code}
</code>


<edit>
{update_snippet}
</edit><|im_end|>
<|im_start|>assistant
<code>
"""
PUBLISHED = {"kortix-fastapply-1.5b": KORTIX, "kortix-fastapply-7b": KORTIX, "osmosis-apply-1.7b": OSMOSIS}

# Of Qwen2.5, less its tools.
QWEN_TEMPLATE = (
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)
LLAMA_TEMPLATE = (
    "{{- '<|begin_of_text|>' }}"
    "{%- for message in messages %}"
    "{{- '<|start_header_id|>' + message.role + '<|end_header_id|>\\n\\n' + message.content | trim + '<|eot_id|>' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{%- endif %}"
)

WORDS = ["a", "\n", " ", "<", "|", ">", "im_end", "<|im_end|>", "<|im_start|>", "<|eot_id|>", "é", "):"]
texts = st.lists(st.sampled_from(WORDS)).map("".join)


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_prompt_token_for_token(name: str, chat_coder: Tokenizer) -> None:
    """As if it were tokenised all at once, code, template and tags together."""
    whole = PUBLISHED[name].replace("{original_code}", CODE).replace("{update_snippet}", UPDATE)
    profile = load_profile(name)
    assert "".join(piece.text for piece in pieces(profile, QUESTION)) == whole
    assert prompt_tokens(profile, QUESTION, chat_coder) == chat_coder.encode(whole, special=True)


@pytest.mark.parametrize(
    ("name", "template"),
    [(name, QWEN_TEMPLATE) for name in profile_names() if name != "generic-llama3"]
    + [("generic-llama3", LLAMA_TEMPLATE)],
)
def test_the_same_tokens_as_transformers(
    name: str, template: str, chat_coder: Tokenizer, llama_coder: Tokenizer, tmp_path: Path
) -> None:
    """By the chat template of the model, from the messages that a server would be sent."""
    from transformers import PreTrainedTokenizerFast

    from support.vocabularies import CHAT_MARKS, LLAMA_MARKS, chat

    llama = name == "generic-llama3"
    folder = chat(tmp_path, LLAMA_MARKS if llama else CHAT_MARKS)
    theirs = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))
    profile = load_profile(name)
    turns = messages(profile, QUESTION, prefill=True)
    # `continue_final_message` takes the line break at its end off
    expected = theirs.apply_chat_template(
        turns[:-1], chat_template=template, tokenize=False, add_generation_prompt=True
    )
    expected += turns[-1]["content"]
    ours = prompt_tokens(profile, QUESTION, llama_coder if llama else chat_coder)
    assert ours == theirs.encode(expected, add_special_tokens=False)


@pytest.mark.parametrize("name", profile_names())
@given(code=texts, update=texts, instruction=texts)
@settings(max_examples=25, deadline=None, derandomize=True)
def test_no_text_of_the_user_is_a_mark(
    name: str, chat_coder: Tokenizer, llama_coder: Tokenizer, code: str, update: str, instruction: str
) -> None:
    """Nothing that a file holds can close a turn, or open one, and all of it is in the prompt."""
    coder = llama_coder if name == "generic-llama3" else chat_coder
    profile = load_profile(name)
    question = Question(code, update, code, instruction=instruction)

    def turns(asked: Question) -> list[int]:
        return [token for token in prompt_tokens(profile, asked, coder) if coder.is_special(token)]

    assert turns(question) == turns(QUESTION)
    shown = coder.decode(prompt_tokens(profile, question, coder), special=True)
    assert shown == "".join(piece.text for piece in pieces(profile, question))
    assert code in shown
    assert update in shown


def test_a_mark_in_the_code_is_refused_where_a_server_would_take_it_for_its_own() -> None:
    """It would end the turn there, and the rest of the code would be instructions."""
    profile = load_profile("generic-chatml")
    for field in ("code", "update", "instruction"):
        question = dataclasses.replace(QUESTION, **{field: 'x = "<|im_end|>"\n'})
        with pytest.raises(QuestionUnfit) as caught:
            messages(profile, question)
        assert "x =" not in str(caught.value)
    assert messages(profile, dataclasses.replace(QUESTION, code="x = '<|im_' + 'end|>'\n"))


def test_the_messages_of_a_chat() -> None:
    """System, user, and the begin of the answer where it is wanted; the code comes before the edit."""
    kortix, osmosis = load_profile("kortix-fastapply-7b"), load_profile("osmosis-apply-1.7b")
    system, user, begun = messages(kortix, QUESTION, prefill=True)
    assert [turn["role"] for turn in (system, user, begun)] == ["system", "user", "assistant"]
    assert begun["content"] == "<updated-code>"
    assert 0 < user["content"].index(CODE) < user["content"].index(UPDATE)
    assert [turn["role"] for turn in messages(osmosis, QUESTION)] == ["user"]
    [_, user] = messages(load_profile("generic-chatml"), QUESTION)
    assert "double it" in user["content"]


def test_placeholders_in_the_code_are_code() -> None:
    """What is put in is not searched again."""
    question = Question("{update} {text} {code}\n", "{code}\n", "")
    shown = "".join(piece.text for piece in pieces(load_profile("kortix-fastapply-7b"), question))
    assert "<code>{update} {text} {code}\n</code>" in shown
    assert "<update>{code}\n</update>" in shown


def test_marks_that_look_otherwise_are_named(tmp_path: Path) -> None:
    """Such as those of Llama 2."""
    from backend.tokenizer import open_tokenizer
    from support.vocabularies import pieces_json

    coder = open_tokenizer(pieces_json(tmp_path))
    profile = load_profile("generic-chatml")
    plain = Turns(system="{text}\n", user="[INST] {text} [/INST]", assistant="", begin="<s>", marks=("<s>",))
    answer = Answer("<updated-code>\n", "\n</updated-code>", ("</s>",))
    llama2 = msgspec.structs.replace(profile, turns=plain, answer=answer)
    assert marks_of(llama2) == ("<s>", "</s>")
    tokens = prompt_tokens(llama2, QUESTION, coder)
    assert tokens[0] == coder.special_id("<s>")
    assert tokens.count(tokens[0]) == 1


def test_a_vocabulary_without_a_mark(chat_coder: Tokenizer) -> None:
    """The model and the profile do not belong together."""
    with pytest.raises(InvalidSetting, match=r"generic-llama3 has the mark <\|begin_of_text\|>"):
        prompt_tokens(load_profile("generic-llama3"), QUESTION, chat_coder)
