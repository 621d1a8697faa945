"""`bidder advertisers list` sums the campaigns of each advertiser, and scans the campaigns once."""

import json
from typing import Any

import pytest

from bidder.campaigns.advertiser_limits import AdvertiserLimits
from bidder.campaigns.repository import CampaignRepository
from tests.support.account import Account
from tests.support.campaigns import NOW, campaign
from tests.support.events import event
from tests.unit.cli.conftest import Command


def test_each_advertiser_has_the_spend_of_its_campaigns(
    account: Account, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = account.service()
    domains = {"shop.example": ("a", "b"), "bank.example": ("c",), "idle.example": ()}
    zones = ("America/New_York", "Asia/Tokyo", "UTC")
    service.advertisers.put_many(
        [
            AdvertiserLimits.model_validate({"domain": domain, "time_zone": zone, "budget": {"daily": 9}})
            for domain, zone in zip(domains, zones, strict=True)
        ]
    )
    for domain, ids in domains.items():
        service.campaigns.put_many(campaign(id=name, advertiser={"name": domain, "domain": domain}) for name in ids)
    service.ledger.record([event(n, campaign_id=name, at=NOW) for n, name in enumerate(("a", "a", "b", "c"))])
    scans: list[int] = []
    every = CampaignRepository.all

    def counted(repository: CampaignRepository) -> Any:
        scans.append(1)
        return every(repository)

    monkeypatch.setattr(CampaignRepository, "all", counted)
    records = json.loads(command("advertisers", "list", "--json").out)

    assert {record["domain"]: record["total_spend_micros"] for record in records} == {
        "bank.example": 5_000,
        "idle.example": 0,
        "shop.example": 15_000,
    }
    assert len(scans) == 1
    assert json.loads(command("advertisers", "show", "shop.example", "--json").out)["total_spend_micros"] == 15_000
