"""Which creatives of a campaign fit the player, in which files."""

from collections.abc import Sequence
from functools import lru_cache
from math import log
from typing import NamedTuple

from bidder.auction.creative_facts import CreativeFacts, creative_facts
from bidder.auction.match import Slot
from bidder.auction.rule import Rule, first_broken
from bidder.auction.rules import CREATIVE
from bidder.campaigns.creative import Creative, Media
from bidder.campaigns.dnf import matches
from bidder.openrtb.protocol import Protocol
from bidder.openrtb.video import Video
from bidder.snapshot.records import Record
from bidder.vast.version import Version

BOXED = 0.1
"""The natural logarithm of two aspect ratios' quotient above which a player adds bars. 16:9 to 16:10 is 0.105."""


class Fit(NamedTuple):
    """A creative, the VAST version and protocol of its markup, and the files of the creative that the player accepts.

    The file closest to the player's size is first; a tag has none.
    """

    creative: Creative
    version: Version
    protocol: Protocol
    media: tuple[Media, ...]


def fits(record: Record, slot: Slot, languages: Sequence[str]) -> list[Fit] | Rule[CreativeFacts]:
    """The creatives of a campaign that fit, or the rule that rejects the creative that passed the most rules."""
    fitting: list[Fit] = []
    broken: list[Rule[CreativeFacts]] = []
    for creative in record.campaign.creatives:
        is_targeted = is_creative_targeted(creative, record, slot)
        facts = creative_facts(creative, slot.imp, slot.video, languages, is_targeted=is_targeted)
        rule = first_broken(CREATIVE, facts)
        if rule is not None:
            broken.append(rule)
        elif facts.markup is not None:
            fitting.append(Fit(creative, *facts.markup, tuple(_closest_first(facts.media, slot.video))))
    return fitting or max(broken, key=CREATIVE.index)


def is_creative_targeted(creative: Creative, record: Record, slot: Slot) -> bool:
    """Whether the slot meets the creative's own targeting."""
    own = record.creative_conjunctions.get(creative.id)
    return own is None or any(matches(conjunction, slot.values) for conjunction in own)


def _closest_first(media: list[Media], video: Video) -> list[Media]:
    """The files by the ratio of their area to the player's, in steps of a thousandth, then by falling bit rate.

    If the player allows no letterboxing, files with about its aspect ratio come before the others.
    """
    if len(media) == 1:
        return media
    by_bitrate = sorted(media, key=lambda file: file.bitrate, reverse=True)
    width, height = max(0, video.w or 0), max(0, video.h or 0)
    if not width * height:
        return by_bitrate
    closest = sorted(by_bitrate, key=lambda file: _difference(file.width * file.height, width * height))
    if video.boxingallowed:
        return closest
    return sorted(closest, key=lambda file: _difference(file.width * height, file.height * width) > BOXED)


@lru_cache(maxsize=4096)  # files and players have few sizes
def _difference(area: int, of_player: int) -> float:
    return round(abs(log(area / of_player)), 3)
