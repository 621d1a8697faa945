"""The checks that an import of a campaign file adds to validation: values of the right type that make no sense.

A check reads some fields of a campaign. It is skipped if one of them is invalid, so that one pass reports the mistakes
of all other fields.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import available_timezones

from bidder.campaigns.advertiser_limits import AdvertiserLimits
from bidder.campaigns.campaign import TERMS, Campaign, repeated_ids, wrong_terms
from bidder.campaigns.categories import with_taxonomies
from bidder.campaigns.creative import PLAYBACK, Creative, wrong_playback
from bidder.campaigns.dnf import TooManyConjunctions, conjunctions
from bidder.campaigns.grouped_thousands import grouped_budgets
from bidder.campaigns.impossible_words import wrong_word
from bidder.campaigns.item_size import too_large
from bidder.campaigns.media_address import unreachable
from bidder.campaigns.named_words import named_words
from bidder.campaigns.names import too_long
from bidder.campaigns.request_fields_used import creative_conjunctions
from bidder.campaigns.taxonomy import Taxonomy
from bidder.campaigns.types import A_ZONE
from bidder.faults import Path
from bidder.money import display

if TYPE_CHECKING:
    from bidder.campaigns.budget import Budget

MAX_KBITS = 100_000
"""The highest plausible bitrate in kbit/s. A higher one is in bits a second by mistake."""


class Finding(NamedTuple):
    """A mistake at a path of a campaign's document. A warning does not stop the import."""

    path: Path
    message: str
    is_warning: bool = False


class CheckContext(NamedTuple):
    """The context of the checks: the time, the taxonomies, and the CPM in micros above which a check warns."""

    now: datetime
    taxonomies: Mapping[int, Taxonomy]
    warn_cpm_micros: int
    loopback_is_meant: bool = False


class Parts(NamedTuple):
    """The valid parts of a campaign: its object and the names of its valid fields, and the same of each creative."""

    campaign: Campaign
    valid: frozenset[str]
    creatives: Sequence[tuple[int, Creative, frozenset[str]]]


def findings(document: Mapping[str, Any], parts: Parts, context: CheckContext) -> Iterator[Finding]:
    """The findings of all checks of a campaign's document, whose valid parts are `parts`."""
    for needed, check in _OF_CAMPAIGNS:
        if parts.valid.issuperset(needed):
            yield from check(parts.campaign, context)
    for number, creative, valid in parts.creatives:
        for needed, of_creative in _OF_CREATIVES:
            if valid.issuperset(needed):
                for path, message, is_warning in of_creative(creative, parts.campaign, context):
                    yield Finding(("creatives", number, *path), message, is_warning)
    for path, attribute, word in named_words(document):
        if mistake := wrong_word(attribute, word, context.taxonomies):
            yield Finding(path, *mistake)
    yield from _check_grouped_budgets(document)


def advertiser_findings(
    document: Mapping[str, Any], limits: AdvertiserLimits, context: CheckContext
) -> Iterator[Finding]:
    """The findings of the checks of the document of an advertiser's limits."""
    for check in (_time_zone, _cap_zones, _flight, _budget):
        yield from check(limits, context)
    yield from _check_grouped_budgets(document)


def _check_grouped_budgets(document: Mapping[str, Any]) -> Iterator[Finding]:
    for path, message in grouped_budgets(document):
        yield Finding(path, message, is_warning=True)


def _terms(campaign: Campaign, _: CheckContext) -> Iterator[Finding]:
    if mistake := wrong_terms(campaign):
        yield Finding((), mistake)


def _ids(campaign: Campaign, _: CheckContext) -> Iterator[Finding]:
    if mistake := repeated_ids(campaign):
        yield Finding((), mistake)


def _names(campaign: Campaign, _: CheckContext) -> Iterator[Finding]:
    if mistake := too_long(campaign):
        yield Finding((), mistake)


def _size(campaign: Campaign, context: CheckContext) -> Iterator[Finding]:
    if mistake := too_large(with_taxonomies(campaign, context.taxonomies)):
        yield Finding((), mistake)


def _time_zone(campaign: Campaign | AdvertiserLimits, _: CheckContext) -> Iterator[Finding]:
    yield from _unknown_zone(("time_zone",), campaign.time_zone)


def _cap_zones(campaign: Campaign | AdvertiserLimits, _: CheckContext) -> Iterator[Finding]:
    for number, cap in enumerate(campaign.frequency_caps):
        yield from _unknown_zone(("frequency_caps", number, "time_zone"), cap.time_zone)


def _unknown_zone(path: Path, zone: str | None) -> Iterator[Finding]:
    if zone is not None and zone not in _zones():
        yield Finding(path, f"{zone} is not {A_ZONE}")


def _cases(campaign: Campaign, _: CheckContext) -> Iterator[Finding]:
    try:
        conjunctions(campaign.targeting, campaign.where)
    except TooManyConjunctions as error:
        yield Finding(("where",), str(error))


def _flight(campaign: Campaign | AdvertiserLimits, context: CheckContext) -> Iterator[Finding]:
    start, end = campaign.flight.start, campaign.flight.end
    if start and end and end <= start:
        yield Finding(("flight", "end"), f"{end.isoformat()} is not after the start, {start.isoformat()}")
    elif end and end <= context.now:
        yield Finding(("flight", "end"), f"the flight ended at {end.isoformat()}: the campaign can't bid", True)


