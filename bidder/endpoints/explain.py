"""POST /explain: what /bid answers to the same body, and why."""

import json
from dataclasses import replace

from bidder import log
from bidder.auction.explain import explain
from bidder.endpoints.admin import refusal
from bidder.endpoints.body import BadBody
from bidder.endpoints.call import Call
from bidder.endpoints.explanation_document import document
from bidder.endpoints.reply import JSON, Reply, compressed, error
from bidder.events.exchange import exchange_name
from bidder.openrtb.invalid_request import InvalidRequest
from bidder.service.service import Service

MOST_TOLD = 100
"""Campaigns that an answer tells of one by one, the dearest; the funnel counts all."""


def answer(service: Service, call: Call, campaign_id: str | None = None) -> Reply:
    """200 with `explained.document`; 401 or 403 for who has no key, 400 as /bid, 503 where there is no snapshot.

    `campaign_id` asks for one campaign alone, however cheap. Nothing is bid, and no allowance is used.
    """
    refused = refusal(service, call.headers)
    return refused or told(service, call, campaign_id)


def told(service: Service, call: Call, campaign_id: str | None = None) -> Reply:
    """What `answer` answers to who may know."""
    if not service.room.enter():
        return replace(error(503, "too many requests at once; try again"), headers={"Retry-After": "1"})
    try:
        return compressed(_told(service, call, campaign_id), call.headers.get("accept-encoding", ""))
    except BadBody as bad:
        return bad.reply()
    except InvalidRequest as wrong:
        return error(400, "invalid bid request: " + str(wrong), fields=dict(wrong.fields))
    except Exception:  # as for a bid: what is logged and answered quotes nothing of the request
        log.fault("explain.failed")
        return error(500, "a fault of the bidder's; its log has explain.failed")
    finally:
        service.room.leave()


def _told(service: Service, call: Call, campaign_id: str | None) -> Reply:
    exchange = exchange_name(call.exchange)
    request = call.request()
    snapshot = service.keeper.current(call.now)
    if snapshot is None:
        return error(503, "no snapshot young enough to bid from: see /health")
    if campaign_id is not None and snapshot.index.position(campaign_id) is None:
        taken = f"the snapshot of {snapshot.as_of:%Y-%m-%d %H:%M:%S} UTC"
        return error(404, f"no campaign {campaign_id[:100]} in {taken}; what was imported since is in the next")
    explained = explain(
        request,
        snapshot,
        service.settings.seat,
        call.now,
        exchange=exchange,
        most=MOST_TOLD,
        campaign_id=campaign_id,
        as_xml=call.as_xml,
    )
    return Reply(200, json.dumps(document(request, snapshot, explained)), JSON)
