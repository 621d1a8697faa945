"""The campaign repository: current campaigns, their history, and the changes since a revision."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from bidder.campaigns.campaign import Campaign, Status
from bidder.campaigns.repository import CampaignRepository, Contended, NothingToRestore, StaleCampaign, UnknownCampaign
from tests.support.campaigns import NOW, campaign
from tests.support.dynamodb import FaultyDynamoDB, refusal
from tests.support.examples import examples


def tables() -> FaultyDynamoDB:
    return FaultyDynamoDB("campaigns", "history")


def repository(fake: FaultyDynamoDB, author: str = "ann") -> CampaignRepository:
    return CampaignRepository(fake.client, "campaigns", "history", author, now=lambda: NOW, pause=lambda _: None)


@examples(0.5)
@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 3), st.booleans()), max_size=12))
def test_changes_since_a_revision_are_those_of_later_writes(edits: list[tuple[str, int, bool]]) -> None:
    store = repository(tables())
    model: dict[str, Campaign] = {}
    feed: list[set[str]] = []
    for name, cpm, paused in edits:
        expected = campaign(id=name, cpm=cpm, status="paused" if paused else "active")
        assert store.put(expected) == (model.get(name) != expected)
        if model.get(name) != expected:
            feed.append({name})
        model[name] = expected

    assert {c.id: c for c in store.all()} == model
    assert store.revision() == len(feed)
    for since in range(len(feed) + 1):
        assert store.changes(since) == frozenset().union(*feed[since:])
    assert {c.id: c for c in store.get_many([*model, "unheard-of"])} == model


def test_storing_an_equal_campaign_writes_nothing() -> None:
    fake = tables()
    store = repository(fake)
    store.put_many([campaign(id="a"), campaign(id="b")])
    before = fake.transactions

    assert store.put_many([campaign(id="b"), campaign(id="a")]) == []
    assert fake.transactions == before


def test_many_campaigns_are_stored_in_few_transactions() -> None:
    fake = tables()
    book = [campaign(id=f"c{number}") for number in range(130)]

    changed_ids = repository(fake).put_many(book)

    assert sorted(changed_ids) == sorted(c.id for c in book)
    assert fake.transactions == 4
    assert {c.id for c in repository(fake).all()} == set(changed_ids)


def test_history_has_author_fields_and_values_of_each_change() -> None:
    fake = tables()
    repository(fake, "ann").put(campaign(id="a", cpm=1))
    repository(fake, "bob").set_status("a", Status.PAUSED)

    latest, first = repository(fake).history("a")

    assert (first.version, first.author, first.before) == (1, "ann", None)
    assert first.after
    assert first.after["cpm_micros"] == 1_000_000
    assert (latest.version, latest.author, latest.at) == (2, "bob", NOW.isoformat(timespec="seconds"))
    assert latest.before == first.after
    assert latest.after == {**first.after, "status": "paused"}


def test_an_import_without_status_does_not_resume_a_campaign_paused_meanwhile() -> None:
    fake = tables()
    store = repository(fake)
    store.put(campaign(id="a", cpm=1))

    def pause_first() -> None:
        fake.before_write = lambda: None
        repository(fake, "bob").set_status("a", Status.PAUSED)

    fake.before_write = pause_first
    store.put(campaign(id="a", cpm=2))

    [stored] = store.all()
    assert (stored.status, stored.cpm_micros) == (Status.PAUSED, 2_000_000)
    assert [change.author for change in store.history("a")] == ["ann", "bob", "ann"]


def test_a_change_of_an_old_version_is_refused_with_the_versions() -> None:
    fake = tables()
    store = repository(fake)
    store.put(campaign(id="a", cpm=1))
    store.put(campaign(id="a", cpm=2))

    with pytest.raises(StaleCampaign, match=r"a: .* from version 1, and the campaign is at version 2"):
        store.put(campaign(id="a", cpm=3), version=1)

    assert store.put(campaign(id="a", cpm=3), version=2)
    assert store.get("a").version == 3


def test_throttled_writes_are_retried_with_growing_pauses_up_to_a_limit() -> None:
    fake = tables()
    waited: list[float] = []
    store = CampaignRepository(fake.client, "campaigns", "history", pause=waited.append)

    def throttle() -> None:
        raise refusal("TransactionCanceledException", ["None", "ThrottlingError"])

    fake.before_write = throttle
    with pytest.raises(Contended, match="try again later"):
        store.put(campaign(id="a"))

    assert waited == sorted(waited)
    assert len(set(waited)) == len(waited) > 3
    assert list(store.all()) == []


def test_a_permanent_error_is_raised_without_a_retry() -> None:
    fake = tables()

    def refuse() -> None:
        raise refusal("TransactionCanceledException", ["ValidationError", "None"])

    fake.before_write = refuse
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        repository(fake).put(campaign(id="a"))


def test_changes_are_unknown_if_the_feed_has_expired() -> None:
    fake = tables()
    store = repository(fake)
    for cpm in (1, 2, 3):
        store.put(campaign(id="a", cpm=cpm))
    fake.delete("revision", f"{2:012}", table="history")

    assert store.changes(0) is None
    assert store.changes(2) == frozenset({"a"})
    assert store.changes(4) is None
    assert store.changes(0, limit=2) is None


def test_an_error_names_the_unknown_campaign() -> None:
    with pytest.raises(UnknownCampaign, match="nobody"):
        repository(tables()).set_status("nobody", Status.PAUSED)
    with pytest.raises(UnknownCampaign, match="nobody"):
        repository(tables()).get("nobody")


def test_an_unreadable_campaign_does_not_prevent_reading_the_others(caplog: Any) -> None:  # noqa: ARG001
    fake = tables()
    store = repository(fake)
    store.put_many([campaign(id="a"), campaign(id="b")])
    fake.put({**fake.items()["a",], "document": {"S": "{"}})

    assert [c.id for c in store.all()] == ["b"]
    assert [c.id for c in store.get_many(["a", "b"])] == ["b"]


def test_a_deleted_campaign_can_be_restored_with_its_status_and_history() -> None:
    fake = tables()
    store = repository(fake)
    store.put_many([campaign(id="a", cpm=1), campaign(id="b")])
    store.set_status("a", Status.PAUSED)
    since = store.revision()

    assert list(store.delete_each(store.get_many(["a"]))) == [(1, ["a"])]
    assert [c.id for c in store.all()] == ["b"]
    assert store.changes(since) == {"a"}
    with pytest.raises(UnknownCampaign):
        store.get("a")
    with pytest.raises(UnknownCampaign):
        store.set_status("a", Status.ACTIVE)

    assert store.restore("a") == campaign(id="a", cpm=1, status="paused")
    assert store.get("a").campaign == campaign(id="a", cpm=1, status="paused")
    store.put(campaign(id="a", cpm=7))
    assert [(c.version, c.before is None, c.after is None) for c in store.history("a")] == [
        (5, False, False),
        (4, True, False),
        (3, False, True),
        (2, False, False),
        (1, True, False),
    ]
    assert store.restore("a", 1) == campaign(id="a", cpm=1)
    with pytest.raises(NothingToRestore, match="is not deleted"):
        store.restore("a")
    with pytest.raises(NothingToRestore, match="no version 9"):
        store.restore("a", 9)
    with pytest.raises(UnknownCampaign, match="nobody"):
        store.restore("nobody")


def test_many_campaigns_are_paused_in_few_transactions() -> None:
    fake = tables()
    store = repository(fake)
    store.put_many([campaign(id=f"c{number}") for number in range(90)])
    before = fake.transactions

    changed_ids = [id_ for _, ids in store.set_status_each(store.all(), Status.PAUSED) for id_ in ids]

    assert len(changed_ids) == 90
    assert fake.transactions - before == 3
    assert {c.status for c in store.all()} == {Status.PAUSED}
