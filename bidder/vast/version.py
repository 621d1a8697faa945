"""The supported VAST versions, and the choice of the version for a player."""

from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from bidder.openrtb.protocol import Protocol


class Version(StrEnum):
    """The `version` of a VAST document. Later versions compare as greater."""

    VAST_2_0 = "2.0"
    VAST_3_0 = "3.0"
    VAST_4_0 = "4.0"
    VAST_4_1 = "4.1"
    VAST_4_2 = "4.2"
    VAST_4_3 = "4.3"


class Protocols(NamedTuple):
    """The two values of AdCOM's Creative Subtypes for one VAST version."""

    inline: Protocol
    wrapper: Protocol


PROTOCOLS = {
    Version.VAST_4_2: Protocols(Protocol.VAST_4_2, Protocol.VAST_4_2_WRAPPER),
    Version.VAST_4_3: Protocols(Protocol.VAST_4_3, Protocol.VAST_4_3_WRAPPER),
    Version.VAST_4_1: Protocols(Protocol.VAST_4_1, Protocol.VAST_4_1_WRAPPER),
    Version.VAST_4_0: Protocols(Protocol.VAST_4_0, Protocol.VAST_4_0_WRAPPER),
    Version.VAST_3_0: Protocols(Protocol.VAST_3_0, Protocol.VAST_3_0_WRAPPER),
    Version.VAST_2_0: Protocols(Protocol.VAST_2_0, Protocol.VAST_2_0_WRAPPER),
}
"""The protocols of each version, the best first.

4.2 is before 4.3, since 4.3 adds nothing that the bidder uses and has no published schema to test against.
"""


@lru_cache(maxsize=256)
def best_version(accepted: tuple[int, ...], *, wrapper: bool) -> tuple[Version, Protocol] | None:
    """The best version that a player accepts, and the protocol that the bid declares; None if it accepts none.

    `accepted` is `Video.protocols`; if it is empty, the player gets 4.2. InLine ads and Wrappers are separate
    protocols. A player that lists VAST 4.2 does not accept wrappers unless it lists that protocol too.
    """
    for version, protocols in PROTOCOLS.items():
        protocol = protocols.wrapper if wrapper else protocols.inline
        if not accepted or protocol in accepted:
            return version, protocol
    return None


def takes_inline(accepted: Sequence[int], version: Version | None) -> bool:
    """Whether a player that accepts these protocols plays the InLine ad of a third-party tag in this version."""
    return not accepted or version is None or PROTOCOLS[version].inline in accepted
