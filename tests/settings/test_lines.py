"""The lines of a TOML file by path."""

from __future__ import annotations

import tomllib

from fastapply.settings.lines import lines_by_path

TEXT = '''\
# a comment with = and [brackets]
top = 1
[server]
  port = 1   # here
host = """
[pool]
workers = 7
"""
a.b = { c = 1,  d = [1] }

[[keys]]
name = "one"
[ 'pool' ]
list = [
  "[log]",
]
[[keys]]
"name" = 'two'
'''


def test_each_table_and_key_has_the_line_where_it_begins() -> None:
    tomllib.loads(TEXT)
    lines = lines_by_path(TEXT)
    expected = {
        "top": 2, "server": 3, "server.port": 4, "server.host": 5, "server.a": 9, "server.a.b": 9, "server.a.b.c": 9,
        "keys[0]": 11, "keys[0].name": 12, "pool": 13, "pool.list": 14, "keys[1]": 17, "keys[1].name": 18,
    }  # fmt: skip
    assert {path: lines.get(path) for path in expected} == expected
    assert "pool.workers" not in lines
    assert "log" not in lines


def test_keys_in_one_list_have_its_line() -> None:
    assert lines_by_path("\nkeys = [\n{name = 'a'}, {name = 'b'}]\n")["keys[1].name"] == 2


def test_a_list_without_an_end_in_sight_costs_little() -> None:
    text = "a = 1\nb = [\n" + "1,\n" * 50_000 + "]\n"
    assert lines_by_path(text) == {"a": 1}
