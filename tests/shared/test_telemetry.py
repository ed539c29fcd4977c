"""What is logged: coded values at the wanted level; no person, no number of a person, no words of an exception."""

from __future__ import annotations

import json
import logging

import pytest
import structlog
from hypothesis import example, given
from hypothesis import strategies as st

from shared.telemetry import configure, masked, place_of
from tests.shared.conftest import Lines

DIGITS = "0123456789"
ID_NUMBER, PHONE, CARD = "440106198001010016", "13800138000", "6222021234567890123"
edges = st.text("abcXYZ:,;=/+ ", max_size=8)


@given(
    edges,
    st.sampled_from(["", "+86", "86", "0086", "+86 ", "+86-"]),
    st.sampled_from("3456789"),
    st.text(DIGITS, min_size=9, max_size=9),
    edges,
)
def test_a_mobile_number_is_masked_wherever_it_stands(before: str, prefix: str, second: str, rest: str, after: str) -> None:
    number = f"1{second}{rest}"
    for written in (number, f"{number[:3]} {number[3:7]} {number[7:]}", f"{number[:3]}-{number[3:7]}-{number[7:]}"):
        text = masked(f"{before} {prefix}{written} {after}")
        assert number not in text
        assert number[3:7] not in text.replace("[masked]", "")


@given(edges, st.text(DIGITS, min_size=15, max_size=24), st.sampled_from(["", "x", "X"]), edges)
@example("", ID_NUMBER[:17], "X", "")
@example("", CARD, "", "")
def test_no_digit_of_an_identity_or_account_number_is_left(before: str, digits: str, last: str, after: str) -> None:
    text = masked(before + digits + last + after)
    assert not any(d in text for d in DIGITS)
    assert masked(text) == text


@pytest.mark.parametrize(
    "text", ["陈大文", "Chén Dàwén", "１３８００１３８０００", "father is ill\nsince March", "tab\there", "x" * 301, "\x7f", "😀"]
)
def test_a_text_that_may_say_something_is_dropped_as_a_whole(text: str) -> None:
    assert masked(text) == "[masked]"


@pytest.mark.parametrize(
    "text",
    [
        "case_opened", "018f3c2e-8a41-7b2c-9d10-138001380001", "01893138-0013-7000-8000-000000000000", "2026-11-23T01:02:03.123456Z", "GET /intake/v1/cases",
        "urn:kapok:request:abc", "12345678901234", "8812 rows in 14 ms", "", "x" * 300,
    ],
)  # fmt: skip
def test_codes_ids_times_and_counts_stay(text: str) -> None:
    assert masked(text) == text


def test_a_line_is_json_with_time_and_level(lines: Lines) -> None:
    configure("info")
    structlog.get_logger("kapok").info("case_opened", case="c-1", count=3, share=0.5, live=True, place=None)
    (line,) = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "case_opened", "level": "info", "case": "c-1", "count": 3, "share": 0.5, "live": True, "place": None}


@pytest.mark.parametrize(
    "value",
    [
        "陈大文", PHONE, f"tel {PHONE}", ID_NUMBER, int(PHONE), int(ID_NUMBER), {"name": "Chen Dawen"}, ["Chen Dawen"], ("Chen",), b"Chen Dawen",
        ValueError("Chen Dawen"), object(),
    ],
)  # fmt: skip
def test_nobody_gets_into_a_line_whatever_is_logged(lines: Lines, value: object) -> None:
    configure("info")
    structlog.get_logger().info("said", what=value)
    structlog.contextvars.bind_contextvars(context=value)
    structlog.get_logger().bind(bound=value).info(f"said {value}" if isinstance(value, str) else "said")
    structlog.contextvars.clear_contextvars()
    text = json.dumps(lines(), ensure_ascii=False)
    for trace in ("陈大文", "Chen", PHONE, ID_NUMBER):
        assert trace not in text


def test_an_exception_is_its_class_and_place_and_none_of_its_words(lines: Lines) -> None:
    configure("info")
    try:
        name = "Chen Dawen"
        raise ValueError(f"{name} at {PHONE}")
    except ValueError as fault:
        structlog.get_logger().error("broken", exc_info=fault)
        structlog.get_logger().error("broken", exc_info=True)
        structlog.get_logger().exception("broken")
        logging.getLogger("some.library").error("broken", exc_info=fault)
        place = place_of(fault)
    found = lines()
    assert place.startswith("ValueError at test_an_exception_is_its_class_and_place_and_none_of_its_words (test_telemetry.py:")
    assert [line["fault"] for line in found] == [place] * 4
    assert all(set(line) <= {"event", "level", "timestamp", "fault", "logger"} for line in found)


def test_an_exception_that_was_never_raised_and_no_exception_at_all_are_no_trouble(lines: Lines) -> None:
    configure("info")
    for fault in (KeyError("Chen"), None, False, True, (None, None, None)):
        structlog.get_logger().info("said", exc_info=fault)
    assert [line.get("fault") for line in lines()] == ["KeyError", None, None, None, None]


@pytest.mark.parametrize(("level", "seen"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
def test_less_than_the_wanted_level_is_not_logged(lines: Lines, level: str, seen: int) -> None:
    configure(level)
    log = structlog.get_logger()
    for say in (log.debug, log.info, log.warning, log.error):
        say("said")
    assert [line["level"] for line in lines()] == ["debug", "info", "warning", "error"][4 - seen :]


@pytest.mark.parametrize(("level", "seen"), [("debug", ["warning", "error"]), ("info", ["warning", "error"]), ("error", ["error"])])
def test_libraries_speak_the_same_shape_and_never_below_warnings(lines: Lines, level: str, seen: list[str]) -> None:
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # as a server of before may have left it
    configure(level)
    for name in ("uvicorn.error", "asyncio", "some.library"):
        library = logging.getLogger(name)
        for number in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
            library.log(number, "peer %s said %s", PHONE, "no")
        found = lines()
        assert [line["level"] for line in found] == seen
        assert {line["event"] for line in found} == {"peer [masked] said no"}
        assert {line["logger"] for line in found} == {name}


def test_a_task_that_nobody_waited_for_says_nothing_of_its_exception(lines: Lines) -> None:
    configure("info")
    logging.getLogger("asyncio").error("Task exception was never retrieved\nfuture: <Task exception=ValueError('Chen Dawen')>")
    assert [line["event"] for line in lines()] == ["[masked]"]


def test_configured_twice_a_line_comes_once(lines: Lines) -> None:
    configure("info")
    configure("info")
    logging.getLogger("some.library").error("said")
    assert len(lines()) == 1
