"""`explain --campaign` without a request: whether the campaign can bid, recent refusals, and an example request."""

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given

from bidder.campaigns.campaign import Campaign, Status
from bidder.campaigns.targeting import ATTRIBUTES
from bidder.cli import explain_campaign
from bidder.cli.example_request import example_request
from bidder.cli.explain import ExplainOptions
from bidder.delivery.budget import Spend
from bidder.money import MICROS
from bidder.openrtb.parse import parse
from bidder.parameters import DEFAULTS
from tests.support.campaigns import NOW, campaign, campaign_lists, compile_snapshot, creative
from tests.support.decision import decided
from tests.support.examples import examples
from tests.support.service import service

RATES = {"USD": MICROS, "EUR": 1_100_000}
VALUES = {
    "country": "us",
    "region": "us-ca",
    "metro": "501",
    "city": "oakland",
    "postcode": "us-94607",
    "near": "48.85,2.35 25km",
    "device_type": "3",
    "os": "ios",
    "os_version": "ios 15..17.2",
    "make": "apple",
    "model": "iphone",
    "browser": "chrome",
    "connection": "2",
    "carrier": "vodafone",
    "language": "de",
    "inventory": "dooh",
    "domain": "news.example",
    "keyword": "cycling",
    "bundle": "com.example.app",
    "publisher": "pub-1",
    "exchange": "adx",
    "genre": "comedy",
    "category": "6/483",
    "rating": "pg",
    "livestream": "yes",
    "series": "the office",
    "placement": "1",
    "tag": "top",
    "position": "1",
    "skippable": "no",
    "size": "large",
    "length": "30",
    "rewarded": "yes",
    "break": "midroll",
    "playback": "2",
    "deal": "d9",
    "segment": "acme/42",
    "hour": "sat 20-24",
    "user_hour": "mon-fri 3-4",
}
NOBODY_KNOWS = {"user", "list"}


def bids_on(item: Campaign, example: Any) -> bool:
    """Whether the campaign, active and without competitors, bids on the example."""
    snapshot = compile_snapshot([item.model_copy(update={"status": Status.ACTIVE})], now=example.at)
    request = parse(json.dumps(example.request).encode())
    return bool(decided(request, snapshot, example.at, exchange=example.exchange))


def test_every_attribute_except_hashes_has_an_example() -> None:
    assert VALUES.keys() == ATTRIBUTES - NOBODY_KNOWS


@pytest.mark.parametrize("attribute", sorted(VALUES))
@pytest.mark.parametrize("of_creative", [False, True])
def test_a_campaign_that_targets_an_attribute_bids_on_its_example(attribute: str, of_creative: bool) -> None:
    rule = {"targeting": {attribute: {"include": [VALUES[attribute]]}}}
    item = campaign(creatives=[creative(**rule)]) if of_creative else campaign(**rule)

    example = example_request(item, "bidder", NOW, RATES)

    assert example is not None
    assert bids_on(item, example)
    assert (example.exchange is not None) == (attribute == "exchange")


@examples(0.4)
@given(campaign_lists(max_size=2))
def test_the_campaign_bids_on_its_example(campaigns: list[Campaign]) -> None:
    for campaign_item in campaigns:
        example = example_request(campaign_item, "bidder", NOW, RATES)
        assert example is None or bids_on(campaign_item, example)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "paused"},
        {"flight": {"start": NOW + timedelta(days=3)}},
        {"flight": {"end": NOW - timedelta(days=3)}},
        {"cpm": None, "deals": [{"id": "d1", "cpm": 3}]},
        {"where": {"and": [{"country": {"include": ["us"]}}, {"not": {"os": {"include": ["ios"]}}}]}},
        {"where": {"or": [{"list": {"include": ["crm"]}}, {"domain": {"include": ["news.example"]}}]}},
    ],
)
def test_a_campaign_that_cannot_bid_now_still_has_an_example(changes: dict[str, Any]) -> None:
    own_campaign = campaign(**changes)

    example = example_request(own_campaign, "bidder", NOW, RATES)

    assert example is not None
    assert bids_on(own_campaign, example)


def test_a_campaign_that_targets_hashes_has_no_example() -> None:
    assert example_request(campaign(targeting={"user": {"include": ["ab" * 8]}}), "bidder", NOW, RATES) is None


