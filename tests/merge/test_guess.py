from __future__ import annotations

import time
from pathlib import Path

import pytest

from fastapply.errors import DeadlineExceeded
from fastapply.merge.deadline import Deadline
from fastapply.merge.guess import guess
from fastapply.merge.language import detect, heads, names

GOLDEN = Path(__file__).parents[1] / "golden"
SAMPLES = sorted(GOLDEN.glob("*/*/before*"))
JAVASCRIPT = "const a = require('a');\n\nfunction f(x) {\n  return a.of(x);\n}\n\nmodule.exports = { f };\n"
SAYS_LITTLE = "a = f(1)\n"


def guessed(text: str, snippet: str = "", instruction: str = "") -> str | None:
    found = guess(text, Deadline(60.0), snippet, instruction)
    return found.profile.name if found else None


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: f"{path.parts[-3]}-{path.parts[-2]}")
def test_no_stranger_is_guessed(sample: Path) -> None:
    """A wrong grammar costs more than none, but for a relative's."""
    own, text = sample.parts[-3], sample.read_bytes().decode("utf-8").removeprefix("\ufeff")
    found = guessed(text)
    kin = {name: head.kin or name for name, head in heads().items()}
    assert found is None or kin[found] == kin[own]


def test_nearly_all_languages_are_guessed() -> None:
    """Of those whose first line does not tell it anyway."""
    texts = [(sample.parts[-3], sample.read_bytes().decode("utf-8")) for sample in SAMPLES]
    untold = [(own, text) for own, text in texts if text.strip() and detect(None, None, text).name == "text"]
    right = sum((guessed(text) or "text") == own for own, text in untold)
    assert right / len(untold) > 0.94


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("\n\n", id="blank lines"),
        pytest.param(SAYS_LITTLE, id="a line of many languages"),
        pytest.param("Dear all,\n\nplease import nothing from here.\nIf in doubt: ask.\n", id="prose"),
        pytest.param('FROM alpine\nRUN apk add git\nCOPY . /app\nCMD ["/app/run"]\n', id="Dockerfile"),
        pytest.param("all: a b\n\nCC = cc\n\na: a.c\n\t$(CC) -o a a.c\n\n.PHONY: all\n", id="Makefile"),
        pytest.param("[core]\nname = some one\npath = ~/x\n", id="ini"),
        pytest.param(
            "#import <A/A.h>\n\n@interface B : NSObject\n@property (nonatomic) int c;\n- (void)d:(int)e;\n@end\n",
            id="Objective-C",
        ),
        pytest.param('<?xml version="1.0"?>\n<a:b>\n  <a:c/>\n</a:b>\n', id="XML"),
        pytest.param(
            "use strict;\nuse warnings;\n\nmy $a = 1;\nsub f {\n  my ($x) = @_;\n  return $x;\n}\n", id="Perl"
        ),
    ],
)
def test_what_no_profile_is_for_is_text(text: str) -> None:
    """So is what may be anything."""
    assert guessed(text) is None


@pytest.mark.parametrize(
    ("snippet", "expected"),
    [
        pytest.param("```python\na = f(2)\n```\n", "python", id="a name"),
        pytest.param("```rb\na = f(2)\n```\n", "ruby", id="an alias"),
        pytest.param('Here it is:\n\n```python title="a"\na = f(2)\n```\n', "python", id="below a line"),
        pytest.param("```{.python}\na = f(2)\n```\n", "python", id="in braces"),
        pytest.param("```src/a.py\na = f(2)\n```\n", "python", id="a path"),
        pytest.param("```12:15:src/a.py\na = f(2)\n```\n", "python", id="a path behind lines"),
        pytest.param("# src/a.py\na = f(2)\n", "python", id="a path in a comment"),
        pytest.param("// File: src/a.rb\na = f(2)\n", "ruby", id="a path in another's comment"),
        pytest.param("```\na = f(2)\n```\n", None, id="no name"),
        pytest.param("```diff\n-a = f(1)\n+a = f(2)\n```\n", None, id="the name of no profile"),
        pytest.param("```text\na = f(2)\n```\n", None, id="text"),
        pytest.param("```json\na = f(2)\n```\n", None, id="a grammar that can't read it"),
    ],
)
def test_the_snippet_may_name_it(snippet: str, expected: str | None) -> None:
    """That is the author's word, if the grammar agrees."""
    assert guessed(SAYS_LITTLE, snippet) == expected


@pytest.mark.parametrize(
    ("instruction", "expected"),
    [
        pytest.param("In src/a.py, call f with 2.", "python", id="a path"),
        pytest.param("Call f with 2 in a.py as in b.rb.", None, id="two"),
        pytest.param("Do what README.md says.", None, id="a language that anything is in"),
        pytest.param("Call f with 2.", None, id="none"),
    ],
)
def test_the_instruction_may_name_it(instruction: str, expected: str | None) -> None:
    """Where the content does not tell."""
    assert guessed(SAYS_LITTLE, "", instruction) == expected


def test_the_content_is_stronger_than_a_wrong_name() -> None:
    """Models put names on fences by habit."""
    assert guessed(JAVASCRIPT, "```python\nfunction f(x) {\n```\n") == "javascript"
    assert guessed(JAVASCRIPT, "", "Port it to a.py.") == "javascript"


def test_the_tree_of_a_long_text_is_left_to_the_merge() -> None:
    """Only its beginning was read."""
    short, long = guess(JAVASCRIPT, Deadline(60.0)), guess(JAVASCRIPT * 900, Deadline(60.0))
    assert short is not None
    assert long is not None
    assert short.tree is not None
    assert short.tree.source == JAVASCRIPT.encode()
    assert (long.profile, long.tree) == (short.profile, None)


def test_the_deadline_holds() -> None:
    """Guessing counts as merging."""
    with pytest.raises(DeadlineExceeded):
        guess(JAVASCRIPT * 100, Deadline(0.0))


@pytest.mark.parametrize("unit", [".", "a", "a.", "/", "//", "`", "# ", "- ", "a: ", "{", "<", "$x", "\n", "(", "a::"])
def test_no_text_takes_long(unit: str) -> None:
    """Neither as the file nor as what should name it."""
    text = unit * 20_000
    start = time.perf_counter()
    guessed(text, text, text)
    assert time.perf_counter() - start < 5


def test_signs_belong_to_known_languages() -> None:
    """A relative is a profile, and the head of its family."""
    for head in heads().values():
        assert head.kin is None or (head.kin in names() and heads()[head.kin].kin is None)
