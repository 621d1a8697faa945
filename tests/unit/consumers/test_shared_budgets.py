"""Budgets of advertisers and deals over refreshes, with campaigns that are added, deleted and edited."""

import gzip
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bidder.auction.decide import affordable
from bidder.auction.offer import Offer
from bidder.campaigns.advertiser_limits import AdvertiserLimits
from bidder.campaigns.advertisers import AdvertiserRepository
from bidder.consumers.refresh import publish_snapshot
from bidder.delivery.budget import Withheld
from bidder.events.event import Event
from bidder.events.kinds import Kind
from bidder.events.ledger import Ledger
from bidder.openrtb.parse import parse
from bidder.snapshot.pacing_store import PacingStore
from bidder.snapshot.snapshot import Snapshot
from tests.support.campaigns import NOW, campaign
from tests.support.decision import decided
from tests.support.dynamodb import FaultyDynamoDB
from tests.support.examples import examples
from tests.support.matchable import video_request
from tests.unit.consumers.test_refresh import MINUTE, World

DOMAIN = "shop.example"
CPM = 5
COST = 5_000
DEAL = {"id": "d", "cpm": 6, "budget": {"total": "0.03", "pacing": "asap"}}
NAMES = ["a", "b", "c"]


class Shop(World):
    """One process of the bidder with the real ledger."""

    def __init__(self) -> None:
        super().__init__()
        self.dynamodb = FaultyDynamoDB("ledger")
        self.ledger = Ledger(self.dynamodb.client, "ledger", pause=lambda _: None)  # type: ignore[assignment]
        self.advertisers = AdvertiserRepository(self.tables.client, "history")
        self.now = NOW
        self.bids = 0

    def limit(self, **budget: Any) -> None:
        document = {"domain": DOMAIN, "time_zone": "Asia/Tokyo", "budget": {"pacing": "asap", **budget}}
        self.advertisers.put_many([AdvertiserLimits.model_validate(document)])

    def refresh(self) -> Snapshot:
        self.now += MINUTE
        publish_snapshot(self.process(), self.now)
        return self.load_snapshot()

    def bid(self, snapshot: Snapshot, **changes: Any) -> list[Offer]:
        self.bids += 1
        parsed = parse(json.dumps(video_request(id=f"r{self.bids}", **changes)).encode())
        return affordable(decided(parsed, snapshot, self.now), snapshot, self.now)

    def show(self, offers: list[Offer]) -> None:
        self.ledger.record(  # type: ignore[attr-defined]
            Event(
                kind=Kind.IMPRESSION,
                bid_id=f"b{self.bids}-{number}",
                campaign_id=offer.campaign.id,
                creative_id=offer.fit.creative.id,
                bid_price_micros=offer.price.cpm_micros,
                price_micros=offer.price.cpm_micros,
                bid_at=self.now,
                at=self.now,
                zone=offer.campaign.time_zone,
                deal_id=offer.price.deal_id,
            )
            for number, offer in enumerate(offers)
        )

    def spent(self) -> int:
        return sum(
            int(item["micros"]["N"])
            for (pk, sk), item in self.dynamodb.items().items()
            if sk == "total" and pk.count("#") == 1
        )


class SharedBudgets(RuleBasedStateMachine):
    """Campaigns of one advertiser are added, paused, deleted and shown. Its budget is edited and refreshed."""

    def __init__(self) -> None:
        super().__init__()
        self.shop = Shop()
        self.total = 10 * COST
        self.most = self.total
        self.shop.limit(total_micros=self.total)
        self.snapshot: Snapshot | None = None

    @rule(name=st.sampled_from(NAMES), zone=st.sampled_from(["UTC", "Asia/Tokyo"]), has_deal=st.booleans())
    def add(self, name: str, zone: str, has_deal: bool) -> None:
        deals = [DEAL] if has_deal else []
        self.shop.campaigns.put(campaign(id=name, cpm=CPM, time_zone=zone, deals=deals))

    @rule(name=st.sampled_from(NAMES))
    def delete(self, name: str) -> None:
        list(self.shop.campaigns.delete_each([campaign(id=name)]))

    @rule(total=st.integers(1, 20))
    def edit(self, total: int) -> None:
        self.total = total * COST
        self.shop.limit(total_micros=self.total)

    @rule()
    def refresh(self) -> None:
        self.snapshot = self.shop.refresh()
        self.most = max(self.total, self.shop.spent())

    @rule(requests=st.integers(1, 8), in_deal=st.booleans())
    def requests(self, requests: int, in_deal: bool) -> None:
        offered = {"imp": {"pmp": {"deals": [{"id": "d"}]}}} if in_deal else {}
        for _ in range(requests if self.snapshot else 0):
            self.shop.show(self.shop.bid(self.snapshot, **offered))  # type: ignore[arg-type]

    @invariant()
    def spend_is_within_the_advertisers_budget(self) -> None:
        assert self.shop.spent() <= self.most

    @invariant()
    def spend_is_within_each_deals_budget(self) -> None:
        for name in NAMES:
            item = self.shop.dynamodb.items().get((f"spend#{name}#d", "total"), {"micros": {"N": "0"}})
            assert int(item["micros"]["N"]) <= 30_000


