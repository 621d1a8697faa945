import json
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.cli.report import BadPeriod, period, print_report
from bidder.events.archive import Archive, archive_objects
from bidder.events.kinds import Kind
from bidder.events.report import READ_KINDS, By
from tests.support.campaigns import NOW
from tests.support.events import event
from tests.support.fake_s3 import FakeS3
from tests.support.service import service


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_a_day_is_printed_with_amounts_in_whole_units_for_people(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    archive = Archive(FakeS3(), "archive")  # type: ignore[arg-type]
    shaded: dict[str, Any] = {"value_micros": 7_500_000}
    events = [event(number, kind, **shaded) for number in range(8) for kind in (Kind.WIN, Kind.IMPRESSION)]
    for archive_object in archive_objects(
        {str(number): entry for number, entry in enumerate([*events, event(0, Kind.COMPLETE)])}
    ):
        archive.put(archive_object)

    print_report(service(None, archive=archive), period(NOW.date(), None, None, "UTC"), By.CAMPAIGN, form)

    output = capsys.readouterr().out
    if form == "json":
        [row] = json.loads(output)["rows"]
        assert (row["campaign"], row["win"], row["spend_micros"], row["vtr"]) == ("c1", 8, 40_000, 0.125)
        assert row["shading_saving_micros"] == 8 * (7_500 - 5_000)
    else:
        assert "shading saving" in output
        assert "0.020000" in output
        assert "0.040000" in output
        assert "12.50 %" in output


@given(
    st.integers(0, 16 * 24 * 60).map(lambda minutes: NOW - timedelta(days=34) + timedelta(minutes=minutes)),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland", "Asia/Kolkata"]),
)
def test_an_event_is_reported_only_on_its_day_in_the_time_zone(at: datetime, zone: str) -> None:
    archive = Archive(FakeS3(), "archive")  # type: ignore[arg-type]
    for archive_object in archive_objects({"1": event(1, Kind.IMPRESSION, at=at, bid_at=at)}):
        archive.put(archive_object)
    day = at.astimezone(ZoneInfo(zone)).date()

    for ahead in (-1, 0, 1):
        days = period(day + timedelta(days=ahead), None, None, zone)
        observed = [
            entry for utc in days.utc_days() for key in archive.keys(utc, READ_KINDS) for entry in archive.read(key)
        ]
        assert (ahead == 0) == any(days.covers(item.at) for item in observed)
    both = period(None, day - timedelta(days=3), day, zone)
    assert at.date() in set(both.utc_days())


@pytest.mark.parametrize(
    ("day", "first", "last", "zone", "message"),
    [
        (None, None, None, "UTC", "give --day, or --from"),
        (NOW.date(), NOW.date(), None, "UTC", "give --day, or --from"),
        (None, NOW.date(), NOW.date() - timedelta(days=1), "UTC", "before it begins"),
        (NOW.date(), None, None, "Mars/Base", "not a zone of the IANA database"),
    ],
)
def test_an_invalid_period_is_refused(
    day: date | None, first: date | None, last: date | None, zone: str, message: str
) -> None:
    with pytest.raises(BadPeriod, match=message):
        period(day, first, last, zone)
