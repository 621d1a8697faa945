"""GET /vast: answers an ad tag with VAST."""

from bidder.ad_tag.request import InvalidTag
from bidder.endpoints.bid import bid
from bidder.endpoints.reply import Reply
from bidder.endpoints.tag_call import TagCall, call_of, first_value, refuse_and_count
from bidder.service.service import Service


def vast(service: Service, tag: TagCall) -> Reply:
    """200 with VAST, which is empty for a no-bid. With `format=openrtb` the answer is that of `POST /bid`.

    400 names each invalid parameter. Every answer has the CORS headers of `POST /bid`. With `debug=1` and the admin
    key, the answer also says why there is no ad.
    """
    try:
        call = call_of(tag)
    except InvalidTag as invalid_tag:
        return refuse_and_count(service, tag, invalid_tag)
    if first_value(tag.query, "debug") != "1":
        return bid(service, call)
    from bidder.endpoints.ad_tag_debug import answer_with_reasons

    return answer_with_reasons(service, call)
