"""The snapshot in the answer of GET /health."""

import json
from datetime import timedelta

from bidder.endpoints.health import health
from tests.support.campaigns import NOW, campaign, compile_snapshot
from tests.support.service import service


def test_health_says_that_bidding_is_stopped_and_the_status_stays_200() -> None:
    stopped = compile_snapshot([campaign()])._replace(is_stopped=True)

    reply = health(service(stopped), NOW)

    assert (reply.status, json.loads(reply.body)["status"]) == (200, "stopped")


def test_health_has_a_pin_with_its_time() -> None:
    plain_snapshot = compile_snapshot([campaign()])
    pinned = plain_snapshot._replace(pinned=7, pinned_since=NOW - timedelta(hours=3))

    for snapshot, version, since in ((plain_snapshot, None, None), (pinned, 7, "2026-11-23T09:00:00+00:00")):
        bidder_service = service(snapshot)
        loaded = json.loads(health(bidder_service, NOW).body)["snapshot"]
        assert (loaded["pinned"], loaded["pinned_since"]) == (version, since)
