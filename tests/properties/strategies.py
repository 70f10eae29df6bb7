"""What hypothesis draws: real files changed and cut into lazy snippets, and small texts that shrink well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from properties.generate import (
    BOM,
    COMMENTS,
    ENDINGS,
    ODDITIES,
    WORDINGS,
    Form,
    draw_case,
    draw_file,
    draw_form,
    draw_marker,
)

if TYPE_CHECKING:
    from random import Random

_RANDOM = st.randoms(use_true_random=False)

cases = _RANDOM.map(draw_case)
"""A real file in an odd form, and a lazy snippet that changes it."""

plain_cases = _RANDOM.map(lambda rng: draw_case(rng, Form()))
"""The same with LF endings and nothing odd."""

_CODE = st.sampled_from(
    [
        "def one(a):",
        "def two(b):",
        "class K:",
        "    x = 1",
        "    y = 2",
        "    return x",
        "        deep()",
        "import os",
        "}",
        "",
        "a",
        "b",
        "- item",
        "+ more",
        "    ",
        "\f",
        "pass  # note",
    ]
)
_MARKERS = st.builds(str.format, st.sampled_from(COMMENTS), st.sampled_from(WORDINGS)) | st.just("...")
_TALK = st.sampled_from(
    ["```", "```py", "# removed: two", "# a.py", "+    x = 1", "-    y = 2", "    x = 1  # ...", "@@", "---"]
)
_NAMES = st.sampled_from(["a.py", "a.js", "a.txt", "a.md", None])


@st.composite
def small(draw: st.DrawFn) -> tuple[str, str, str | None]:
    """A short original of a few recurring lines, a snippet of the same lines with markers, and a file name."""
    lines = draw(st.lists(_CODE, max_size=12))
    endings = draw(st.sampled_from(ENDINGS))
    odd = draw(st.lists(st.tuples(st.floats(0, 0.99), st.sampled_from(ODDITIES)), max_size=1))
    form = Form(endings, draw(st.booleans()), draw(st.booleans()), False, tuple(odd))
    rows = draw(st.lists(_CODE | _CODE | _MARKERS | _TALK, max_size=10))
    snippet = draw(st.sampled_from(["\n", "\n", "\r\n", "\r"])).join(rows) + draw(st.sampled_from(["", "\n"]))
    return form.write(lines), snippet, draw(_NAMES)


def _file(rng: Random) -> tuple[str, str]:
    name, lines = draw_file(rng)
    return name, draw_form(rng).write(lines)


files = _RANDOM.map(_file)
"""The name and the text of a real file in an odd form."""

markers_only = _RANDOM.map(
    lambda rng: "\n".join(draw_marker(rng) for _ in range(rng.randrange(1, 4))) + rng.choice(["", "\n"])
)
"""A snippet that shows nothing."""

any_text = st.text(st.characters(codec=None), max_size=80) | st.lists(
    st.sampled_from(
        ["\0", "\ud800", "```", "#...", "\r", "\n", "+", "-", "@@", "}", "\u2028", BOM, "<<<<<<< SEARCH", " "]
    ),
    max_size=20,
).map("".join)
"""Any text at all, lone surrogates and NUL included."""
