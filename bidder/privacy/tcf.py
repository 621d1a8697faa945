"""IAB Europe's Transparency and Consent String (TCF 2): the consent to purposes."""

from bidder.privacy.base64url import Bits, Unreadable

VERSION = 2
NEEDED_PURPOSES = (1, 3, 4)
"""The purposes that personal data needs consent to: 1 storage, 3 a profile for ads, 4 ads by that profile."""

_BEFORE_PURPOSES = 146  # bits from the version to PurposesConsent
_CORE_CHARACTERS = 36  # 213 bits: the least that a core segment has up to its vendors


def allows(consent: str) -> bool:
    """Whether the string can be read and consents to all of `NEEDED_PURPOSES`.

    Vendors' consents and legitimate interests are not read yet: more rules can only make this False more often.
    """
    core = consent[:_CORE_CHARACTERS]
    try:
        bits = Bits(core)
        if bits.take(6) != VERSION or len(core) < _CORE_CHARACTERS:
            return False
        bits.take(_BEFORE_PURPOSES)
        consents = [bits.take(1) for _ in range(max(NEEDED_PURPOSES))]
    except Unreadable:
        return False
    return all(consents[purpose - 1] for purpose in NEEDED_PURPOSES)
