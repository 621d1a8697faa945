import json

import pytest

from bidder.cli.report import print_report
from bidder.events.archive import Archive, archive_objects
from bidder.events.kinds import Kind
from bidder.events.report import By
from tests.support.campaigns import NOW
from tests.support.events import event
from tests.support.fake_s3 import FakeS3
from tests.support.service import service


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_a_day_is_printed_with_amounts_in_whole_units_for_people(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    archive = Archive(FakeS3(), "archive")  # type: ignore[arg-type]
    events = [event(number, kind) for number in range(8) for kind in (Kind.WIN, Kind.IMPRESSION)]
    for its in archive_objects({str(number): one for number, one in enumerate([*events, event(0, Kind.COMPLETE)])}):
        archive.put(its)

    print_report(service(None, archive=archive), NOW.date(), By.CAMPAIGN, form)

    printed = capsys.readouterr().out
    if form == "json":
        [row] = json.loads(printed)["rows"]
        assert (row["campaign"], row["win"], row["spend_micros"], row["vtr"]) == ("c1", 8, 40_000, 0.125)
    else:
        assert "0.040000" in printed
        assert "12.50 %" in printed
