"""A hash under a key that is taken in once is the hash that everybody computes."""

from __future__ import annotations

import hmac

from hypothesis import given
from hypothesis import strategies as st

from shared.keyed import Keyed


@given(st.binary(max_size=200), st.binary(max_size=300))
def test_it_is_hmac_sha_256(key: bytes, text: bytes) -> None:
    one = Keyed(key)
    assert one.digest(text) == hmac.digest(key, text, "sha256")
    assert one.digest(text) == hmac.digest(key, text, "sha256")