def _prices(campaign: Campaign, context: CheckContext) -> Iterator[Finding]:
    amounts: list[tuple[Path, int | None]] = [
        (("cpm_micros",), campaign.cpm_micros),
        (("max_cpm_micros",), campaign.max_cpm_micros),
        *((("deals", number, "cpm_micros"), deal.cpm_micros) for number, deal in enumerate(campaign.deals)),
    ]
    for path, amount in amounts:
        if amount is not None and amount > context.warn_cpm_micros:
            price = f"{display(amount)} for a thousand impressions, more than {display(context.warn_cpm_micros)}"
            yield Finding(path, f"{price} (the parameter import-warn-cpm): is it meant?", True)
    for name in ("cpcv_micros", "cpv_micros"):
        amount, max_cpm_micros = getattr(campaign, name), campaign.max_cpm_micros
        if amount is not None and max_cpm_micros is not None and amount >= max_cpm_micros:
            yield Finding(
                (name,), f"{display(amount)} for one view, as much as max_cpm for a thousand: is it meant?", True
            )


def _budget(campaign: Campaign | AdvertiserLimits, _: CheckContext) -> Iterator[Finding]:
    budgets: list[tuple[Path, Budget]] = [(("budget",), campaign.budget)]
    for number, deal in enumerate(campaign.deals if isinstance(campaign, Campaign) else ()):
        if deal.budget is not None:
            budgets.append((("deals", number, "budget"), deal.budget))
    for path, budget in budgets:
        daily, total = budget.daily_micros, budget.total_micros
        if daily and total and daily > total:
            message = f"{display(daily)} is more than the total, {display(total)}"
            yield Finding((*path, "daily_micros"), message, True)


def _categories(campaign: Campaign, context: CheckContext) -> Iterator[Finding]:
    for number, category in enumerate(campaign.categories):
        if mistake := wrong_word("category", f"{campaign.cattax}/{category}", context.taxonomies):
            yield Finding(("categories", number), *mistake)


def _playback(creative: Creative, _: Campaign, __: CheckContext) -> Iterator[Finding]:
    if mistake := wrong_playback(creative):
        yield Finding((), mistake)


def _skip_offset(creative: Creative, _: Campaign, __: CheckContext) -> Iterator[Finding]:
    if creative.skip_offset is not None and creative.skip_offset >= creative.duration:
        message = f"{creative.skip_offset:g} s is past the end: the creative takes {creative.duration:g} s"
        yield Finding(("skip_offset",), message)


def _bitrates(creative: Creative, _: Campaign, __: CheckContext) -> Iterator[Finding]:
    for number, media in enumerate(creative.media):
        if media.bitrate > MAX_KBITS:
            message = (
                f"{media.bitrate:,} kbit/s: is it in bits a second? Then write {max(1, round(media.bitrate / 1000))}"
            )
            yield Finding(("media", number, "bitrate"), message)


def _creative_cases(creative: Creative, campaign: Campaign, _: CheckContext) -> Iterator[Finding]:
    try:
        creative_conjunctions(creative, campaign.time_zone)
    except TooManyConjunctions as error:
        yield Finding(("where",), str(error))


def _language(creative: Creative, _: Campaign, context: CheckContext) -> Iterator[Finding]:
    if creative.language and (mistake := wrong_word("language", creative.language, context.taxonomies)):
        yield Finding(("language",), *mistake)


def _addresses(creative: Creative, _: Campaign, context: CheckContext) -> Iterator[Finding]:
    for path, url in _urls(creative.model_dump(mode="json", exclude_defaults=True), ()):
        if mistake := unreachable(url, loopback_is_meant=context.loopback_is_meant):
            message, is_error = mistake
            yield Finding(path, message, not is_error)


def _urls(document: object, path: Path) -> Iterator[tuple[Path, str]]:
    """Every URL of a creative, with its path."""
    if isinstance(document, Mapping):
        for key, value in document.items():
            if key not in {"targeting", "where"}:
                yield from _urls(value, (*path, key))
    elif isinstance(document, list):
        for number, value in enumerate(document):
            yield from _urls(value, (*path, number))
    elif isinstance(document, str) and document.startswith(("http://", "https://")):
        yield path, document


OfCampaign = Callable[[Campaign, CheckContext], Iterator[Finding]]
OfCreative = Callable[[Creative, Campaign, CheckContext], Iterator[Finding]]

_OF_CAMPAIGNS: Sequence[tuple[Sequence[str], OfCampaign]] = (
    (TERMS, _terms),
    (("creatives", "deals"), _ids),
    (("id", "advertiser", "time_zone", "creatives", "deals"), _names),
    (tuple(Campaign.model_fields), _size),
    (("time_zone",), _time_zone),
    (("frequency_caps",), _cap_zones),
    (("targeting", "where"), _cases),
    (("flight",), _flight),
    (TERMS, _prices),
    (("budget", "deals"), _budget),
    (("categories", "cattax"), _categories),
)
_OF_CREATIVES: Sequence[tuple[Sequence[str], OfCreative]] = (
    (PLAYBACK, _playback),
    (("skip_offset", "duration"), _skip_offset),
    (("media",), _bitrates),
    (("targeting", "where"), _creative_cases),
    (("language",), _language),
    (("media", "tag", "click_through", "companions", "icon", "verifications"), _addresses),
)
"""The checks, each with the fields that it reads."""


@cache
def _zones() -> set[str]:
    return available_timezones()
