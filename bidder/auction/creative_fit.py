"""Which creatives of a campaign fit the player, in which files, and the rules by which a creative does not fit."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import log
from typing import NamedTuple
from urllib.parse import urlsplit

from bidder.auction.match import Slot
from bidder.auction.rule import Case, Rule, Subject, first_broken_rule
from bidder.campaigns.creative import Creative, Media
from bidder.campaigns.dnf import matches
from bidder.openrtb.creative_attribute import CreativeAttribute
from bidder.openrtb.imp import Imp
from bidder.openrtb.protocol import Protocol
from bidder.openrtb.video import Video
from bidder.snapshot.records import Record
from bidder.vast.version import Version, best_version, takes_inline

LETTERBOXED = 0.1
"""The natural logarithm of two aspect ratios' quotient above which a player adds bars. 16:9 to 16:10 is 0.105."""


class Fit(NamedTuple):
    """A creative, the VAST version and protocol of its markup, and the files of the creative that the player accepts.

    The file closest to the player's size is first; a tag has none.
    """

    creative: Creative
    version: Version
    protocol: Protocol
    media: tuple[Media, ...]


class CreativeFacts(NamedTuple):
    """A creative on a player: the values that several rules compare, computed once.

    `languages` are the request's (`AuctionContext.languages`). `is_targeted` says whether the slot meets the creative's
    own targeting. `markup` is the VAST version and protocol of the answer, or None. `supported_media` are the files
    whose type the player accepts, `secure_media` are the supported files that the page may load, and `media` are the
    secure files within the player's bit rates.
    """

    creative: Creative
    imp: Imp
    video: Video
    languages: Sequence[str]
    is_targeted: bool
    markup: tuple[Version, Protocol] | None
    supported_media: Sequence[Media]
    secure_media: Sequence[Media]
    media: list[Media]

    def has_blocked_attribute(self) -> bool:
        """Whether the player blocks an attribute. The ad of a tag counts as skippable for every player."""
        creative, video = self.creative, self.video
        is_skippable_tag = creative.tag is not None and creative.skip_offset is not None
        if not is_skippable_tag and not creative.attributes:
            return False
        blocked_attributes = {*video.battr, CreativeAttribute.SKIPPABLE} if video.skip == 0 else set(video.battr)
        attributes = set(creative.attributes)
        if is_skippable_tag:
            attributes.add(CreativeAttribute.SKIPPABLE)
        return not attributes.isdisjoint(blocked_attributes)

    def is_insecure(self) -> bool:
        """Whether the impression requires https, and the click or all files of accepted types use http."""
        if not self.imp.secure:
            return False
        return not all(map(is_secure, self.creative.links())) or (bool(self.supported_media) and not self.secure_media)

    def has_accepted_mime(self) -> bool:
        """Whether the player accepts the type of a file, or of a file that the tag may answer."""
        tag = self.creative.tag
        return any(mime in self.video.mimes for mime in tag.mimes) if tag else bool(self.supported_media)


def protocol_rule(rejects: Callable[[Subject], bool]) -> Rule[Subject]:
    """The rule on protocols, of a player that takes no VAST, or of a creative that fits none of the player's."""
    return Rule(
        "protocol",
        "no VAST version that the player accepts",
        rejects=rejects,
        seen=lambda case: sorted(case.slot.video.accepted_protocols()),
        wanted=lambda _: ["a version of VAST, or a wrapper for a tag"],
    )


_UNMET_TARGETING = "the request meets the targeting of no creative"
CREATIVE_TARGETING: Rule[CreativeFacts] = Rule(
    "creative_targeting",
    _UNMET_TARGETING,
    rejects=lambda facts: not facts.is_targeted,
    seen=lambda case: [case.unmet_targeting.seen] if case.unmet_targeting else [],
    wanted=lambda case: [case.unmet_targeting.wanted] if case.unmet_targeting else [],
    reason_of=lambda case: _UNMET_TARGETING + (f"; {case.unmet_targeting.reason}" if case.unmet_targeting else ""),
)
"""Explain reports the unmet targeting of the closest creative."""


def _accepted_durations(case: Case) -> list[object]:
    video = case.slot.video
    return [*video.rqddurs] or [f"{video.minduration or 0} to {video.maxduration or 'any'}"]


def _attributes(case: Case) -> list[int]:
    creatives = case.campaign.creatives
    attributes = {value for creative in creatives for value in creative.attributes}
    if case.slot.video.skip == 0:
        attributes |= {CreativeAttribute.SKIPPABLE for creative in creatives if creative.tag and creative.skip_offset}
    return sorted(attributes)


def _insecure_links(case: Case) -> list[str]:
    creatives = case.campaign.creatives
    links = {link for creative in creatives for link in (*creative.links(), *(file.url for file in creative.media))}
    return sorted(link for link in links if not is_secure(link))


