"""What a line declares or sets, read from the line alone, and how alike two lines are.

A signature says that two lines of different text are about the same thing: the same function, the same assignment
target, the same key, the same call. It is used where lines were changed, and where a fragment can't be parsed.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rapidfuzz.distance import Indel

_MODIFIERS = (
    r"(?:(?:export|default|declare|public|private|protected|internal|static|final|abstract|async|override|open|sealed|data|inline|suspend|actual|expect"
    r"|virtual|extern|unsafe|pub(?:\([^)]*\))?|readonly|const(?=\s+(?:fn|unsafe|enum))|mutating|synchronized|native|explicit|constexpr|partial|local|implicit|case|lazy|operator|infix|tailrec)\s+)*"
)
_DEFINITION = re.compile(
    rf"^(?:@[\w.]+(?:\([^)]*\))?\s+)*{_MODIFIERS}(?P<word>def|class|function\*?|func|fn|fun|struct|enum|interface|trait|impl|type|typealias|module|namespace|object|protocol|record|mod"
    r"|macro_rules!|defmodule|defp|defmacro|defprotocol|package|extension|union|CREATE\s+\w+)\s+(?:\((?P<receiver>[^)]*)\)\s*)?(?P<name>[\w$.:~?!<>*&]+)"
)
_VARIABLE = re.compile(
    rf"^{_MODIFIERS}(?:const|let|var|val|local|static|auto|set)\s+(?:mut\s+)?(?P<name>[\w$]+|[\[{{][^=]*[\]}}])\s*(?::[^=]*)?(?:=(?!=)|$|;)"
)
_FUNCTION_VALUE = re.compile(r"=\s*(?:async\s+)?(?:function\b|\([^)]*\)\s*(?::[^=]+)?=>|\w+\s*=>|\($)")
KEYWORDS = frozenset(
    """
    if for while switch catch return else do try new throw await yield with match when unless until foreach assert
    elif guard case not and or in delete typeof sizeof using lock synchronized print echo finally unsafe loop init
    get set static begin defer go select repeat
    """.split()
)
_METHOD = re.compile(
    rf"^{_MODIFIERS}(?P<types>(?:[\w<>\[\],.?*&:@|]+\s+)*)[*&]*(?P<name>[\w$~#]+|operator\s*\S+)\s*(?:<[^>]*>)?\s*\((?P<rest>.*)$"
)
_ASSIGNMENT = re.compile(
    r"^(?:[\w<>\[\],.?*&:]+\s+)*[*&]?(?P<name>[@$]*[\w$.\->\[\]'\"]+)\s*(?::\s*[^=:]+?)?\s*(?:[-+*/|&^%.?]|\|\||&&|<<|>>|\?\?)?(?::=|=(?![=>])|<-)"
)
_KEY = re.compile(r"^(?:-\s+)?(?P<name>\"[^\"]+\"|'[^']+'|[\w.$@/-]+)\s*(?:=>|:(?!:))")
_IMPORT = re.compile(
    r"^(?:export\s+)?(?P<word>import|from|use|using|#\s*include|require|require_once|include"
    r"|require_relative|alias|@import|@use|extern crate|pub use)\b[\s(]*(?P<name>.*)$"
)
_CALL = re.compile(r"^(?:(?:await|return|yield|throw|go|defer|\w+\s*=)\s+)?(?P<name>[@$]*[\w$.:>!?-]+)\s*\(")
_TAG = re.compile(r"^<(?P<name>[\w.:-]+)(?P<rest>[^>]*)")
_SELECTOR = re.compile(
    r"^(?P<name>@(?:media|supports|keyframes|font-face|layer|include|mixin|container)\b[^{};]*|[.#&:*\w\[][^{};()=]*|[.#&:*\w\[][^{};=()]*:[\w-]+\([^{};=]*)\{$"
)

_IMPL = re.compile(r"^(?:unsafe\s+)?(?P<word>impl|extension|instance)\b(?P<head>[^{]*)")
_TEST = re.compile(
    r"^(?:await\s+)?(?P<name>\w[\w.]*!?)\s*\(?\s*(?P<title>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`)\s*\)?,?.*(?:\{|=>|\bdo|\bdo\s*\|[^|]*\||\()$"
)
_MACRO = re.compile(r"^(?P<head>[A-Z][A-Z0-9_]*\s*\([^()]*\))\s*\{?$|^(?P<rust>\w+!\s*\(\s*\w+),.*\{$")

# What begins a rule of CSS, and neither a key with its object nor a call.
_RULE_HEAD = re.compile(
    r"[.#&*:\[]|@(?:media|supports|keyframes|font-face|layer|include|mixin|container)\b|[\w-]+(?:\[[^\]]*\])?::?[\w-]+"
)
LEAST_ARGUMENTS = 6  # characters behind a call's name that tell that only the name changed
LONGEST = 1000  # characters of a line that is read for what it declares

_CASE = re.compile(r"case\s+[^:]+(?=:\s*$)")
LEAVES = re.compile(r"(?:return|raise|throw|break|continue|goto|panic!?)\b")

Signature = tuple[str, str]


@lru_cache(maxsize=32768)
def signature(key: str) -> Signature | None:
    """(kind, name) of the line with this key, or None. Kinds: def, var, set, key, import, call, tag."""
    if not key or len(key) > LONGEST or not (key[0].isalnum() or key[0] in "_$@<\"'#.&*-:~"):
        return None
    return _declared(key) or _set_or_called(key)


def _declared(key: str) -> Signature | None:
    """What a line declares; the tests before each pattern only save its time."""
    final = key[-1]
    if final == "{" and _RULE_HEAD.match(key) and (match := _SELECTOR.match(key)):
        return "def", match["name"].strip()
    if key.startswith(("impl", "extension", "instance", "unsafe")) and (match := _IMPL.match(key)):
        return "def", f"{match['word']} {match['head'].strip().rstrip(',')}"
    if final in "{>o|(" and (match := _TEST.match(key)) and match["name"].split(".")[0] not in KEYWORDS:
        return "def", f"{_test_word(match['name'])} {match['title']}"
    if final in "{)" and "(" in key and (match := _MACRO.match(key)):
        return "def", match["head"] or match["rust"]
    if match := _DEFINITION.match(key):
        if match["word"] == "package":
            return "var", "package"  # a file has one, whatever it is called
        return "def", _receiver(match["receiver"]) + (match["name"].split("<")[0] or match["name"]).rstrip(":")
    if match := _IMPORT.match(key):
        return "import", match["name"].strip(" ;")
    if match := _VARIABLE.match(key):
        return ("def" if _FUNCTION_VALUE.search(key) else "var"), match["name"]
    if key[0] == "<":
        return ("tag", match["name"]) if (match := _TAG.match(key)) else None
    if (
        "(" in key
        and (final in "{(,);" or ") " in key)
        and (match := _METHOD.match(key))
        and _is_method_head(key, match)
    ):
        return "def", match["name"]
    return None


def _set_or_called(key: str) -> Signature | None:
    """What a line sets, names or calls."""
    if ("=" in key or "<-" in key) and (match := _ASSIGNMENT.match(key)):
        return "set", match["name"]
    if match := _CASE.match(key):
        return "key", match[0]
    if (":" in key or "=>" in key) and (match := _KEY.match(key)):
        return "key", match["name"].strip("\"'")
    if "(" in key and (match := _CALL.match(key)):
        return "call", match["name"]
    if key[-1] == "{" and (match := _SELECTOR.match(key)) and match["name"].split()[0] not in KEYWORDS:
        return "def", match["name"].strip()
    return None


def definition(name: Signature | None) -> Signature | None:
    """`name` where it is that of a definition, else None."""
    return name if name is not None and name[0] == "def" else None


def bare_name(name: Signature) -> str:
    """The name without the type or module that it is said to belong to (`f` of `(T).f` and `M::f`)."""
    return re.split(r"[.:]", name[1])[-1]


def is_definition(key: str) -> bool:
    """True where the line with this key is the head of a definition."""
    return definition(signature(key)) is not None


def named_apart(a: str, b: str) -> bool:
    """True where two lines, however alike, call, name or import different things: neither is a version of the other."""
    mine, other = signature(a), signature(b)
    if mine is None or other is None or mine[0] != other[0] or mine == other:
        return False
    if mine[0] == "import":
        return not _imported(a) & _imported(b)
    if mine[0] == "call":
        given, other_given = a.partition("(")[2], b.partition("(")[2]
        return given != other_given or (len(given) < LEAST_ARGUMENTS and not a.endswith("("))
    if mine[0] == "key" and mine[1].startswith("case "):
        return True
    if mine[0] == "set" and "." in mine[1] and "." in other[1]:
        # two attributes, each set to something else; `x.a = a` and `x.b = b` may be one renamed
        return _set_to(a, mine[1]) != _set_to(b, other[1])
    return mine[0] == "key" and a.partition(":")[2] != b.partition(":")[2]


def _set_to(key: str, target: str) -> str:
    """What an assignment gives to `target`, whatever that is called."""
    return re.sub(rf"\b{re.escape(target.rpartition('.')[2])}\b", "", key.partition("=")[2])


def _imported(key: str) -> set[str]:
    """The names that an import brings: those in braces, those behind `import`, or the last of the path."""
    if match := re.search(r"\{([^}]*)\}", key):
        return set(re.findall(r"\w+", match[1]))
    if match := re.match(r"from\s+\S+\s+import\s+(.*)", key):
        return set(re.findall(r"\w+", match[1]))
    words = re.findall(r"[\w*]+", re.sub(r"\bfrom\b.*$|['\"]", "", key) if "from" in key else key)
    return set(words[-1:])


def _test_word(name: str) -> str:
    """`it.skip`, `xit` and `fit` are `it` switched off or on."""
    word = name.split(".")[0]
    return word[1:] if word in ("xit", "fit", "xdescribe", "fdescribe", "xtest", "ftest", "xcontext") else word


def _receiver(receiver: str | None) -> str:
    """Go's receiver type, so that methods of two types differ."""
    if not receiver:
        return ""
    words = re.findall(r"\w+", receiver)
    return f"({words[-1]})." if words else ""


