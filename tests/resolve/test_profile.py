from __future__ import annotations

from pathlib import Path

import pytest

from fastapply.errors import InvalidSetting
from fastapply.resolve.profile import load_profile, profile_names

MODELS = Path(__file__).parents[2] / "configs" / "models"
KORTIX = (MODELS / "kortix-fastapply-1.5b.toml").read_text("utf-8")
TURN = 'user = "<|im_start|>user\\n{text}<|im_end|>\\n"'


def test_the_built_in_profiles() -> None:
    """Each is found by its name, which is its file's."""
    assert profile_names() == [
        "generic-chatml",
        "generic-llama3",
        "kortix-fastapply-1.5b",
        "kortix-fastapply-7b",
        "osmosis-apply-1.7b",
    ]
    assert [load_profile(name).name for name in profile_names()] == profile_names()


def test_the_facts_about_the_models() -> None:
    """What their publishers say."""
    for name in ("kortix-fastapply-1.5b", "kortix-fastapply-7b", "osmosis-apply-1.7b"):
        profile = load_profile(name)
        assert profile.decoding.context == 8192
        assert profile.decoding.whole_file
        assert profile.sampling.temperature == 0
    assert not load_profile("generic-chatml").decoding.whole_file


def test_a_profile_of_the_users_own(tmp_path: Path) -> None:
    """By its path, with the other wording of Kortix' system prompt."""
    file = tmp_path / "mine.toml"
    file.write_text(KORTIX.replace("You are a coding", "You are an coding").replace('1.5b"', 'mine"'))
    profile = load_profile(str(file))
    assert profile.name == "kortix-fastapply-mine"
    assert profile.system.startswith("You are an coding assistant")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        pytest.param("[sampling]", "[sampling]\nheat = 1", "unknown field `heat` - at `$.sampling`", id="unknown key"),
        pytest.param("[answer]", '[answer]\nbgin = ""', "unknown field `bgin` - at `$.answer`", id="misspelt key"),
        pytest.param("context = 8192", "context = 0", "at `$.decoding.context`", id="no context"),
        pytest.param(
            "temperature = 0.0", "temperature = -1.0", "at `$.sampling.temperature`", id="below absolute zero"
        ),
        pytest.param("{code}", "here", "user: must hold {code} once", id="no place for the code"),
        pytest.param("{update}", "{update} {update}", "user: must hold {update} once", id="the edit twice"),
        pytest.param("{update}", "{edit}", "user: {edit} is no placeholder", id="unknown placeholder"),
        pytest.param(
            "<code>{code}</code>\n\n<update>{update}</update>",
            "{update}{code}",
            "user: {code} must stand before {update}",
            id="the edit first",
        ),
        pytest.param(
            "{code}</code>", "{code}</cod>", "user: <code> before {code} and </cod> behind it", id="other tag"
        ),
        pytest.param("<update>{", "{", "user: <> before {update} and </update> behind it", id="tag never opened"),
        pytest.param('end = "</updated', 'end = "</', "answer.end: </-code> does not close", id="answer never closed"),
        pytest.param('end = "</updated-code>"', 'end = " "', "answer.end: must not be empty", id="no end"),
        pytest.param('["<|im_end|>", "<|endoftext|>"]', "[]", "answer.stop_marks: must name", id="no stop"),
        pytest.param(
            'prefill = "<updated-code>"', 'prefill = "<code>"', "prefill: must be the beg", id="other prefill"
        ),
        pytest.param('prefill = "<updated-code>"', "", "decoding.splice: needs a prefill", id="splice without prefill"),
        pytest.param(TURN, 'user = "{code}"', "turns.user: must hold {text} once", id="a turn without text"),
        pytest.param('assistant\\n"', 'assistant{text}"', "turns.assistant: must hold no", id="text before the answer"),
        pytest.param("[turns]", "[turns", "can't be read as a profile of a model", id="no TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    """With the file and the key."""
    assert old in KORTIX
    file = tmp_path / "wrong.toml"
    file.write_text(KORTIX.replace(old, new))
    with pytest.raises(InvalidSetting) as caught:
        load_profile(str(file))
    assert str(file) in str(caught.value)
    assert says in str(caught.value)


def test_an_unknown_name_is_told_the_known_ones() -> None:
    with pytest.raises(InvalidSetting, match=r"no profile 'gpt'.*generic-chatml, generic-llama3"):
        load_profile("gpt")


def test_a_path_that_leads_nowhere(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="there is no profile"):
        load_profile(str(tmp_path / "none.toml"))
