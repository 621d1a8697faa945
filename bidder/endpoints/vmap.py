"""GET /vmap: the schedule of ad breaks of a content, with an ad tag or the ads of each break."""

from collections.abc import Sequence

from bidder.ad_tag.request import InvalidTag, bid_request
from bidder.ad_tag.schedule import INLINE, Break, breaks, tag_url
from bidder.endpoints.bid import bid, finish_reply
from bidder.endpoints.reply import XML, Reply
from bidder.endpoints.tag_call import TagCall, best_of, call_of, refuse_and_count
from bidder.service.service import Service
from bidder.vast.vmap import AdBreak, vmap


def schedule(service: Service, tag: TagCall) -> Reply:
    """200 with VMAP 1.0.1. With `inline=1` it holds the ads, after one auction for each break; else the ad tags.

    400 names each invalid parameter of the schedule or of a break's tag.
    """
    try:
        planned = breaks(tag.query)
        requests = [bid_request(each.query, tag.unique_id) for each in planned]
        if tag.query.get(INLINE, ["0"])[0] == "1":
            return _with_ads(service, tag, planned)
        links = [
            _link(tag, each, request["imp"][0]["video"]["protocols"])
            for each, request in zip(planned, requests, strict=True)
        ]
        return finish_reply(Reply(200, vmap(links), XML), tag.headers)
    except InvalidTag as wrong:
        return refuse_and_count(service, tag, wrong)


def _link(tag: TagCall, planned: Break, protocols: Sequence[int]) -> AdBreak:
    url = tag_url(tag.base_url, planned.query)
    return AdBreak(planned.id, planned.time_offset, tag=url, version=best_of(protocols))


def _with_ads(service: Service, tag: TagCall, planned: Sequence[Break]) -> Reply:
    filled = []
    plain = {name: value for name, value in tag.headers.items() if name != "accept-encoding"}
    for each in planned:
        of_break = tag._replace(query=each.query, headers=plain, unique_id=f"{tag.unique_id}-{each.id}")
        reply = bid(service, call_of(of_break)._replace(wants_markup=True))
        if reply.status != 200:
            return reply
        filled.append(AdBreak(each.id, each.time_offset, document=str(reply.body)))
    return finish_reply(Reply(200, vmap(filled), XML), tag.headers)
