"""A campaign of any accepted size can be changed, deleted and restored. The import refuses a larger campaign."""

import json
import random
from io import BytesIO
from itertools import pairwise
from typing import Any

import pytest

from bidder.campaigns.campaign import Campaign, Status
from bidder.campaigns.files import CampaignFile, InvalidCampaignFile, as_lines, read_campaigns
from bidder.campaigns.item_size import MAX_BYTES, document_of, too_large
from bidder.campaigns.repository import CampaignRepository, UnknownCampaign
from tests.support.campaigns import NOW, campaign
from tests.support.dynamodb import FaultyDynamoDB


def repository(fake: FaultyDynamoDB) -> CampaignRepository:
    return CampaignRepository(fake.client, "campaigns", "history", "ann", now=lambda: NOW, pause=lambda _: None)


def tables() -> FaultyDynamoDB:
    return FaultyDynamoDB("campaigns", "history")


def sized(size: int, **changes: Any) -> Campaign:
    """A campaign of so many bytes of random letters, which hardly compress."""
    letters = random.Random(size)  # noqa: S311  no secret
    domains: list[str] = []
    large = campaign(targeting={"domain": {"include": ["a.example"]}}, **changes)
    remaining = size - len(document_of(large).encode())
    while remaining > 200:
        domains.append("".join(letters.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=60)) + ".example")
        remaining -= len(domains[-1]) + 3
    return campaign(targeting={"domain": {"include": ["a.example", *domains]}}, **changes)


def delete(store: CampaignRepository) -> None:
    list(store.delete_each(store.get_many(["plain"])))


@pytest.mark.parametrize("size", [2_000, 150_000, 200_000, 300_000, MAX_BYTES - 300])
def test_a_campaign_of_any_size_is_paused_edited_deleted_and_restored(size: int) -> None:
    store = repository(tables())
    large = sized(size)
    assert size - 300 < len(document_of(large).encode()) <= size

    store.put(large)
    store.set_status("plain", Status.PAUSED)
    store.put(sized(size, cpm=7, status="paused"))
    delete(store)
    with pytest.raises(UnknownCampaign):
        store.get("plain")
    assert list(store.all()) == []
    assert store.restore("plain").cpm_micros == 7_000_000
    assert store.get("plain").campaign == sized(size, cpm=7, status="paused")
    assert store.restore("plain", 1) == large

    assert store.get("plain").campaign == large
    changes = list(store.history("plain"))
    assert [change.version for change in changes] == [6, 5, 4, 3, 2, 1]
    assert [change.after is None for change in changes] == [False, False, True, False, False, False]
    for change, earlier in pairwise(changes):
        assert change.before == earlier.after
    assert changes[-1].before is None


def test_history_entries_of_older_code_are_read() -> None:
    fake = tables()
    store = repository(fake)
    older, newer = campaign(cpm=1), campaign(cpm=2)
    store.put(older)
    entry = fake.items("history")["campaign#plain", "version#000000000001"]
    entry.pop("after_zlib")
    fake.put({**entry, "after": {"S": document_of(older)}}, "history")
    store.put(newer)

    latest, first = store.history("plain")

    assert (first.before, first.after) == (None, json.loads(document_of(older)))
    assert (latest.before, latest.after) == (json.loads(document_of(older)), json.loads(document_of(newer)))


def test_a_campaign_too_large_to_store_is_refused_before_any_write() -> None:
    fake = tables()
    too_much = sized(MAX_BYTES + 1_000)

    assert too_large(sized(MAX_BYTES - 300)) is None
    with pytest.raises(InvalidCampaignFile, match=r"400,000 at most"):
        read_campaigns(
            "\n".join(json.dumps(json.loads(document_of(document))) for document in (campaign(), too_much)), None
        )
    with pytest.raises(ValueError, match=r"400,000 at most"):
        repository(fake).put(too_much)
    assert fake.transactions == 0


def test_a_large_file_can_be_iterated_repeatedly() -> None:
    campaigns = [campaign(id=f"c{number}") for number in range(50)]
    file = CampaignFile(BytesIO("\n".join(as_lines(campaigns)).encode()), "f", None)

    first, second = list(file), list(file)
    assert first == second == campaigns
    assert [pair[0].id == pair[1].id for pair in zip(file, file, strict=True)] == [True] * 50
