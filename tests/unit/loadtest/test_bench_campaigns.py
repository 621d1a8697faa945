from datetime import UTC, datetime

import pytest

from loadtest.bench.campaigns import campaigns
from loadtest.bench.decision import COUNTS, decision, snapshot, video_requests
from tests.unit.loadtest.drawn import seeded


def test_the_same_seed_gives_the_same_campaigns() -> None:
    assert campaigns(seeded(3), 50) == campaigns(seeded(3), 50)
    assert campaigns(seeded(3), 50) != campaigns(seeded(4), 50)


def test_ids_are_unique_and_targeting_varies() -> None:
    book = campaigns(seeded(3), 1000)
    assert len({campaign.id for campaign in book}) == 1000
    attributes = {attribute for campaign in book for attribute in campaign.targeting}
    assert attributes >= {"country", "device_type", "domain", "category", "placement"}
    assert any(campaign.cpm_micros is None for campaign in book)


@pytest.mark.parametrize("count", [count for count in COUNTS if count <= 1000])
def test_decision_bids_on_some_requests_and_not_on_others(count: int) -> None:
    now = datetime.now(UTC)
    decide = decision(snapshot(count, now), now)
    bids = sum(decide(request)["statusCode"] == 200 for request in video_requests(100))
    assert 10 < bids < 100
