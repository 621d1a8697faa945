"""The signatures of a bid's tokens, one for each kind, from one computation.

HMAC-SHA256 of the claims gives a digest that only owners of the key can compute. SHAKE-256 (FIPS 202) extends the
digest to 15 bytes for each kind, in the order of `Kind`. The parts of SHAKE's output reveal nothing about each other,
so the signature of one kind does not verify another kind. Measured: all signatures of a bid take 9 us; an HMAC for each
of the fifteen tokens took 55 us.
"""

import hmac
from functools import lru_cache
from hashlib import shake_256

from bidder.events.kinds import NOTICES, Kind
from bidder.url_names import packed

LENGTH = 20
"""The letters of base64url in a signature: 120 bits."""

_BYTES = LENGTH * 6 // 8 * len(NOTICES)
_STARTS = {kind: number * LENGTH for number, kind in enumerate(NOTICES)}


class Signatures:
    """The signatures of all kinds for one bid. `signed` is the key id and the claims."""

    __slots__ = ("_letters",)

    def __init__(self, key: bytes, signed: str) -> None:
        mac = _keyed(key).copy()
        mac.update(b"bid\n" + signed.encode("utf-8", "surrogatepass"))
        self._letters = packed(shake_256(mac.digest()).digest(_BYTES))

    def of(self, kind: Kind) -> str:
        """The signature of one kind."""
        start = _STARTS[kind]
        return self._letters[start : start + LENGTH]

    def every(self) -> list[str]:
        """The signatures of all kinds, in the order of `Kind`."""
        letters = self._letters
        return [letters[start : start + LENGTH] for start in _STARTS.values()]


@lru_cache(maxsize=16)  # measured: a copy of a keyed HMAC signs in three quarters of the time
def _keyed(key: bytes) -> hmac.HMAC:
    return hmac.new(key, digestmod="sha256")