def _is_method_head(key: str, match: re.Match[str]) -> bool:
    first = key.split("(", 1)[0].split()
    if match["name"] in KEYWORDS or (first and first[0] in KEYWORDS):
        return False
    typed = bool(match["types"].strip()) and not match["types"].strip().endswith((",", ":", "="))
    if key.endswith("{"):
        return "=>" not in match["rest"] and "function" not in match["rest"]
    return typed and (key.endswith(("(", ",", ")", ";")) or ") " in match["rest"])


_CLOSING = " :;,{}()[]<>/|&=>"
_OPTION = re.compile(r"\s-\w+$")


def goes_on(new: str, old: str) -> bool:
    """True where a line says all that another says, and more behind it: the same test with one more condition, the same
    call with one more argument, the same option (`-e`) in a row of them."""
    stem = old.rstrip(_CLOSING)
    rest = new[len(stem) :]
    if (
        len(stem) < LEAST_ARGUMENTS
        or " " not in stem.lstrip("} ")
        or not new.startswith(stem)
        or not rest.strip(_CLOSING)
    ):
        return False
    return not rest[0].isalnum() and rest[0] != "_" or bool(_OPTION.search(stem))


_END_COMMENT = re.compile(r"\s(?://|#|--|/\*).*$")


def _without_comment(key: str) -> str:
    """The key less a comment behind its code."""
    return _END_COMMENT.sub("", key).rstrip() if " " in key else key


@lru_cache(maxsize=16384)
def likeness(a: str, b: str) -> float:
    """How alike two keys are, 0 to 1: the share of text in common, raised where both have one signature."""
    if a == b:
        return 1.0
    if max(len(a), len(b)) > LONGEST:
        return 0.0
    if (bare := _without_comment(a)) and bare == _without_comment(b):
        return 0.95
    ratio = Indel.normalized_similarity(a, b)
    mine, other = signature(a), signature(b)
    if mine and other:
        if mine == other and mine[0] != "tag":
            ratio = min(0.99, ratio + (0.5 if mine[0] == "def" else 0.3 if mine[0] != "call" else 0.15))
        elif mine[0] == other[0] == "def":
            ratio *= 0.7
        elif mine[0] == other[0] and mine[0] in ("import",):
            ratio *= 0.9
    return ratio
