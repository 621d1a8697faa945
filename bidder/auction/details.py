"""What a refusal saw in the request, and what of the campaign it was held against."""

from collections.abc import Iterable, Iterator, Mapping

from bidder.auction.auction_context import AuctionContext
from bidder.auction.bid_rejection import BidRejection
from bidder.auction.creative_fit import fits, is_secure
from bidder.auction.match import Slot
from bidder.auction.offer import meets
from bidder.auction.open_bid import open_bid_cpm
from bidder.campaigns.campaign import Campaign
from bidder.money import display
from bidder.normal_forms import identifier
from bidder.openrtb.creative_attribute import CreativeAttribute
from bidder.openrtb.deal import Deal
from bidder.openrtb.video import Video
from bidder.snapshot.records import Record

Details = Mapping[BidRejection, tuple[Iterable[object], Iterable[object]]]


def details(refusal: BidRejection, terms: AuctionContext, slot: Slot, record: Record) -> tuple[str, str]:
    """Value seen and value wanted, in words; empty where the rule has none."""
    campaign = record.campaign
    found = {**_of_request(terms, campaign), **_of_player(terms, slot, campaign), **_of_price(terms, slot, record)}
    seen, wanted = found.get(refusal, ((), ()))
    return _words(seen), _words(wanted)


def _words(values: Iterable[object]) -> str:
    return ", ".join(str(value) for value in values if value is not None)


def _of_request(terms: AuctionContext, campaign: Campaign) -> Details:
    request, flight = terms.request, campaign.flight
    categories = [*(f"not {name}" for name in request.bcat), *(f"allowed {name}" for name in request.acat)]
    return {
        BidRejection.CURRENCY: (request.cur, sorted(terms.delivery.rates)),
        BidRejection.SEAT: ([*request.wseat, *(f"not {seat}" for seat in request.bseat)], [terms.seat]),
        BidRejection.TRANSPARENCY: (["pubrender 0"], ["a publisher who shows the facts"]),
        BidRejection.FLIGHT: ([terms.now.isoformat()], [f"{flight.start or 'any time'} to {flight.end or 'any time'}"]),
        BidRejection.ADVERTISER: (request.badv, [campaign.advertiser.domain]),
        BidRejection.APP: (request.bapp, [campaign.advertiser.bundle]),
        BidRejection.CATEGORY: (categories, campaign.categories),
    }


def _of_player(terms: AuctionContext, slot: Slot, campaign: Campaign) -> Details:
    video, creatives = slot.video, campaign.creatives
    lengths = video.rqddurs or [f"{video.minduration or 0} to {video.maxduration or 'any'}"]
    bitrates = f"{video.minbitrate or 0} to {video.maxbitrate or 'any'}"
    files = [file for creative in creatives for file in creative.media]
    mimes = {file.mime for file in files} | {
        mime for creative in creatives if creative.tag for mime in creative.tag.mimes
    }
    links = {link for creative in creatives for link in (*creative.links(), *(file.url for file in creative.media))}
    attributes = {value for creative in creatives for value in creative.attributes}
    if video.skip == 0:
        attributes |= {CreativeAttribute.SKIPPABLE for creative in creatives if creative.tag and creative.skip_offset}
    return {
        BidRejection.LINEARITY: ([video.linearity], ["linear"]),
        BidRejection.PROTOCOL: (sorted(video.accepted_protocols()), ["a version of VAST, or a wrapper for a tag"]),
        BidRejection.DELIVERY: (video.delivery, ["progressive or download"]),
        BidRejection.DURATION: (lengths, [round(creative.duration) for creative in creatives]),
        BidRejection.LANGUAGE: (terms.languages, [creative.language for creative in creatives]),
        BidRejection.ATTRIBUTE: (
            [*(f"not {value}" for value in video.battr), *(["unskippable"] if video.skip == 0 else [])],
            sorted(attributes),
        ),
        BidRejection.API: (video.api, sorted({api for creative in creatives for api in creative.apis})),
        BidRejection.MIME: (video.mimes, sorted(mimes)),
        BidRejection.SECURE: (["https only"], sorted(link for link in links if not is_secure(link))),
        BidRejection.BITRATE: ([bitrates], sorted({file.bitrate for file in files})),
    }


def _of_price(terms: AuctionContext, slot: Slot, record: Record) -> Details:
    imp, campaign = slot.imp, record.campaign
    deals = imp.pmp.deals if imp.pmp else ()
    floors = [*_floors(imp.bidfloor or 0, imp.bidfloorcur, slot.video)]
    for deal in deals:
        floors += [f"{floor} in deal {deal.id}" for floor in _floors(deal.bidfloor, deal.bidfloorcur, deal)]
    return {
        BidRejection.DEAL: ([deal.id for deal in deals], [deal.id for deal in campaign.deals]),
        BidRejection.FLOOR_CURRENCY: (floors, sorted(terms.delivery.rates)),
        BidRejection.WORTH: ([], [f"{display(campaign.top_cpm_micros)} at most"]),
        BidRejection.FLOOR: (floors, _bids(terms, slot, record)),
    }


def _floors(floor: float | None, currency: str, holder: Deal | Video) -> Iterator[str]:
    """Each floor that may hold: for some lengths of ads, and by their seconds, beside the plain one."""
    if floor is not None:
        yield f"{floor} {currency}"
    for its in holder.durfloors:
        if its.bidfloor is not None:
            yield f"{its.bidfloor} {currency} for {its.mindur or 0} to {its.maxdur or 'any'} s"
    if holder.mincpmpersec:
        yield f"{holder.mincpmpersec} {currency} a second"


def _bids(terms: AuctionContext, slot: Slot, record: Record) -> Iterator[str]:
    """What it bids here, in the open market and in deals, by which creatives fit."""
    campaign = record.campaign
    shown = [creative for creative in campaign.creatives if meets(slot, record, creative)]
    fitting = fits(shown, slot.imp, slot.video, terms.languages)
    openly = (
        open_bid_cpm(terms, slot, campaign, [fit.creative for fit in fitting]) if isinstance(fitting, list) else None
    )
    if openly is not None:
        yield f"bids {display(openly)}"
    offered = {identifier(deal.id) for deal in slot.imp.pmp.deals} if slot.imp.pmp else set()
    for deal in campaign.deals:
        if identifier(deal.id) in offered:
            yield f"bids {display(deal.cpm_micros)} in deal {deal.id}"
