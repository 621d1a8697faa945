"""`bidder ledger verify` compares the archive with the counters; its exit status is 0 if they agree."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from bidder.aws.batch_get import batch_get
from bidder.events.archive import Archive, archive_objects
from bidder.events.event import Event
from bidder.events.kinds import Kind
from tests.support.account import Account
from tests.support.campaigns import NOW, campaign
from tests.support.events import event
from tests.unit.cli.conftest import Command

DAY = NOW.date().isoformat()


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


def test_the_counters_of_many_campaigns_are_read_a_hundred_keys_at_a_time(
    account: Account, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = account.service()
    service.campaigns.put_many(campaign(id=f"idle-{number}") for number in range(120))
    counted = event(0, campaign_id="busy")
    archived(account, counted)
    service.ledger.record([counted])
    calls: list[int] = []

    def counting(dynamodb: Any, table: str, keys: Sequence[Any], *more: Any) -> list[Mapping[str, Any]]:
        calls.append(len(keys))
        return batch_get(dynamodb, table, keys, *more)

    monkeypatch.setattr("bidder.events.ledger.batch_get", counting)
    status, out, err = command("ledger", "verify", "--day", DAY)

    assert (status, err) == (0, "")
    assert out.splitlines()[1].split() == ["busy", "5000", "5000", "0"]
    assert len(calls) < 10, "a call for each campaign takes minutes with thousands of campaigns"
