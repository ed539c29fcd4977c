"""Personal fields sealed under a key of their own person, and blind indexes to find them again."""

from __future__ import annotations

import base64
import os
import re
import unicodedata
from collections import OrderedDict
from collections.abc import Iterable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.errors import Malformed
from shared.keyed import Keyed

_NONCE_BYTES = 12
_KEY_BYTES = 32
_POOL_NONCES = 341
_SEPARATORS = re.compile(r"[\s\-‐-―·.()]+")
_DESTROYED = "shredded"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def _derived(key: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), _KEY_BYTES, None, purpose.encode()).derive(key)


def canonical(kind: str, text: str) -> str:
    """The one spelling of a text under which it is found again.

    Compatibility forms folded (full-width digits), outer space removed; numbers without separators, identity numbers in
    upper case and 15 digits expanded to 18 (GB 11643), telephone numbers without +86.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if kind == "id_number":
        plain = _SEPARATORS.sub("", plain).upper()
        if len(plain) == 15 and plain.isascii() and plain.isdigit():
            long = f"{plain[:6]}19{plain[6:]}"
            plain = long + "10X98765432"[sum(int(d) * w for d, w in zip(long, _WEIGHTS, strict=True)) % 11]
        return plain
    if kind == "phone":
        plain = _SEPARATORS.sub("", plain)
        for prefix in ("+86", "0086"):
            plain = plain.removeprefix(prefix)
        return plain[2:] if plain.startswith("86") and len(plain) == 13 else plain
    return plain.casefold()


class Keyring:
    """The keys of one store's people.

    Each subject has a random 256-bit key, kept in the store wrapped by the key-encryption key, which is kept elsewhere.
    Destroying the wrapped key makes everything sealed for the subject unreadable. Bounded: the longest unused key is
    forgotten and fetched again.
    """

    def __init__(self, kek: bytes, index_key: bytes, cache_max: int = 50_000) -> None:
        self._kek = AESGCM(_derived(kek, "kapok wrap"))
        self._index, self._index_keys = index_key, dict[str, Keyed]()
        self.naming_key = _derived(index_key, "kapok names")
        self._ciphers: OrderedDict[str, AESGCM | None] = OrderedDict()
        self._max = cache_max
        self._pool, self._at = b"", 0
        self.forgettings = 0  # a look-up that began before one may bring back a key that was destroyed meanwhile

    def missing(self, subjects: Iterable[str]) -> list[str]:
        """Those whose keys must be fetched first; fetching them does not push out the others, which are needed beside them."""
        ciphers, absent = self._ciphers, []
        for subject in subjects:
            if subject in ciphers:
                ciphers.move_to_end(subject)
            else:
                absent.append(subject)
        return absent

    def learn(self, subject: str, wrapped: bytes | None) -> None:
        """Take in a key as the store keeps it; None says that it was destroyed."""
        cipher = None
        if wrapped is not None:
            try:
                cipher = AESGCM(self._kek.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], subject.encode()))
            except InvalidTag as fault:
                raise Malformed("a subject's key does not open: wrong key-encryption key?") from fault
        self._keep(subject, cipher)

    def make(self, subject: str) -> bytes:
        """A new key for a new subject; answers it wrapped, to be stored in the same transaction as what it seals."""
        key = os.urandom(_KEY_BYTES)
        self._keep(subject, AESGCM(key))
        nonce = self._nonce()
        return nonce + self._kek.encrypt(nonce, key, subject.encode())

    def forget(self, subject: str) -> None:
        self._ciphers.pop(subject, None)
        self.forgettings += 1

    def forget_all(self) -> None:
        """Fetch every key anew: another process may have destroyed some."""
        self._ciphers.clear()
        self.forgettings += 1

    def _keep(self, subject: str, cipher: AESGCM | None) -> None:
        self._ciphers[subject] = cipher
        self._ciphers.move_to_end(subject)
        if len(self._ciphers) > self._max:
            self._ciphers.popitem(last=False)

    def _nonce(self) -> bytes:
        # One system call serves hundreds of nonces; 96 random bits under one key per person cannot collide in practice.
        if self._at + _NONCE_BYTES > len(self._pool):
            self._pool, self._at = os.urandom(_NONCE_BYTES * _POOL_NONCES), 0
        self._at += _NONCE_BYTES
        return self._pool[self._at - _NONCE_BYTES : self._at]

    def seal(self, subject: str, plain: bytes, aad: bytes) -> str:
        """Base64 of nonce and ciphertext, bound to its place by `aad`; for a subject whose key is destroyed nothing is kept."""
        cipher = self._ciphers[subject]
        if cipher is None:
            return _DESTROYED
        nonce = self._nonce()
        return base64.b64encode(nonce + cipher.encrypt(nonce, plain, aad)).decode()

    def open(self, subject: str, token: str, aad: bytes) -> bytes | None:
        """The plain bytes, None when the key is gone; raises `Malformed` when the text was moved or changed."""
        cipher = self._ciphers.get(subject)
        if cipher is None or token == _DESTROYED:
            return None
        try:
            raw = base64.b64decode(token)
            return cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], aad)
        except (InvalidTag, ValueError) as fault:
            raise Malformed("a sealed field does not open at its place") from fault

    def blind(self, kind: str, text: str) -> bytes:
        """A keyed hash of the canonical text: equal texts are found, nothing else is told."""
        under = self._index_keys.get(kind)
        if under is None:
            under = self._index_keys[kind] = Keyed(_derived(self._index, f"kapok blind {kind}"))
        return under.digest(canonical(kind, text).encode())
