"""Answers put together from given runs of tokens: what may come next, and what has to.

The runs lie in a trie. Its nodes are numbered as they are made, one run after another, so the node after `n` on its run
is `n + 1`: only where runs part is a dict needed, and a stretch without a choice is a slice of one list.

A run may be the beginning of another. So a state of the answer is a set of nodes; it is nearly always one node. States
where there is a choice are made when they are reached first.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from backend.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from backend.request import Request

__all__ = ["Move", "Path", "Point", "Taken", "Trie", "compiled"]

_START, _END = 0, 1
"""Roots: where any run may begin, and where only a stop may."""
_NEXT, _BRANCH, _UNIT, _LAST, _STOP = 1, 2, 4, 8, 16
"""Of a node `n`: `n + 1` follows it; others do; a unit, a unit that must be the last, a stop ends there."""
_SPECIAL = bytes(int(flags != _NEXT) for flags in range(256))
_KEPT_IDS = 1 << 20
"""Allowed ids that a trie keeps at most: 8 MB. One unit in two forms, a blank line apart, makes a state that allows
all that the start does, and a request may hold thousands of those."""


class Move(NamedTuple):
    """What a token leads to."""

    run: list[int]
    """The tokens that must follow it."""
    point: Point | None
    """Where they end; None where the answer does."""
    stop: int
    """There, how many of the last tokens are the stop."""


class Path(NamedTuple):
    """How far a draft is allowed."""

    length: int
    choices: list[tuple[int, Point]]
    """Where the model is asked: after so many drafted tokens, ascending, each at most `length`."""


class Taken(NamedTuple):
    """A chosen token and all that must follow it."""

    tokens: list[int]
    point: Point | None
    """Where they lead to; None where the answer ends."""
    stop: int
    """How many of the last tokens are the stop; 0 where the answer goes on, or was cut short."""


class Point:
    """A state of the answer: one where there is a choice, or where a unit begins."""

    __slots__ = ("_moves", "_nodes", "_trie", "count", "held")

    def __init__(self, trie: Trie, nodes: tuple[int, ...]) -> None:
        self._trie = trie
        self._nodes = nodes
        self._moves: dict[int, Move] = {}
        self.count = len(trie.ids(nodes))
        """How many tokens are allowed here, 1 or more."""
        self.held = trie.held(nodes)
        """How many of the last tokens may be the beginning of a stop."""

    @property
    def ids(self) -> NDArray[np.int64]:
        """[count] The tokens that are allowed here, ascending."""
        return self._trie.ids(self._nodes)

    @property
    def forced(self) -> bool:
        """Whether one token alone is allowed."""
        return self.count == 1

    def follow(self, token: int) -> Move | None:
        """What `token` leads to; None where it is not allowed."""
        move = self._moves.get(token)
        if move is None:
            move = self._trie.move(self._nodes, token)
            if move is not None:
                self._moves[token] = move
        return move

    def take(self, token: int, most: int) -> Taken:
        """`token`, which is allowed here, and what must follow it: together at most `most` tokens, 1 or more."""
        point, tokens = self, list[int]()
        while True:
            move = point.follow(token)
            if move is None:
                raise ValueError(f"token {token} is not allowed here")
            tokens.append(token)
            tokens += move.run
            if len(tokens) > most:
                return Taken(tokens[:most], None, 0)
            if move.point is None or len(tokens) == most or not move.point.forced:
                return Taken(tokens, move.point, move.stop)
            point, token = move.point, int(move.point.ids[0])

    def walk(self, draft: list[int], most_ids: int) -> Path:
        """How far `draft` [n] is allowed from here, and where in it the model is asked.

        It goes no further than choices of `most_ids` tokens in all reach; the first is always asked.
        """
        point, offset = self, 0
        choices: list[tuple[int, Point]] = []
        while True:
            if not point.forced:
                if choices and point.count > most_ids:
                    # The token before is not drafted either: its key and value come with the row that is asked next.
                    return Path(offset - 1, choices)
                most_ids -= point.count
                choices.append((offset, point))
            move = point.follow(draft[offset]) if offset < len(draft) else None
            if move is None:
                return Path(offset, choices)
            offset += 1
            same = _common(move.run, draft, offset)
            offset += same
            if same < len(move.run) or move.point is None:
                return Path(offset, choices)
            point = move.point


class Trie:
    """Units, units that must be the last, and stops, each not empty."""

    def __init__(
        self, units: Iterable[Sequence[int]], last: Iterable[Sequence[int]], stops: Iterable[Sequence[int]]
    ) -> None:
        self._labels = [-1, -1]
        """The token that leads to each node."""
        self._flags = bytearray(2)
        self._branches: dict[int, dict[int, int]] = {}
        self._stops: dict[int, int] = {}
        """Nodes on the way to a stop, and how many of its tokens lead there."""
        self._points: dict[tuple[int, ...], Point] = {}
        self._ids: dict[tuple[int, ...], NDArray[np.int64]] = {}
        self._kept = 0
        self._insert(units, _UNIT)
        self._insert(last, _LAST)
        for stop in stops:
            self._insert_stop(_START, stop)
            self._insert_stop(_END, stop)
        self._special = bytes(self._flags).translate(_SPECIAL)
        self.start = self._point((_START,))
        """Where the answer begins."""

    def __len__(self) -> int:
        """How many nodes there are."""
        return len(self._labels)

    def _insert(self, runs: Iterable[Sequence[int]], end: int) -> None:
        for run in dict.fromkeys(map(tuple, runs)):
            self._flags[self._added(_START, run)] |= end

    def _added(self, root: int, run: Sequence[int]) -> int:
        """The node at the end of `run`, made if it is not there."""
        node = root
        for depth, token in enumerate(run):
            child = self._child(node, token)
            if child is None:
                return self._append(node, run[depth:])
            node = child
        return node

    def _append(self, node: int, rest: Sequence[int]) -> int:
        first = len(self._labels)
        self._branches.setdefault(node, {})[rest[0]] = first
        self._flags[node] |= _BRANCH
        self._labels += rest
        self._flags += bytes((_NEXT,)) * (len(rest) - 1) + b"\0"
        return len(self._labels) - 1

    def _insert_stop(self, root: int, stop: Sequence[int]) -> None:
        for depth in range(1, len(stop) + 1):
            self._stops[self._added(root, stop[:depth])] = depth
        self._flags[self._added(root, stop)] |= _STOP

    def _child(self, node: int, token: int) -> int | None:
        flags = self._flags[node]
        if flags & _NEXT and self._labels[node + 1] == token:
            return node + 1
        return self._branches[node].get(token) if flags & _BRANCH else None

    def _tokens(self, nodes: tuple[int, ...]) -> Iterator[int]:
        """What may come after any of `nodes`, some maybe twice."""
        for node in nodes:
            if self._flags[node] & _NEXT:
                yield self._labels[node + 1]
            if self._flags[node] & _BRANCH:
                yield from self._branches[node]

    def ids(self, nodes: tuple[int, ...]) -> NDArray[np.int64]:
        """What may come after any of `nodes`, ascending."""
        found = self._ids.get(nodes)
        if found is None:
            found = np.array(sorted(set(self._tokens(nodes))), np.int64)
            if self._kept + len(found) > _KEPT_IDS:
                self._ids.clear()
                self._kept = 0
            self._ids[nodes] = found
            self._kept += len(found)
        return found

    def held(self, nodes: tuple[int, ...]) -> int:
        """How many of the last tokens may be the beginning of a stop."""
        return max((self._stops.get(node, 0) for node in nodes), default=0)

    def move(self, nodes: tuple[int, ...], token: int) -> Move | None:
        """What `token` leads to from `nodes`; None where it is not allowed."""
        run: list[int] = []
        reached = self._children(nodes, token)
        if not reached:
            return None
        while True:
            if len(reached) == 1:
                end = self._special.index(1, reached[0])
                run += self._labels[reached[0] + 1 : end + 1]
                if self._flags[end] == _UNIT:  # as nearly always
                    return Move(run, self.start, 0)
                reached = [end]
            stop = max((self._stops[node] for node in reached if self._flags[node] & _STOP), default=0)
            if stop:
                return Move(run, None, stop)
            nodes = self._open(reached)
            tokens = set(islice(self._tokens(nodes), len(nodes) + 1))
            # The answer may begin anew for ever without a choice, so that every beginning ends a run.
            if len(tokens) > 1 or nodes[0] == _START:
                return Move(run, self._point(nodes), 0)
            only = tokens.pop()
            run.append(only)
            reached = self._children(nodes, only)

    def _children(self, nodes: tuple[int, ...], token: int) -> list[int]:
        found = [self._child(node, token) for node in nodes]
        return [child for child in found if child is not None]

    def _open(self, reached: list[int]) -> tuple[int, ...]:
        """The nodes after which a token may come, once `reached` are: roots where a unit ends, too. Ascending."""
        found = set()
        for node in reached:
            flags = self._flags[node]
            if flags & (_NEXT | _BRANCH):
                found.add(node)
            if flags & _UNIT:
                found.add(_START)
            elif flags & _LAST:
                found.add(_END)
        if _START in found:
            found.discard(_END)
        return tuple(sorted(found))

    def _point(self, nodes: tuple[int, ...]) -> Point:
        found = self._points.get(nodes)
        if found is None:
            found = self._points[nodes] = Point(self, nodes)
        return found


def compiled(request: Request, vocab_size: int) -> Trie | None:
    """The trie of a request's splice, None if it has none; `BadRequest` for one that can't be used."""
    splice = request.splice
    if splice is None:
        return None
    stops = [*((token,) for token in request.stop_ids), *request.stop_sequences]
    if not splice.units and not splice.last:
        raise BadRequest("splice", "has no units")
    if splice.last and not stops:
        raise BadRequest("splice.last", "nothing may come after these units, and there is no stop")
    for field, runs in (("splice.units", splice.units), ("splice.last", splice.last), ("stops", stops)):
        _check(field, runs, vocab_size)
    return Trie(splice.units, splice.last, stops)


def _check(field: str, runs: Sequence[Sequence[int]], vocab_size: int) -> None:
    if not all(map(len, runs)):
        raise BadRequest(field, "a unit is empty")
    tokens = set().union(*runs)
    if tokens and not 0 <= min(tokens) <= max(tokens) < vocab_size:
        raise BadRequest(field, f"a token id is outside 0 to {vocab_size - 1}")


def _common(run: list[int], draft: list[int], offset: int) -> int:
    """How many tokens of `run` the draft goes on with at `offset`."""
    most = min(len(run), len(draft) - offset)
    if run[:most] == draft[offset : offset + most]:
        return most
    return next(i for i in range(most) if run[i] != draft[offset + i])