SharedBudgets.TestCase.settings = settings(examples(0.15), stateful_step_count=25)
TestSharedBudgets = SharedBudgets.TestCase


def test_the_spend_of_a_deleted_campaign_still_counts() -> None:
    shop = Shop()
    shop.limit(daily_micros=5 * COST)
    shop.campaigns.put_many([campaign(id="a"), campaign(id="b")])
    snapshot = shop.refresh()
    for _ in range(10):
        shop.show(shop.bid(snapshot))
    for name in "ab":
        list(shop.campaigns.delete_each([campaign(id=name)]))
    shop.campaigns.put(campaign(id="c"))

    snapshot = shop.refresh()

    position = snapshot.index.position("c")
    assert position is not None
    assert snapshot.delivery.withheld(position) is Withheld.ADVERTISER_DAILY_BUDGET
    assert shop.spent() == 5 * COST


def lose_memory(shop: Shop) -> None:
    shop.s3.objects["pacing/memory"] = b"half written"
    shop.refresh()


def lift_limits(shop: Shop) -> None:
    shop.advertisers.delete(DOMAIN)
    shop.refresh()
    shop.limit(total_micros=5 * COST)


@pytest.mark.parametrize("happening", [lose_memory, lift_limits, Shop.refresh])
def test_no_refresh_forgets_the_spend_of_deleted_campaigns(happening: Callable[[Shop], Any]) -> None:
    """Deleted campaigns are in no index, so that only the store knows that they belong to the advertiser."""
    shop = Shop()
    shop.limit(total_micros=5 * COST)
    # with another budget, each refresh writes the memory of pacing
    other = {"name": "Cars", "domain": "cars.example"}
    shop.campaigns.put(campaign(id="z", advertiser=other, status="paused", budget={"total": 1}))
    shop.campaigns.put(campaign(id="a"))
    snapshot = shop.refresh()
    for _ in range(5):
        shop.show(shop.bid(snapshot))
    list(shop.campaigns.delete_each([campaign(id="a")]))
    happening(shop)
    shop.campaigns.put(campaign(id="b"))

    snapshot = shop.refresh()
    for _ in range(5):
        shop.show(shop.bid(snapshot))

    assert shop.spent() == 5 * COST


def test_a_refresh_that_cannot_read_the_members_publishes_nothing() -> None:
    shop = Shop()
    shop.limit(total_micros=5 * COST)
    shop.campaigns.put(campaign(id="a"))
    version = shop.refresh().version
    shop.s3.objects["pacing/members"] = b"half written"

    with pytest.raises(gzip.BadGzipFile):
        shop.refresh()

    assert shop.load_snapshot().version == version


def test_a_higher_or_deleted_budget_lets_campaigns_bid_after_the_next_refresh() -> None:
    shop = Shop()
    shop.limit(total_micros=2 * COST)
    shop.campaigns.put(campaign(id="a"))
    snapshot = shop.refresh()
    assert sum(len(shop.bid(snapshot)) for _ in range(9)) == 2
    shop.limit(total_micros=4 * COST)
    assert sum(len(shop.bid(shop.refresh())) for _ in range(1)) == 1
    shop.advertisers.delete(DOMAIN)
    snapshot = shop.refresh()

    assert sum(len(shop.bid(snapshot)) for _ in range(20)) == 20
    assert [entry["after"] is None for entry in shop.advertisers.history(DOMAIN)] == [False, False, True]


def test_a_paced_advertiser_limits_the_participation_of_its_campaigns() -> None:
    shop = Shop()
    document = {"domain": DOMAIN, "budget": {"daily": 1}}
    shop.advertisers.put_many([AdvertiserLimits.model_validate(document)])
    shop.campaigns.put_many([campaign(id="a", budget={"daily": 100_000}), campaign(id="b")])
    snapshot = shop.refresh()
    store = PacingStore(shop.s3, "bucket")  # type: ignore[arg-type]
    account, _ = store.read()

    assert snapshot.delivery.shares is not None
    assert snapshot.delivery.shared_accounts is not None
    [of_advertiser] = snapshot.delivery.shared_accounts.accounts
    positions = [snapshot.index.position(name) for name in "ab"]
    assert all(
        snapshot.delivery.shares[position] <= of_advertiser.share for position in positions if position is not None
    )
    assert account.members == {DOMAIN: {"a": "UTC", "b": "UTC"}}
    assert account.memories["a"].participation <= account.memories[f"#{DOMAIN}"].participation
    assert 0 < of_advertiser.burst < 1_000_000
    assert shop.now - NOW == timedelta(minutes=1)
