"""GET /vmap: the schedule of ad breaks of a content, with an ad tag or the ads of each break."""

from collections.abc import Sequence

from bidder.ad_tag.request import InvalidTag, bid_request
from bidder.ad_tag.schedule import INLINE, Break, breaks, tag_url
from bidder.endpoints.bid import bid, finish_reply
from bidder.endpoints.reply import XML, Reply
from bidder.endpoints.tag_call import TagCall, best_version_of, call_of, refuse_and_count
from bidder.service.service import Service
from bidder.vast.vmap import AdBreak, vmap


def schedule(service: Service, tag: TagCall) -> Reply:
    """200 with VMAP 1.0.1. With `inline=1` it holds the ads, after one auction for each break; else the ad tags.

    400 names each invalid parameter of the schedule or of a break's tag.
    """
    try:
        ad_breaks = breaks(tag.query)
        requests = [bid_request(ad_break.query, tag.unique_id) for ad_break in ad_breaks]
        if tag.query.get(INLINE, ["0"])[0] == "1":
            return _fill_breaks(service, tag, ad_breaks)
        links = [
            _link_break(tag, ad_break, request["imp"][0]["video"]["protocols"])
            for ad_break, request in zip(ad_breaks, requests, strict=True)
        ]
        return finish_reply(Reply(200, vmap(links), XML), tag.headers)
    except InvalidTag as invalid_tag:
        return refuse_and_count(service, tag, invalid_tag)


def _link_break(tag: TagCall, ad_break: Break, protocols: Sequence[int]) -> AdBreak:
    url = tag_url(tag.base_url, ad_break.query)
    return AdBreak(ad_break.id, ad_break.time_offset, tag=url, version=best_version_of(protocols))


def _fill_breaks(service: Service, tag: TagCall, ad_breaks: Sequence[Break]) -> Reply:
    filled_breaks = []
    headers = {name: value for name, value in tag.headers.items() if name != "accept-encoding"}
    for ad_break in ad_breaks:
        break_call = tag._replace(query=ad_break.query, headers=headers, unique_id=f"{tag.unique_id}-{ad_break.id}")
        reply = bid(service, call_of(break_call)._replace(wants_markup=True))
        if reply.status != 200:
            return reply
        filled_breaks.append(AdBreak(ad_break.id, ad_break.time_offset, document=str(reply.body)))
    return finish_reply(Reply(200, vmap(filled_breaks), XML), tag.headers)
