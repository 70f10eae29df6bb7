"""What passes between the processes: nothing changes on the way, and nothing that comes in does harm."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import (
    BackendError,
    BadMessage,
    BadRequest,
    EngineClosed,
    EngineFault,
    QueueFull,
    RequestRefused,
    RequestTooLong,
)
from backend.process.codec import encode, read_from_client, read_from_engine
from backend.process.messages import Ask, Cancel, Done, Hello, Ragged, Refused, Tokens, Units
from backend.process.wire import ask_frame, error_of, packed, refused, request_of
from backend.request import Drafts, Mismatch, Request, SamplingParams, Splice, Usage

IDS = st.lists(st.integers(0, 2**31 - 1), max_size=20)
REQUESTS = st.builds(
    Request,
    prompt=IDS,
    max_tokens=st.integers(1, 10**6),
    sampling=st.builds(
        SamplingParams,
        temperature=st.floats(0, 5),
        top_p=st.floats(0.01, 1),
        seed=st.none() | st.integers(-(2**63), 2**64 - 1),
    ),
    drafts=st.builds(Drafts, given=IDS, unsure=IDS.map(sorted), original=IDS, snippet=IDS),
    stop_ids=IDS.map(frozenset),
    stop_sequences=st.lists(IDS.filter(bool).map(tuple), max_size=4).map(tuple),
    splice=st.none() | st.builds(Splice, units=st.lists(IDS, max_size=5), last=st.lists(IDS, max_size=2)),
    deadline=st.none() | st.floats(-1e6, 1e6),
    salt=st.binary(max_size=40),
)


def plain(request: Request) -> list[object]:
    drafts = request.drafts
    texts = [list(map(int, one)) for one in (request.prompt, drafts.given, drafts.unsure, drafts.original)]
    rest = (request.max_tokens, request.sampling, request.stop_ids, request.stop_sequences, request.salt)
    units = request.splice and (list(map(list, request.splice.units)), list(map(list, request.splice.last)))
    return [*texts, units, list(map(int, drafts.snippet)), *rest]


@given(REQUESTS)
def test_a_request_arrives_as_it_was_sent(request: Request) -> None:
    ask = read_from_client(ask_frame(7, request, now=100.0))
    assert isinstance(ask, Ask)
    assert ask.id == 7
    arrived = request_of(ask, now=500.0)
    assert plain(arrived) == plain(request)
    if request.deadline is None:
        assert arrived.deadline is None
    else:
        assert arrived.deadline == pytest.approx(request.deadline + 400, abs=1e-6)


def test_a_hundred_thousand_tokens_take_four_bytes_each() -> None:
    tokens = np.arange(100_000) * 7
    frame = ask_frame(1, Request(tokens, 5), 0)
    assert len(frame) < 400_100
    ask = read_from_client(frame)
    assert isinstance(ask, Ask)
    assert np.array_equal(request_of(ask, 0).prompt, tokens)


@pytest.mark.parametrize("tokens", [[2**31], [-(2**31) - 1], [2**70], [1.5, "a"], ["x"], [[1], [2, 3]]])
def test_what_is_no_token_is_refused_before_it_is_sent(tokens: list[int]) -> None:
    with pytest.raises(BadRequest, match=r"^drafts\.given: "):
        ask_frame(1, Request([1], 5, drafts=Drafts(given=tokens)), 0)


def test_a_seed_of_more_than_64_bits_is_refused() -> None:
    with pytest.raises(BadRequest, match=r"^seed: "):
        ask_frame(1, Request([1], 5, SamplingParams(seed=2**64)), 0)


def test_what_is_too_large_to_send_is_refused() -> None:
    with pytest.raises(BadRequest, match=r"^request: "):
        ask_frame(1, Request(np.zeros(2**24, np.int64), 5), 0)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"prompt": b"abc"}, "prompt"),
        ({"unsure": b"abc"}, "drafts.unsure"),
        ({"stop_sequences": Ragged(packed([1, 2], ""), packed([1], ""))}, "stop_sequences"),
        ({"stop_sequences": Ragged(packed([1, 2], ""), packed([3, -1], ""))}, "stop_sequences"),
        ({"stop_sequences": Ragged(b"", packed([0], ""))}, "stop_sequences"),
        ({"splice": Units(Ragged(b"abc", b""), Ragged(b"", b""))}, "splice.units"),
        ({"splice": Units(Ragged(b"", b""), Ragged(b"", packed([1], "")))}, "splice.last"),
        ({"temperature": float("nan")}, "temperature"),
        ({"top_p": 0.0}, "top_p"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"seconds": float("nan")}, "seconds"),
    ],
)
def test_fields_that_no_client_of_ours_sends_are_named(fields: dict[str, object], said: str) -> None:
    ask = msgspec.structs.replace(Ask(1, packed([1], ""), 5), **fields)
    with pytest.raises(BadRequest) as caught:
        request_of(ask, 0)
    assert caught.value.field == said


@given(st.binary(max_size=200) | REQUESTS.map(lambda one: ask_frame(3, one, 0)[:-1]))
def test_what_is_no_message_is_an_error_and_no_other(frame: bytes) -> None:
    for read in (read_from_client, read_from_engine):
        try:
            message = read(frame)
        except BadMessage:
            continue
        assert encode(message)


def test_an_error_names_the_request_where_the_frame_does() -> None:
    for frame, named in [
        ({"type": "ask", "id": 9, "prompt": "no bytes", "max_tokens": 4}, 9),
        ({"type": "ask", "id": 9, "prompt": b"", "max_tokens": 4, "surplus": 1}, 9),
        ({"type": "sing", "id": 9}, 9),
        ({"type": "ask", "id": -9}, None),
        ([1, 2], None),
    ]:
        with pytest.raises(BadMessage) as caught:
            read_from_client(msgspec.msgpack.encode(frame))
        assert caught.value.request == named


def test_deep_nesting_is_no_message() -> None:
    with pytest.raises(BadMessage):
        read_from_client(b"\x91" * 100_000)


@pytest.mark.parametrize(
    "error",
    [
        BadRequest("top_p", "2 is not above 0 and at most 1"),
        RequestTooLong(10, 9, "the model's context"),
        QueueFull("4 requests are there already"),
        EngineClosed("the engine is closed"),
        EngineFault("a fault"),
    ],
)
def test_errors_come_out_as_they_went_in(error: BackendError) -> None:
    message = read_from_engine(encode(refused(4, error)))
    assert isinstance(message, Refused)
    assert message.id == 4
    rebuilt = error_of(message)
    assert type(rebuilt) is type(error)
    assert str(rebuilt) == str(error)
    assert vars(rebuilt) == vars(error)


def test_an_error_of_a_later_engine_is_still_a_refusal() -> None:
    assert type(error_of(Refused(1, "brand_new", "not today"))) is RequestRefused


def test_usage_travels_whole() -> None:
    usage = Usage(1, 2, 3, 4, 5, 6, 7, 8, [Mismatch(1, 2, 3, 0.5), Mismatch(4, 5, 6, 0.0)])
    message = read_from_engine(encode(Done(1, "stop", usage)))
    assert isinstance(message, Done)
    assert message.usage == usage


def test_no_repr_shows_tokens() -> None:
    secret = packed([77_001_122], "")
    ragged = Ragged(secret, secret)
    ask = Ask(1, secret, 5, given=secret, stop_sequences=ragged, splice=Units(ragged, ragged))
    shown = repr((ask, ask.splice, Tokens(2, secret), Request([77_001_122], 5)))
    assert shown.count("(1)") == 1
    assert "77001122" not in shown
    assert repr(secret)[2:-1] not in shown
    assert repr(Hello(1)) == "Hello()"
    assert repr(Cancel(3)) == "Cancel(3)"


def test_the_service_side_loads_no_torch() -> None:
    code = "import backend.process.client, backend.process.supervisor, backend.process.options, sys"
    code += "; print('torch' in sys.modules, 'backend.engine' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False", "False"]