class Kept:
    def __init__(self, item: Campaign) -> None:
        self._item = item

    def get(self, _: str) -> Any:
        from bidder.campaigns.stored import Stored

        return Stored(3, self._item)


class Spent:
    def spends(self, clocks: dict[str, Any]) -> dict[str, Spend]:
        spend = Spend(7_000_000, 2_000_000, 1_000_000, invalid_total_micros=900_000, invalid_hour_micros=300_000)
        return dict.fromkeys(clocks, spend._replace(invalid_today_micros=600_000))


class SwitchesOff:
    """A store of snapshots without a pin and a stop."""

    def read_pinned(self) -> None:
        return None

    def is_stopped(self) -> bool:
        return False


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("status", ["active", "paused"])
def test_state_refusals_and_example_are_printed(
    status: str, as_json: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own_campaign = campaign(
        status=status,
        budget={"hourly": 3, "daily": 5, "total": 9},
        deals=[{"id": "d1", "cpm": 8}],
        flight={"end": "2027-01-01T00:00:00Z"},
    )
    snapshot = compile_snapshot([own_campaign])
    monkeypatch.setattr(explain_campaign, "load_snapshot", lambda *_: snapshot)
    monkeypatch.setattr(explain_campaign, "_count_rejections", lambda *_: Counter({"floor": 1234, "duration": 2}))
    bidder_service = service(snapshot, campaigns=Kept(own_campaign), ledger=Spent(), store=SwitchesOff())
    bidder_service.current_parameters.read_without_secrets = lambda: DEFAULTS  # type: ignore[method-assign]

    explain_campaign.print_campaign(bidder_service, "plain", ExplainOptions(at=NOW.isoformat()), as_json=as_json)

    out = capsys.readouterr().out
    if as_json:
        document = json.loads(out)
        assert (document["status"], document["flight"]["is_running"], document["total_spend_micros"]) == (
            status,
            True,
            7_000_000,
        )
        assert document["invalid"] == {
            "hour_micros": 300_000,
            "today_micros": 600_000,
            "total_micros": 900_000,
            "counts": True,
        }
        assert (document["hour_spend_micros"], document["hourly_budget_micros"]) == (1_000_000, 3_000_000)
        assert document["refused"] == {"floor": 1234, "duration": 2}
        assert document["example"]["request"]["imp"][0]["video"]["mimes"] == ["video/mp4"]
        assert document["deals"] == [{"id": "d1", "cpm_micros": 8_000_000}]
    else:
        for entry in (f"status    {status}", "2.00 of 5.00", "7.00 of 9.00", "deal      d1: 8.00", "(running)"):
            assert entry in out
        assert "this hour 1.00 of 3.00" in out
        assert "0.30 this hour, 0.60 today, 0.90 in all: not billed, counted against its budgets" in out
        assert "refused   floor: 1,234 in the last hour" in out
        assert ("cache     may bid" if status == "active" else "cache     may not bid: paused") in out


def test_refusals_are_read_from_the_log_of_the_bid_function(monkeypatch: pytest.MonkeyPatch) -> None:
    def line(**fields: Any) -> dict[str, str]:
        return {"message": json.dumps({"event": "no_bids", **fields})}

    pages = {
        "describe_log_groups": [{"logGroups": [{"logGroupName": name} for name in ("/bidder/bid", "/bidder/ledger")]}],
        "filter_log_events": [
            {
                "events": [
                    line(campaign="a", Reason="floor", Refusals=3),
                    line(campaign="b", Reason="floor", Refusals=5),
                ]
            },
            {"events": [line(campaign="a", Reason="floor", Refusals=2), {"message": "START"}, line(NoBids=1)]},
        ],
    }
    requests: list[dict[str, Any]] = []

    class Logs:
        def get_paginator(self, operation: str) -> Any:
            self.operation = operation
            return self

        def paginate(self, **call: Any) -> Any:
            requests.append(call)
            return pages[self.operation]

    monkeypatch.setattr("bidder.aws.client", lambda _: Logs())

    assert explain_campaign._count_rejections("a", NOW) == {"floor": 5}
    assert [call["logGroupName"] for call in requests if "logGroupName" in call] == ["/bidder/bid"]
