from __future__ import annotations

import pytest

from fastapply.merge.evidence import (
    explained_lines,
    gather,
    is_leader,
    leaders_above,
    named_in,
    removal_names,
    renamings,
)
from fastapply.merge.language import by_name
from fastapply.merge.layout import Layout
from fastapply.merge.snippet import read_snippet

LINES = """\
import legacy

# the old way
@cached
def old_helper(path):
    return legacy.load(path)

def load(path):
    '''Loads
    the path,
    or fails.'''
    return old_helper(path)
""".split("\n")


@pytest.mark.parametrize(
    "instruction",
    [
        pytest.param("", id="no instruction"),
        pytest.param("Add a timeout to load", id="nothing is to go"),
        pytest.param("Cache old_helper", id="a name, but no word of removal"),
        pytest.param("Remove it", id="a word of removal, but no name"),
        pytest.param("removed the function from the file", id="only common words"),
    ],
)
def test_an_instruction_that_explains_nothing(instruction: str) -> None:
    """Evidence names what goes."""
    assert explained_lines(Layout(LINES), removal_names(instruction)) == set()


@pytest.mark.parametrize(
    ("instruction", "lines"),
    [
        pytest.param("Remove old_helper", {2, 3, 4, 5, 11}, id="a definition, what leads it, and its uses"),
        pytest.param("Add a timeout and drop the `legacy` import", {0, 5}, id="a name behind other requests"),
        pytest.param("inline old_helper into load", {2, 3, 4, 5, 7, 8, 9, 10, 11}, id="two definitions"),
        pytest.param("Delete the comments", {2}, id="a kind of line"),
        pytest.param("Get rid of the docstring", {8, 9, 10}, id="a docstring with all its lines"),
    ],
)
def test_an_instruction_explains_what_it_names(instruction: str, lines: set[int]) -> None:
    """A definition goes with its block, other lines by themselves."""
    assert explained_lines(Layout(LINES), removal_names(instruction)) == lines


def test_names_before_the_word_of_removal_are_not_meant() -> None:
    """`keep load, remove old_helper` says nothing against `load`."""
    assert removal_names("keep load_all, remove old_helper") == {"old_helper"}


def test_common_words_are_no_names() -> None:
    """Identifiers are, and so is a word that may be one."""
    assert named_in("remove the function old_helper from this file") == {"old_helper"}


@pytest.mark.parametrize("note", ["# removed: old_helper", "// removed old_helper()"])
def test_a_note_explains_what_it_names(note: str) -> None:
    """As an instruction does."""
    original = Layout(LINES)
    snippet = read_snippet(f"import legacy\n{note}\ndef load(path):\n", LINES, frozenset(original.keys))
    evidence = gather(original, snippet, "", by_name("python"))
    assert {2, 3, 4, 5} <= evidence.explained
    assert 7 not in evidence.explained
    assert evidence.removes


def test_without_notes_and_instruction_there_is_no_evidence() -> None:
    """A snippet alone explains nothing."""
    original = Layout(LINES)
    snippet = read_snippet("import legacy\ndef load(path):\n", LINES, frozenset(original.keys))
    evidence = gather(original, snippet, "", by_name("python"))
    assert evidence.explained == set()
    assert not evidence.removes


@pytest.mark.parametrize(
    "key",
    ["# comment", "// comment", "/** comment */", "* comment", "@cached", "@app.get('/')", "#[derive(Debug)]", "-- x"],
)
def test_comments_decorators_and_attributes_lead(key: str) -> None:
    """They belong to the line below them."""
    assert is_leader(key)


@pytest.mark.parametrize(
    "key", ["x = 1", "@import 'a';", "#include <a.h>", "#define A 1", "'text'", '"text"', "@name = 1", "a @ b", ""]
)
def test_code_and_directives_do_not_lead(key: str) -> None:
    """They stand for themselves."""
    assert not is_leader(key)


def test_what_leads_stands_right_above_at_the_same_depth() -> None:
    """A blank line or another depth parts them."""
    assert leaders_above(Layout(LINES), 4) == 2
    assert leaders_above(Layout(LINES), 7) == 7
    assert leaders_above(Layout(["class A:", "    # inner", "", "    def f(): pass"]), 3) == 3
    assert leaders_above(Layout(["        # deep", "def f(): pass"]), 1) == 1


@pytest.mark.parametrize(
    ("instruction", "names"),
    [
        ("Rename count to countLines", {"countLines": "count"}),
        ("I will rename the method `save` to `store` and rename load to fetch", {"store": "save", "fetch": "load"}),
        ("Renaming old() to new_name()", {"new_name": "old"}),
        ("Rename the helper", {}),
        ("Move count to lines.py", {}),
    ],
)
def test_an_instruction_says_what_is_renamed_to_what(instruction: str, names: dict[str, str]) -> None:
    """The old name by the new one, where both are said."""
    assert renamings(instruction) == names
