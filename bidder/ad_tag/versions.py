"""The VAST versions that an ad tag can ask for."""

from bidder.vast.version import PROTOCOLS, Version


def _up_to(newest: Version) -> list[int]:
    """The AdCOM protocols of a player of this VAST version: it and all older versions, inline and wrapper."""
    return sorted(protocol for version, both in PROTOCOLS.items() if version <= newest for protocol in both)


DEFAULT = Version.VAST_3_0
"""The VAST version of an ad tag without a version. `docs/ad-tag.md` lists the versions that players play, measured."""

VERSIONS = {str(version): _up_to(version) for version in Version} | {
    "2": _up_to(Version.VAST_2_0),
    "3": _up_to(Version.VAST_3_0),
    "4": _up_to(Version.VAST_4_2),
}
"""The protocols by the version's name in an ad tag."""
