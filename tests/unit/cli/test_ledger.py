"""`bidder ledger verify` compares the archive with the counters; its exit status is 0 if they agree."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bidder.aws.batch_get import batch_get
from bidder.cli.ledger import MarkersExpired, check_markers
from bidder.events.archive import Archive, archive_objects
from bidder.events.counted_once import MARKER_LIFETIME
from bidder.events.event import Event
from bidder.events.kinds import Kind
from tests.support.account import Account
from tests.support.campaigns import campaign
from tests.support.events import event as event_at_noon
from tests.unit.cli.conftest import Command

NOW = datetime.now(UTC).replace(hour=12)
"""Noon of today, since the commands refuse days whose markers have expired."""
DAY = NOW.date().isoformat()


def event(number: int, kind: Kind = Kind.IMPRESSION, **changes: Any) -> Event:
    return event_at_noon(number, kind, **{"at": NOW, "bid_at": NOW, **changes})


def archived(account: Account, *events: Event) -> None:
    archive = Archive(account.s3, "archive")
    for item in archive_objects({str(number): single_event for number, single_event in enumerate(events)}):
        archive.put(item)


def test_equal_sums_are_reported_as_equal(account: Account, command: Command) -> None:
    events = [event(number) for number in range(3)]
    archived(account, *events, event(0, Kind.WIN))
    account.service().ledger.record(events)

    status, out, err = command("ledger", "verify", "--day", DAY)

    assert (status, err) == (0, "")
    assert out.splitlines()[1].split() == ["c1", "15000", "15000", "0"]
    assert out.splitlines()[-1].startswith("1 campaign, 15000 micros: equal to the micro")


def test_up_to_ten_uncounted_bids_are_listed_and_the_command_fails(account: Account, command: Command) -> None:
    account.service().campaigns.put(campaign(id="idle"))
    archived(account, *(event(number) for number in range(12)))

    status, out, err = command("ledger", "verify", "--day", DAY)

    assert status == 1
    assert "c1: bid bid-0: 5000 micros in the archive, never counted" in out
    assert "c1: and 2 more" in out
    assert "1 of 1 campaigns differ" in err

    status, out, err = command("ledger", "verify", "--day", DAY, "--json")
    [row] = json.loads(out)
    assert status == 1
    assert (row["campaign"], row["archive_micros"], row["counters_micros"]) == ("c1", 60_000, 0)
    assert len(row["reasons"]) == 12


def test_a_recount_counts_only_events_that_the_ledger_lacks(account: Account, command: Command) -> None:
    events = [event(number) for number in range(5)]
    archived(account, *events, event(7, test=True), event(0, Kind.WIN))
    account.service().ledger.record(events[:2])

    status, out, _ = command("ledger", "recount", "--day", DAY)
    assert (status, out) == (0, f"3 events of {DAY} were in the archive alone and are counted now\n")
    assert command("ledger", "verify", "--day", DAY)[0] == 0
    assert command("ledger", "recount", "--day", DAY)[1].startswith("0 events")


@pytest.mark.parametrize(("mark", "seconds"), [("crawler", 20), (None, 200)])
def test_a_sale_after_an_invalid_event_of_its_bid_is_counted_again_after_a_restore(
    account: Account, command: Command, mark: str | None, seconds: int
) -> None:
    """The restored ledger knows only the invalid event, which the archive has with its mark or without."""
    before = event(0, invalid=mark)
    archived(account, before, event(0, at=NOW + timedelta(seconds=seconds)))
    account.service().ledger.record([before.model_copy(update={"invalid": mark or "too-many"})])

    status, out, _ = command("ledger", "verify", "--day", DAY)
    assert status == 1
    assert "bid bid-0: 5000 micros in the archive, never counted" in out

    assert command("ledger", "recount", "--day", DAY)[1].startswith("1 events")
    assert command("ledger", "verify", "--day", DAY)[0] == 0
    assert account.service().ledger.day("c1", NOW.date())["micros"] == 5_000


def test_days_whose_markers_can_have_expired_are_refused(account: Account, command: Command) -> None:
    """Without markers a recount would count every bid of the day again."""
    long_ago = NOW - MARKER_LIFETIME
    archived(account, event(0, at=long_ago, bid_at=long_ago))

    for name in ("verify", "recount"):
        status, _, err = command("ledger", name, "--day", long_ago.date().isoformat())
        assert (status, "too long ago" in err) == (2, True)

    assert account.service().ledger.day("c1", long_ago.date()) == {}


@pytest.mark.parametrize("hour", [0, 1, 23])
def test_the_named_oldest_day_is_accepted_and_has_all_its_markers(hour: int) -> None:
    now = NOW.replace(hour=hour, minute=1)
    with pytest.raises(MarkersExpired) as refusal:
        check_markers((now - MARKER_LIFETIME).date(), now)

    oldest = datetime.fromisoformat(str(refusal.value).split()[-2]).replace(tzinfo=UTC)
    check_markers(oldest.date(), now)
    with pytest.raises(MarkersExpired):
        check_markers(oldest.date() - timedelta(days=1), now)
    earliest_in_any_zone = oldest - timedelta(hours=14)
    assert earliest_in_any_zone + MARKER_LIFETIME > now


def test_the_counters_of_many_campaigns_are_read_a_hundred_keys_at_a_time(
    account: Account, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = account.service()
    service.campaigns.put_many(campaign(id=f"idle-{number}") for number in range(120))
    counted_event = event(0, campaign_id="busy")
    archived(account, counted_event)
    service.ledger.record([counted_event])
    calls: list[int] = []

    def counting(dynamodb: Any, table: str, keys: Sequence[Any], *more: Any) -> list[Mapping[str, Any]]:
        calls.append(len(keys))
        return batch_get(dynamodb, table, keys, *more)

    monkeypatch.setattr("bidder.events.ledger.batch_get", counting)
    status, out, err = command("ledger", "verify", "--day", DAY)

    assert (status, err) == (0, "")
    assert out.splitlines()[1].split() == ["busy", "5000", "5000", "0"]
    assert len(calls) < 10, "a call for each campaign takes minutes with thousands of campaigns"
