"""A signature proves the id, the time and every byte, or nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.signing import TOLERANCE_SECONDS, headers, new_secret, proved, usable

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SECRET = new_secret()


def test_what_we_sign_is_proved_by_any_of_its_signatures() -> None:
    sent = headers([new_secret(), SECRET], "msg_1", NOW, b"{}")
    assert proved(SECRET, sent, b"{}", NOW) == "msg_1"


def test_the_example_of_the_standard_is_proved() -> None:
    """From the specification: the secret, the message and the signature that must come of them."""
    sent = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    at = datetime.fromtimestamp(1614265330, UTC)
    assert proved("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", sent, b'{"test": 2432232314}', at) == "msg_p5jXN8AQM9LWM0D4loKWxJek"


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_another_body_is_not_proved(body: bytes, other: bytes) -> None:
    sent = headers([SECRET], "msg_1", NOW, body)
    assert (proved(SECRET, sent, other, NOW) is None) == (body != other)


@given(
    st.dictionaries(st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]), st.text(max_size=300)),
    st.binary(max_size=50),
)
def test_whatever_is_sent_instead_is_not_proved_and_breaks_nothing(sent: dict[str, str], body: bytes) -> None:
    good = dict(headers([SECRET], "msg_1", NOW, body))
    forged = {**good, **sent}
    assert (proved(SECRET, forged, body, NOW) is None) == (forged != good)


@pytest.mark.parametrize("seconds", [TOLERANCE_SECONDS + 1, -TOLERANCE_SECONDS - 1])
def test_an_old_word_and_one_from_the_future_are_not_proved(seconds: int) -> None:
    sent = headers([SECRET], "msg_1", NOW, b"{}")
    assert proved(SECRET, sent, b"{}", NOW + timedelta(seconds=seconds)) is None
    near = seconds // abs(seconds) * TOLERANCE_SECONDS
    assert proved(SECRET, sent, b"{}", NOW + timedelta(seconds=near)) == "msg_1"


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_AAAA", "whsec_%%%%", "AAAA" * 12, "whsec_é" + "A" * 40])
def test_a_secret_that_is_none_proves_nothing(secret: str) -> None:
    assert not usable(secret)
    assert proved(secret, headers([SECRET], "msg_1", NOW, b"{}"), b"{}", NOW) is None
