"""POST /explain: explains the answer of /bid to the same body."""

import json
from functools import partial

from bidder import log
from bidder.auction.explain import explain
from bidder.endpoints.admin import refuse_unauthorized
from bidder.endpoints.bid import NO_SNAPSHOT, no_auction
from bidder.endpoints.call import BadBody, Call, exchange_name
from bidder.endpoints.explanation_document import document
from bidder.endpoints.reply import JSON, Reply, compress, error
from bidder.openrtb.parse import InvalidRequest
from bidder.service.service import Service

MAX_VERDICTS = 100
"""The most campaigns in an answer, the highest bids first. The funnel counts all campaigns."""


def answer(service: Service, call: Call, campaign_id: str | None = None) -> Reply:
    """200 with an explanation (`explanation_document.document`); 401 or 403 without the admin key.

    400 as /bid, 404 for an unknown campaign, 503 without a snapshot or at the concurrency limit. `campaign_id` limits
    the explanation to one campaign. No bid is made, and no allowance of a budget is used.
    """
    refusal = refuse_unauthorized(service, call.headers)
    return refusal or answer_without_key(service, call, campaign_id)


def answer_without_key(service: Service, call: Call, campaign_id: str | None = None) -> Reply:
    """The explanation for a caller with the admin key."""
    if not service.concurrency_limit.enter():
        return error(503, "too many requests at once; try again")._replace(headers={"Retry-After": "1"})
    try:
        return compress(_explain(service, call, campaign_id), call.headers.get("accept-encoding", ""))
    except BadBody as bad_body:
        return bad_body.reply()
    except InvalidRequest as invalid_request:
        return error(400, "invalid bid request: " + str(invalid_request), fields=dict(invalid_request.fields))
    except Exception:  # as for a bid, neither the log nor the answer may quote the request
        log.fault("explain.failed")
        return error(500, "a fault of the bidder's; its log has explain.failed")
    finally:
        service.concurrency_limit.leave()


def _explain(service: Service, call: Call, campaign_id: str | None) -> Reply:
    exchange = exchange_name(call.exchange)
    request = call.request(service.is_stitcher)
    snapshot = service.keeper.current(call.now)
    if snapshot is None:
        return error(503, NO_SNAPSHOT.words)
    if campaign_id is not None and snapshot.index.position(campaign_id) is None:
        age = f"the snapshot of {snapshot.as_of:%Y-%m-%d %H:%M:%S} UTC"
        return error(404, f"no campaign {campaign_id[:100]} in {age}; later imports are in the next snapshot")
    explanations = explain(
        request,
        snapshot,
        service.settings.seat,
        call.now,
        exchange=exchange,
        max_verdicts=MAX_VERDICTS,
        campaign_id=campaign_id,
        as_xml=call.as_xml,
        read_exposures=partial(service.exposures, request, call.now),
        within_shares=partial(
            service.concentration.copy().select_within_shares,
            request=request,
            snapshot=snapshot,
            shares=service.parameters_or_defaults.most_to_one,
            now=call.now,
        ),
    )
    no_auction_reason = no_auction(request, snapshot, service.parameters_or_defaults, waited_ms=0)
    return Reply(200, json.dumps(document(request, snapshot, no_auction_reason, explanations)), JSON)
