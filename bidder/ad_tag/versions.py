"""Which VAST a tag asks for."""

from bidder.vast.version import PROTOCOLS, Version


def _up_to(newest: Version) -> list[int]:
    """The protocols of a player that takes this version: it takes the older ones as well, and wrappers."""
    return sorted(protocol for version, both in PROTOCOLS.items() if version <= newest for protocol in both)


DEFAULT = Version.VAST_3_0
"""The VAST version for an ad tag without a version. `docs/ad-tag.md` has the versions that players play, measured."""

VERSIONS = {str(version): _up_to(version) for version in Version} | {
    "2": _up_to(Version.VAST_2_0),
    "3": _up_to(Version.VAST_3_0),
    "4": _up_to(Version.VAST_4_2),
}
"""The protocols by what a tag calls a version."""
