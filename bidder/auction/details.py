"""What a refusal saw in the request, and what of the campaign it was held against."""

from collections.abc import Iterable, Mapping

from bidder.auction.match import Slot
from bidder.auction.refusal import Refusal
from bidder.auction.terms import Terms
from bidder.campaigns.campaign import Campaign
from bidder.money import display

Details = Mapping[Refusal, tuple[Iterable[object], Iterable[object]]]


def details(refusal: Refusal, terms: Terms, slot: Slot, campaign: Campaign) -> tuple[str, str]:
    """Value seen and value wanted, in words; empty where the rule has none."""
    found = {**_of_request(terms, campaign), **_of_player(terms, slot, campaign), **_of_price(terms, slot, campaign)}
    seen, wanted = found.get(refusal, ((), ()))
    return _words(seen), _words(wanted)


def _words(values: Iterable[object]) -> str:
    return ", ".join(str(value) for value in values if value is not None)


def _of_request(terms: Terms, campaign: Campaign) -> Details:
    request, flight = terms.request, campaign.flight
    categories = [*(f"not {name}" for name in request.bcat), *(f"allowed {name}" for name in request.acat)]
    return {
        Refusal.CURRENCY: (request.cur, sorted(terms.delivery.rates)),
        Refusal.SEAT: ([*request.wseat, *(f"not {seat}" for seat in request.bseat)], [terms.seat]),
        Refusal.FLIGHT: ([terms.now.isoformat()], [f"{flight.start or 'any time'} to {flight.end or 'any time'}"]),
        Refusal.ADVERTISER: (request.badv, [campaign.advertiser.domain]),
        Refusal.APP: (request.bapp, [campaign.advertiser.bundle]),
        Refusal.CATEGORY: (categories, campaign.categories),
    }


def _of_player(terms: Terms, slot: Slot, campaign: Campaign) -> Details:
    video, creatives = slot.video, campaign.creatives
    lengths = video.rqddurs or [f"{video.minduration or 0} to {video.maxduration or 'any'}"]
    bitrates = f"{video.minbitrate or 0} to {video.maxbitrate or 'any'}"
    files = [file for creative in creatives for file in creative.media]
    return {
        Refusal.LINEARITY: ([video.linearity], ["linear"]),
        Refusal.PROTOCOL: (sorted(video.accepted_protocols()), ["a version of VAST, or a wrapper for a tag"]),
        Refusal.DELIVERY: (video.delivery, ["progressive or download"]),
        Refusal.DURATION: (lengths, [round(creative.duration) for creative in creatives]),
        Refusal.LANGUAGE: (terms.languages, [creative.language for creative in creatives]),
        Refusal.ATTRIBUTE: (video.battr, sorted({value for creative in creatives for value in creative.attributes})),
        Refusal.API: (video.api, sorted({api for creative in creatives for api in creative.apis})),
        Refusal.MIME: (video.mimes, sorted({file.mime for file in files})),
        Refusal.BITRATE: ([bitrates], sorted({file.bitrate for file in files})),
    }


def _of_price(terms: Terms, slot: Slot, campaign: Campaign) -> Details:
    imp = slot.imp
    deals = imp.pmp.deals if imp.pmp else ()
    floors = [f"{imp.bidfloor or 0} {imp.bidfloorcur}"]
    floors += [f"{d.bidfloor} {d.bidfloorcur} in deal {d.id}" for d in deals if d.bidfloor is not None]
    return {
        Refusal.DEAL: ([deal.id for deal in deals], [deal.id for deal in campaign.deals]),
        Refusal.FLOOR_CURRENCY: (floors, sorted(terms.delivery.rates)),
        Refusal.FLOOR: (floors, [f"bids {display(campaign.top_cpm_micros)} at most"]),
    }
