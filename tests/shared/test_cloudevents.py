"""Messages as CloudEvents: what we say is heard as we said it, and whatever somebody else sends is read or has a problem with a name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.bus.cloudevents import Sent, headers_of, received
from shared.envelope import Message, Received

REQUIRED: list[Sent] = [("ce_specversion", b"1.0"), ("ce_id", b"e1"), ("ce_source", b"/mill"), ("ce_type", b"mill.flour_ground.v1")]
OPTIONAL = ["ce_time", "ce_subject", "ce_correlationid", "ce_causationid", "traceparent", "ce_color"]
names = st.sampled_from([name for name, _ in REQUIRED] + OPTIONAL) | st.text()
ids = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1)
instants = st.datetimes(timezones=st.just(UTC))


def read(*headers: Sent, key: bytes | None = b"sack", value: bytes | None = b"{}", published_ms: int = 1_000) -> Received:
    return received("mill.events", 2, 7, key, value, headers, published_ms)


def of(*headers: Sent) -> list[Sent]:
    """The required headers, with these added or put in their place."""
    return list((dict(REQUIRED) | dict(headers)).items())


@given(st.builds(Message, ids, ids, st.just("mill.events"), ids, st.binary(), instants, ids, st.none() | ids, st.none() | ids))
def test_what_we_say_is_heard_as_we_said_it(said: Message) -> None:
    heard = read(*headers_of(said), key=said.key.encode(), value=said.value)
    assert (heard.message, heard.key, heard.problem) == (said, said.key, "")


@given(
    st.lists(st.tuples(names, st.none() | st.binary())),
    st.booleans(),
    st.none() | st.binary(),
    st.none() | st.binary(),
    st.integers(-(2**63), 2**63 - 1),
)
@example([("ce_time", b"0001-01-01T00:00:00+23:59")], True, b"k", b"{}", 0)
@example([("ce_time", b"9999-12-31T23:59:59-23:59")], True, b"k", b"{}", 0)
@example([("ce_subject", b"a\x00b")], True, None, b"{}", 0)
@example([("ce_specversion", b"1.0\x00")], True, b"a\x00b", b"{}", 0)
def test_whatever_is_sent_is_read_or_has_a_problem(
    headers: list[Sent], complete: bool, key: bytes | None, value: bytes | None, published_ms: int
) -> None:
    one = read(*(of(*headers) if complete else headers), key=key, value=value, published_ms=published_ms)
    assert (one.topic, one.partition, one.offset) == ("mill.events", 2, 7)
    assert (one.message is None) == bool(one.problem)
    texts = [one.key]
    if one.message is not None:
        texts += [one.message.id, one.message.type, one.message.key, one.message.correlation]
        texts += [text for text in (one.message.causation, one.message.traceparent) if text is not None]
        assert one.message.at.astimezone(UTC) == one.message.at
    for text in texts:
        assert "\x00" not in text  # no column of text holds it
        text.encode()


@pytest.mark.parametrize("name", ["ce_time", "ce_correlationid", "ce_causationid", "traceparent", "ce_color"])
def test_a_header_without_a_value_is_as_good_as_none(name: str) -> None:
    one = read(*of((name, None)))
    assert one == read(*REQUIRED)
    assert one.message is not None
    assert (one.message.correlation, one.message.causation, one.message.traceparent) == ("e1", None, None)
    assert one.message.at == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=1)


@pytest.mark.parametrize("name", [name for name, _ in REQUIRED])
def test_a_required_header_without_a_value_is_missing(name: str) -> None:
    one = read(*of((name, None)))
    assert one.message is None
    assert one.problem in (f"header {name} is missing", "not a CloudEvent 1.0")


@pytest.mark.parametrize("name", ["ce_id", "ce_type", "ce_source", "ce_correlationid", "ce_causationid", "ce_subject", "traceparent"])
def test_a_header_with_a_zero_byte_cannot_be_read(name: str) -> None:
    one = read(*of((name, b"a\x00b")))
    assert (one.message, one.problem, one.raw) == (None, "a key or header holds a zero byte", b"{}")


def test_a_key_with_a_zero_byte_cannot_be_read_and_is_kept_under_a_name_that_can() -> None:
    one = read(*REQUIRED, key=b"sa\x00ck")
    assert (one.message, one.problem, one.key) == (None, "a key or header holds a zero byte", "sa\ufffdck")
    assert read(key=b"sa\x00ck").key == "sa\ufffdck"  # whatever else is wrong with it


def test_a_time_is_an_instant_in_whichever_zone_it_is_written() -> None:
    noon = datetime(2026, 3, 5, 12, tzinfo=timezone(timedelta(hours=8)))
    at = [
        read(*of(("ce_time", written))).message for written in (noon.isoformat().encode(), b"2026-03-05T04:00:00Z", b"2026-03-05T04:00:00")
    ]
    assert [one.at for one in at if one is not None] == [noon] * 3


@pytest.mark.parametrize("written", [b"0001-01-01T00:00:00+23:59", b"9999-12-31T23:59:59-10:00"])
def test_a_time_outside_the_calendar_cannot_be_read(written: bytes) -> None:
    assert read(*of(("ce_time", written))).problem == "a header cannot be decoded"


def test_an_id_is_the_same_in_whichever_case_it_is_written() -> None:
    """The inbox answers in lower case; an id it does not recognise would be worked through again for ever."""
    one = read(*of(("ce_id", b"0198C0DE-AAAA-7BBB-8CCC-DDDDDDDDDDDD")))
    assert one.message is not None
    assert one.message.id == "0198c0de-aaaa-7bbb-8ccc-dddddddddddd"
    named = read(*of(("ce_id", b"Sack 12")))
    assert named.message is not None
    assert named.message.id == "Sack 12"