CREATIVE_RULES: tuple[Rule[CreativeFacts], ...] = (
    CREATIVE_TARGETING,
    protocol_rule(lambda facts: facts.markup is None),
    Rule(
        "duration",
        "no creative has an accepted length",
        rejects=lambda facts: not facts.video.has_room(facts.creative.seconds),
        seen=_accepted_durations,
        wanted=lambda case: [creative.seconds for creative in case.campaign.creatives],
    ),
    Rule(
        "attribute",
        "every creative has a blocked attribute (battr)",
        rejects=lambda facts: facts.has_blocked_attribute(),
        seen=lambda case: [
            *(f"not {value}" for value in case.slot.video.battr),
            *(["unskippable"] if case.slot.video.skip == 0 else []),
        ],
        wanted=_attributes,
    ),
    Rule(
        "api",
        "every creative needs an API that the player lacks (api)",
        rejects=lambda facts: bool(facts.creative.apis) and not set(facts.creative.apis) <= set(facts.video.api),
        seen=lambda case: case.slot.video.api,
        wanted=lambda case: sorted({api for creative in case.campaign.creatives for api in creative.apis}),
    ),
    Rule(
        "language",
        "no creative is in an accepted language (wlang)",
        rejects=lambda facts: (
            bool(facts.languages)
            and facts.creative.language is not None
            and facts.creative.language not in facts.languages
        ),
        seen=lambda case: case.context.languages,
        wanted=lambda case: [creative.language for creative in case.campaign.creatives],
    ),
    Rule(
        "secure",
        "the impression requires https, and all media files or a click URL lack it",
        rejects=lambda facts: facts.is_insecure(),
        seen=lambda _: ["https only"],
        wanted=_insecure_links,
    ),
    Rule(
        "mime",
        "no media file has a type that the player accepts",
        rejects=lambda facts: not facts.has_accepted_mime(),
        seen=lambda case: case.slot.video.mimes,
        wanted=lambda case: sorted(
            {mime for creative in case.campaign.creatives for mime in (creative.tag.mimes if creative.tag else ())}
            | {file.mime for creative in case.campaign.creatives for file in creative.media}
        ),
    ),
    Rule(
        "bitrate",
        "no media file is within the player's bit rates",
        rejects=lambda facts: not facts.creative.tag and not facts.media,
        seen=lambda case: [f"{case.slot.video.minbitrate or 0} to {case.slot.video.maxbitrate or 'any'}"],
        wanted=lambda case: sorted({file.bitrate for creative in case.campaign.creatives for file in creative.media}),
    ),
)
"""Rules that reject a creative. If all creatives of a campaign are rejected, explain shows the rule furthest down."""


def fit_creatives(record: Record, slot: Slot, languages: Sequence[str]) -> list[Fit] | Rule[CreativeFacts]:
    """The creatives of a campaign that fit, or the rule that rejects the creative that passed the most rules."""
    fits: list[Fit] = []
    broken_rules: list[Rule[CreativeFacts]] = []
    for creative in record.campaign.creatives:
        is_targeted = is_creative_targeted(creative, record, slot)
        facts = creative_facts(creative, slot.imp, slot.video, languages, is_targeted=is_targeted)
        broken_rule = first_broken_rule(CREATIVE_RULES, facts)
        if broken_rule is not None:
            broken_rules.append(broken_rule)
        elif facts.markup is not None:
            fits.append(Fit(creative, *facts.markup, tuple(_closest_first(facts.media, slot.video))))
    return fits or max(broken_rules, key=CREATIVE_RULES.index)


def is_creative_targeted(creative: Creative, record: Record, slot: Slot) -> bool:
    """Whether the slot meets the creative's own targeting."""
    conjunctions = record.creative_conjunctions.get(creative.id)
    return conjunctions is None or any(matches(conjunction, slot.values) for conjunction in conjunctions)


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
    by_area = sorted(by_bitrate, key=lambda file: _difference(file.width * file.height, width * height))
    if video.boxingallowed:
        return by_area
    return sorted(by_area, key=lambda file: _difference(file.width * height, file.height * width) > LETTERBOXED)


@lru_cache(maxsize=4096)  # files and players have few sizes
def _difference(size: int, player_size: int) -> float:
    """The distance of the ratio of two sizes from 1, as a natural logarithm rounded to a thousandth."""
    return round(abs(log(size / player_size)), 3)


def creative_facts(
    creative: Creative, imp: Imp, video: Video, languages: Sequence[str], *, is_targeted: bool
) -> CreativeFacts:
    """The facts of a creative on the player of an impression."""
    supported_media: list[Media] = []
    if creative.media:
        mimes = video.mimes
        supported_media = [file for file in creative.media if file.mime in mimes]
    secure_media = [file for file in supported_media if is_secure(file.url)] if imp.secure else supported_media
    min_bitrate, max_bitrate = video.minbitrate or 0, video.maxbitrate
    media = [file for file in secure_media if min_bitrate <= file.bitrate <= (max_bitrate or file.bitrate)]
    markup = _best_markup(creative, video)
    return CreativeFacts(creative, imp, video, languages, is_targeted, markup, supported_media, secure_media, media)


def _best_markup(creative: Creative, video: Video) -> tuple[Version, Protocol] | None:
    """The VAST version that the creative is written in for this player, and its protocol; None if none suits both.

    The bid of a tag has a Wrapper, and the player must also accept the VAST that the tag answers.
    """
    protocols = video.accepted_protocols()
    if creative.tag and not takes_inline(protocols, creative.tag.version):
        return None
    return best_version(protocols, wrapper=creative.tag is not None)


@lru_cache(maxsize=65536)  # measured: splitting URLs was a quarter of a decision over 10,000 campaigns
def is_secure(url: str) -> bool:
    """Whether a secure page may load the URL: over https, or from the same machine (W3C Secure Contexts, 3.1)."""
    parts = urlsplit(url)
    return parts.scheme == "https" or parts.hostname in {"127.0.0.1", "localhost", "::1"}
