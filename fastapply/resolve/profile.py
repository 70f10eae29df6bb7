"""How a model is talked to, as data: one TOML file a model in `configs/models/`, or one of the user's own."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from fastapply.errors import InvalidSetting

__all__ = ["Answer", "Decoding", "Profile", "Sampling", "Turns", "load_profile", "profile_names"]


class Turns(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands around each turn, marks such as `<|im_start|>` included. `{text}` is the turn's own text."""

    system: str
    user: str
    assistant: str
    """What comes before the answer; no `{text}`."""
    begin: str = ""
    """What a conversation begins with, such as `<|begin_of_text|>`."""
    marks: tuple[str, ...] = ()
    """The marks in these texts that do not look like `<|this|>`, such as `<s>`."""


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The form of the answer."""

    begin: str
    """The tag before the code, with the line break after it if the model writes one."""
    end: str
    """The tag after it, with the line break before it if the model writes one that is not the code's."""
    stop_marks: tuple[str, ...] = ()
    """Marks of the vocabulary that end an answer, such as `<|im_end|>`; at least one."""


class Sampling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How tokens are chosen."""

    temperature: Annotated[float, Meta(ge=0)] = 0.0
    top_p: Annotated[float, Meta(gt=0, le=1)] = 1.0
    seed: int | None = None


class Decoding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much is decoded, and of what."""

    context: Annotated[int, Meta(gt=0)]
    """Tokens of prompt and answer together that the model was trained for; the checkpoint's own limit holds too."""
    whole_file: bool
    """Trained on whole files: these are asked for where they fit, and a part of one only where they don't."""
    splice: bool = True
    """The answer is put together from lines of the code and of the edit, and can hold no other."""


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model. In `user`, `{code}`, `{update}` and `{instruction}` stand for the question's texts."""

    name: str
    """What clients call the model."""
    description: str
    user: str
    turns: Turns
    answer: Answer
    decoding: Decoding
    system: str = ""
    """Empty: there is no system turn."""
    prefill: str = ""
    """Text of the answer's begin that is given, so that the model goes on from there."""
    sampling: Sampling = Sampling()


_INSTALLED = Path(__file__).with_name("models")
_CHECKOUT = Path(__file__).parents[2] / "configs" / "models"
PLACEHOLDER = re.compile(r"\{([A-Za-z_]\w*)\}")
_TAG = re.compile(r"<(/?)([A-Za-z][\w.-]*)>")


def profile_names() -> list[str]:
    """The names of the profiles that come with the package, sorted."""
    return sorted(path.stem for path in _folder().glob("*.toml"))


def load_profile(name: str) -> Profile:
    """The profile of that name, or the one in the file that `name` is the path of.

    A path ends in `.toml` or has a slash in it. Raises `InvalidSetting`, which names the file and the key that is
    wrong, or the names that there are.
    """
    is_path = name.endswith(".toml") or "/" in name or "\\" in name
    path = Path(name).expanduser() if is_path else _folder() / f"{name}.toml"
    try:
        fields = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        known = "" if is_path else f"; known are {', '.join(profile_names())}, or the path of a profile of your own"
        raise InvalidSetting(f"there is no profile {name!r} of a model{known}") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidSetting(f"{path} can't be read as a profile of a model: {error}") from None
    try:
        profile = msgspec.convert(fields, Profile)
    except msgspec.ValidationError as error:
        raise InvalidSetting(f"{path}: {error}") from None
    for key, problem in _problems(profile):
        raise InvalidSetting(f"{path}: {key}: {problem}")
    return profile


def _folder() -> Path:
    """Where the profiles are: within the package where it is installed, beside it in the sources."""
    return _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT


def _problems(profile: Profile) -> list[tuple[str, str]]:
    """What is wrong with it: the key, and why."""
    found: list[tuple[str, str]] = []
    texts = {"system": profile.turns.system, "user": profile.turns.user, "assistant": profile.turns.assistant}
    for key, text in texts.items():
        wanted = [] if key == "assistant" else ["text"]
        if PLACEHOLDER.findall(text) != wanted:
            says = "must hold {text} once, and no other placeholder" if wanted else "must hold no placeholder"
            found.append((f"turns.{key}", says))
    for key, text in {
        "name": profile.name,
        "answer.begin": profile.answer.begin,
        "answer.end": profile.answer.end,
    }.items():
        if not text.strip():
            found.append((key, "must not be empty"))
    if not all(profile.answer.stop_marks) or not profile.answer.stop_marks:
        found.append(("answer.stop_marks", "must name a mark that ends the model's turn, and none may be empty"))
    if not all(profile.turns.marks):
        found.append(("turns.marks", "none may be empty"))
    found += _problems_of_user(profile.user)
    found += _problems_of_answer(profile)
    return found


def _problems_of_user(user: str) -> list[tuple[str, str]]:
    names = PLACEHOLDER.findall(user)
    known = {"code", "update", "instruction"}
    if unknown := sorted(set(names) - known):
        return [("user", f"{{{unknown[0]}}} is no placeholder; there are {{code}}, {{update}} and {{instruction}}")]
    for name in ("code", "update"):
        if names.count(name) != 1:
            return [("user", f"must hold {{{name}}} once")]
    if names.index("code") > names.index("update"):
        # Questions about one file then begin alike, and what they begin with is computed once.
        return [("user", "{code} must stand before {update}")]
    for match in PLACEHOLDER.finditer(user):
        opened, closed = _opened(user[: match.start()]), _closed(user[match.end() :])
        if opened != closed:
            return [("user", f"<{opened}> before {match[0]} and </{closed}> behind it are no pair")]
    return []


def _opened(text: str) -> str:
    """The name of the opening tag that `text` ends in, but for white space; empty where there is none."""
    last = next((match for match in _TAG.finditer(text) if match.end() == len(text.rstrip())), None)
    return last[2] if last and not last[1] else ""


def _closed(text: str) -> str:
    """The name of the closing tag that `text` begins with, but for white space; empty where there is none."""
    first = _TAG.match(text.lstrip())
    return first[2] if first and first[1] else ""


def _problems_of_answer(profile: Profile) -> list[tuple[str, str]]:
    begin, end = profile.answer.begin, profile.answer.end
    opening = _TAG.fullmatch(begin.strip())
    if opening and end.strip() != f"</{opening[2]}>":
        return [("answer.end", f"{end.strip()} does not close {begin.strip()}")]
    if not begin.startswith(profile.prefill):
        return [("prefill", "must be the beginning of answer.begin")]
    if profile.decoding.splice and profile.prefill != begin:
        return [("decoding.splice", "needs a prefill that is all of answer.begin: what comes first is no line of code")]
    return []
