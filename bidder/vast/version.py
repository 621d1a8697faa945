"""The VAST versions that are written here, and which of them a player gets."""

from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from bidder.openrtb.protocol import Protocol


class Version(StrEnum):
    """The `version` of a document. Later ones compare as greater."""

    VAST_2_0 = "2.0"
    VAST_3_0 = "3.0"
    VAST_4_0 = "4.0"
    VAST_4_1 = "4.1"
    VAST_4_2 = "4.2"
    VAST_4_3 = "4.3"


class Protocols(NamedTuple):
    """The two values of AdCOM's Creative Subtypes that stand for one version."""

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
"""Best first: 4.2 before 4.3, which adds nothing that we say and has no schema to hold a document to."""


@lru_cache(maxsize=256)
def best_version(accepted: tuple[int, ...], *, wrapper: bool) -> tuple[Version, Protocol] | None:
    """The best version that a player takes, and the protocol that a bid then declares; None where it takes none.

    `accepted` is `Video.protocols`; empty, the player did not say, and gets 4.2. An InLine ad and a Wrapper are
    protocols of their own: who lists VAST 4.2 has not said that it follows wrappers.
    """
    for version, protocols in PROTOCOLS.items():
        protocol = protocols.wrapper if wrapper else protocols.inline
        if not accepted or protocol in accepted:
            return version, protocol
    return None


def takes_inline(accepted: Sequence[int], version: Version | None) -> bool:
    """Whether a player that takes these protocols plays what a third party's tag answers in that version."""
    return not accepted or version is None or PROTOCOLS[version].inline in accepted
